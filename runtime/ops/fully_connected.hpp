// Fully connected layer: every vector of `depth` inputs meets every block of four rows of weights.
#ifndef SMELT_RUNTIME_OPS_FULLY_CONNECTED_HPP
#define SMELT_RUNTIME_OPS_FULLY_CONNECTED_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input. A row of either holds `vectors` vectors side by side.
struct FullyConnected {
  int32_t vectors;
  int32_t depth;            ///< of an input vector
  int32_t units;            ///< of an output vector
  int32_t weights;          ///< offset: see runtime/arch/
  int32_t channels;         ///< offset: Scale::multiplier, Channel or float bias of each unit, padded like the weights
  int32_t multiplier_step;  ///< bytes from a unit's Scale::multiplier to the next; 0 where all have one
  Clamp to;
};

/// D: a set of primitives.
template <class D>
inline void fully_connected_pairs(const Firing& f) {
  const auto& p = f.as<FullyConnected>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<int8_t>(1, row);
    auto* out = f.out<int8_t>(0, row);
    for (int32_t v = 0; v < p.vectors; ++v, x += p.depth, out += p.units) {
      const int32_t fours = p.units & ~3;
      DotTile t = {x,
                   f.constant<int16_t>(static_cast<uint32_t>(p.weights)),
                   p.depth,
                   f.constant<int32_t>(static_cast<uint32_t>(p.channels)),
                   p.multiplier_step,
                   p.to.offset,
                   out,
                   fours};
      if (fours != 0) D::run(t);
      if (fours != p.units) {  // into a block of its own: those behind its last unit go nowhere
        int8_t last[4];
        t.weights += fours / 4 * t.block();
        t.multipliers += fours * t.multiplier_step / 4;
        t.out = last;
        t.units = 4;
        D::run(t);
        for (int32_t i = fours; i < p.units; ++i) out[i] = last[i - fours];
      }
      if (p.to.span != 255) clamp_bytes(out, p.units, p.to);
    }
  }
}

/// Of weights and scales that pack::dot_blocks and pack::scales bear, and a depth that is a multiple of four.
inline void fully_connected_s8(const Firing& f) { fully_connected_pairs<DotS8>(f); }

inline void fully_connected_any_s8(const Firing& f) {
  const auto& p = f.as<FullyConnected>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<int8_t>(1, row);
    auto* out = f.out<int8_t>(0, row);
    for (int32_t v = 0; v < p.vectors; ++v, x += p.depth) {
      const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
      const auto* channel = f.constant<Channel>(static_cast<uint32_t>(p.channels));
      for (int32_t left = p.units; left > 0; --left, w += p.depth) {
        int32_t acc = 0;
        for (int32_t i = 0; i < p.depth; ++i) acc += x[i] * w[i];
        requantize_store(channel++, &acc, 1, p.to, out++);
      }
    }
  }
}

inline void fully_connected_f32(const Firing& f) {
  const auto& p = f.as<FullyConnected>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<float>(1, row);
    auto* out = f.out<float>(0, row);
    for (int32_t v = 0; v < p.vectors; ++v, x += p.depth) {
      const auto* weights = f.constant<float>(static_cast<uint32_t>(p.weights));
      const auto* bias = f.constant<float>(static_cast<uint32_t>(p.channels));
      for (int32_t left = p.units; left > 0; left -= 4, weights += 4 * p.depth, bias += 4) {
        float acc[4];
        dot4_f32(x, weights, p.depth, acc);
        const int32_t n = left < 4 ? left : 4;
        clamp_store(bias, acc, n, p.to, out);
        out += n;
      }
    }
  }
}

}  // namespace smelt

#endif
