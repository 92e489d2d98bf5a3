// Pooling by the root of the mean square, of floats.
#ifndef SMELT_RUNTIME_OPS_L2_POOL_2D_HPP
#define SMELT_RUNTIME_OPS_L2_POOL_2D_HPP

#include "../math_root.hpp"
#include "pool_2d.hpp"

namespace smelt {

struct SumOfSquares {
  float operator()(float a, float x) const { return a + x * x; }
};

inline void l2_pool_2d_f32(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  pool_2d<float, float>(f, nullptr, 0.0F, SumOfSquares{}, [&](const float* acc, float* out, int32_t taps) {
    const float count = static_cast<float>(taps);
    for (int32_t c = 0; c < p.channels; ++c) {
      const float y = sqrt_f32(acc[c] / count);
      out[c] = y < low ? low : (y > high ? high : y);
    }
  });
}

}  // namespace smelt

#endif
