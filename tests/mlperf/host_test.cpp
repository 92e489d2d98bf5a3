// The four models on the host: outputs, every operator's tensor, memory, accuracy.
#include <cstdio>
#include <map>
#include <sstream>

#include "ops/op.hpp"
#include "tests/mlperf/support.hpp"

namespace smelt {
namespace {

using namespace test;

class Mlperf : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_DATA(); }
};
INSTANTIATE_TEST_SUITE_P(Tiny, Mlperf, ::testing::Values("kws", "vww", "ic", "ad"), [](const auto& info) { return info.param; });

TEST_P(Mlperf, AllOutputsAtEveryRingDepth) {
  const Golden g = golden(GetParam());
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum, plan::Rings::automatic, plan::Rings::balanced}) {
    const Program program = compiled(GetParam(), rings);
    Interpreter interpreter(program);
    for (size_t r = 0; r < g.inputs.size(); ++r) {
      EXPECT_EQ(interpreter.run(g.inputs[r]).at(0), g.outputs[r]) << "run " << r << ", rings " << static_cast<int>(rings);
    }
  }
}

/// The reference's tensor of each operator, by the operator's index in the file.
std::map<int, Bytes> operator_tensors(const std::string& name, size_t run) {
  std::map<int, Bytes> tensors;
  const fs::path directory = data() / "golden" / name / "ops" / numbered("in_", run);
  for (int i = 0; fs::exists(directory / (numbered("op", static_cast<size_t>(i)) + ".bin")); ++i) {
    tensors[i] = read_file_bytes(directory / (numbered("op", static_cast<size_t>(i)) + ".bin"));
  }
  return tensors;
}

TEST_P(Mlperf, OracleMakesEveryOperatorsTensor) {
  const Graph graph = original(GetParam());
  const Golden g = golden(GetParam(), 2);
  for (size_t r = 0; r < 2; ++r) {
    const std::map<int, Bytes> expected = operator_tensors(GetParam(), r);
    ASSERT_EQ(expected.size(), graph.nodes.size());
    const std::vector<Value> values = evaluate(graph, g.inputs[r]);
    for (const Node& node : graph.nodes) {
      EXPECT_EQ(values[static_cast<size_t>(node.out())].bytes, expected.at(node.source)) << "operator " << node.source << " of run " << r;
    }
  }
}

TEST_P(Mlperf, KernelsMakeEveryOperatorsTensorAtEveryRingDepth) {
  const Golden g = golden(GetParam(), 2);
  const size_t operators = original(GetParam()).nodes.size();
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum, plan::Rings::automatic, plan::Rings::balanced}) {
    const Program program = compiled(GetParam(), rings, true);
    std::map<TensorId, TensorId> root;  // through reshapes, which make no rows of their own
    for (const Node& node : program.graph.nodes) {
      if (find_op(node.op)->alias) root[node.out()] = root.count(node.inputs[0]) != 0 ? root[node.inputs[0]] : node.inputs[0];
    }
    Interpreter interpreter(program);
    for (size_t r = 0; r < 2; ++r) {
      TapRecorder taps(program);
      interpreter.run(g.inputs[r], [&](int op, int32_t step, const uint8_t* arena) { taps.firing(op, step, arena); });
      std::map<int, Bytes> expected = operator_tensors(GetParam(), r);
      ASSERT_EQ(expected.size(), operators);
      for (const Node& node : program.graph.nodes) {
        const TensorId made = root.count(node.out()) != 0 ? root[node.out()] : node.out();
        if (program.graph.is_input(made)) {  // ad: a reshape of the input computes nothing
          EXPECT_EQ(g.inputs[r][0], expected.at(node.source));
        } else {
          EXPECT_EQ(taps.tensors()[static_cast<size_t>(made)], expected.at(node.source)) << "operator " << node.source << " of run " << r;
        }
        expected.erase(node.source);
      }
      // What is left belongs to operators that the passes removed though every tensor was to be kept: none may compute.
      for (const auto& [index, bytes] : expected) ADD_FAILURE() << "operator " << index << " was not compared";
    }
  }
}

// Bounds: what TensorFlow Lite Micro takes for tensors, scratch and its own structures of the same models.
TEST_P(Mlperf, ArenaIsNoLargerThanTensorFlowLiteMicros) {
  const std::map<std::string, uint32_t> bounds = {{"kws", 22820}, {"vww", 100708}, {"ic", 54996}, {"ad", 2580}};
  const uint32_t arena = compiled(GetParam(), plan::Rings::automatic).plan.arena_bytes;
  EXPECT_LE(arena, bounds.at(GetParam()));
  std::printf("%s: arena %u of %u bytes\n", GetParam().c_str(), arena, bounds.at(GetParam()));
}

TEST(Kws01, AccuracyOnRealRecordings) {
  SKIP_WITHOUT_DATA();
  const Program program = compiled("kws", plan::Rings::automatic);
  const Bytes features = read_file_bytes(data() / "kws01/features_int8.bin");
  std::ifstream labels(data() / "kws01/labels.csv");
  std::string line;
  std::getline(labels, line);  // index,word,label
  Interpreter interpreter(program);
  size_t runs = 0, right = 0;
  for (; std::getline(labels, line); ++runs) {
    const int label = std::stoi(line.substr(line.rfind(',') + 1));
    const auto first = features.begin() + static_cast<int64_t>(runs * 490);
    ASSERT_LE((runs + 1) * 490, features.size());
    const Bytes out = interpreter.run({Bytes(first, first + 490)}).at(0);
    int best = 0;
    for (int c = 1; c < static_cast<int>(out.size()); ++c) {
      if (static_cast<int8_t>(out[static_cast<size_t>(c)]) > static_cast<int8_t>(out[static_cast<size_t>(best)])) best = c;
    }
    if (best == label) ++right;
  }
  ASSERT_EQ(runs, 500U);
  std::printf("kws01: %zu of %zu right, %.1f %%\n", right, runs, 100.0 * static_cast<double>(right) / static_cast<double>(runs));
  EXPECT_GE(right * 1000, runs * 895);
}

TEST(Kws01, OutputsOnRealRecordings) {
  SKIP_WITHOUT_DATA();
  const Program program = compiled("kws", plan::Rings::automatic);
  Interpreter interpreter(program);
  const fs::path directory = data() / "golden/kws/kws01_real";
  size_t compared = 0;
  for (; fs::exists(directory / (numbered("in_", compared) + ".bin")); ++compared) {
    EXPECT_EQ(interpreter.run({read_file_bytes(directory / (numbered("in_", compared) + ".bin"))}).at(0),
              read_file_bytes(directory / (numbered("out_", compared) + ".bin")));
  }
  EXPECT_EQ(compared, 16U);
}

}  // namespace
}  // namespace smelt
