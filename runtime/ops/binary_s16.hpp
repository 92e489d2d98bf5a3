// Element by element from two operands of 16 bits, zero points 0.
// Source: TensorFlow Lite, kernels/internal/reference/{add,sub}.h, reference/integer_ops/{add,mul}.h.
#ifndef SMELT_RUNTIME_OPS_BINARY_S16_HPP
#define SMELT_RUNTIME_OPS_BINARY_S16_HPP

#include <stdint.h>

#include "binary.hpp"

namespace smelt {

/// Add and sub: as int8, but both inputs are moved to 2^-15 of twice the larger input scale. AddS8's zero points and
/// biases are 0.
template <int32_t sign>
inline void add_signed_s16(const Firing& f) {
  const AddS8& p = f.as<AddS8>();
  each_pair<int16_t, int16_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    const int32_t x = high_mul_rounded(b * (1 << 16), p.multiplier_b);
    const int32_t sum = a * (sign * (1 << 15)) + 2 * shift_away(x, p.half_b, p.shift_b);
    const int32_t y = shift_away(high_mul_rounded(sum, p.multiplier), p.half, p.shift);
    return static_cast<int16_t>(clamp(y, p.low, p.high));
  });
}

inline void add_s16(const Firing& f) { add_signed_s16<1>(f); }
/// Of a subtraction whose second input has the larger scale.
inline void subtract_a_s16(const Firing& f) { add_signed_s16<-1>(f); }

/// Add and sub of scales that are powers of two: one of the inputs is shifted to the right.
struct ShiftedAddS16 {
  int32_t walk;
  int32_t shift_a;
  int32_t shift_b;
  int32_t sign_b;  ///< 1 or -1
  int32_t low;
  int32_t high;
};

inline void shifted_add_s16(const Firing& f) {
  const auto& p = f.as<ShiftedAddS16>();
  each_pair<int16_t, int16_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    const int32_t sum = rounding_shift_right(a, p.shift_a) + p.sign_b * rounding_shift_right(b, p.shift_b);
    return static_cast<int16_t>(clamp(sum, p.low, p.high));
  });
}

struct MulS16 {
  int32_t walk;
  int32_t multiplier;
  int32_t right;  ///< of requantize_right
  int32_t low;
  int32_t high;
};

inline void mul_s16(const Firing& f) {
  const auto& p = f.as<MulS16>();
  each_pair<int16_t, int16_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    return static_cast<int16_t>(clamp(requantize_right(a * b, p.multiplier, p.right), p.low, p.high));
  });
}

inline void maximum_s16(const Firing& f) {
  each_pair<int16_t, int16_t>(f, f.as<Pairs>().walk, [](int16_t a, int16_t b) { return a > b ? a : b; });
}

inline void minimum_s16(const Firing& f) {
  each_pair<int16_t, int16_t>(f, f.as<Pairs>().walk, [](int16_t a, int16_t b) { return a < b ? a : b; });
}

}  // namespace smelt

#endif
