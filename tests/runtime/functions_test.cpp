// Operators that no .tflite file has: oracle and compiled program against closed forms.
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

TEST(Functions, IntegersOf64BitsAreFoldedOnly) {
  const TensorType type{DType::i64, {3}};
  for (const char* op : {"abs", "neg", "square", "sign"}) {
    const Graph g = test::one_node(op, {type}, type);
    ASSERT_TRUE(verify_graph(g)) << op;
    const Result<Program> program = lower(g, plan::Rings::full);
    ASSERT_FALSE(program) << op;
    EXPECT_NE(program.failure().to_string().find("i64"), std::string::npos);
  }
  const Graph g = test::one_node("neg", {type}, type);
  const std::vector<int64_t> x = {int64_t{1} << 40, -7, 0}, want = {-(int64_t{1} << 40), 7, 0};
  EXPECT_EQ(evaluate(g, {test::as_bytes(x)})[1].bytes, test::as_bytes(want));
}

TEST(Functions, ParametersMustBeFinite) {
  const TensorType type{DType::f32, {3}};
  for (const char* op : {"elu", "celu", "selu", "hard_sigmoid", "thresholded_relu"}) {
    EXPECT_TRUE(verify_graph(test::one_node(op, {type}, type))) << op;
    EXPECT_FALSE(verify_graph(test::one_node(op, {type}, type, test::numbers(NAN)))) << op;
  }
  EXPECT_FALSE(verify_graph(test::one_node("celu", {type}, type, test::numbers(0))));
  EXPECT_FALSE(verify_graph(test::one_node("tan", {{DType::i32, {3}}}, {DType::i32, {3}})));
}

}  // namespace
}  // namespace smelt
