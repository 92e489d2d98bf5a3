// Square roots without libm: rounded correctly, by the core's own instruction where it has one.
#ifndef SMELT_RUNTIME_MATH_ROOT_HPP
#define SMELT_RUNTIME_MATH_ROOT_HPP

#include <stdint.h>

#include "math_round.hpp"

namespace smelt {

/// The portable twin of the instruction.
inline float sqrt_by_digits(float x) {
  int32_t bits = as_bits(x);
  if (!(x > 0.0F)) return x == 0.0F ? x : not_a_number();
  if (bits >= 0x7f800000) return x;
  int32_t exponent = bits >> 23;
  if (exponent == 0) {  // subnormal: times 2^24
    bits = as_bits(x * 16777216.0F);
    exponent = (bits >> 23) - 24;
  }
  exponent -= 127;
  // Two digits of the operand give one of the root, the highest first: 25 of them, the last to round by. It is never
  // the last of all, since the square of a number with 25 digits has more than 24.
  const uint32_t mantissa = (static_cast<uint32_t>(bits) & 0x7fffff) | 0x800000;
  const uint32_t digits = (exponent & 1) != 0 ? mantissa << 2 : mantissa << 1;
  uint32_t root = 0;
  uint32_t rest = 0;
  for (int32_t at = 24; at > -26; at -= 2) {
    rest = rest << 2 | (at >= 0 ? digits >> at & 3 : 0);
    const uint32_t trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  const uint32_t rounded = (root + 1) >> 1;
  return as_float(static_cast<int32_t>(rounded) + ((exponent >> 1) + 126) * (1 << 23));
}

inline float sqrt_f32(float x) {
#if defined(__ARM_FP) && (__ARM_FP & 4)
  float y;
  __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
  return y;
#elif defined(__SSE__)
  float y;
  __asm__("sqrtss %1, %0" : "=x"(y) : "x"(x));
  return y;
#else
  return sqrt_by_digits(x);
#endif
}

}  // namespace smelt

#endif
