// Logarithm of integers in fixed point.
#ifndef SMELT_RUNTIME_LOG2_HPP
#define SMELT_RUNTIME_LOG2_HPP

#include <stdint.h>

namespace smelt {

/// log2(x) in Q16 for x > 0: interpolated between 33 values, low by at most 0.00018.
inline int32_t log2_q16(uint64_t x) {
  // round(65536 * log2(1 + i / 32)); the last one less 1, to fit
  static constexpr uint16_t table[33] = {0,     2909,  5732,  8473,  11136, 13727, 16248, 18704, 21098, 23433, 25711,
                                         27936, 30109, 32234, 34312, 36346, 38336, 40286, 42196, 44068, 45904, 47705,
                                         49472, 51207, 52911, 54584, 56229, 57845, 59434, 60997, 62534, 64047, 65535};
  const int32_t exponent = 63 - __builtin_clzll(x);
  const uint32_t fraction = static_cast<uint32_t>((x << (63 - exponent)) >> 48) & 0x7fffU;  // Q15
  const uint32_t i = fraction >> 10;
  const int32_t at = table[i], next = table[i + 1];
  return exponent * 65536 + at + (((next - at) * static_cast<int32_t>(fraction & 1023U)) >> 10);
}

}  // namespace smelt

#endif
