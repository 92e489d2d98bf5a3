// Between floats and 8 bits. From 8 bits to 8 bits, QUANTIZE is a table (lookup.hpp).
// Source: TensorFlow Lite, kernels/internal/reference/{quantize,dequantize}.h.
#ifndef SMELT_RUNTIME_OPS_QUANTIZE_DEQUANTIZE_HPP
#define SMELT_RUNTIME_OPS_QUANTIZE_DEQUANTIZE_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

struct Quantize {
  int32_t row;    ///< elements of a row
  int32_t scale;  ///< bits of a float
  int32_t zero;   ///< zero point
  int32_t low;    ///< of the output's type, less the zero point: bits of a float
  int32_t high;   ///< likewise
};

/// Floats to integers of type T, halves away from zero. Views: output, input.
template <class T>
inline void quantize_floats(const Firing& f) {
  const Quantize& p = f.as<Quantize>();
  const float scale = as_float(p.scale);
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  const int32_t n = p.row;
  const int32_t zero = p.zero;
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const float* in = f.in<float>(1, r);
    T* out = f.out<T>(0, r);
    for (int32_t i = 0; i < n; ++i) {
      // A true division: multiplying by the inverse would round some values otherwise than the reference.
      float x = in[i] / scale;
      x = x > low ? (x < high ? x : high) : low;  // no number becomes the lowest, too
      const int32_t whole = static_cast<int32_t>(x);
      const float rest = x - static_cast<float>(whole);
      out[i] = static_cast<T>(zero + whole + (rest >= 0.5F ? 1 : 0) - (rest <= -0.5F ? 1 : 0));
    }
  }
}

/// To int8 or uint8.
inline void quantize_f32(const Firing& f) { quantize_floats<uint8_t>(f); }

struct Dequantize {
  int32_t row;    ///< elements of a row
  int32_t scale;  ///< bits of a float
  int32_t zero;   ///< zero point; for uint8 less 128
  int32_t flip;   ///< 0 for int8, 128 for uint8: turns the input's bits into int8
};

/// int8 or uint8 to floats. Views: output, input.
inline void dequantize_f32(const Firing& f) {
  const Dequantize& p = f.as<Dequantize>();
  const float scale = as_float(p.scale);
  const int32_t n = p.row;
  const int32_t zero = p.zero;
  const int32_t flip = p.flip;
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const uint8_t* in = f.in<uint8_t>(1, r);
    float* out = f.out<float>(0, r);
    for (int32_t i = 0; i < n; ++i) {
      out[i] = scale * static_cast<float>(static_cast<int8_t>(in[i] ^ flip) - zero);
    }
  }
}

}  // namespace smelt

#endif
