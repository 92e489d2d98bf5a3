// Powers without libm. An error of the logarithm counts as many times as the exponent is large, so this is done in
// doubles, which most cores emulate (tests/runtime/math_test.cpp has the errors).
#ifndef SMELT_RUNTIME_MATH_POWER_HPP
#define SMELT_RUNTIME_MATH_POWER_HPP

#include <stdint.h>

#include "math_round.hpp"

namespace smelt {

/// log2 of a positive finite x. With x = 2^n * m, m in [sqrt(1/2), sqrt(2)) and s = (m - 1) / (m + 1), log(m) is
/// 2 * (s + s^3/3 + s^5/5 + ...), where |s| < 0.172.
inline double log2_f64(float x) {
  constexpr int32_t root_of_half = 0x3f3504f3;
  int32_t bias = 0;
  if (as_bits(x) < 0x00800000) {
    x *= 16777216.0F;
    bias = 24;
  }
  const int32_t above = as_bits(x) - root_of_half;
  const double m = static_cast<double>(as_float((above & 0x7fffff) + root_of_half));
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double sum = 1.0 / 15.0;
  for (int32_t odd = 13; odd > 0; odd -= 2) sum = sum * z + 1.0 / static_cast<double>(odd);
  return static_cast<double>((above >> 23) - bias) + s * sum * 2.8853900817779268;  // 2 / ln2
}

/// 2^t, |t| < 1000, as a float.
inline float exp2_f64(double t) {
  const auto n = static_cast<int32_t>(t + (t < 0.0 ? -0.5 : 0.5));
  const double r = (t - static_cast<double>(n)) * 0.69314718055994531;
  double sum = 1.0;
  for (int32_t k = 9; k > 0; --k) sum = 1.0 + sum * r / static_cast<double>(k);
  // In doubles the scale is in range; the conversion rounds once, and subnormals too.
  const uint64_t scale = static_cast<uint64_t>(n + 1023) << 52;
  double power;
  __builtin_memcpy(&power, &scale, sizeof power);
  return static_cast<float>(sum * power);
}

/// C's pow.
inline float pow_f32(float x, float y) {
  if (y == 0.0F || x == 1.0F) return 1.0F;
  if (x != x || y != y) return not_a_number();
  const bool whole = truncate_f32(y) == y;
  const bool odd = whole && abs_f32(y) < 16777216.0F && truncate_f32(y * 0.5F) != y * 0.5F;
  const float a = abs_f32(x);
  float result;
  if (a == 1.0F) {
    result = 1.0F;
  } else if (a == 0.0F || a == infinity_f32() || abs_f32(y) == infinity_f32()) {
    result = (a > 1.0F) == (y > 0.0F) ? infinity_f32() : 0.0F;
  } else {
    const double t = static_cast<double>(y) * log2_f64(a);
    result = t > 200.0 ? infinity_f32() : (t < -200.0 ? 0.0F : exp2_f64(t));
  }
  if (as_bits(x) >= 0) return result;
  if (!whole && abs_f32(y) < infinity_f32() && a > 0.0F && a < infinity_f32()) return not_a_number();
  return odd ? -result : result;
}

}  // namespace smelt

#endif
