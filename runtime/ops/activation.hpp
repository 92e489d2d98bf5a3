// Activations of floats, element by element. In int8 all of them are tables (lookup.hpp).
#ifndef SMELT_RUNTIME_OPS_ACTIVATION_HPP
#define SMELT_RUNTIME_OPS_ACTIVATION_HPP

#include <stdint.h>

#include "../math.hpp"
#include "each.hpp"

namespace smelt {

struct ClipF32 {
  int32_t row;
  int32_t low;   ///< bits of a float
  int32_t high;  ///< bits of a float
};

struct LeakyReluF32 {
  int32_t row;
  int32_t alpha;  ///< bits of a float
};

/// relu, relu6, relu_n1_to_1.
inline void clip_f32(const Firing& f) {
  const ClipF32& p = f.as<ClipF32>();
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  each_f32(f, p.row, [=](float x) { return x > high ? high : (x < low ? low : x); });
}

inline void leaky_relu_f32(const Firing& f) {
  const LeakyReluF32& p = f.as<LeakyReluF32>();
  const float alpha = as_float(p.alpha);
  each_f32(f, p.row, [=](float x) { return x > 0.0F ? x : x * alpha; });
}

inline void hard_swish_f32(const Firing& f) {
  each_f32(f, f.as<UnaryF32>().row, [](float x) {
    const float t = x + 3.0F;
    return x * (t < 0.0F ? 0.0F : (t > 6.0F ? 6.0F : t)) / 6.0F;
  });
}

inline void logistic_f32(const Firing& f) {
  each_f32(f, f.as<UnaryF32>().row, [](float x) { return sigmoid_f32(x); });
}

inline void tanh_rows_f32(const Firing& f) {
  each_f32(f, f.as<UnaryF32>().row, [](float x) { return tanh_f32(x); });
}

}  // namespace smelt

#endif
