// Squares of differences of int8, with broadcasting.
// Source: TensorFlow Lite, kernels/squared_difference.cc.
#ifndef SMELT_RUNTIME_OPS_SQUARED_DIFFERENCE_HPP
#define SMELT_RUNTIME_OPS_SQUARED_DIFFERENCE_HPP

#include <stdint.h>

#include "pairs.hpp"

namespace smelt {

/// Both operands on one scale 2^7 times finer than their own; then from its square to the output's.
struct SquaredDifferenceS8 {
  int32_t walk;
  int32_t zero_a;
  int32_t multiplier_a;
  int32_t shift_a;
  int32_t zero_b;
  int32_t multiplier_b;
  int32_t shift_b;
  int32_t zero;  ///< of the output
  int32_t multiplier;
  int32_t shift;
};

inline void squared_difference_s8(const Firing& f) {
  const SquaredDifferenceS8& p = f.as<SquaredDifferenceS8>();
  each_pair<int8_t, int8_t>(f, p.walk, [&p](int32_t a, int32_t b) {
    const int32_t difference = requantize((a - p.zero_a) * 128, p.multiplier_a, p.shift_a) -
                               requantize((b - p.zero_b) * 128, p.multiplier_b, p.shift_b);
    const int32_t y = requantize(difference * difference, p.multiplier, p.shift);
    return static_cast<int8_t>(clamp(y + p.zero, -128, 127));
  });
}

}  // namespace smelt

#endif
