// Functions of two floats beyond sums and products, element by element with broadcasting.
#ifndef SMELT_RUNTIME_OPS_FUNCTIONS_HPP
#define SMELT_RUNTIME_OPS_FUNCTIONS_HPP

#include "../math_round.hpp"
#include "pairs.hpp"

namespace smelt {

/// With the sign of b.
inline float floor_mod(float a, float b) {
  const float rest = remainder_f32(a, b);
  return rest != 0.0F && (rest < 0.0F) != (b < 0.0F) ? rest + b : rest;
}

/// A kernel of `expression` in a and b.
#define SMELT_PAIRS_F32(name, expression)                                 \
  inline void name(const Firing& f) {                                     \
    each_clamped(f, [](float a, float b) { return (expression); });       \
  }
SMELT_PAIRS_F32(div_f32, a / b)
SMELT_PAIRS_F32(mod_f32, remainder_f32(a, b))
SMELT_PAIRS_F32(floor_div_f32, floor_f32(a / b))
SMELT_PAIRS_F32(floor_mod_f32, floor_mod(a, b))
SMELT_PAIRS_F32(squared_difference_f32, (a - b) * (a - b))
SMELT_PAIRS_F32(prelu_f32, a >= 0.0F ? a : a * b)

}  // namespace smelt

#endif
