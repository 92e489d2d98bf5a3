// What follows from any file that a reader took, whatever its format: it is sound, survives its text form and the
// passes, and the compiled program agrees with the oracle.
#include "fuzz/check.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "emit/emit.hpp"
#include "fuzz/random.hpp"
#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"

namespace smelt::fuzz {
namespace {

[[noreturn]] void wrong(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

void must(const Outcome& outcome, const char* what) {
  if (!outcome) wrong(std::string(what) + ": " + outcome.failure().to_string());
}

/// Little enough work to be done thousands of times a second under sanitizers.
bool cheap(const Graph& graph) {
  int64_t bytes = 0;
  for (const Tensor& t : graph.tensors) bytes += t.bytes();
  int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    if (op->macs != nullptr) macs += op->macs(graph, node);
    macs += node.attrs.i("filter_h") * node.attrs.i("filter_w") * elements(graph.at(node.out()).shape);  // pooling
    if (macs < 0 || macs > 300'000) return false;
  }
  return bytes <= 32 * 1024;
}

bool has_floats(const Graph& graph) {
  for (const Tensor& t : graph.tensors) {
    if (t.dtype == DType::f32) return true;
  }
  return false;
}

std::vector<Bytes> inputs_for(const Graph& graph, uint32_t seed) {
  Random random(seed);
  std::vector<Bytes> inputs;
  for (const TensorId id : graph.inputs) {
    const Tensor& t = graph.at(id);
    Bytes bytes(static_cast<size_t>(t.bytes()));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() >> 8);
    if (t.dtype == DType::f32) {
      for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        const float value = static_cast<float>(static_cast<int8_t>(bytes[i])) / 16;
        std::memcpy(&bytes[i], &value, sizeof value);
      }
    }
    if (t.dtype == DType::boolean) {
      for (uint8_t& b : bytes) b &= 1;
    }
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

/// Both extremes of ring depth, and by the seed one of what lies between.
std::vector<LowerOptions> modes(uint32_t seed) {
  static const LowerOptions others[] = {{plan::Rings::automatic},     {plan::Rings::balanced},
                                        {plan::Rings::full, 1},       {plan::Rings::automatic, 0, true},
                                        {plan::Rings::full, 0, true}, {plan::Rings::minimum, 0, true}};
  return {{plan::Rings::full}, {plan::Rings::minimum}, others[seed / 16 % std::size(others)]};
}

void run_both_ways(const Graph& read, uint32_t seed) {
  const std::vector<Bytes> inputs = inputs_for(read, seed);
  const std::vector<Value> expected = evaluate(read, inputs);
  Graph graph = read;
  PassLog log;
  run_passes(graph, log, {.keep_all_tensors = seed / 128 % 4 == 0, .dump = {}});
  must(verify_graph(graph), "the passes broke the graph");
  for (const LowerOptions& options : modes(seed)) {
    const Result<Program> program = lower(graph, options);
    if (!program) continue;  // what cannot be lowered, or not pushed, says so
    Interpreter interpreter(*program);
    const std::vector<Bytes> outputs = interpreter.run(inputs);
    if (seed % 16 == 0) emit(*program, {.name = identifier(graph.name)});
    if (has_floats(read)) continue;
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o] == expected[static_cast<size_t>(read.outputs[o])].bytes) continue;
      wrong("output " + std::to_string(o) + " differs from the oracle; rings " +
            std::to_string(static_cast<int>(options.rings)) + (options.push ? ", pushed" : "") + "\n" + print(read) +
            "\nafter passes\n" + print(graph));
    }
  }
}

}  // namespace

void check(const Result<Graph>& graph, std::span<const uint8_t> bytes, uint32_t share) {
  if (!graph) {
    if (graph.failure().diagnostics.empty()) wrong("a failure that says nothing");
    for (const Diagnostic& d : graph.failure().diagnostics) {
      if (d.code.empty() || d.place.empty() || d.reason.empty())
        wrong("half a diagnostic: " + graph.failure().to_string());
    }
    return;
  }
  must(verify_graph(*graph), "the reader let an unsound graph pass");
  uint32_t seed = 1;
  for (const uint8_t b : bytes) seed = seed * 31 + b;
  if (seed / 512 % share != 0 || !cheap(*graph)) return;
  const Result<Graph> reparsed = parse(print(*graph));
  if (!reparsed) wrong("the text form does not parse: " + reparsed.failure().to_string() + print(*graph));
  if (print(*reparsed) != print(*graph)) wrong("the text form changes when parsed:\n" + print(*graph));
  run_both_ways(*graph, seed);
}

}  // namespace smelt::fuzz
