// Depthwise convolution of 16-bit activations and 8-bit weights: depthwise_conv_2d.hpp's table of taps.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_S16_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_S16_HPP

#include "../quantize_s16.hpp"
#include "depthwise_conv_2d.hpp"

namespace smelt {

template <class F>
struct DepthwiseHalves {
  using Element = int16_t;
  static const int16_t* tap(const uint8_t* base, uint32_t offset) {
    return reinterpret_cast<const int16_t*>(base + offset);
  }
  static __attribute__((noinline)) void taps4(const uint8_t* base, const uint32_t* offsets, const int8_t* w, int32_t n,
                                              typename F::Sum* sums) {
    using Sum = typename F::Sum;
    Sum a = 0, b = 0, c = 0, d = 0;
    for (const uint32_t* end = offsets + n; offsets != end; w += 4) {
      const int16_t* x = tap(base, *offsets++);
      a += static_cast<Sum>(x[0] * w[0]);
      b += static_cast<Sum>(x[1] * w[1]);
      c += static_cast<Sum>(x[2] * w[2]);
      d += static_cast<Sum>(x[3] * w[3]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
  }
};

/// Weights as pack::depthwise has them.
template <class F>
inline void depthwise_at(DepthwiseHalves<F>*, const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets,
                         uint32_t moved, int16_t* out) {
  using A = DepthwiseHalves<F>;
  using Sum = typename F::Sum;
  const int32_t taps = p.kernel_h * p.kernel_w;
  const uint8_t* base = f.arena + moved;
  const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
  const auto* channel = f.constant<typename F::PerChannel>(static_cast<uint32_t>(p.channels));
  int32_t left = p.out_c;
  if (p.multiplier == 1) {
    for (; left >= 4; left -= 4, channel += 4, out += 4) {
      Sum sums[4];
      A::taps4(base, offsets, w, taps, sums);
      store_s16<F>(channel, sums, 4, p.to, out);
      base += 4 * sizeof(int16_t);
      w += 4 * taps;
    }
  }
  for (int32_t same = p.multiplier; left > 0; --left) {
    Sum sum = 0;
    for (int32_t k = 0; k < taps; ++k) sum += static_cast<Sum>(*A::tap(base, offsets[k]) * *w++);
    store_s16<F>(channel++, &sum, 1, p.to, out++);
    if (--same == 0) {
      same = p.multiplier;
      base += sizeof(int16_t);
    }
  }
}

inline void depthwise_conv_2d_s16(const Firing& f) { depthwise_conv_2d<DepthwiseHalves<NarrowS16>>(f); }
inline void depthwise_conv_2d_wide_s16(const Firing& f) { depthwise_conv_2d<DepthwiseHalves<WideS16>>(f); }

}  // namespace smelt

#endif
