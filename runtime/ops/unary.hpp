// Functions of one float that need no more than arithmetic and roots, their integer twins, and logical not.
#ifndef SMELT_RUNTIME_OPS_UNARY_HPP
#define SMELT_RUNTIME_OPS_UNARY_HPP

#include <stdint.h>

#include "../int64.hpp"
#include "../math_root.hpp"
#include "each.hpp"

namespace smelt {

/// A kernel of `expression` in x.
#define SMELT_UNARY_F32(name, expression)                                     \
  inline void name(const Firing& f) {                                         \
    each_f32(f, f.as<UnaryF32>().row, [](float x) { return (expression); });  \
  }
/// The same with parameters alpha and beta, of which it may leave some unread.
#define SMELT_PARAMETRIC_F32(name, expression)                                \
  inline void name(const Firing& f) {                                         \
    const ParametricF32& p = f.as<ParametricF32>();                           \
    const float alpha = as_float(p.alpha);                                    \
    const float beta = as_float(p.beta);                                      \
    each_f32(f, p.row, [=](float x) {                                         \
      static_cast<void>(alpha);                                               \
      static_cast<void>(beta);                                                \
      return (expression);                                                    \
    });                                                                       \
  }

SMELT_UNARY_F32(abs_rows_f32, abs_f32(x))
SMELT_UNARY_F32(neg_rows_f32, -x)
SMELT_UNARY_F32(square_rows_f32, x * x)
SMELT_UNARY_F32(sign_rows_f32, sign_f32(x))
SMELT_UNARY_F32(floor_rows_f32, floor_f32(x))
SMELT_UNARY_F32(ceil_rows_f32, ceil_f32(x))
SMELT_UNARY_F32(round_rows_f32, round_f32(x))
SMELT_UNARY_F32(sqrt_rows_f32, sqrt_f32(x))
SMELT_UNARY_F32(rsqrt_rows_f32, 1.0F / sqrt_f32(x))
SMELT_UNARY_F32(reciprocal_rows_f32, 1.0F / x)
SMELT_UNARY_F32(softsign_rows_f32, x / (1.0F + abs_f32(x)))
SMELT_PARAMETRIC_F32(thresholded_relu_rows_f32, x > alpha ? x : 0.0F)

inline void hard_sigmoid_rows_f32(const Firing& f) {
  const ParametricF32& p = f.as<ParametricF32>();
  const float alpha = as_float(p.alpha);
  const float beta = as_float(p.beta);
  each_f32(f, p.row, [=](float x) {
    const float y = alpha * x + beta;
    return y < 0.0F ? 0.0F : (y > 1.0F ? 1.0F : y);
  });
}

/// Overflow wraps around.
inline int32_t wrapping_negative(int32_t x) { return static_cast<int32_t>(uint32_t{0} - static_cast<uint32_t>(x)); }
inline int64_t wrapping_negative(int64_t x) { return static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(x)); }
inline int32_t wrapping_square(int32_t x) { return static_cast<int32_t>(static_cast<uint32_t>(x) * static_cast<uint32_t>(x)); }
inline int64_t wrapping_square(int64_t x) { return static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(x)); }

#define SMELT_UNARY_INTEGER(name, expression)                                                            \
  inline void name##_rows_s32(const Firing& f) {                                                         \
    each_element<int32_t, int32_t>(f, f.as<UnaryF32>().row, [](int32_t x) { return (expression); });      \
  }                                                                                                      \
  inline void name##_rows_s64(const Firing& f) {                                                         \
    each_element<Int64, Int64>(f, f.as<UnaryF32>().row, [](int64_t x) -> int64_t { return (expression); }); \
  }
SMELT_UNARY_INTEGER(abs, x < 0 ? wrapping_negative(x) : x)
SMELT_UNARY_INTEGER(neg, wrapping_negative(x))
SMELT_UNARY_INTEGER(square, wrapping_square(x))
SMELT_UNARY_INTEGER(sign, x > 0 ? 1 : (x < 0 ? -1 : 0))
#undef SMELT_UNARY_INTEGER

inline void logical_not_rows(const Firing& f) {
  each_element<uint8_t, uint8_t>(f, f.as<UnaryF32>().row,
                                 [](uint8_t x) { return static_cast<uint8_t>(x == 0 ? 1 : 0); });
}

inline void is_nan_rows(const Firing& f) {
  each_element<float, uint8_t>(f, f.as<UnaryF32>().row, [](float x) { return static_cast<uint8_t>(x != x ? 1 : 0); });
}

/// alpha, beta: whether plus and minus infinity count, as numbers that are 0 or not.
inline void is_inf_rows(const Firing& f) {
  const ParametricF32& p = f.as<ParametricF32>();
  const float high = as_float(p.alpha) != 0.0F ? infinity_f32() : not_a_number();
  const float low = as_float(p.beta) != 0.0F ? -infinity_f32() : not_a_number();
  each_element<float, uint8_t>(f, p.row, [=](float x) { return static_cast<uint8_t>(x == high || x == low ? 1 : 0); });
}

}  // namespace smelt

#endif
