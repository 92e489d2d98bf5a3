// Softmax along the last dimension.
#ifndef SMELT_RUNTIME_OPS_SOFTMAX_HPP
#define SMELT_RUNTIME_OPS_SOFTMAX_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../math.hpp"
#include "../quantize.hpp"

namespace smelt {

struct Softmax {
  int32_t groups;  ///< softmaxes in a row
  int32_t depth;   ///< elements of one
  int32_t
      table;  ///< int8: constant int32_t[entries], exp(-i * beta * scale) in Q0.31, for the distance i from the maximum
  int32_t entries;  ///< beyond them the exponential counts as nothing
  int32_t beta;     ///< float: bits
};

/// 1 / (1 + a / 2^31) in Q0.31, as gemmlowp's one_over_one_plus_x_for_x_in_0_1: three Newton-Raphson steps, from
/// 48/17 - 32/17 * d, towards 1 / d in Q2.29 for d = (1 + a / 2^31) / 2.
inline int32_t reciprocal_of_one_plus(uint32_t a) {
  const auto d = static_cast<int32_t>((a + 0x80000000U) >> 1);
  int32_t x = 1515870810 + doubling_high_mul(d, -1010580540);
  for (int32_t i = 0; i < 3; ++i) {
    const int32_t error = (int32_t{1} << 29) - doubling_high_mul(d, x);
    x += doubling_high_mul(x, error) * 4;
  }
  return x >= int32_t{1} << 30 ? INT32_MAX : x * 2;
}

/// Int8 to int8 with scale 1/256 and zero point -128. Source: TensorFlow Lite, kernels/internal/reference/softmax.h,
/// where the exponentials, of which there are only as many as distances, are computed anew for every element.
inline void softmax_s8(const Firing& f) {
  const Softmax& p = f.as<Softmax>();
  const int32_t* table = f.constant<int32_t>(static_cast<uint32_t>(p.table));
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const int8_t* in = f.in<int8_t>(1, row);
    int8_t* out = f.out<int8_t>(0, row);
    for (int32_t g = 0; g < p.groups; ++g, in += p.depth, out += p.depth) {
      int32_t largest = -128;
      for (int32_t c = 0; c < p.depth; ++c) largest = in[c] > largest ? in[c] : largest;
      uint32_t sum = 0;  // Q12.19
      for (int32_t c = 0; c < p.depth; ++c) {
        const int32_t i = largest - in[c];
        if (i < p.entries) sum += (static_cast<uint32_t>(table[i]) + 2048) >> 12;
      }
      const int32_t headroom = __builtin_clz(sum);  // the maximum alone makes the sum 2^19 or more
      const int32_t scale = reciprocal_of_one_plus((sum << headroom) - 0x80000000U);
      const int32_t exponent = headroom < 4 ? 31 : 35 - headroom;
      for (int32_t c = 0; c < p.depth; ++c) {
        const int32_t i = largest - in[c];
        int32_t y = -128;
        if (i < p.entries) y += rounding_shift_right(doubling_high_mul(scale, table[i]), exponent);
        out[c] = static_cast<int8_t>(y > 127 ? 127 : y);
      }
    }
  }
}

inline void softmax_f32(const Firing& f) {
  const Softmax& p = f.as<Softmax>();
  const float beta = as_float(p.beta);
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const float* in = f.in<float>(1, row);
    float* out = f.out<float>(0, row);
    for (int32_t g = 0; g < p.groups; ++g, in += p.depth, out += p.depth) {
      float largest = in[0];
      for (int32_t c = 1; c < p.depth; ++c) largest = in[c] > largest ? in[c] : largest;
      float sum = 0.0F;
      for (int32_t c = 0; c < p.depth; ++c) {
        out[c] = exp_f32((in[c] - largest) * beta);
        sum += out[c];
      }
      for (int32_t c = 0; c < p.depth; ++c) out[c] /= sum;
    }
  }
}

}  // namespace smelt

#endif
