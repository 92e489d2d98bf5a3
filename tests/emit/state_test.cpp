// Emitted models that keep state between inferences: it lasts until reset, and belongs to one context.
#include <cstdio>

#include "tests/emit/support.hpp"

namespace smelt {
namespace {

using namespace test;

std::string hex(const Bytes& bytes) {
  std::string text;
  for (const uint8_t b : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", b);
    text += digits;
  }
  return text + "\n";
}

/// As programs/state.cpp makes it.
template <class T>
Bytes pattern(int64_t n) {
  Bytes bytes(static_cast<size_t>(n) * sizeof(T));
  for (int64_t i = 0; i < n; ++i) {
    const T v = static_cast<T>((i * 7 % 5 - 1) * 40);
    std::memcpy(&bytes[static_cast<size_t>(i) * sizeof(T)], &v, sizeof v);
  }
  return bytes;
}

class State : public ::testing::TestWithParam<std::string> {};

TEST_P(State, LastsUntilResetAndBelongsToOneModel) {
  if (!verify::find_program("g++")) GTEST_SKIP() << "g++ is not installed";
  const Compiled c = compiled(fs::path(SMELT_SOURCE_DIR) / "tests/ops" / (GetParam() + ".tflite"));
  const Tensor& in = c.original.at(c.original.inputs.at(0));
  const Tensor& out = c.original.at(c.original.outputs.at(0));
  const bool floats = in.dtype == DType::f32;
  const std::vector<Bytes> x = {floats ? pattern<float>(elements(in.shape)) : pattern<int8_t>(elements(in.shape))};
  Interpreter interpreter(c.program);
  const Bytes first = interpreter.run(x).at(0), second = interpreter.run(x).at(0);
  ASSERT_NE(first, second) << "a case whose state tells";
  const verify::TempDir temp;
  write(package_of(c.program, "kept"), temp.path());
  const std::string type = floats ? "float" : "int8_t";
  const std::vector<std::string> build = {"g++", "-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-ffp-contract=off",
                                          "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I.", "-DMODEL=kept", "-DNAME=KEPT", "-DIN=" + type,
                                          "-DOUT=" + type, "-DINPUTS=" + std::to_string(elements(in.shape)), "-DOUTPUTS=" + std::to_string(elements(out.shape)),
                                          (fs::path(SMELT_SOURCE_DIR) / "tests/emit/programs/state.cpp").string(), "kept.cpp", "-o", "program"};
  const verify::Ended built = call(build, temp.path());
  ASSERT_EQ(built.status, 0) << built.output;
  const verify::Ended ended = call({(temp.path() / "program").string()}, temp.path());
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, hex(first) + hex(second) + hex(first) + hex(first) + hex(first));  // a selftest resets, too
}

INSTANTIATE_TEST_SUITE_P(Emit, State, ::testing::Values("svdf/float32_00_8_to_4", "svdf/int8_00_8_to_4"),
                         [](const auto& info) { return info.param[5] == 'f' ? std::string("float") : std::string("int8"); });

}  // namespace
}  // namespace smelt
