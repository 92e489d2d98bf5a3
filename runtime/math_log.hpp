// Logarithms and what is made of them, without libm (tests/runtime/math_test.cpp has the errors).
#ifndef SMELT_RUNTIME_MATH_LOG_HPP
#define SMELT_RUNTIME_MATH_LOG_HPP

#include <stdint.h>

#include "math_root.hpp"

namespace smelt {

/// exponent * ln2 + log(1 + f) + correction, for f from sqrt(1/2) - 1 to sqrt(2) - 1.
inline float log_of_parts(float f, float exponent, float correction) {
  const float q =
      (((((((0.068030633F * f - 0.117219046F) * f + 0.118852347F) * f - 0.123961642F) * f + 0.142187297F) * f -
         0.16668652F) * f + 0.200022012F) * f - 0.24999994F) * f + 0.333333105F;
  const float z = f * f;
  // ln2 in two parts: the first times any exponent is exact.
  const float low = (f * z * q - exponent * 2.12194440e-4F + correction) - 0.5F * z;
  return (f + low) + exponent * 0.693359375F;
}

/// log(x) + correction, for normal x.
inline float log_normal(float x, float correction, int32_t bias) {
  constexpr int32_t root_of_half = 0x3f3504f3;
  const int32_t above = as_bits(x) - root_of_half;
  const int32_t exponent = above >> 23;
  const float f = as_float((above & 0x7fffff) + root_of_half) - 1.0F;
  return log_of_parts(f, static_cast<float>(exponent - bias), correction);
}

/// log of every float: NaN below 0, minus infinity at 0.
inline float log_f32(float x) {
  if (!(x > 0.0F)) return x == 0.0F ? -infinity_f32() : not_a_number();
  if (as_bits(x) >= 0x7f800000) return x;
  if (as_bits(x) < 0x00800000) return log_normal(x * 16777216.0F, 0.0F, 24);
  return log_normal(x, 0.0F, 0);
}

/// log(1 + x), exact to its last digits around 0 as well.
inline float log1p_f32(float x) {
  if (x > -0.29F && x < 0.41F) return log_of_parts(x, 0.0F, 0.0F);
  if (!(x > -1.0F)) return x == -1.0F ? -infinity_f32() : not_a_number();
  const float sum = 1.0F + x;
  if (as_bits(sum) >= 0x7f800000) return sum;
  const float lost = x < 1.0F ? x - (sum - 1.0F) : 1.0F - (sum - x);
  return log_normal(sum, lost / sum, 0);
}

inline float asinh_f32(float x) {
  const float a = abs_f32(x);
  float y;
  if (a < 1e4F) {
    const float square = a * a;
    y = log1p_f32(a + square / (1.0F + sqrt_f32(square + 1.0F)));
  } else {
    y = log_f32(a) + 0.69314718F;
  }
  return copy_sign(y, x);
}

inline float acosh_f32(float x) {
  const float t = x - 1.0F;
  if (t < 0.0F) return not_a_number();
  if (!(t < 1e4F)) return log_f32(x) + 0.69314718F;
  return log1p_f32(t + sqrt_f32(t + t + t * t));
}

inline float atanh_f32(float x) {
  const float a = abs_f32(x);
  return copy_sign(0.5F * log1p_f32((a + a) / (1.0F - a)), x);
}

}  // namespace smelt

#endif
