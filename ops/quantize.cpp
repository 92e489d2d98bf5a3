#include "ops/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace smelt {

Multiplier quantize_multiplier(double real) {
  if (!(real > 0)) return {};
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto fixed = static_cast<int64_t>(std::round(fraction * (int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  if (exponent > 30) return {std::numeric_limits<int32_t>::max(), 30};
  return {static_cast<int32_t>(fixed), exponent};
}

ActivationRange quantized_activation(const std::string& activation, const Quantization& output, DType dtype) {
  ActivationRange range;
  if (dtype == DType::u8) range = {0, 255};
  if (dtype == DType::i16) range = {-32768, 32767};
  const float scale = output.present() ? output.scale[0] : 1.0F;
  const int32_t zero = output.present() ? output.zero_point[0] : 0;
  const auto quantized = [&](float f) {
    const double q = zero + static_cast<double>(std::round(f / scale));
    return static_cast<int32_t>(std::clamp(q, -2147483648.0, 2147483647.0));
  };
  const auto at_least = [&](float f) { range.low = std::max(range.low, quantized(f)); };
  const auto at_most = [&](float f) { range.high = std::min(range.high, quantized(f)); };
  if (activation == "relu" || activation == "relu6") at_least(0);
  if (activation == "relu6") at_most(6);
  if (activation == "relu_n1_to_1") { at_least(-1); at_most(1); }
  return range;
}

FloatRange float_activation(const std::string& activation) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  if (activation == "relu") return {0, inf};
  if (activation == "relu6") return {0, 6};
  if (activation == "relu_n1_to_1") return {-1, 1};
  return {-inf, inf};
}

IntegerRange integer_activation(const std::string& activation) {
  if (activation == "relu") return {true, 0, INT32_MAX};
  if (activation == "relu6") return {true, 0, 6};
  if (activation == "relu_n1_to_1") return {true, -1, 1};
  return {};
}

Quantization quantization_of(RealRange range, DType dtype) {
  if (dtype == DType::i16) return {{std::max(range.high, -range.low) / 32768}, {0}, 0};
  const float scale = (range.high - range.low) / 256;
  return {{scale}, {std::min(127, static_cast<int32_t>(std::lround(-128 - range.low / scale)))}, 0};
}

int32_t float_bits(float f) {
  int32_t bits = 0;
  std::memcpy(&bits, &f, sizeof bits);
  return bits;
}

namespace oracle {

int32_t doubling_high_mul(int32_t a, int32_t b) {
  constexpr int32_t lowest = std::numeric_limits<int32_t>::min();
  if (a == lowest && b == lowest) return std::numeric_limits<int32_t>::max();
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? (int64_t{1} << 30) : (1 - (int64_t{1} << 30));
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

int32_t rounding_shift_right(int32_t x, int exponent) {
  if (exponent == 0) return x;
  const int64_t half = int64_t{1} << (exponent - 1);
  const int64_t magnitude = (std::abs(int64_t{x}) + half) >> exponent;
  return static_cast<int32_t>(x < 0 ? -magnitude : magnitude);
}

int32_t requantize(int32_t x, Multiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(int64_t{x} * (int64_t{1} << left)));
  return rounding_shift_right(doubling_high_mul(shifted, m.multiplier), right);
}

}  // namespace oracle
}  // namespace smelt
