// Floats to whole numbers, and signs, without libm: exact.
#ifndef SMELT_RUNTIME_MATH_ROUND_HPP
#define SMELT_RUNTIME_MATH_ROUND_HPP

#include <stdint.h>

#include "quantize.hpp"

namespace smelt {

inline float abs_f32(float x) { return as_float(as_bits(x) & 0x7fffffff); }
inline float copy_sign(float magnitude, float sign) {
  return as_float((as_bits(magnitude) & 0x7fffffff) | (as_bits(sign) & INT32_MIN));
}
inline bool is_nan_f32(float x) { return x != x; }
inline float not_a_number() { return as_float(0x7fc00000); }
inline float infinity_f32() { return as_float(0x7f800000); }

/// From 2^23 on every float is whole.
constexpr float all_whole = 8388608.0F;

/// Towards zero.
inline float truncate_f32(float x) {
  if (!(abs_f32(x) < all_whole)) return x;
  return copy_sign(static_cast<float>(static_cast<int32_t>(x)), x);
}
inline float floor_f32(float x) {
  const float t = truncate_f32(x);
  return t > x ? t - 1.0F : t;
}
inline float ceil_f32(float x) {
  const float t = truncate_f32(x);
  return t < x ? t + 1.0F : t;
}

/// Halves to the even neighbour. A sum beyond 2^23 has no fraction left: it is rounded as all sums are.
inline float round_f32(float x) {
  const float a = abs_f32(x);
  if (!(a < all_whole)) return x;
  const float whole = (a + all_whole) - all_whole;
  return copy_sign(whole, x);
}

/// -1, 0 or 1; NaN for NaN.
inline float sign_f32(float x) { return x > 0.0F ? 1.0F : (x < 0.0F ? -1.0F : x); }

/// The remainder of a / b, exactly, with the sign of a (C's fmod).
inline float remainder_f32(float a, float b) {
  const float modulus = abs_f32(b);
  if (!(abs_f32(a) < infinity_f32()) || !(modulus > 0.0F)) return not_a_number();
  if (modulus == infinity_f32()) return a;
  float rest = abs_f32(a);
  while (rest >= modulus) {
    // The largest power of two times the modulus that still fits goes: an exact difference of two close floats.
    float part = modulus;
    const int32_t gap = (as_bits(rest) >> 23) - (as_bits(modulus) >> 23);
    if (as_bits(modulus) >= 1 << 23 && gap > 0) part = as_float(as_bits(modulus) + gap * (1 << 23));
    else while (part <= rest * 0.5F) part += part;
    if (part > rest) part *= 0.5F;
    rest -= part;
  }
  return copy_sign(rest, a);
}

}  // namespace smelt

#endif
