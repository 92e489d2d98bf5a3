#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

// What converters write: quantization at the edges, a padding and an activation apart, a flatten, leftovers.
const std::string model = R"(graph "g" from "g.tflite"
  tensor %0 "in" i8[1, 5, 5, 1] scale=0.5 zero=3 source=0
  tensor %1 "real" f32[1, 5, 5, 1] source=1
  tensor %2 "in again" i8[1, 5, 5, 1] scale=0.5 zero=3 source=2
  tensor %3 "padded" i8[1, 6, 6, 1] scale=0.5 zero=3 source=3
  tensor %4 "w" i8[2, 3, 3, 1] scale=[0.05, 0.1] zero=0 source=4
    data=hex "01fe03287ff750810203" "0405060708090a0b"
  tensor %5 "conv" i8[1, 2, 2, 2] scale=0.5 zero=-20 source=5
  tensor %6 "relu" i8[1, 2, 2, 2] scale=0.5 zero=-20 source=6
  tensor %7 "flat" i8[8] scale=0.5 zero=-20 source=7
  tensor %8 "row" i8[1, 8] scale=0.5 zero=-20 source=8
  tensor %9 "fw" i8[2, 8] scale=0.02 zero=0 source=9 data=[1, -2, 3, 4, 5, 6, 7, 8, -9, 10, -100, 12, 13, 14, 15, 16]
  tensor %10 "out" i8[1, 2] scale=1 zero=0 source=10
  tensor %11 "shape" i32[4] source=11
  inputs (%0) outputs (%10)
  node %1 = dequantize(%0) source=0
  node %2 = quantize(%1) source=1
  node %3 = pad(%2) source=2 {paddings=[0, 0, 0, 1, 1, 0, 0, 0], value=3}
  node %5 = conv_2d(%3, %4, _) source=3 {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0,
    pad_right=0, pad_top=0, stride_h=2, stride_w=2}
  node %6 = relu(%5) source=4
  node %11 = shape(%6) source=5 {out_type="i32"}
  node %7 = reshape(%6) source=6
  node %8 = reshape(%7) source=7
  node %10 = fully_connected(%8, %9, _) source=8 {activation="none", keep_num_dims=0})";

TEST(Pipeline, LeavesWhatComputes) {
  Graph g = test::sound_graph(model);
  ASSERT_FALSE(HasFailure());
  const Graph original = g;
  PassLog log;
  run_passes(g, log);
  EXPECT_EQ(print(g), R"(graph "g" from "g.tflite"

tensor %0 "in" i8[1, 5, 5, 1] scale=0.5 zero=3 source=0
tensor %1 "w" i8[2, 3, 3, 1] scale=[0.05, 0.1] zero=0 source=4 data=hex "01fe03287ff7508102030405060708090a0b"
tensor %2 "relu" i8[1, 2, 2, 2] scale=0.5 zero=-20 source=6
tensor %3 "fw" i8[2, 8] scale=0.02 zero=0 source=9 data=[1, -2, 3, 4, 5, 6, 7, 8, -9, 10, -100, 12, 13, 14, 15, 16]
tensor %4 "out" i8[1, 2] scale=1 zero=0 source=10

inputs (%0)
outputs (%4)

node %2 = conv_2d(%0, %1, _) source=3 {activation="relu", dilation_h=1, dilation_w=1, pad_bottom=1, pad_left=1, pad_right=0, pad_top=0, stride_h=2, stride_w=2}
node %4 = fully_connected(%2, %3, _) source=8 {activation="none", keep_num_dims=0}
)");
  test::expect_same_function(original, g);
  EXPECT_EQ(log.to_string(), R"(fold constants: "shape" (shape) became a constant
remove reshapes: "row" (reshape) reads the input of "flat" (reshape) directly
remove reshapes: "out" (fully_connected) reads the input of "row" (reshape) directly
remove identities: "in again" (quantize) undoes "real" (dequantize)
remove dead: nothing needs "row" (reshape)
remove dead: nothing needs "flat" (reshape)
remove dead: nothing needs "real" (dequantize)
remove dead: 5 unused tensors
fuse activations: "relu" (relu) became a part of "conv" (conv_2d)
remove dead: 1 unused tensors
fuse padding: "padded" (pad) became a part of "relu" (conv_2d)
remove dead: 1 unused tensors
)");
}

TEST(Pipeline, DumpsTheGraphBehindEachPass) {
  Graph g = test::sound_graph(model);
  ASSERT_FALSE(HasFailure());
  PassLog log;
  std::vector<std::string> passes;
  std::string last;
  PipelineOptions options;
  options.dump = [&](const char* pass, const Graph& now) {
    passes.emplace_back(pass);
    last = print(now);
  };
  run_passes(g, log, options);
  EXPECT_EQ(passes, (std::vector<std::string>{"fold constants", "move transposes", "reorder weights", "remove reshapes", "remove identities",
                                              "remove dead", "fold scales", "fuse activations", "use integers", "fold constants",
                                              "remove identities", "remove dead", "fuse padding", "fuse activations", "compose lookups", "fold channels", "merge channels",
                                              "remove channels", "remove dead"}));
  EXPECT_EQ(last, print(g));
}

TEST(Pipeline, ForTapsEveryComputedTensorStays) {
  Graph g = test::sound_graph(model);
  ASSERT_FALSE(HasFailure());
  const Graph original = g;
  PassLog log;
  PipelineOptions options;
  options.keep_all_tensors = true;
  run_passes(g, log, options);
  EXPECT_EQ(g.nodes.size(), original.nodes.size() - 1) << "all but the shape, which depends on no input";
  test::expect_same_function(original, g);
  for (const Tensor& t : original.tensors) {
    if (t.name == "shape") continue;
    EXPECT_TRUE(std::find(g.tensors.begin(), g.tensors.end(), t) != g.tensors.end()) << t.name;
  }
}

TEST(Pipeline, ASecondRunFindsNothing) {
  Graph g = test::sound_graph(model);
  ASSERT_FALSE(HasFailure());
  PassLog first, second;
  run_passes(g, first);
  const std::string once = print(g);
  run_passes(g, second);
  EXPECT_EQ(print(g), once);
  EXPECT_EQ(second.to_string(), "");
}

}  // namespace
}  // namespace smelt
