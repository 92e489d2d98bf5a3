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
#define SMELT_PAIR(name, instruction)                                 \
  inline uint32_t name(uint32_t a, uint32_t b) {                      \
    uint32_t y;                                                       \
    __asm__(instruction : "=r"(y) : "r"(a), "r"(b));                  \
    return y;                                                         \
  }
SMELT_PAIR(dot_product, "smuad %0, %1, %2")
SMELT_PAIR(high_halves, "pkhtb %0, %2, %1, asr #16")
SMELT_PAIR(add_pairs, "qadd16 %0, %1, %2")
SMELT_PAIR(sub_pairs, "qsub16 %0, %1, %2")
SMELT_PAIR(add_turned, "qasx %0, %1, %2")
SMELT_PAIR(sub_turned, "qsax %0, %1, %2")
SMELT_PAIR(half_add_pairs, "shadd16 %0, %1, %2")
SMELT_PAIR(half_sub_pairs, "shsub16 %0, %1, %2")
SMELT_PAIR(half_add_turned, "shasx %0, %1, %2")
SMELT_PAIR(half_sub_turned, "shsax %0, %1, %2")
#undef SMELT_PAIR
/// a * b / 2^16, rounded half up.
inline uint32_t half_product(uint32_t a, uint32_t b) {
  const int32_t half = 32768;
  int32_t r, i;
  __asm__("smlsd %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(half));
  __asm__("smladx %0, %1, %2, %3" : "=r"(i) : "r"(a), "r"(b), "r"(half));
  return high_halves(static_cast<uint32_t>(r), static_cast<uint32_t>(i));
}
#else
inline uint32_t dot_product(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(low_half(a) * low_half(b)) + static_cast<uint32_t>(high_half(a) * high_half(b));
}
/// The upper halves of two words.
inline uint32_t high_halves(uint32_t low, uint32_t high) { return low >> 16 | (high & 0xffff0000U); }
/// a * b / 2^16, rounded half up. No more than one of the four halves may be -32768.
inline uint32_t half_product(uint32_t a, uint32_t b) {
  const int32_t re = low_half(a) * low_half(b) - high_half(a) * high_half(b) + 32768;
  const int32_t im = low_half(a) * high_half(b) + high_half(a) * low_half(b) + 32768;
  return high_halves(static_cast<uint32_t>(re), static_cast<uint32_t>(im));
}

inline int32_t saturated_half(int32_t x) { return x > 32767 ? 32767 : (x < -32768 ? -32768 : x); }
/// a + b, a - b, a + i b, a - i b, saturated.
inline uint32_t add_pairs(uint32_t a, uint32_t b) {
  return pair_of(saturated_half(low_half(a) + low_half(b)), saturated_half(high_half(a) + high_half(b)));
}
inline uint32_t sub_pairs(uint32_t a, uint32_t b) {
  return pair_of(saturated_half(low_half(a) - low_half(b)), saturated_half(high_half(a) - high_half(b)));
}
inline uint32_t add_turned(uint32_t a, uint32_t b) {
  return pair_of(saturated_half(low_half(a) - high_half(b)), saturated_half(high_half(a) + low_half(b)));
}
inline uint32_t sub_turned(uint32_t a, uint32_t b) {
  return pair_of(saturated_half(low_half(a) + high_half(b)), saturated_half(high_half(a) - low_half(b)));
}
/// The same, halved, towards minus infinity.
inline uint32_t half_add_pairs(uint32_t a, uint32_t b) {
  return pair_of((low_half(a) + low_half(b)) >> 1, (high_half(a) + high_half(b)) >> 1);
}
inline uint32_t half_sub_pairs(uint32_t a, uint32_t b) {
  return pair_of((low_half(a) - low_half(b)) >> 1, (high_half(a) - high_half(b)) >> 1);
}
inline uint32_t half_add_turned(uint32_t a, uint32_t b) {
  return pair_of((low_half(a) - high_half(b)) >> 1, (high_half(a) + low_half(b)) >> 1);
}
inline uint32_t half_sub_turned(uint32_t a, uint32_t b) {
  return pair_of((low_half(a) + high_half(b)) >> 1, (high_half(a) - low_half(b)) >> 1);
}
#endif

/// a / 2, rounded half up.
inline uint32_t halved(uint32_t a) { return half_add_pairs(a, 0x00010001U); }
/// The lower half stays, the upper one changes its sign.
inline uint32_t conjugate(uint32_t a) { return pair_of(low_half(a), -high_half(a)); }

/// |a|^2; 2^31 for the greatest.
inline uint32_t energy(uint32_t a) { return dot_product(a, a); }

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
