// PRELU of int8, with broadcasting; of floats it is in functions.hpp.
// Source: TensorFlow Lite, kernels/internal/reference/prelu.h.
#ifndef SMELT_RUNTIME_OPS_PRELU_HPP
#define SMELT_RUNTIME_OPS_PRELU_HPP

#include <stdint.h>

#include "pairs.hpp"

namespace smelt {

struct PreluS8 {
  int32_t walk;
  int32_t zero_x;
  int32_t zero_alpha;
  int32_t multiplier;  ///< from the input's scale to the output's
  int32_t shift;
  int32_t multiplier_negative;  ///< from that of the input times alpha
  int32_t shift_negative;
  int32_t zero;  ///< of the output
};

inline void prelu_s8(const Firing& f) {
  const PreluS8& p = f.as<PreluS8>();
  each_pair<int8_t, int8_t>(f, p.walk, [&p](int32_t x, int32_t alpha) {
    const int32_t centred = x - p.zero_x;
    const int32_t y = centred >= 0 ? requantize(centred, p.multiplier, p.shift)
                                   : requantize(centred * (alpha - p.zero_alpha), p.multiplier_negative, p.shift_negative);
    return static_cast<int8_t>(clamp(y + p.zero, -128, 127));
  });
}

}  // namespace smelt

#endif
