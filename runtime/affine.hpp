// Real numbers to quantized ones and back: q = round(x / scale) + zero_point, halves away from zero, saturating.
//
// Source: TensorFlow Lite, 8-bit quantization specification; kernels/internal/reference/quantize.h (AffineQuantize).
#ifndef SMELT_RUNTIME_AFFINE_HPP
#define SMELT_RUNTIME_AFFINE_HPP

#include <stdint.h>

namespace smelt {

/// Saturates to [low, high]; NaN becomes the zero point.
inline int32_t quantize_value(float x, float scale, int32_t zero_point, int32_t low, int32_t high) {
  const float v = x / scale;
  if (v >= static_cast<float>(high - zero_point)) return high;
  if (v <= static_cast<float>(low - zero_point)) return low;
  if (!(v == v)) return zero_point;
  // |v| is now far below 2^23, so the fraction is exact.
  int32_t q = static_cast<int32_t>(v);
  const float fraction = v - static_cast<float>(q);
  if (fraction >= 0.5F) ++q;
  if (fraction <= -0.5F) --q;
  return q + zero_point;
}

inline float dequantize_value(int32_t q, float scale, int32_t zero_point) {
  return scale * static_cast<float>(q - zero_point);
}

}  // namespace smelt

#endif
