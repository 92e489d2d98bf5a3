// Fixed-point requantization, bit-exact to TensorFlow Lite's reference kernels with double rounding.
//
// Source: TensorFlow Lite, kernels/internal/common.h (MultiplyByQuantizedMultiplier without
// TFLITE_SINGLE_ROUNDING) and gemmlowp, fixedpoint/fixedpoint.h (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT).
#ifndef SMELT_RUNTIME_QUANTIZE_HPP
#define SMELT_RUNTIME_QUANTIZE_HPP

#include <stdint.h>

namespace smelt {

/// High 32 bits of 2*a*b, rounded to nearest, halves away from zero for positive and towards zero for negative products.
/// Exact for every pair but (INT32_MIN, INT32_MIN), which no caller can reach: multipliers are never negative.
inline int32_t doubling_high_mul(int32_t a, int32_t b) {
  // The reference adds 2^30 or 1 - 2^30 by the product's sign and divides by 2^31 towards zero, which equals one
  // arithmetic shift: for negative products trunc((p + 1 - 2^30) / 2^31) = (p + 2^30) >> 31 in every case.
  return static_cast<int32_t>((static_cast<int64_t>(a) * b + (int64_t{1} << 30)) >> 31);
}

/// x / 2^exponent, rounded to nearest, halves away from zero; 0 <= exponent <= 31.
inline int32_t rounding_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = static_cast<int32_t>((uint32_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/// x * multiplier * 2^shift / 2^31 with the reference's two roundings; -31 <= shift <= 30. The left shift wraps as on
/// the reference's hardware.
inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  return rounding_shift_right(
      doubling_high_mul(static_cast<int32_t>(static_cast<uint32_t>(x) << left), multiplier), right);
}

inline int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : (x > high ? high : x); }

/// Floats travel in parameter structs as their bits.
inline float as_float(int32_t bits) {
  float f;
  __builtin_memcpy(&f, &bits, sizeof f);
  return f;
}

}  // namespace smelt

#endif
