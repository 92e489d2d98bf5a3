// Exponential and hyperbolic tangent without libm, to about 1 unit in the last place (tests/runtime/math_test.cpp).
//
// The polynomials of this and the other math files are minimax fits of the relative error, made for them: below 8e-9
// before rounding.
#ifndef SMELT_RUNTIME_MATH_HPP
#define SMELT_RUNTIME_MATH_HPP

#include <stdint.h>

#include "quantize.hpp"

namespace smelt {

/// 2^n, a normal number: -126 <= n <= 127.
inline float power_of_two(int32_t n) { return as_float((n + 127) * (1 << 23)); }

/// e^x = 2^n * (1 + the result), for -104 < x <= 88.8.
inline float exp_reduced(float x, int32_t& n) {
  // x = n*ln2 + r, |r| <= ln2/2; ln2 in two parts, so that n times the first is exact.
  n = static_cast<int32_t>(x * 1.44269504F + (x < 0.0F ? -0.5F : 0.5F));
  const float k = static_cast<float>(n);
  const float r = (x - k * 0.693359375F) + k * 2.12194440e-4F;
  const float p = (((0.0013814538F * r + 0.008368745F) * r + 0.04166839F) * r + 0.16666521F) * r + 0.49999994F;
  return p * r * r + r;
}

/// e^x for every float: 0 and infinity beyond the type's range, NaN for NaN.
inline float exp_f32(float x) {
  if (!(x > -104.0F)) return x != x ? x : 0.0F;
  if (x > 88.8F) return as_float(0x7f800000);
  int32_t n = 0;
  const float y = exp_reduced(x, n) + 1.0F;
  // 2^n in two factors, as it may itself be out of range.
  const int32_t half = n >> 1;
  return y * power_of_two(half) * power_of_two(n - half);
}

/// e^x - 1, exact to its last digits around 0 as well.
inline float expm1_f32(float x) {
  if (!(x < 20.0F)) return exp_f32(x);
  if (x < -18.0F) return -1.0F;
  int32_t n = 0;
  const float p = exp_reduced(x, n);
  const float scale = power_of_two(n);
  return scale * p + (scale - 1.0F);
}

inline float tanh_f32(float x) {
  const float a = x < 0.0F ? -x : x;
  if (a < 0.625F) {
    const float u = x * x;
    const float p = (((-0.0057049743F * u + 0.020639075F) * u - 0.05373971F) * u + 0.13331442F) * u - 0.3333328F;
    return p * u * x + x;
  }
  const float y = 1.0F - 2.0F / (exp_f32(a + a) + 1.0F);
  return x < 0.0F ? -y : y;
}

inline float sigmoid_f32(float x) {
  // Below -9 the quotient would lose digits that e^x still has.
  const bool small = x < -9.0F;
  const float e = exp_f32(small ? x : -x);
  return small ? e : 1.0F / (1.0F + e);
}

}  // namespace smelt

#endif
