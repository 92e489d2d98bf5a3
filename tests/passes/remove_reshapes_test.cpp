#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_unchanged;

/// As the pipeline runs it: what only fed a reshape goes with it.
void remove_reshapes_and_dead(Graph& graph, PassLog& log) {
  remove_reshapes(graph, log);
  PassLog unused;
  remove_dead(graph, unused);
}

TEST(RemoveReshapes, OfAReshapeOnlyTheLastStays) {
  expect_pass(remove_reshapes_and_dead, R"(graph "g"
    tensor %0 "in" f32[1, 4, 6]
    tensor %1 "a" f32[24]
    tensor %2 "b" f32[2, 12]
    tensor %3 "c" f32[3, 8]
    tensor %4 "out" f32[3, 8]
    inputs (%0) outputs (%4)
    node %1 = reshape(%0)
    node %2 = reshape(%1)
    node %3 = reshape(%2)
    node %4 = relu(%3))",
              R"(graph "g"
    tensor %0 "in" f32[1, 4, 6]
    tensor %1 "c" f32[3, 8]
    tensor %2 "out" f32[3, 8]
    inputs (%0) outputs (%2)
    node %1 = reshape(%0)
    node %2 = relu(%1))");
}

TEST(RemoveReshapes, AReshapeThatSomebodyElseReadsStays) {
  expect_pass(remove_reshapes_and_dead, R"(graph "g"
    tensor %0 "in" f32[1, 4, 6]
    tensor %1 "a" f32[24]
    tensor %2 "b" f32[2, 12]
    inputs (%0) outputs (%1, %2)
    node %1 = reshape(%0)
    node %2 = reshape(%1))",
              R"(graph "g"
    tensor %0 "in" f32[1, 4, 6]
    tensor %1 "a" f32[24]
    tensor %2 "b" f32[2, 12]
    inputs (%0) outputs (%1, %2)
    node %1 = reshape(%0)
    node %2 = reshape(%0))");
}

TEST(RemoveReshapes, NotWhereTheBytesMeanSomethingElse) {
  expect_unchanged(remove_reshapes, R"(graph "g"
    tensor %0 "in" i8[1, 4, 6] scale=0.5 zero=0
    tensor %1 "a" i8[24] scale=0.25 zero=0
    tensor %2 "b" i8[2, 12] scale=0.25 zero=0
    inputs (%0) outputs (%2)
    node %1 = reshape(%0)
    node %2 = reshape(%1))");
}

TEST(RemoveReshapes, ElementwiseReadersNeedTheShape) {
  expect_unchanged(remove_reshapes, R"(graph "g"
    tensor %0 "in" f32[1, 4, 6]
    tensor %1 "a" f32[24]
    tensor %2 "out" f32[24]
    inputs (%0) outputs (%2)
    node %1 = reshape(%0)
    node %2 = relu(%1))");
}

/// A fully connected layer behind a reshape of `in` to `flat`.
std::string layer(const std::string& in, const std::string& flat, const std::string& out, const std::string& attrs) {
  return R"(graph "g"
    tensor %0 "in" f32)" +
         in + R"(
    tensor %1 "flat" f32)" +
         flat + R"(
    tensor %2 "w" f32[2, 8] data=[1, -2, 3, 4, 5, 6, 7, 8, 0.5, 0.25, -1, -2, -3, -4, -5, -6]
    tensor %3 "out" f32)" +
         out + R"(
    inputs (%0) outputs (%3)
    node %1 = reshape(%0)
    node %3 = fully_connected(%1, %2, _) {)" +
         attrs + "}";
}

TEST(RemoveReshapes, AFullyConnectedLayerFlattensByItself) {
  for (const char* flat : {"[1, 8]", "[8]", "[1, 1, 1, 8]"}) {
    SCOPED_TRACE(flat);
    expect_pass(remove_reshapes_and_dead,
                layer("[1, 2, 2, 2]", flat, "[1, 2]", R"(activation="none", keep_num_dims=0)"), R"(graph "g"
    tensor %0 "in" f32[1, 2, 2, 2]
    tensor %1 "w" f32[2, 8] data=[1, -2, 3, 4, 5, 6, 7, 8, 0.5, 0.25, -1, -2, -3, -4, -5, -6]
    tensor %2 "out" f32[1, 2]
    inputs (%0) outputs (%2)
    node %2 = fully_connected(%0, %1, _) {activation="none", keep_num_dims=0})");
  }
}

TEST(RemoveReshapes, NotBeforeALayerThatKeepsItsDimensions) {
  expect_unchanged(remove_reshapes,
                   layer("[2, 4, 2]", "[1, 2, 8]", "[1, 2, 2]", R"(activation="none", keep_num_dims=1)"));
}

}  // namespace
}  // namespace smelt
