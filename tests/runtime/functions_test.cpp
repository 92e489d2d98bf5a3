// Operators and types that no case of a .tflite file has: oracle and compiled program against closed forms.
#include "tests/functions.hpp"

#include <gtest/gtest.h>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

void expect_answers(const std::vector<test::FunctionCase>& cases) {
  for (const test::FunctionCase& c : cases) {
    SCOPED_TRACE(c.graph.file);
    const Outcome sound = verify_graph(c.graph);
    ASSERT_TRUE(sound) << sound.failure().to_string();
    const Tensor& type = c.graph.at(c.graph.outputs[0]);
    EXPECT_TRUE(test::same(type, c.want, evaluate(c.graph, c.inputs)[static_cast<size_t>(c.graph.outputs[0])].bytes));
    for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
      const Result<Program> program = lower(c.graph, rings);
      ASSERT_TRUE(program) << program.failure().to_string();
      EXPECT_TRUE(test::same(type, c.want, Interpreter(*program).run(c.inputs)[0]));
    }
  }
}

TEST(Functions, UnaryOnesAreTheirClosedForms) { expect_answers(test::unary_function_cases()); }

TEST(Functions, ThoseOfTwoValuesAre) { expect_answers(test::pair_function_cases()); }

TEST(Functions, ExtremesOfInfinitiesAre) { expect_answers(test::extreme_cases()); }

TEST(Functions, IntegersAreTheirClosedForms) { expect_answers(test::integer_function_cases()); }

TEST(Functions, ParametersMustBeFinite) {
  const TensorType type{DType::f32, {3}};
  for (const char* op : {"elu", "celu", "selu", "hard_sigmoid", "thresholded_relu"}) {
    EXPECT_TRUE(verify_graph(test::one_node(op, {type}, type))) << op;
    EXPECT_FALSE(verify_graph(test::one_node(op, {type}, type, test::numbers(NAN)))) << op;
  }
  EXPECT_FALSE(verify_graph(test::one_node("celu", {type}, type, test::numbers(0))));
  EXPECT_FALSE(verify_graph(test::one_node("tan", {{DType::i32, {3}}}, {DType::i32, {3}})));
}

TEST(Functions, OperandsMustFitOneAnother) {
  const TensorType f{DType::f32, {3}}, i{DType::i32, {3}}, b{DType::boolean, {3}};
  const auto sound = [](const char* op, std::vector<TensorType> in, TensorType out) {
    return verify_graph(test::one_node(op, in, out)).ok();
  };
  EXPECT_TRUE(sound("div", {f, f}, f));
  EXPECT_FALSE(sound("div", {f, i}, f));
  EXPECT_FALSE(sound("div", {f, {DType::f32, {2}}}, f));
  EXPECT_FALSE(sound("atan2", {i, i}, i));
  EXPECT_FALSE(sound("bitwise_and", {f, f}, f));
  EXPECT_FALSE(sound("logical_and", {i, i}, i));
  EXPECT_TRUE(sound("less", {f, f}, b));
  EXPECT_FALSE(sound("less", {b, b}, b));
  EXPECT_TRUE(sound("equal", {b, b}, b));
  EXPECT_FALSE(sound("equal", {f, f}, f));
  EXPECT_TRUE(sound("select", {b, f, f}, f));
  EXPECT_FALSE(sound("select", {f, f, f}, f));
  EXPECT_FALSE(sound("select", {b, f, i}, f));
  EXPECT_FALSE(sound("select", {{DType::boolean, {2}}, f, f}, f));
  EXPECT_FALSE(sound("prelu", {{DType::f32, {1}}, f}, f));
}

TEST(Functions, Int8ComparesOnScalesBelow1Only) {
  const TensorType s8{DType::i8, {3}};
  Graph g = test::one_node("less", {s8, s8}, {DType::boolean, {3}});
  g.at(0).quant = g.at(1).quant = {{0.5F}, {0}, 0};
  EXPECT_TRUE(verify_graph(g));
  g.at(1).quant.scale = {1.0F};
  EXPECT_FALSE(verify_graph(g));
}

}  // namespace
}  // namespace smelt
