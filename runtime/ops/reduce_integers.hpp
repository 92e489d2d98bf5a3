// Sums, products and extremes of int32 and int64 over any axes. Overflow wraps around.
#ifndef SMELT_RUNTIME_OPS_REDUCE_INTEGERS_HPP
#define SMELT_RUNTIME_OPS_REDUCE_INTEGERS_HPP

#include <stdint.h>

#include "integers.hpp"
#include "reduce.hpp"

namespace smelt {

template <class Stored, class Step>
inline void reduce_integers(const Firing& f, Stored initial, Step step) {
  reduce<Stored, Stored>(f, initial, step, [](Stored a) { return a; });
}

/// Kernels that join `expression` of what is there, a, and one more element, b, from one value on for each type.
#define SMELT_REDUCE_INTEGER(name, initial_32, initial_64, expression)                                            \
  inline void name##_s32(const Firing& f) {                                                                       \
    reduce_integers<int32_t>(f, initial_32, [](int32_t a, int32_t b) -> int32_t { return (expression); });         \
  }                                                                                                               \
  inline void name##_s64(const Firing& f) {                                                                       \
    reduce_integers<Int64>(f, int64_t{initial_64}, [](int64_t a, int64_t b) -> int64_t { return (expression); });  \
  }
SMELT_REDUCE_INTEGER(reduce_sum, 0, 0, wrapping_add(a, b))
SMELT_REDUCE_INTEGER(reduce_prod, 1, 1, wrapping_mul(a, b))
SMELT_REDUCE_INTEGER(reduce_max, INT32_MIN, INT64_MIN, a > b ? a : b)
SMELT_REDUCE_INTEGER(reduce_min, INT32_MAX, INT64_MAX, a < b ? a : b)
#undef SMELT_REDUCE_INTEGER

}  // namespace smelt

#endif
