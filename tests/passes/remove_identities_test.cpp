#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_unchanged;

/// in -> relu6 -> (%2 = `middle` of %1) -> relu -> out, all `type`; with further tensors and outputs.
std::string around(const std::string& type, const std::string& middle, const std::string& more = "",
                   const std::string& outputs = "%3") {
  std::string text = R"(graph "g"
    tensor %0 "in" TYPE
    tensor %1 "relu" TYPE
    tensor %2 "same" TYPE
    tensor %3 "out" TYPE
    MORE
    inputs (%0) outputs (OUTPUTS)
    node %1 = relu6(%0) source=1
    MIDDLE
    node %3 = relu(%2) source=3)";
  const auto replace_all = [&](const std::string& what, const std::string& by) {
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  };
  replace_all("TYPE", type);
  replace_all("MORE", more);
  replace_all("OUTPUTS", outputs);
  replace_all("MIDDLE", middle);
  return text;
}

std::string direct(const std::string& type) {
  return R"(graph "g"
    tensor %0 "in" )" +
         type + R"(
    tensor %1 "relu" )" +
         type + R"(
    tensor %2 "out" )" +
         type + R"(
    inputs (%0) outputs (%2)
    node %1 = relu6(%0) source=1
    node %2 = relu(%1) source=3)";
}

const std::string i8 = "i8[1, 2, 3, 4] scale=0.1 zero=-100";

void remove_identities_and_dead(Graph& graph, PassLog& log) {
  remove_identities(graph, log);
  PassLog unused;
  remove_dead(graph, unused);
}

TEST(RemoveIdentities, NodesThatChangeNothing) {
  expect_pass(remove_identities, around(i8, "node %2 = reshape(%1)"), direct(i8));
  expect_pass(remove_identities, around(i8, "node %2 = quantize(%1)"), direct(i8));
  expect_pass(remove_identities, around(i8, "node %2 = pad(%1) {paddings=[0, 0, 0, 0, 0, 0, 0, 0], value=-100}"),
              direct(i8));
  expect_pass(remove_identities, around(i8, "node %2 = transpose(%1) {perm=[0, 1, 2, 3]}"), direct(i8));
}

TEST(RemoveIdentities, AGraphOutputKeepsItsTensor) {
  expect_pass(remove_identities, around(i8, "node %2 = quantize(%1)", "", "%3, %2"), R"(graph "g"
    tensor %0 "in" i8[1, 2, 3, 4] scale=0.1 zero=-100
    tensor %1 "same" i8[1, 2, 3, 4] scale=0.1 zero=-100
    tensor %2 "out" i8[1, 2, 3, 4] scale=0.1 zero=-100
    inputs (%0) outputs (%2, %1)
    node %1 = relu6(%0) source=1
    node %2 = relu(%1) source=3)");
}

TEST(RemoveIdentities, NotBetweenAnInputAndAnOutput) {
  expect_unchanged(remove_identities, R"(graph "g"
    tensor %0 "in" f32[4]
    tensor %1 "out" f32[4]
    inputs (%0) outputs (%1)
    node %1 = reshape(%0))");
}

TEST(RemoveIdentities, NotBetweenTwoOutputs) {
  expect_unchanged(remove_identities, around(i8, "node %2 = quantize(%1)", "", "%3, %2, %1"));
}

TEST(RemoveIdentities, NotWhereItRescales) {
  expect_unchanged(remove_identities, R"(graph "g"
    tensor %0 "in" i8[4] scale=0.1 zero=0
    tensor %1 "mid" i8[4] scale=0.1 zero=1
    tensor %2 "out" i8[4] scale=0.1 zero=1
    inputs (%0) outputs (%2)
    node %1 = quantize(%0)
    node %2 = relu(%1))");
}

TEST(RemoveIdentities, QuantizingWhatWasDequantizedAlike) {
  for (const char* scale : {"0.1", "1e-20", "3e20", "0.0039215689", "1"}) {
    const std::string type = std::string("i8[1, 2, 3, 4] scale=") + scale + " zero=-100";
    SCOPED_TRACE(type);
    expect_pass(remove_identities_and_dead,
                around(type, "node %4 = dequantize(%1) node %2 = quantize(%4)", "tensor %4 \"real\" f32[1, 2, 3, 4]"),
                direct(type));
  }
}

TEST(RemoveIdentities, NotQuantizingWhatWasDequantizedOtherwise) {
  for (const char* out : {"i8[4] scale=0.2 zero=3", "i8[4] scale=0.1 zero=4"}) {
    expect_unchanged(remove_identities, R"(graph "g"
      tensor %0 "in" i8[4] scale=0.1 zero=3
      tensor %1 "mid" i8[4] scale=0.1 zero=3
      tensor %2 "real" f32[4]
      tensor %3 "out" )" + std::string(out) +
                                            R"(
      inputs (%0) outputs (%3)
      node %1 = relu(%0)
      node %2 = dequantize(%1)
      node %3 = quantize(%2))");
  }
}

TEST(RemoveIdentities, NotWhereTheFloatsBetweenOverflow) {
  expect_unchanged(remove_identities,
                   around("i8[1, 2, 3, 4] scale=3e38 zero=-100", "node %4 = dequantize(%1) node %2 = quantize(%4)",
                          "tensor %4 \"real\" f32[1, 2, 3, 4]"));
}

TEST(RemoveIdentities, NotDequantizingWhatWasQuantized) {  // the way there rounds
  expect_unchanged(remove_identities, around("f32[1, 2, 3, 4]", "node %4 = quantize(%1) node %2 = dequantize(%4)",
                                             "tensor %4 \"q\" " + i8));
}

TEST(RemoveIdentities, WhatElseReadsTheTensorBetweenKeepsIt) {
  expect_pass(
      remove_identities_and_dead,
      around(i8, "node %4 = dequantize(%1) node %2 = quantize(%4)", "tensor %4 \"real\" f32[1, 2, 3, 4]", "%3, %4"),
      R"(graph "g"
    tensor %0 "in" i8[1, 2, 3, 4] scale=0.1 zero=-100
    tensor %1 "relu" i8[1, 2, 3, 4] scale=0.1 zero=-100
    tensor %2 "out" i8[1, 2, 3, 4] scale=0.1 zero=-100
    tensor %3 "real" f32[1, 2, 3, 4]
    inputs (%0) outputs (%2, %3)
    node %1 = relu6(%0) source=1
    node %3 = dequantize(%1)
    node %2 = relu(%1) source=3)");
}

TEST(RemoveIdentities, TransposingBack) {
  expect_pass(remove_identities_and_dead,
              around(i8, "node %4 = transpose(%1) {perm=[0, 3, 1, 2]} node %2 = transpose(%4) {perm=[0, 2, 3, 1]}",
                     "tensor %4 \"nchw\" i8[1, 4, 2, 3] scale=0.1 zero=-100"),
              direct(i8));
  const std::string square = "i8[1, 3, 3, 3] scale=0.1 zero=-100";
  expect_unchanged(remove_identities, around(square,
                                             "node %4 = transpose(%1) {perm=[0, 3, 1, 2]}"
                                             "node %2 = transpose(%4) {perm=[0, 3, 1, 2]}",
                                             "tensor %4 \"turned\" " + square));
}

TEST(RemoveIdentities, ManyInARow) {
  expect_pass(remove_identities,
              around(i8, "node %4 = reshape(%1) node %5 = quantize(%4) node %2 = reshape(%5)",
                     "tensor %4 \"a\" " + i8 + " tensor %5 \"b\" " + i8),
              direct(i8));
}

}  // namespace
}  // namespace smelt
