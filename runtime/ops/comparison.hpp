// Comparisons, element by element with broadcasting.
// Source: TensorFlow Lite, kernels/internal/reference/comparisons.h.
#ifndef SMELT_RUNTIME_OPS_COMPARISON_HPP
#define SMELT_RUNTIME_OPS_COMPARISON_HPP

#include <stdint.h>

#include "../int64.hpp"
#include "logical.hpp"

namespace smelt {

/// int8 on two scales: each value times 2^8 and its scale, rounded as the reference rounds, is compared.
struct CompareS8 {
  int32_t walk;
  int32_t zero_a;
  int32_t multiplier_a;
  int32_t shift_a;
  int32_t zero_b;
  int32_t multiplier_b;
  int32_t shift_b;
};

template <class F>
inline void each_scaled_pair(const Firing& f, F compare) {
  const CompareS8& p = f.as<CompareS8>();
  each_pair<int8_t, uint8_t>(f, p.walk, [&p, compare](int32_t a, int32_t b) {
    const bool answer = compare(requantize((a - p.zero_a) * 256, p.multiplier_a, p.shift_a),
                                requantize((b - p.zero_b) * 256, p.multiplier_b, p.shift_b));
    return static_cast<uint8_t>(answer ? 1 : 0);
  });
}

/// Of floats, int32, int64, int8 on one scale, int8 on two scales.
#define SMELT_COMPARISON(name, expression)                                             \
  SMELT_PREDICATE(name##_f32, float, expression)                                       \
  SMELT_PREDICATE(name##_s32, int32_t, expression)                                     \
  SMELT_PREDICATE(name##_s64, Int64, expression)                                       \
  SMELT_PREDICATE(name##_s8, int8_t, expression)                                       \
  inline void name##_scaled_s8(const Firing& f) {                                      \
    each_scaled_pair(f, [](int32_t a, int32_t b) { return (expression); });            \
  }

SMELT_COMPARISON(equal, a == b)
SMELT_COMPARISON(not_equal, a != b)
SMELT_COMPARISON(less, a < b)
SMELT_COMPARISON(less_equal, a <= b)
#undef SMELT_COMPARISON

SMELT_PREDICATE(equal_bool, uint8_t, (a != 0) == (b != 0))

}  // namespace smelt

#endif
