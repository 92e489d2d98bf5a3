// Element by element from two operands of int32 or int64, with broadcasting. Overflow wraps around; a division by 0 gives 0.
#ifndef SMELT_RUNTIME_OPS_INTEGERS_HPP
#define SMELT_RUNTIME_OPS_INTEGERS_HPP

#include <stdint.h>

#include "../int64.hpp"
#include "pairs.hpp"

namespace smelt {

struct PairsInteger {
  int32_t walk;
  int32_t low;  ///< of a fused activation; the ends of int32 are those of the type
  int32_t high;
};

template <class T>
inline T lower_limit(int32_t low) {
  if constexpr (sizeof(T) == 8) return low == INT32_MIN ? INT64_MIN : low;
  else return low;
}
template <class T>
inline T upper_limit(int32_t high) {
  if constexpr (sizeof(T) == 8) return high == INT32_MAX ? INT64_MAX : high;
  else return high;
}

/// `element` of every pair, clamped, computed in T of what is stored as Stored.
template <class T, class Stored, class F>
inline void each_clamped_integer(const Firing& f, F element) {
  const PairsInteger& p = f.as<PairsInteger>();
  const T low = lower_limit<T>(p.low);
  const T high = upper_limit<T>(p.high);
  each_pair<Stored, Stored>(f, p.walk, [=](T a, T b) {
    const T y = element(a, b);
    return y < low ? low : (y > high ? high : y);
  });
}

inline uint32_t bits_of(int32_t v) { return static_cast<uint32_t>(v); }
inline uint64_t bits_of(int64_t v) { return static_cast<uint64_t>(v); }

template <class T>
inline T wrapping_add(T a, T b) {
  return static_cast<T>(bits_of(a) + bits_of(b));
}
template <class T>
inline T wrapping_sub(T a, T b) {
  return static_cast<T>(bits_of(a) - bits_of(b));
}
template <class T>
inline T wrapping_mul(T a, T b) {
  return static_cast<T>(bits_of(a) * bits_of(b));
}

/// Towards zero.
template <class T>
inline T quotient(T a, T b) {
  if (b == 0) return 0;
  return b == -1 ? wrapping_sub(T{0}, a) : a / b;
}
/// With the sign of a.
template <class T>
inline T remainder(T a, T b) {
  return b == 0 ? T{0} : wrapping_sub(a, wrapping_mul(quotient(a, b), b));
}
template <class T>
inline T floor_quotient(T a, T b) {
  const T rest = remainder(a, b);
  return quotient(a, b) - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0);
}
/// With the sign of b.
template <class T>
inline T floor_remainder(T a, T b) {
  const T rest = remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// a^b; 0 for negative b, unless a is 1 or -1.
template <class T>
inline T integer_power(T a, T b) {
  if (b < 0) return a == 1 || a == -1 ? ((b & 1) != 0 ? a : T{1}) : T{0};
  T result = 1;
  for (auto left = bits_of(b); left != 0; left >>= 1) {
    if ((left & 1) != 0) result = wrapping_mul(result, a);
    a = wrapping_mul(a, a);
  }
  return result;
}

/// Kernels of `expression` in a and b.
#define SMELT_PAIRS_INTEGER(name, expression)                                                    \
  inline void name##_s32(const Firing& f) {                                                      \
    each_clamped_integer<int32_t, int32_t>(f, [](int32_t a, int32_t b) { return (expression); }); \
  }                                                                                              \
  inline void name##_s64(const Firing& f) {                                                      \
    each_clamped_integer<int64_t, Int64>(f, [](int64_t a, int64_t b) { return (expression); });   \
  }
SMELT_PAIRS_INTEGER(add, wrapping_add(a, b))
SMELT_PAIRS_INTEGER(sub, wrapping_sub(a, b))
SMELT_PAIRS_INTEGER(mul, wrapping_mul(a, b))
SMELT_PAIRS_INTEGER(maximum, a > b ? a : b)
SMELT_PAIRS_INTEGER(minimum, a < b ? a : b)
SMELT_PAIRS_INTEGER(div, quotient(a, b))
SMELT_PAIRS_INTEGER(mod, remainder(a, b))
SMELT_PAIRS_INTEGER(floor_div, floor_quotient(a, b))
SMELT_PAIRS_INTEGER(floor_mod, floor_remainder(a, b))
SMELT_PAIRS_INTEGER(pow, integer_power(a, b))
SMELT_PAIRS_INTEGER(squared_difference, wrapping_mul(wrapping_sub(a, b), wrapping_sub(a, b)))
SMELT_PAIRS_INTEGER(bitwise_and, a & b)
SMELT_PAIRS_INTEGER(bitwise_or, a | b)
SMELT_PAIRS_INTEGER(bitwise_xor, a ^ b)
#undef SMELT_PAIRS_INTEGER

}  // namespace smelt

#endif
