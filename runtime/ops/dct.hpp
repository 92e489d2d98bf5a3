// Discrete cosine transform of each row, its first coefficients.
#ifndef SMELT_RUNTIME_OPS_DCT_HPP
#define SMELT_RUNTIME_OPS_DCT_HPP

#include <stdint.h>

#include "../core.hpp"

namespace smelt {

struct Dct {
  int32_t inputs;
  int32_t outputs;
  int32_t matrix;      ///< in the constants, [outputs][inputs]: float, or int16_t in Q15
  int32_t multiplier;  ///< int16: of the sums in Q15 to the output, Q15
};

inline void dct_f32(const Firing& f) {
  const Dct& p = f.as<Dct>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const float* in = f.in<float>(1, row);
    float* out = f.out<float>(0, row);
    const float* c = f.constant<float>(static_cast<uint32_t>(p.matrix));
    for (int32_t k = 0; k < p.outputs; ++k, c += p.inputs) {
      float sum = 0.0F;
      for (int32_t i = 0; i < p.inputs; ++i) sum += c[i] * in[i];
      out[k] = sum;
    }
  }
}

inline void dct_s16(const Firing& f) {
  const Dct& p = f.as<Dct>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const int16_t* in = f.in<int16_t>(1, row);
    int16_t* out = f.out<int16_t>(0, row);
    const int16_t* c = f.constant<int16_t>(static_cast<uint32_t>(p.matrix));
    for (int32_t k = 0; k < p.outputs; ++k, c += p.inputs) {
      int64_t sum = 0;
      for (int32_t i = 0; i < p.inputs; ++i) sum += static_cast<int32_t>(c[i]) * in[i];
      const int64_t y = (sum * p.multiplier + (1 << 29)) >> 30;
      out[k] = static_cast<int16_t>(y < -32768 ? -32768 : (y > 32767 ? 32767 : y));
    }
  }
}

}  // namespace smelt

#endif
