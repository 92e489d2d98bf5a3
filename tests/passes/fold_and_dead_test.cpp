#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_unchanged;

TEST(FoldConstants, ChainsOfConstants) {
  expect_pass(fold_constants, R"(graph "g"
    tensor %0 "in" f32[2, 2]
    tensor %1 "c" i8[2, 2] scale=0.5 zero=1 data=[1, 3, -5, 11]
    tensor %2 "real" f32[2, 2]
    tensor %3 "clamped" f32[2, 2]
    tensor %4 "out" f32[2, 2]
    inputs (%0) outputs (%4)
    node %2 = dequantize(%1)
    node %3 = relu(%2)
    node %4 = add(%0, %3) {activation="none"})",
              R"(graph "g"
    tensor %0 "in" f32[2, 2]
    tensor %1 "clamped" f32[2, 2] data=[0, 1, 0, 5]
    tensor %2 "out" f32[2, 2]
    inputs (%0) outputs (%2)
    node %2 = add(%0, %1) {activation="none"})");
}

TEST(FoldConstants, ShapesAreKnownWhateverTheInput) {
  expect_pass(fold_constants, R"(graph "g"
    tensor %0 "in" i8[2, 3, 4] scale=1 zero=0
    tensor %1 "shape" i32[3]
    tensor %2 "out" i8[2, 3, 4] scale=1 zero=0
    tensor %3 "shape too" i32[3]
    inputs (%0) outputs (%2, %3)
    node %1 = shape(%0) {out_type="i32"}
    node %2 = relu(%0)
    node %3 = reshape(%1))",
              R"(graph "g"
    tensor %0 "in" i8[2, 3, 4] scale=1 zero=0
    tensor %1 "shape" i32[3] data=[2, 3, 4]
    tensor %2 "out" i8[2, 3, 4] scale=1 zero=0
    tensor %3 "shape too" i32[3]
    inputs (%0) outputs (%2, %3)
    node %2 = relu(%0)
    node %3 = reshape(%1))");
}

TEST(FoldConstants, NotAGraphOutput) {  // somebody has to write it
  expect_unchanged(fold_constants, R"(graph "g"
    tensor %0 "in" f32[2]
    tensor %1 "c" f32[2] data=[-1, 1]
    tensor %2 "out" f32[2]
    tensor %3 "other" f32[2]
    inputs (%0) outputs (%2, %3)
    node %2 = relu(%1)
    node %3 = relu(%0))");
}

TEST(FoldConstants, NotWhatTakesLongOrGrowsLarge) {  // too long to evaluate here, too
  Graph g = test::sound_graph(R"(graph "g"
    tensor %0 "in" f32[1, 1, 1, 1]
    tensor %1 "c" f32[1, 1, 1, 1] data=[-1]
    tensor %2 "large" f32[1, 5000, 5000, 1]
    tensor %3 "a" f32[1, 5000, 5000, 1]
    inputs (%0) outputs (%3)
    node %2 = pad(%1) {paddings=[0, 0, 0, 4999, 0, 4999, 0, 0], value=0.0}
    node %3 = add(%0, %2) {activation="none"})");
  const std::string text = print(g);
  PassLog log;
  fold_constants(g, log);
  EXPECT_EQ(print(g), text);
}

TEST(RemoveDead, NodesThatNoOutputNeeds) {
  expect_pass(remove_dead, R"(graph "g"
    tensor %0 "in" f32[4] source=0
    tensor %1 "unused constant" f32[1] source=1 data=[1]
    tensor %2 "dead" f32[4] source=2
    tensor %3 "dead too" f32[4] source=3
    tensor %4 "out" f32[4] source=4
    tensor %5 "in too" f32[4] source=5
    inputs (%0, %5) outputs (%4)
    node %2 = relu(%0)
    node %4 = relu6(%0)
    node %3 = relu(%2))",
              R"(graph "g"
    tensor %0 "in" f32[4] source=0
    tensor %1 "out" f32[4] source=4
    tensor %2 "in too" f32[4] source=5
    inputs (%0, %2) outputs (%1)
    node %1 = relu6(%0))");
}

TEST(RemoveDead, OneNeededOutputKeepsItsNode) {
  expect_unchanged(remove_dead, R"(graph "g"
    tensor %0 "in" f32[4]
    tensor %1 "a" f32[2]
    tensor %2 "b" f32[2]
    inputs (%0) outputs (%2)
    node (%1, %2) = split(%0) {axis=0, sizes=[2, 2]})");
}

TEST(RemoveUnusedTensors, LeavesDeadNodesAlone) {
  expect_pass([](Graph& g, PassLog& log) { remove_unused_tensors(g, log); }, R"(graph "g"
    tensor %0 "unused" f32[4]
    tensor %1 "in" f32[4]
    tensor %2 "dead" f32[4]
    tensor %3 "out" f32[4]
    inputs (%1) outputs (%3)
    node %2 = relu(%1)
    node %3 = relu6(%1))",
              R"(graph "g"
    tensor %0 "in" f32[4]
    tensor %1 "dead" f32[4]
    tensor %2 "out" f32[4]
    inputs (%0) outputs (%2)
    node %1 = relu(%0)
    node %2 = relu6(%0))");
}

}  // namespace
}  // namespace smelt
