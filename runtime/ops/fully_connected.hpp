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

/// One vector that comes in rows, as behind a flatten, or is too long for one sum: sums run over slices of it, in the
/// scratch. Views: output, input, scratch (four words for each four units).
struct FullyConnectedSlices {
  int32_t rows;
  int32_t slices;    ///< of a row
  int32_t depth;     ///< of a slice
  int32_t units;
  int32_t weights;   ///< offset: pack::dot_slices
  int32_t channels;  ///< offset: Scale or float bias of each unit
  Clamp to;
};

template <class D>
inline void fully_connected_slices(const Firing& f) {
  const auto& p = f.as<FullyConnectedSlices>();
  auto* sums = f.out<int32_t>(2, 0);
  const int32_t padded = (p.units + 3) / 4 * 4;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    if (row == 0) {
      for (int32_t i = 0; i < padded; ++i) sums[i] = 0;
    }
    const auto* x = f.in<int8_t>(1, row);
    const auto* w = f.constant<int16_t>(static_cast<uint32_t>(p.weights)) + row * p.slices * padded / 2 * p.depth;
    for (int32_t s = 0; s < p.slices; ++s, x += p.depth) {
      for (int32_t u = 0; u < padded; u += 4, w += 2 * p.depth) D::add(x, w, p.depth, sums + u);
    }
    if (row + 1 != p.rows) continue;
    const auto* scale = f.constant<Scale>(static_cast<uint32_t>(p.channels));
    auto* out = f.out<int8_t>(0, 0);
    for (int32_t u = 0; u < p.units; ++u, ++scale) {
      out[u] = rescale(2 * sums[u] + (scale->bias_right >> 7), *scale, p.to.offset);
    }
    if (p.to.span != 255) clamp_bytes(out, p.units, p.to);
  }
}

inline void fully_connected_slices_s8(const Firing& f) { fully_connected_slices<DotS8>(f); }

/// The same of floats, a row being one slice. Weights as for fully_connected_f32, but row by row.
inline void fully_connected_slices_f32(const Firing& f) {
  const auto& p = f.as<FullyConnectedSlices>();
  auto* sums = f.out<float>(2, 0);
  const int32_t padded = (p.units + 3) / 4 * 4;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    if (row == 0) {
      for (int32_t i = 0; i < padded; ++i) sums[i] = 0;
    }
    const auto* x = f.in<float>(1, row);
    const auto* w = f.constant<float>(static_cast<uint32_t>(p.weights)) + row * padded * p.depth;
    for (int32_t u = 0; u < padded; u += 4) {
      for (int32_t i = 0; i < p.depth; ++i, w += 4) {
        for (int32_t j = 0; j < 4; ++j) sums[u + j] += x[i] * w[j];
      }
    }
    if (row + 1 == p.rows) {
      clamp_store(f.constant<float>(static_cast<uint32_t>(p.channels)), sums, p.units, p.to, f.out<float>(0, 0));
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
