// Softmax of 16 bits along the last dimension, to scale 1/32768.
// Source: TensorFlow Lite, kernels/internal/reference/softmax.h (SoftmaxInt16), kernels/internal/common.h (LUTLookup).
#ifndef SMELT_RUNTIME_OPS_SOFTMAX_S16_HPP
#define SMELT_RUNTIME_OPS_SOFTMAX_S16_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

struct SoftmaxS16 {
  int32_t groups;      ///< softmaxes in a row
  int32_t depth;       ///< elements of one
  int32_t exp;         ///< int16_t[513]: e^x in Q0.15 for x from -10 to 0
  int32_t reciprocal;  ///< int16_t[513]: 1 / (1 + x) in Q0.15 for x from 0 to 1
  int32_t multiplier;  ///< of differences to where -65535 is -10
  int32_t right;       ///< of requantize_right
};

/// The table of 512 steps at x, a value of int16, interpolated.
inline int32_t table_s16(const int16_t* table, int32_t x) {
  const int16_t* at = table + 256 + (x >> 7);
  return at[0] + (((at[1] - at[0]) * (x & 0x7f) + 64) >> 7);
}

inline void softmax_s16(const Firing& f) {
  const auto& p = f.as<SoftmaxS16>();
  const auto* exp = f.constant<int16_t>(static_cast<uint32_t>(p.exp));
  const auto* reciprocal = f.constant<int16_t>(static_cast<uint32_t>(p.reciprocal));
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const int16_t* in = f.in<int16_t>(1, row);
    int16_t* out = f.out<int16_t>(0, row);
    for (int32_t g = 0; g < p.groups; ++g, in += p.depth, out += p.depth) {
      int32_t largest = in[0];
      for (int32_t c = 1; c < p.depth; ++c) largest = in[c] > largest ? in[c] : largest;
      uint32_t sum = 0;  // Q16.15
      for (int32_t c = 0; c < p.depth; ++c) {
        const int32_t x = requantize_right(in[c] - largest, p.multiplier, p.right);
        out[c] = static_cast<int16_t>(table_s16(exp, clamp(x, -65535, 0) + 32767));
        sum += static_cast<uint32_t>(out[c]);
      }
      const int32_t headroom = __builtin_clz(sum);  // the largest alone makes the sum almost 2^15
      // The leading 17 bits, rounded, from 2^16 to 2^17: of them the reciprocal is taken.
      const auto leading = static_cast<int32_t>(((sum << (headroom - 1)) + (1 << 13)) >> 14);
      const int32_t scale = table_s16(reciprocal, clamp(leading - (1 << 15) - (1 << 16), -32768, 32767));
      const int32_t shift = 31 - headroom;
      for (int32_t c = 0; c < p.depth; ++c) {
        out[c] = static_cast<int16_t>(clamp((out[c] * scale + (1 << (shift - 1))) >> shift, 0, 32767));
      }
    }
  }
}

}  // namespace smelt

#endif
