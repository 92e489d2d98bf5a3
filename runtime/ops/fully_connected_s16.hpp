// Fully connected layer of 16-bit activations and 8-bit weights: every input vector meets blocks of four units.
#ifndef SMELT_RUNTIME_OPS_FULLY_CONNECTED_S16_HPP
#define SMELT_RUNTIME_OPS_FULLY_CONNECTED_S16_HPP

#include "../arch/dot_s16.hpp"
#include "../core.hpp"
#include "../quantize_s16.hpp"

namespace smelt {

/// Views: output, input. A row of either holds `vectors` vectors side by side.
struct FullyConnectedS16 {
  int32_t vectors;
  int32_t depth;     ///< of an input vector
  int32_t units;     ///< of an output vector
  int32_t weights;   ///< offset: blocks of four units as tile_s16.hpp has them, the last taps filled up with zeros
  int32_t channels;  ///< offset
  Clamp to;          ///< see store_s16
};

template <class D, class F>
inline void fully_connected_halves(const Firing& f) {
  const auto& p = f.as<FullyConnectedS16>();
  const int32_t odd = p.depth % 4;
  const int32_t fours = p.depth - odd;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<int16_t>(1, row);
    auto* out = f.out<int16_t>(0, row);
    for (int32_t v = 0; v < p.vectors; ++v, x += p.depth) {
      const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
      const auto* channel = f.constant<typename F::PerChannel>(static_cast<uint32_t>(p.channels));
      for (int32_t left = p.units; left > 0; left -= 4, channel += 4) {
        typename F::Sum sums[4] = {};
        for (int32_t at = 0, n = 0; at < fours; at += n, w += 4 * n) {
          n = fours - at < F::most_taps ? fours - at : F::most_taps;
          int32_t part[4];
          D::one_by_four(x + at, w, n, part);
          for (int32_t i = 0; i < 4; ++i) sums[i] += static_cast<typename F::Sum>(part[i]);
        }
        if (odd != 0) {
          int16_t last[4] = {};
          for (int32_t k = 0; k < odd; ++k) last[k] = x[fours + k];
          int32_t part[4];
          D::one_by_four(last, w, 4, part);
          for (int32_t i = 0; i < 4; ++i) sums[i] += static_cast<typename F::Sum>(part[i]);
          w += 16;
        }
        const int32_t n = left < 4 ? left : 4;
        store_s16<F>(channel, sums, n, p.to, out);
        out += n;
      }
    }
  }
}

inline void fully_connected_s16(const Firing& f) { fully_connected_halves<DotS16, NarrowS16>(f); }
inline void fully_connected_wide_s16(const Firing& f) { fully_connected_halves<DotS16, WideS16>(f); }
inline void fully_connected_twice_s16(const Firing& f) { fully_connected_halves<DotS16, TwiceS16>(f); }

}  // namespace smelt

#endif
