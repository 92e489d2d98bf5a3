// Between floats and 16 bits, and between integers of which one is of 16 bits.
// Source: TensorFlow Lite, kernels/internal/reference/{quantize,dequantize,requantize}.h.
#ifndef SMELT_RUNTIME_OPS_QUANTIZE_DEQUANTIZE_S16_HPP
#define SMELT_RUNTIME_OPS_QUANTIZE_DEQUANTIZE_S16_HPP

#include <stdint.h>

#include "quantize_dequantize.hpp"

namespace smelt {

inline void quantize_f32_s16(const Firing& f) { quantize_floats<int16_t>(f); }

/// `zero` and `flip` of Dequantize are 0.
inline void dequantize_s16_f32(const Firing& f) {
  const Dequantize& p = f.as<Dequantize>();
  const float scale = as_float(p.scale);
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const int16_t* in = f.in<int16_t>(1, r);
    float* out = f.out<float>(0, r);
    for (int32_t i = 0; i < p.row; ++i) out[i] = scale * static_cast<float>(in[i]);
  }
}

struct RequantizeS16 {
  int32_t row;  ///< elements of a row
  int32_t in_zero;
  int32_t multiplier;
  int32_t right;  ///< of requantize_right
  int32_t zero;   ///< of the output
  int32_t low;
  int32_t high;
};

template <class From, class To>
inline void requantize_rows(const Firing& f) {
  const auto& p = f.as<RequantizeS16>();
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const From* in = f.in<From>(1, r);
    To* out = f.out<To>(0, r);
    for (int32_t i = 0; i < p.row; ++i) {
      out[i] = static_cast<To>(clamp(requantize_right(in[i] - p.in_zero, p.multiplier, p.right) + p.zero, p.low, p.high));
    }
  }
}

inline void requantize_s16(const Firing& f) { requantize_rows<int16_t, int16_t>(f); }
inline void requantize_s16_s8(const Firing& f) { requantize_rows<int16_t, int8_t>(f); }
inline void requantize_s8_s16(const Firing& f) { requantize_rows<int8_t, int16_t>(f); }

}  // namespace smelt

#endif
