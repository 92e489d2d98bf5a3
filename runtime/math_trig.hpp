// Sine, cosine and tangent for every float, and their inverses, without libm (tests/runtime/math_test.cpp has the errors).
#ifndef SMELT_RUNTIME_MATH_TRIG_HPP
#define SMELT_RUNTIME_MATH_TRIG_HPP

#include <stdint.h>

#include "math_root.hpp"

namespace smelt {

/// x = quadrant * pi/2 + rest, |rest| <= pi/4, quadrants counted modulo 4.
struct Angle {
  uint32_t quadrant;
  float rest;
};

/// Of a finite x >= pi/4, however large: of x * 2/pi only the digits around the point matter, so x's 24 digits are
/// multiplied with the 96 of 2/pi that reach from weight 4 down in the product (Payne and Hanek).
inline Angle reduce_angle(float x) {
  static constexpr uint32_t two_over_pi[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                              0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  const int32_t bits = as_bits(x);
  const uint64_t mantissa = (static_cast<uint32_t>(bits) & 0x7fffff) | 0x800000;
  const uint32_t from = static_cast<uint32_t>((bits >> 23) - 150 + 30);  // in the table, which has 32 zeros in front
  const uint32_t* word = two_over_pi + from / 32;
  const uint32_t shift = from % 32;
  const auto digits = [word, shift](uint32_t i) -> uint64_t {
    return static_cast<uint32_t>(((static_cast<uint64_t>(word[i]) << 32 | word[i + 1]) << shift) >> 32);
  };
  const uint64_t low = mantissa * digits(2) >> 32;
  const uint64_t turns = (mantissa * digits(0) << 32) + mantissa * digits(1) + low;  // quadrants, of weight 2^62
  const auto fraction = static_cast<int64_t>(turns << 2);
  const uint64_t magnitude = fraction < 0 ? uint64_t{0} - static_cast<uint64_t>(fraction) : static_cast<uint64_t>(fraction);
  if (magnitude == 0) return {static_cast<uint32_t>(turns >> 62), 0.0F};
  const int32_t zeros = __builtin_clzll(magnitude);
  const auto top = static_cast<uint32_t>(magnitude << zeros >> 32);
  const float rest = static_cast<float>(top) * as_float((127 - 32 - zeros) * (1 << 23)) * 1.57079633F;
  const uint32_t rounded = static_cast<uint32_t>(turns >> 62) + static_cast<uint32_t>(turns >> 61 & 1);
  return {rounded, fraction < 0 ? -rest : rest};
}

inline Angle angle_of(float magnitude) {
  return magnitude < 0.785398163F ? Angle{0, magnitude} : reduce_angle(magnitude);
}

/// For |r| <= pi/4.
inline float sin_near_0(float r) {
  const float z = r * r;
  return r + r * z * ((-0.000195178945F * z + 0.00833218731F) * z - 0.166666552F);
}
inline float cos_near_0(float r) {
  const float z = r * r;
  return 1.0F - (0.5F * z - z * z * ((2.44323292e-05F * z - 0.00138873095F) * z + 0.0416666456F));
}

/// The sine of an angle.
inline float sin_of(const Angle& angle, uint32_t quarter) {
  const uint32_t quadrant = angle.quadrant + quarter;
  const float y = (quadrant & 1) != 0 ? cos_near_0(angle.rest) : sin_near_0(angle.rest);
  return (quadrant & 2) != 0 ? -y : y;
}

inline float sin_f32(float x) {
  const float a = abs_f32(x);
  if (!(a < infinity_f32())) return not_a_number();
  const float y = sin_of(angle_of(a), 0);
  return as_bits(x) < 0 ? -y : y;
}
inline float cos_f32(float x) {
  const float a = abs_f32(x);
  if (!(a < infinity_f32())) return not_a_number();
  return sin_of(angle_of(a), 1);
}
inline float tan_f32(float x) {
  const float a = abs_f32(x);
  if (!(a < infinity_f32())) return not_a_number();
  const Angle angle = angle_of(a);
  const float y = sin_of(angle, 0) / sin_of(angle, 1);
  return as_bits(x) < 0 ? -y : y;
}

/// For |x| <= 1/2, z = x^2.
inline float asin_near_0(float x, float z) {
  return x + x * z * ((((0.0421583056F * z + 0.0241847783F) * z + 0.0454691499F) * z + 0.0749530941F) * z + 0.166667521F);
}

constexpr float half_pi = 1.57079637F;
constexpr float half_pi_rest = -4.37113883e-8F;  ///< what half_pi lacks

inline float asin_f32(float x) {
  const float a = abs_f32(x);
  if (!(a <= 1.0F)) return not_a_number();
  if (a <= 0.5F) return asin_near_0(x, x * x);
  const float z = (1.0F - a) * 0.5F;
  const float half = asin_near_0(sqrt_f32(z), z);
  return copy_sign((half_pi - 2.0F * half) + half_pi_rest, x);
}

inline float acos_f32(float x) {
  const float a = abs_f32(x);
  if (!(a <= 1.0F)) return not_a_number();
  if (a <= 0.5F) return half_pi - (asin_near_0(x, x * x) - half_pi_rest);
  const float z = (1.0F - a) * 0.5F;
  const float half = asin_near_0(sqrt_f32(z), z);
  return x > 0.0F ? 2.0F * half : 2.0F * ((half_pi - half) + half_pi_rest);
}

inline float atan_f32(float x) {
  const float a = abs_f32(x);
  float base = 0.0F;
  float rest = 0.0F;
  float t = a;
  if (a > 2.41421356F) {  // tan(3 pi/8)
    base = half_pi;
    rest = half_pi_rest;
    t = -1.0F / a;
  } else if (a > 0.414213562F) {  // tan(pi/8)
    base = 0.5F * half_pi;
    rest = 0.5F * half_pi_rest;
    t = (a - 1.0F) / (a + 1.0F);
  }
  const float z = t * t;
  const float p = (((-0.0608978607F * z + 0.105990984F) * z - 0.142443866F) * z + 0.199985281F) * z - 0.333333164F;
  return copy_sign(base + (t + (t * z * p + rest)), x);
}

/// The angle of the point (x, y).
inline float atan2_f32(float y, float x) {
  const float a = abs_f32(x);
  const float b = abs_f32(y);
  if (a != a || b != b) return not_a_number();
  float angle = 0.0F;
  if (a == b) {
    angle = a == 0.0F ? 0.0F : 0.5F * half_pi;
  } else {
    angle = b < a ? atan_f32(b / a) : half_pi - (atan_f32(a / b) - half_pi_rest);
  }
  if (as_bits(x) < 0) angle = 2.0F * half_pi - (angle - 2.0F * half_pi_rest);
  return copy_sign(angle, y);
}

}  // namespace smelt

#endif
