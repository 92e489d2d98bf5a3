// Two 16-bit integers in a word, as complex numbers: the real part below, the imaginary part above.
#ifndef SMELT_RUNTIME_ARCH_PAIRS_HPP
#define SMELT_RUNTIME_ARCH_PAIRS_HPP

#include <stdint.h>

namespace smelt {

inline int32_t low_half(uint32_t x) { return static_cast<int16_t>(x); }
inline int32_t high_half(uint32_t x) { return static_cast<int32_t>(x) >> 16; }
/// Of each the low 16 bits.
inline uint32_t pair_of(int32_t low, int32_t high) {
  return (static_cast<uint32_t>(low) & 0xffffU) | static_cast<uint32_t>(high) << 16;
}

#if defined(__ARM_FEATURE_DSP)
#define SMELT_PAIRS(name, instruction)                                \
  inline int32_t name(uint32_t a, uint32_t b) {                       \
    int32_t y;                                                        \
    __asm__(instruction " %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));    \
    return y;                                                         \
  }
SMELT_PAIRS(real_product, "smusd")
SMELT_PAIRS(imaginary_product, "smuadx")
SMELT_PAIRS(dot_product, "smuad")
#undef SMELT_PAIRS
#else
/// Real part of a * b. No more than one of the four halves may be -32768.
inline int32_t real_product(uint32_t a, uint32_t b) {
  return low_half(a) * low_half(b) - high_half(a) * high_half(b);
}
/// Imaginary part of a * b.
inline int32_t imaginary_product(uint32_t a, uint32_t b) {
  return low_half(a) * high_half(b) + high_half(a) * low_half(b);
}
inline int32_t dot_product(uint32_t a, uint32_t b) { return low_half(a) * low_half(b) + high_half(a) * high_half(b); }
#endif

/// |a|^2; 2^31 for the greatest.
inline uint32_t energy(uint32_t a) {
  const int32_t r = low_half(a), i = high_half(a);
#if defined(__ARM_FEATURE_DSP)
  (void)r, (void)i;
  return static_cast<uint32_t>(dot_product(a, a));
#else
  return static_cast<uint32_t>(r * r) + static_cast<uint32_t>(i * i);
#endif
}

/// The lowest `bits` bits of x in reverse.
inline uint32_t reverse_bits(uint32_t x, int32_t bits) {
#if defined(__arm__) && __ARM_ARCH >= 7
  uint32_t y;
  __asm__("rbit %0, %1" : "=r"(y) : "r"(x));
  return y >> (32 - bits);
#else
  uint32_t y = 0;
  for (int32_t i = 0; i < bits; ++i, x >>= 1) y = y << 1 | (x & 1U);
  return y;
#endif
}

}  // namespace smelt

#endif
