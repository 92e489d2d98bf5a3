// Logistic function and hyperbolic tangent in 16-bit fixed point, bit-exact to TensorFlow Lite's integer LSTM.
//
// Source: gemmlowp, fixedpoint/fixedpoint.h, FixedPoint<int16_t, n>: exp_on_negative_values, logistic, tanh; there
// every intermediate result is held in 16 bits, and saturates. None but the last leaves them here
// (tests/runtime/gates_test.cpp goes through all arguments).
#ifndef SMELT_RUNTIME_GATES_S16_HPP
#define SMELT_RUNTIME_GATES_S16_HPP

#include <stdint.h>

#include "core.hpp"

namespace smelt {

/// a * b / 2^15, rounded to nearest, halves up: doubling_high_mul of 16 bits. Where b is known or used again, its shift
/// costs nothing.
inline int32_t high_mul_s16(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP)
  int32_t y;
  __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(2 * a), "r"(b * (1 << 16)));
  return y;
#else
  return (a * b + (1 << 14)) >> 15;
#endif
}
/// The same for -2^14 <= b < 2^14.
inline int32_t high_mul_s15(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP)
  int32_t y;
  __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(a), "r"(b * (1 << 17)));
  return y;
#else
  return (a * b + (1 << 14)) >> 15;
#endif
}

inline int32_t saturate_s16(int32_t x) {
#if defined(__ARM_FEATURE_DSP)
  __asm__("ssat %0, #16, %0" : "+r"(x));
  return x;
#else
  return x < -32768 ? -32768 : (x > 32767 ? 32767 : x);
#endif
}

/// e^a for -1/4 <= a < 0; both in units of 2^-15. Four terms of the series around -1/8.
inline int32_t exp_quarter_s16(int32_t a) {
  constexpr int32_t at_center = 28918;  // e^(-1/8)
  constexpr int32_t third = 10923;
  const int32_t x = a + (1 << 12);
  const int32_t x2 = high_mul_s15(x, x);
  const int32_t x3 = high_mul_s15(x2, x);
  const int32_t x4 = high_mul_s15(x2, x2);
  const int32_t terms = (high_mul_s15(((x4 + 2) >> 2) + x3, third) + x2 + 1) >> 1;
  return at_center + high_mul_s15(at_center, x + terms);
}

/// e^a for a <= 0 in units of 2^(bits - 15), 1 <= bits <= 7; the result in units of 2^-15.
inline int32_t exp_negative_s16(int32_t a, int32_t bits) {
  if (a == 0) return 32767;
  if (bits > 5 && a < -(1 << (20 - bits))) return 0;  // below -32
  const int32_t quarter = 1 << (13 - bits);
  const int32_t rest = (a & (quarter - 1)) - quarter;
  const int32_t quarters = (rest - a) >> (13 - bits);
  if (quarters >= 64) return 0;  // e^-16 is none of these units
  int32_t y = exp_quarter_s16(rest * (1 << bits));
  if ((quarters & 1) != 0) y = high_mul_s16(y, 25520);  // e^-(1/4)
  if ((quarters & 2) != 0) y = high_mul_s16(y, 19875);  // e^-(1/2)
  if ((quarters & 4) != 0) y = high_mul_s15(y, 12055);  // e^-1
  if ((quarters & 8) != 0) y = high_mul_s15(y, 4435);   // e^-2
  if (quarters < 16) return y;
  if ((quarters & 16) != 0) y = high_mul_s15(y, 600);  // e^-4
  if ((quarters & 32) != 0) y = high_mul_s15(y, 11);   // e^-8
  return y;
}

/// 2 / (1 + e) for 0 <= e <= 1 in units of 2^-15; the result in units of 2^-13. Newton's division.
inline int32_t twice_reciprocal_s16(int32_t e) {
  const int32_t half = (e + 32767 + 1) >> 1;
  int32_t x = 23130 + high_mul_s15(half, -15420);  // 48/17 - 32/17 * half
  x += 4 * high_mul_s15(x, (1 << 13) - high_mul_s16(x, half));
  x += 4 * high_mul_s15(x, (1 << 13) - high_mul_s16(x, half));
  return x + 4 * high_mul_s15(x, (1 << 13) - high_mul_s16(x, half));
}

/// 1 / (1 + e^-a) for a in units of 2^-12; the result in units of 2^-15.
SMELT_APART inline int32_t logistic_gate_s16(int32_t a) {
  if (a == 0) return 1 << 14;
  const int32_t y = saturate_s16(2 * twice_reciprocal_s16(exp_negative_s16(a < 0 ? a : -a, 3)));
  return a > 0 ? y : 32767 - y;
}

/// tanh(a) for a in units of 2^(bits - 15), 0 <= bits <= 6; the result in units of 2^-15.
SMELT_APART inline int32_t tanh_gate_s16(int32_t a, int32_t bits) {
  if (a == 0) return 0;
  const int32_t y = saturate_s16(4 * (twice_reciprocal_s16(exp_negative_s16(a < 0 ? a : -a, bits + 1)) - (1 << 13)));
  return a < 0 ? -y : y;
}

}  // namespace smelt

#endif
