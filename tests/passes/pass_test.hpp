// A pass is tested on a graph as text before it and the graph expected behind it; and both must compute the same bytes.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "ops/op.hpp"
#include "passes/pipeline.hpp"

namespace smelt::test {

using Pass = void (*)(Graph&, PassLog&);

inline Graph sound_graph(const std::string& text) {
  Result<Graph> g = parse(text);
  if (!g) {
    ADD_FAILURE() << g.failure().to_string() << text;
    return {};
  }
  const Outcome o = verify_graph(*g);
  EXPECT_TRUE(o) << (o ? "" : o.failure().to_string()) << text;
  return o ? *g : Graph{};
}

/// Random content; floats lie between -8 and 8, so that every clamp has something to do.
inline Bytes random_content(const Tensor& t, std::mt19937& random) {
  Bytes bytes(static_cast<size_t>(t.bytes()));
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() >> 8);
  if (t.dtype == DType::f32) {
    for (size_t i = 0; i < bytes.size(); i += 4) {
      const float f = static_cast<float>(random() % 65536) / 4096 - 8;
      std::memcpy(&bytes[i], &f, 4);
    }
  }
  return bytes;
}

inline void expect_same_function(const Graph& a, const Graph& b, int rounds = 8) {
  std::mt19937 random(1);
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (int round = 0; round < rounds; ++round) {
    std::vector<Bytes> inputs;
    for (TensorId id : a.inputs) inputs.push_back(random_content(a.at(id), random));
    const std::vector<Value> of_a = evaluate(a, inputs);
    const std::vector<Value> of_b = evaluate(b, inputs);
    for (size_t o = 0; o < a.outputs.size(); ++o) {
      ASSERT_EQ(of_a[static_cast<size_t>(a.outputs[o])].bytes, of_b[static_cast<size_t>(b.outputs[o])].bytes);
    }
  }
}

/// `before` becomes `after` (tensors that nothing mentions are swept from both), and computes the same.
inline void expect_pass(Pass pass, const std::string& before, const std::string& after) {
  Graph expected = sound_graph(after);
  const Graph original = sound_graph(before);
  if (::testing::Test::HasFailure()) return;
  PassLog log, unused;
  Graph got = original;
  pass(got, log);
  const Outcome o = verify_graph(got);
  EXPECT_TRUE(o) << (o ? "" : o.failure().to_string()) << print(got);
  remove_unused_tensors(got, unused);
  remove_unused_tensors(expected, unused);
  EXPECT_EQ(print(got), print(expected)) << log.to_string();
  EXPECT_EQ(log.lines.empty(), before == after) << log.to_string();
  if (o) expect_same_function(original, got);
}

inline void expect_unchanged(Pass pass, const std::string& text) { expect_pass(pass, text, text); }

}  // namespace smelt::test
