// 1 / sqrt(x) of an integer in fixed point, bit-exact to the reference.
// Source: TensorFlow Lite, kernels/internal/common.h, GetInvSqrtQuantizedMultiplierExp.
#ifndef SMELT_RUNTIME_INVERSE_SQRT_HPP
#define SMELT_RUNTIME_INVERSE_SQRT_HPP

#include <stdint.h>

#include "quantize.hpp"

namespace smelt {

/// multiplier / 2^31 * 2^shift
struct FixedPoint {
  int32_t multiplier;
  int32_t shift;
};

/// x * 2^digits, saturating.
inline int32_t saturating_shift_left(int32_t x, int32_t digits) {
  const int32_t most = INT32_MAX >> digits;
  return x > most ? INT32_MAX : (x < -most - 1 ? INT32_MIN : x * (1 << digits));
}

/// Of x >= 0; that of 0 is that of 1. Newton's method from 1, in numbers of 3 integer digits, on x over a power of 4.
inline FixedPoint inverse_sqrt(int32_t x) {
  if (x <= 1) return {INT32_MAX, 0};
  int32_t shift = -11;
  for (; x >= 1 << 29; x /= 4) --shift;
  for (; x < 1 << 27; x *= 4) ++shift;
  const int32_t half = rounding_shift_right(x >> 1, 1);
  int32_t y = 1 << 28;
  for (int32_t i = 0; i < 5; ++i) {
    const int32_t cube = saturating_shift_left(doubling_high_mul(doubling_high_mul(y, y), y), 6);
    y = saturating_shift_left(doubling_high_mul((1 << 28) + (1 << 27), y) - doubling_high_mul(half, cube), 3);
  }
  const int32_t multiplier = doubling_high_mul(y, 1518500250);  // sqrt(1/2)
  return shift > 0 ? FixedPoint{multiplier * (1 << shift), 0} : FixedPoint{multiplier, shift};
}

}  // namespace smelt

#endif
