// Depthwise convolution of 16-bit activations and 8-bit weights: depthwise_conv_2d.hpp's table of taps.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_S16_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_S16_HPP

#include "../arch/dot_s16.hpp"
#include "../quantize_s16.hpp"
#include "depthwise_conv_2d.hpp"

namespace smelt {

/// D: a set of primitives; F: how sums become outputs. Weights as pack::depthwise_s16 has them.
template <class D, class F>
struct DepthwiseHalves {
  using Element = int16_t;

  /// Blocks of four channels from `at` to `last`.
  static void blocks(const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets, const uint8_t* at,
                     const uint8_t* last, int16_t* out, const NarrowS16*) {
    DepthwiseTileS16 t{offsets,
                       offsets + p.kernel_h * p.kernel_w,
                       f.constant<NarrowS16::PerChannel>(static_cast<uint32_t>(p.channels)),
                       out,
                       tile_low(p.to),
                       last,
                       at,
                       f.constant<int8_t>(static_cast<uint32_t>(p.weights))};
    D::depthwise(t);
    if (clamps_behind_tile(p.to)) clamp_halves(out, p.out_c & ~3, p.to);
  }
  template <class Other>
  static void blocks(const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets, const uint8_t* at,
                     const uint8_t* last, int16_t* out, const Other*) {
    const int32_t taps = p.kernel_h * p.kernel_w;
    const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
    const auto* channel = f.constant<typename F::PerChannel>(static_cast<uint32_t>(p.channels));
    for (; at != last; at += 8, w += 4 * taps, channel += 4, out += 4) {
      typename F::Sum sums[4];
      ScalarDotS16::depthwise_sums(at, offsets, taps, w, sums);
      store_s16<F>(channel, sums, 4, p.to, out);
    }
  }
};

template <class D, class F>
inline void depthwise_at(DepthwiseHalves<D, F>*, const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets,
                         uint32_t moved, int16_t* out) {
  using Sum = typename F::Sum;
  const int32_t taps = p.kernel_h * p.kernel_w;
  const uint8_t* at = f.arena + moved;
  const int32_t fours = p.multiplier == 1 ? p.out_c & ~3 : 0;
  if (fours != 0) {
    const uint8_t* last = at + 2 * fours;
    DepthwiseHalves<D, F>::blocks(f, p, offsets, at, last, out, static_cast<const F*>(nullptr));
    at = last;
  }
  const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights)) + fours * taps;
  const auto* channel = f.constant<typename F::PerChannel>(static_cast<uint32_t>(p.channels)) + fours;
  out += fours;
  for (int32_t left = p.out_c - fours, same = p.multiplier; left > 0; --left) {
    Sum sum = 0;
    for (int32_t k = 0; k < taps; ++k) {
      sum += static_cast<Sum>(*reinterpret_cast<const int16_t*>(at + offsets[k]) * *w++);
    }
    store_s16<F>(channel++, &sum, 1, p.to, out++);
    if (--same == 0) {
      same = p.multiplier;
      at += sizeof(int16_t);
    }
  }
}

inline void depthwise_conv_2d_s16(const Firing& f) { depthwise_conv_2d<DepthwiseHalves<DotS16, NarrowS16>>(f); }
inline void depthwise_conv_2d_wide_s16(const Firing& f) { depthwise_conv_2d<DepthwiseHalves<DotS16, WideS16>>(f); }

}  // namespace smelt

#endif
