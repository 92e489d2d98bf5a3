// Products of matrices, of which either may be computed.
#ifndef SMELT_RUNTIME_OPS_BATCH_MATMUL_HPP
#define SMELT_RUNTIME_OPS_BATCH_MATMUL_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Whole tensors. out[b][m][n] is the sum of a[..][m][k] * b[..][k][n]; strides are in elements.
struct BatchMatmul {
  int32_t batches;
  int32_t rows;
  int32_t columns;
  int32_t depth;
  int32_t batch_offsets;  ///< int32_t[batches][2] in the constants: where a's and b's matrices begin
  int32_t a_row, a_depth, b_depth, b_column;
  int32_t zero_a, zero_b;         ///< int8: zero points
  int32_t multiplier, shift, zero;  ///< int8: to the output
};

template <class T, class Acc, class Finish>
inline void batch_matmul(const Firing& f, Acc zero_a, Acc zero_b, Finish finish) {
  const BatchMatmul& p = f.as<BatchMatmul>();
  const int32_t* offsets = f.constant<int32_t>(static_cast<uint32_t>(p.batch_offsets));
  T* out = f.out<T>(0, 0);
  for (int32_t i = 0; i < p.batches; ++i, offsets += 2) {
    const T* row = f.in<T>(1, 0) + offsets[0];
    for (int32_t m = 0; m < p.rows; ++m, row += p.a_row) {
      const T* column = f.in<T>(2, 0) + offsets[1];
      for (int32_t n = 0; n < p.columns; ++n, column += p.b_column) {
        Acc sum{};
        const T* a = row;
        const T* b = column;
        for (int32_t k = 0; k < p.depth; ++k, a += p.a_depth, b += p.b_depth) {
          sum += (static_cast<Acc>(*a) - zero_a) * (static_cast<Acc>(*b) - zero_b);
        }
        *out++ = finish(sum);
      }
    }
  }
}

inline void batch_matmul_f32(const Firing& f) {
  batch_matmul<float, float>(f, 0.0F, 0.0F, [](float sum) { return sum; });
}

inline void batch_matmul_s8(const Firing& f) {
  const BatchMatmul& p = f.as<BatchMatmul>();
  batch_matmul<int8_t, int32_t>(f, p.zero_a, p.zero_b, [&p](int32_t sum) {
    return static_cast<int8_t>(clamp(requantize(sum, p.multiplier, p.shift) + p.zero, -128, 127));
  });
}

}  // namespace smelt

#endif
