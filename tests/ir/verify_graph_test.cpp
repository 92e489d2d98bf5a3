// What verify_graph adds to the structure: operators and what they infer.
#include <gtest/gtest.h>

#include "ir/graph.hpp"

namespace smelt {
namespace {

std::string verdict(const std::string& text) {
  const Result<Graph> g = parse(text, "g");
  if (!g) return g.failure().to_string();
  const Outcome o = verify_graph(*g);
  return o ? "sound\n" : o.failure().to_string();
}

const std::string tensors = R"(graph "g"
  tensor %0 "in" f32[1, 4]
  tensor %1 "a" f32[1, 4]
  tensor %2 "narrow" f32[1, 3]
  tensor %3 "integers" i32[1, 4]
  inputs (%0) )";

TEST(VerifyGraph, DeclaredTypesAreWhatOperatorsMake) {
  EXPECT_EQ(verdict(tensors + "outputs (%1) node %1 = relu(%0)"), "sound\n");
  EXPECT_EQ(verdict(tensors + "outputs (%2) node %2 = relu(%0)"),
            "error[E0421]: g: node 0 \"narrow\" (relu): output 0 is declared f32 1x3, the operator makes f32 1x4\n"
            "  help: the file contradicts itself; export the model again\n");
  const std::string refused = verdict(tensors + "outputs (%3) node %3 = dequantize(%0)");  // in its operator's words
  EXPECT_NE(refused.find("]: g: node 0 \"integers\" (dequantize): "), std::string::npos) << refused;
}

TEST(VerifyGraph, AllUnknownOperatorsAndAllContradictionsAtOnce) {
  EXPECT_EQ(verdict(tensors + "outputs (%2) node %1 = sine(%0) node %2 = relu(%1) node %3 = cosine(%0) source=7"),
            "error[E0419]: g: node 0 \"a\" (sine): the operator is not supported\n"
            "error[E0421]: g: node 1 \"narrow\" (relu): output 0 is declared f32 1x3, the operator makes f32 1x4\n"
            "  help: the file contradicts itself; export the model again\n"
            "error[E0419]: g: node 7 \"integers\" (cosine): the operator is not supported\n");
}

TEST(VerifyGraph, OperatorsAreNotAskedAboutUnsoundTensors) {
  EXPECT_EQ(verdict(R"(graph "g" tensor %0 "in" f32[0] tensor %1 "a" f32[0]
                       inputs (%0) outputs (%1) node %1 = softmax(%0) {beta=1.0})"),
            "error[E0413]: g: tensor 0 \"in\": shape 0 has a dimension of 0\n"
            "  help: empty tensors hold nothing to compute and are not supported\n"
            "error[E0413]: g: tensor 1 \"a\": shape 0 has a dimension of 0\n"
            "  help: empty tensors hold nothing to compute and are not supported\n");
}

}  // namespace
}  // namespace smelt
