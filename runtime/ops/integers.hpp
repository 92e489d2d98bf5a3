// Element by element from two operands of int32, with broadcasting. Overflow wraps around; a division by 0 gives 0.
#ifndef SMELT_RUNTIME_OPS_INTEGERS_HPP
#define SMELT_RUNTIME_OPS_INTEGERS_HPP

#include <stdint.h>

#include "pairs.hpp"

namespace smelt {

struct PairsS32 {
  int32_t walk;
  int32_t low;  ///< of a fused activation
  int32_t high;
};

/// `element` of every pair, clamped.
template <class F>
inline void each_clamped_s32(const Firing& f, F element) {
  const PairsS32& p = f.as<PairsS32>();
  const int32_t low = p.low;
  const int32_t high = p.high;
  each_pair<int32_t, int32_t>(f, p.walk, [=](int32_t a, int32_t b) { return clamp(element(a, b), low, high); });
}

inline int32_t wrapping_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
inline int32_t wrapping_sub(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
inline int32_t wrapping_mul(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}

/// Towards zero.
inline int32_t quotient(int32_t a, int32_t b) {
  if (b == 0) return 0;
  return b == -1 ? wrapping_sub(0, a) : a / b;
}
/// With the sign of a.
inline int32_t remainder(int32_t a, int32_t b) { return b == 0 ? 0 : wrapping_sub(a, wrapping_mul(quotient(a, b), b)); }
inline int32_t floor_quotient(int32_t a, int32_t b) {
  const int32_t rest = remainder(a, b);
  return quotient(a, b) - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0);
}
/// With the sign of b.
inline int32_t floor_remainder(int32_t a, int32_t b) {
  const int32_t rest = remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// a^b; 0 for negative b, unless a is 1 or -1.
inline int32_t integer_power(int32_t a, int32_t b) {
  if (b < 0) return a == 1 || a == -1 ? ((b & 1) != 0 ? a : 1) : 0;
  int32_t result = 1;
  for (uint32_t left = static_cast<uint32_t>(b); left != 0; left >>= 1) {
    if ((left & 1) != 0) result = wrapping_mul(result, a);
    a = wrapping_mul(a, a);
  }
  return result;
}

/// A kernel of `expression` in a and b.
#define SMELT_PAIRS_S32(name, expression)                                          \
  inline void name(const Firing& f) {                                              \
    each_clamped_s32(f, [](int32_t a, int32_t b) { return (expression); });        \
  }
SMELT_PAIRS_S32(add_s32, wrapping_add(a, b))
SMELT_PAIRS_S32(sub_s32, wrapping_sub(a, b))
SMELT_PAIRS_S32(mul_s32, wrapping_mul(a, b))
SMELT_PAIRS_S32(maximum_s32, a > b ? a : b)
SMELT_PAIRS_S32(minimum_s32, a < b ? a : b)
SMELT_PAIRS_S32(div_s32, quotient(a, b))
SMELT_PAIRS_S32(mod_s32, remainder(a, b))
SMELT_PAIRS_S32(floor_div_s32, floor_quotient(a, b))
SMELT_PAIRS_S32(floor_mod_s32, floor_remainder(a, b))
SMELT_PAIRS_S32(pow_s32, integer_power(a, b))
SMELT_PAIRS_S32(squared_difference_s32, wrapping_mul(wrapping_sub(a, b), wrapping_sub(a, b)))
SMELT_PAIRS_S32(bitwise_and_s32, a & b)
SMELT_PAIRS_S32(bitwise_or_s32, a | b)
SMELT_PAIRS_S32(bitwise_xor_s32, a ^ b)
#undef SMELT_PAIRS_S32

}  // namespace smelt

#endif
