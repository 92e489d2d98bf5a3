// Vectors along the last dimension brought to length 1.
#ifndef SMELT_RUNTIME_OPS_L2_NORMALIZATION_HPP
#define SMELT_RUNTIME_OPS_L2_NORMALIZATION_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../inverse_sqrt.hpp"
#include "../math_root.hpp"

namespace smelt {

struct L2Normalization {
  int32_t groups;  ///< vectors in a row
  int32_t depth;
  int32_t zero;  ///< int8: the input's zero point
};

/// Calls normalize(in, out) for every vector. Views: output, input, which may be the same bytes.
template <class T, class F>
inline void each_vector(const Firing& f, int32_t groups, int32_t depth, F normalize) {
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const T* in = f.in<T>(1, row);
    T* out = f.out<T>(0, row);
    for (int32_t g = 0; g < groups; ++g, in += depth, out += depth) normalize(in, out);
  }
}

inline void l2_normalization_f32(const Firing& f) {
  const L2Normalization& p = f.as<L2Normalization>();
  each_vector<float>(f, p.groups, p.depth, [&p](const float* in, float* out) {
    float sum = 0.0F;
    for (int32_t c = 0; c < p.depth; ++c) sum += in[c] * in[c];
    const float root = sqrt_f32(sum);
    const float length = root > 1e-6F ? root : 1e-6F;
    for (int32_t c = 0; c < p.depth; ++c) out[c] = in[c] / length;
  });
}

/// To scale 1/128 and zero point 0.
/// Source: TensorFlow Lite, kernels/internal/reference/integer_ops/l2normalization.h.
inline void l2_normalization_s8(const Firing& f) {
  const L2Normalization& p = f.as<L2Normalization>();
  each_vector<int8_t>(f, p.groups, p.depth, [&p](const int8_t* in, int8_t* out) {
    int32_t sum = 0;
    for (int32_t c = 0; c < p.depth; ++c) sum += (in[c] - p.zero) * (in[c] - p.zero);
    const FixedPoint inverse = inverse_sqrt(sum);
    for (int32_t c = 0; c < p.depth; ++c) {
      const int32_t y = requantize(in[c] - p.zero, inverse.multiplier, inverse.shift + 7);
      out[c] = static_cast<int8_t>(clamp(y, -128, 127));
    }
  });
}

}  // namespace smelt

#endif
