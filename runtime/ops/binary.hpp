// Element by element from two operands: add, sub, mul, maximum, minimum, with broadcasting.
// Source: TensorFlow Lite, kernels/internal/reference/integer_ops/{add,mul}.h.
#ifndef SMELT_RUNTIME_OPS_BINARY_HPP
#define SMELT_RUNTIME_OPS_BINARY_HPP

#include <stdint.h>

#include "../arch/arch.hpp"
#include "../quantize.hpp"
#include "pairs.hpp"

namespace smelt {

/// (a * b + 2^31) / 2^32 towards minus infinity: with one operand doubled, the doubling high multiply of quantize.hpp.
inline int32_t high_mul_rounded(int32_t a, int32_t b) {
  const int64_t product = static_cast<int64_t>(a) * b;
  return static_cast<int32_t>(product >> 32) + static_cast<int32_t>(static_cast<uint32_t>(product) >> 31);
}

/// x / 2^n, halves away from zero, where n >= 1 and half = 2^(n-1): what a negative x lacks of a half is one.
inline int32_t shift_away(int32_t x, int32_t half, int32_t n) { return (x + half + sign_mask(x)) >> n; }

/// int8 add and sub where a weighted sum answers as the reference does for every pair of operands (ops/sum_scale.hpp).
struct WeightedAddS8 {
  int32_t walk;
  SumScale sum;
  Clamp to;  ///< of activations that leave less than all of int8
};

/// D: a set of primitives.
template <class D>
inline void weighted_add(const Firing& f) {
  const auto& p = f.as<WeightedAddS8>();
  each_segment<int8_t, int8_t>(f, p.walk, [&p](const int8_t* a, const int8_t* b, int8_t* out, const int32_t* walk) {
    const int32_t inner = walk[walk_inner];
    const int32_t step_a = walk[walk_step_a];
    const int32_t step_b = walk[walk_step_b];
    const int32_t fours = step_a == 0 || step_b == 0 ? 0 : inner & ~3;
    if (fours != 0) D::run(a, b, out, &p.sum, fours);
    a += fours;
    b += fours;
    for (int32_t i = fours; i < inner; ++i, a += step_a, b += step_b) out[i] = weighted_sum(p.sum, *a, *b);
    if (p.to.span != 255) clamp_bytes(out, inner, p.to);
  });
}

inline void weighted_add_s8(const Firing& f) { weighted_add<SumS8>(f); }

/// int8 add and sub of any scales. The reference moves both inputs to 2^-20 of twice the larger input scale: for the input of that
/// scale (operand a) this is a left shift by 19, exactly; operand b is multiplied and rounded twice. Sums are kept
/// doubled.
struct AddS8 {
  int32_t walk;
  int32_t bias_a;        ///< minus zero point times 2^20, or its opposite where a is subtracted
  int32_t bias_b;        ///< minus zero point times 2^21
  int32_t multiplier_b;  ///< negative where b is subtracted
  int32_t half_b;
  int32_t shift_b;  ///< at least 1
  int32_t multiplier;
  int32_t half;
  int32_t shift;  ///< at least 1
  int32_t zero;   ///< of the output
  int32_t low;
  int32_t high;
};

template <int32_t sign>
inline void add_signed_s8(const Firing& f) {
  const AddS8& p = f.as<AddS8>();
  each_pair<int8_t, int8_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    const int32_t x = high_mul_rounded(b * (1 << 21) + p.bias_b, p.multiplier_b);
    const int32_t sum = a * (sign * (1 << 20)) + p.bias_a + 2 * shift_away(x, p.half_b, p.shift_b);
    const int32_t y = shift_away(high_mul_rounded(sum, p.multiplier), p.half, p.shift);
    return static_cast<int8_t>(clamp(y + p.zero, p.low, p.high));
  });
}

inline void add_s8(const Firing& f) { add_signed_s8<1>(f); }

/// Of a subtraction whose second input has the larger scale.
inline void subtract_a_s8(const Firing& f) { add_signed_s8<-1>(f); }

struct MulS8 {
  int32_t walk;
  int32_t coefficient_a;  ///< twice the multiplier's left shift, if any, as a power of two
  int32_t bias_a;         ///< minus zero point times coefficient_a
  int32_t zero_b;
  int32_t multiplier;
  int32_t half;
  int32_t shift;  ///< to the right
  int32_t away;   ///< -1; 0 where shift is 0
  int32_t zero;   ///< of the output
  int32_t low;
  int32_t high;
};

inline void mul_s8(const Firing& f) {
  const MulS8& p = f.as<MulS8>();
  each_pair<int8_t, int8_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    const int32_t x = high_mul_rounded((a * p.coefficient_a + p.bias_a) * (b - p.zero_b), p.multiplier);
    const int32_t y = (x + p.half + (sign_mask(x) & p.away)) >> p.shift;
    return static_cast<int8_t>(clamp(y + p.zero, p.low, p.high));
  });
}

// Stored values are compared as they are: the reference takes all quantizations for equal.
inline void maximum_s8(const Firing& f) {
  each_pair<int8_t, int8_t>(f, f.as<Pairs>().walk, [](int8_t a, int8_t b) { return a > b ? a : b; });
}

inline void minimum_s8(const Firing& f) {
  each_pair<int8_t, int8_t>(f, f.as<Pairs>().walk, [](int8_t a, int8_t b) { return a < b ? a : b; });
}

inline void maximum_f32(const Firing& f) {
  each_pair<float, float>(f, f.as<Pairs>().walk, [](float a, float b) { return a > b ? a : b; });
}

inline void minimum_f32(const Firing& f) {
  each_pair<float, float>(f, f.as<Pairs>().walk, [](float a, float b) { return a < b ? a : b; });
}

inline void add_f32(const Firing& f) {
  each_clamped(f, [](float a, float b) { return a + b; });
}

inline void sub_f32(const Firing& f) {
  each_clamped(f, [](float a, float b) { return a - b; });
}

inline void mul_f32(const Firing& f) {
  each_clamped(f, [](float a, float b) { return a * b; });
}

}  // namespace smelt

#endif
