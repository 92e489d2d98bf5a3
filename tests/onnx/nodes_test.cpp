// Single operators of ONNX files, against closed forms: by the oracle, and by the compiled program.
#include <gtest/gtest.h>

#include <cmath>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/function_case.hpp"
#include "tests/golden.hpp"
#include "tests/onnx/model.hpp"

namespace smelt {
namespace {

using test::as_bytes;
using test::OnnxModel;
using Type = onnx::TensorProto;

/// What the model makes of these inputs: oracle and program alike.
void expect_makes(const OnnxModel& m, const std::vector<Bytes>& inputs, const Bytes& want) {
  const Result<Graph> g = m.read();
  ASSERT_TRUE(g) << g.failure().to_string();
  const Tensor& y = g->at(g->outputs[0]);
  EXPECT_TRUE(test::same(y, want, evaluate(*g, inputs)[static_cast<size_t>(g->outputs[0])].bytes));
  const Result<Program> program = lower(*g, plan::Rings::minimum);
  ASSERT_TRUE(program) << program.failure().to_string();
  EXPECT_TRUE(test::same(y, want, Interpreter(*program).run(inputs)[0]));
}

/// A constant of any type.
template <class T>
void constant(OnnxModel& m, const std::string& name, int32_t type, const std::vector<int64_t>& shape, const std::vector<T>& values) {
  onnx::TensorProto& t = m.constant(name, shape, {});
  t.set_data_type(type);
  t.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
}

/// One node of `op` from x of this type and shape, and operands that are there already.
OnnxModel& node(OnnxModel& m, const std::string& op, int32_t type, const std::vector<int64_t>& shape, const std::vector<std::string>& more,
                const std::vector<std::pair<std::string, int64_t>>& attributes = {}) {
  m.input("x", shape, type);
  std::vector<std::string> inputs = {"x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  onnx::NodeProto& n = m.node(op, inputs, {"y"});
  for (const auto& [name, value] : attributes) OnnxModel::attribute(n, name, value);
  m.output("y");
  return m;
}

/// Halves to even; by definition, without the rounding mode of the machine.
double even(double x) {
  const double low = std::floor(x), rest = x - low;
  if (rest != 0.5) return rest < 0.5 ? low : low + 1;
  return std::fmod(low, 2) == 0 ? low : low + 1;
}

const std::vector<float> reals = {-300, -2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 3, 100, 254.5F, 300, 1e9F};

/// Quantized with the scale and zero point that slice(i) names.
template <class T, class Slice>
Bytes quantized(const std::vector<float>& scale, const std::vector<T>& zero, Slice slice) {
  std::vector<T> y;
  for (size_t i = 0; i < reals.size(); ++i) {
    const double v = even(double{reals[i]} / scale[slice(i)]) + zero[slice(i)];
    y.push_back(static_cast<T>(std::fmin(std::fmax(v, std::numeric_limits<T>::min()), std::numeric_limits<T>::max())));
  }
  return as_bytes(y);
}

TEST(OnnxNodes, QuantizesByOneScaleForEachSlice) {
  OnnxModel m;
  const std::vector<float> scale = {1, 0.5F, 4};
  const std::vector<uint8_t> zero = {0, 128, 3};
  m.constant("s", {3}, scale);
  constant(m, "z", Type::UINT8, {3}, zero);
  node(m, "QuantizeLinear", Type::FLOAT, {2, 3, 2}, {"s", "z"});
  expect_makes(m, {as_bytes(reals)}, quantized(scale, zero, [](size_t i) { return i / 2 % 3; }));
}

TEST(OnnxNodes, QuantizesTo16BitsByOneScale) {
  OnnxModel m;
  m.constant("s", {}, {0.5F});
  constant(m, "z", Type::INT16, {}, std::vector<int16_t>{-100});
  node(m, "QuantizeLinear", Type::FLOAT, {12}, {"s", "z"});
  expect_makes(m, {as_bytes(reals)}, quantized<int16_t>({0.5F}, {-100}, [](size_t) { return size_t{0}; }));
}

TEST(OnnxNodes, QuantizesInBlocksOfWhichTheLastIsShorter) {
  OnnxModel m(21);
  const std::vector<float> scale = {1, 2, 0.5F, 4, 1, 8};
  const std::vector<int8_t> zero = {0, 1, -2, 3, -4, 5};
  m.constant("s", {3, 2}, scale);
  constant(m, "z", Type::INT8, {3, 2}, zero);
  node(m, "QuantizeLinear", Type::FLOAT, {3, 4}, {"s", "z"}, {{"axis", 1}, {"block_size", 3}});
  expect_makes(m, {as_bytes(reals)}, quantized(scale, zero, [](size_t i) { return i / 4 * 2 + i % 4 / 3; }));
}

TEST(OnnxNodes, QuantizesByScalesOfRunTime) {
  OnnxModel m;
  node(m, "QuantizeLinear", Type::FLOAT, {12}, {"s", "z"});
  m.input("s", {1});
  m.input("z", {1}, Type::UINT8);
  expect_makes(m, {as_bytes(reals), as_bytes(std::vector<float>{1}), {7}}, quantized<uint8_t>({1}, {7}, [](size_t) { return size_t{0}; }));
}

TEST(OnnxNodes, DequantizesBySlicesAndBlocksAndOf16Bits) {
  const std::vector<int16_t> x = {-32768, -1, 0, 1, 5, 32767};
  const auto meant = [&](const std::vector<float>& scale, const std::vector<int16_t>& zero, auto slice) {
    std::vector<float> y;
    for (size_t i = 0; i < x.size(); ++i) y.push_back(static_cast<float>((1.0 * x[i] - zero[slice(i)]) * scale[slice(i)]));
    return as_bytes(y);
  };
  OnnxModel slices;
  slices.constant("s", {3}, {1, 0.5F, 4});
  constant(slices, "z", Type::INT16, {3}, std::vector<int16_t>{0, 10, -20000});
  node(slices, "DequantizeLinear", Type::INT16, {2, 3}, {"s", "z"}, {{"axis", -1}});
  expect_makes(slices, {as_bytes(x)}, meant({1, 0.5F, 4}, {0, 10, -20000}, [](size_t i) { return i % 3; }));
  OnnxModel blocks(21);
  blocks.constant("s", {2, 3}, {1, 0.5F, 4, 2, 3, 8});
  node(blocks, "DequantizeLinear", Type::INT16, {2, 3}, {"s"}, {{"axis", 0}, {"block_size", 1}});
  expect_makes(blocks, {as_bytes(x)}, meant({1, 0.5F, 4, 2, 3, 8}, {0, 0, 0, 0, 0, 0}, [](size_t i) { return i; }));
  OnnxModel one;
  one.constant("s", {1}, {0.25F});
  constant(one, "z", Type::INT16, {1}, std::vector<int16_t>{1024});
  node(one, "DequantizeLinear", Type::INT16, {6}, {"s", "z"});
  expect_makes(one, {as_bytes(x)}, meant({0.25F}, {1024}, [](size_t) { return size_t{0}; }));
}

TEST(OnnxNodes, RefusesScalesThatDoNotFit) {
  const auto refused = [](const std::vector<int64_t>& shape, int64_t block) {
    OnnxModel m(21);
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    m.constant("s", shape, std::vector<float>(static_cast<size_t>(count), 1));
    node(m, "QuantizeLinear", Type::FLOAT, {3, 4}, {"s"}, {{"axis", 1}, {"block_size", block}});
    return !m.read();
  };
  EXPECT_FALSE(refused({4}, 0));
  EXPECT_FALSE(refused({3, 2}, 2));
  EXPECT_TRUE(refused({3}, 0));
  EXPECT_TRUE(refused({3, 4}, 0));
  EXPECT_TRUE(refused({3, 2}, 1));
  EXPECT_TRUE(refused({3, 2}, -2));
  EXPECT_TRUE(refused({4}, 2));
  EXPECT_FALSE(refused({3, 1}, int64_t{1} << 62));
}

TEST(OnnxNodes, SplitsOffNothing) {
  OnnxModel m;
  m.input("x", {2, 3});
  m.integers("sizes", {3, 0});
  m.node("Split", {"x", "sizes"}, {"a", "b"}).add_attribute()->CopyFrom([] {
    onnx::AttributeProto axis;
    axis.set_name("axis");
    axis.set_type(onnx::AttributeProto::INT);
    axis.set_i(1);
    return axis;
  }());
  OnnxModel::attribute(m.node("Concat", {"b", "a"}, {"y"}), "axis", 1);
  m.output("y");
  const Bytes x = as_bytes(std::vector<float>{1, 2, 3, 4, 5, 6});
  expect_makes(m, {x}, x);
  m.graph().mutable_initializer(0)->set_int64_data(1, 1);
  EXPECT_FALSE(m.read());
  m.graph().mutable_initializer(0)->set_int64_data(0, 2);
  EXPECT_TRUE(m.read());
  m.graph().mutable_initializer(0)->set_int64_data(1, 0);
  EXPECT_FALSE(m.read());
}

TEST(OnnxNodes, IntegersAreComputedAheadOfTimeAsOnTheDevice) {
  const auto makes = [](const std::string& op, int64_t a, int64_t b, int64_t want, bool fmod = false) {
    OnnxModel m;
    m.input("x", {1}, Type::INT64);
    m.integers("a", {a});
    m.integers("b", {b});
    onnx::NodeProto& n = m.node(op, {"a", "b"}, {"c"});
    if (fmod) OnnxModel::attribute(n, "fmod", 1);
    m.node("Add", {"x", "c"}, {"y"});
    m.output("y");
    SCOPED_TRACE(op);
    expect_makes(m, {as_bytes(std::vector<int64_t>{0})}, as_bytes(std::vector<int64_t>{want}));
  };
  makes("Pow", -1, 65, -1);
  makes("Pow", -1, -3, -1);
  makes("Pow", 3, 40, 12157665459056928801ULL);
  makes("Mod", -7, 3, 2);
  makes("Mod", 7, -3, -2);
  makes("Mod", -7, 3, -1, true);
}

TEST(OnnxNodes, CastsAheadOfTimeAsOnTheDevice) {
  const std::vector<float> x = {1e30F, -INFINITY, NAN, -2.9F, 3e9F};
  const auto cast = [](const std::string& from, OnnxModel& m, int32_t to) {
    OnnxModel::attribute(m.node("Cast", {from}, {"c"}), "to", to);
  };
  for (const bool known : {false, true}) {
    OnnxModel m;
    m.input("x", {5}, known ? Type::INT64 : Type::FLOAT);
    if (known) m.constant("k", {5}, x);
    cast(known ? "k" : "x", m, Type::INT64);
    if (known) m.node("Add", {"x", "c"}, {"y"});
    m.output(known ? "y" : "c");
    expect_makes(m, {known ? as_bytes(std::vector<int64_t>(5)) : as_bytes(x)},
                 as_bytes(std::vector<int64_t>{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0, -2, 3000000000}));
  }
}

TEST(OnnxNodes, ComputesASoftmaxOfDoublesInFloats) {
  const auto model = [](bool more, bool back) {
    OnnxModel m;
    m.input("x", {1, 3});
    OnnxModel::attribute(m.node("Cast", {"x"}, {"d"}), "to", Type::DOUBLE);
    m.node("Softmax", {"d"}, {"s"});
    if (more) m.node("Add", {"d", "d"}, {"e"});
    OnnxModel::attribute(m.node("Cast", {"s"}, {"y"}), "to", back ? Type::FLOAT : Type::DOUBLE);
    m.output("y");
    if (more) m.output("e");
    return m;
  };
  const std::vector<float> x = {1, -2, 3.5F};
  std::vector<float> y;
  const double sum = std::exp(1.0) + std::exp(-2.0) + std::exp(3.5);
  for (double v : x) y.push_back(static_cast<float>(std::exp(v) / sum));
  expect_makes(model(false, true), {as_bytes(x)}, as_bytes(y));
  for (const OnnxModel& m : {model(true, true), model(false, false)}) {
    const Result<Graph> g = m.read();
    ASSERT_FALSE(g);
    EXPECT_NE(g.failure().to_string().find("a cast to DOUBLE is not supported"), std::string::npos);
  }
}

TEST(OnnxNodes, DropoutOfNothingTrainsWithoutNumbersByChance) {
  OnnxModel m;
  m.constant("ratio", {}, {0});
  constant(m, "training", Type::BOOL, {}, std::vector<uint8_t>{1});
  node(m, "Dropout", Type::FLOAT, {12}, {"ratio", "training"});
  expect_makes(m, {as_bytes(reals)}, as_bytes(reals));
  m.graph().mutable_initializer(0)->set_raw_data(std::string("\0\0\0\x3f", 4));
  EXPECT_NE(m.read().failure().to_string().find("training mode"), std::string::npos);
}

}  // namespace
}  // namespace smelt
