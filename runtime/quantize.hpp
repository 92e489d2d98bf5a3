// Fixed-point requantization, bit-exact to TensorFlow Lite's reference kernels with double rounding.
//
// Source: TensorFlow Lite, kernels/internal/common.h (MultiplyByQuantizedMultiplier without
// TFLITE_SINGLE_ROUNDING) and gemmlowp, fixedpoint/fixedpoint.h (SaturatingRoundingDoublingHighMul,
// RoundingDivideByPOT).
#ifndef SMELT_RUNTIME_QUANTIZE_HPP
#define SMELT_RUNTIME_QUANTIZE_HPP

#include <stdint.h>

namespace smelt {

/// High 32 bits of 2*a*b, rounded to nearest, halves away from zero for positive and towards zero for negative
/// products. Exact for every pair but (INT32_MIN, INT32_MIN), which no caller can reach: multipliers are never
/// negative.
inline int32_t doubling_high_mul(int32_t a, int32_t b) {
  // The reference adds 2^30 or 1 - 2^30 by the product's sign and divides by 2^31 towards zero, which equals one
  // arithmetic shift: for negative products trunc((p + 1 - 2^30) / 2^31) = (p + 2^30) >> 31 in every case. Written in
  // halves of the product, as compilers keep 64-bit sums in more registers than that takes.
  const int64_t product = static_cast<int64_t>(a) * b;
  const uint32_t low = static_cast<uint32_t>(product) >> 30;
  const uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(product) >> 32);
  return static_cast<int32_t>((high << 1) + ((low + 1) >> 1));
}

/// All ones where x is negative: x >> 31, in words whose meaning does not hang on the compiler.
inline int32_t sign_mask(int32_t x) { return x < 0 ? -1 : 0; }

/// x / 2^exponent, rounded to nearest, halves away from zero; 0 <= exponent <= 31.
inline int32_t rounding_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = static_cast<int32_t>((uint32_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/// x * multiplier * 2^shift / 2^31 with the reference's two roundings, for right = ~shift; -31 <= shift <= 30. The left
/// shift wraps as on the reference's hardware.
inline int32_t requantize_right(int32_t x, int32_t multiplier, int32_t right) {
  if (__builtin_expect(right < 0, 0)) {
    return doubling_high_mul(static_cast<int32_t>(static_cast<uint32_t>(x) << ~right), multiplier);
  }
  // rounding_shift_right(high, right + 1), shorter. Rounding halves up is ((high >> right) + 1) >> 1; halves of
  // negative values go down instead if 1 is taken from them first, which changes the result in no other case. `high` is
  // never INT32_MIN, as multipliers are below 2^31.
  const int32_t high = doubling_high_mul(x, multiplier);
  return (((high + sign_mask(high)) >> right) + 1) >> 1;
}
inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift) {
  return requantize_right(x, multiplier, ~shift);
}

/// What an output channel needs after its sum: the bias with all zero points folded in, and the scale.
struct Channel {
  int32_t bias;
  int32_t multiplier;
  int32_t right;  ///< ~shift: of a shift to the right by 1 or more, one less; negative otherwise
};

/// The same in two words where ranges allow, as pack::scales proves of every channel that it packs: no left shift,
/// |bias| < 2^23, and every sum with its bias below 2^29.
struct Scale {
  int32_t bias_right;  ///< bias * 2^8 + right, 0 <= right <= 21; twice the bias is this >> 7
  int32_t multiplier;
};

/// Twice a sum with its bias, below 2^30, -> its int8 with the zero point, `centre` being twice the zero point plus one.
/// The second rounding is that of requantize_right, which asks for the sign of the product: that of x but for products
/// that round to 0, where it makes no difference. Rounding, zero point and the half are one addend.
inline int8_t rescale(int32_t x, const Scale& scale, int32_t centre) {
  const int32_t right = scale.bias_right & 0xff;
#if defined(__ARM_FEATURE_DSP)
  int32_t high = centre * (1 << right);
  __asm__("smmlar %0, %1, %2, %0" : "+r"(high) : "r"(x), "r"(scale.multiplier));
#elif defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1
  // No long multiplication: of x = h * 2^16 + l, -2^15 <= l < 2^15, and the multiplier's halves a and b. As |x| < 2^30, the
  // sum in the middle fits.
  const int32_t l = static_cast<int16_t>(x), h = (x - l) >> 16;
  const int32_t a = scale.multiplier & 0xffff, b = scale.multiplier >> 16;
  const int32_t middle = ((l * a) >> 16) + l * b + h * a;
  const int32_t high = centre * (1 << right) + h * b + (middle >> 16) + ((middle >> 15) & 1);
#else
  const int32_t high = centre * (1 << right) +
                       static_cast<int32_t>((static_cast<int64_t>(x) * scale.multiplier + (int64_t{1} << 31)) >> 32);
#endif
  const int32_t y = ((high + sign_mask(x)) >> right) >> 1;
  return static_cast<int8_t>(y < -128 ? -128 : (y > 127 ? 127 : y));
}

/// The way from a requantized sum to a clamped int8: its zero point and limits, arranged for two comparisons in one.
struct Clamp {
  int32_t offset;  ///< zero point - low
  int32_t span;    ///< high - low
  int32_t low;
};

/// n sums to n outputs of consecutive channels.
__attribute__((noinline)) inline void requantize_store(const Channel* channel, const int32_t* acc, int32_t n,
                                                       const Clamp& clamp, int8_t* out) {
  const Clamp to = clamp;  // out may alias it for all the compiler knows
  for (const Channel* end = channel + n; channel != end; ++channel) {
    const uint32_t sum = static_cast<uint32_t>(*acc++) + static_cast<uint32_t>(channel->bias);
    const int32_t scaled = requantize_right(static_cast<int32_t>(sum), channel->multiplier, channel->right);
    int32_t v = static_cast<int32_t>(static_cast<uint32_t>(scaled) + static_cast<uint32_t>(to.offset));
    if (static_cast<uint32_t>(v) > static_cast<uint32_t>(to.span)) v = to.span & ~sign_mask(v);
    *out++ = static_cast<int8_t>(v + to.low);
  }
}

/// Of rescaled outputs, where a fused activation leaves less than all of int8.
__attribute__((noinline)) inline void clamp_bytes(int8_t* x, int32_t n, const Clamp& to) {
  const auto low = static_cast<int8_t>(to.low);
  const auto high = static_cast<int8_t>(to.low + to.span);
  for (const int8_t* end = x + n; x != end; ++x) *x = *x < low ? low : (*x > high ? high : *x);
}

inline int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : (x > high ? high : x); }

/// Floats travel in parameter structs as their bits.
inline float as_float(int32_t bits) {
  float f;
  __builtin_memcpy(&f, &bits, sizeof f);
  return f;
}
inline int32_t as_bits(float f) {
  int32_t bits;
  __builtin_memcpy(&bits, &f, sizeof bits);
  return bits;
}

/// n sums to n float outputs of consecutive channels. In place of numbers `to` holds bits of floats: low in `offset`,
/// high in `span`.
__attribute__((noinline)) inline void clamp_store(const float* bias, const float* acc, int32_t n, const Clamp& to,
                                                  float* out) {
  const float low = as_float(to.offset);
  const float high = as_float(to.span);
  for (const float* end = bias + n; bias != end;) {
    float v = *acc++ + *bias++;
    if (v < low) v = low;
    if (v > high) v = high;
    *out++ = v;
  }
}

}  // namespace smelt

#endif
