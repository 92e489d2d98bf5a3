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
  int32_t depth;     ///< of an input vector
  int32_t units;     ///< of an output vector
  int32_t weights;   ///< offset: for each four units, for each input, four weights (int8: as DotS8 wants them)
  int32_t channels;  ///< offset: Channel (or float bias) of each unit, padded like the weights
  Clamp to;
};

/// D: see DotS8 in runtime/arch/.
template <class D>
inline void fully_connected_int8(const Firing& f) {
  const auto& p = f.as<FullyConnected>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<int8_t>(1, row);
    auto* out = f.out<int8_t>(0, row);
    for (int32_t v = 0; v < p.vectors; ++v, x += p.depth) {
      const int32_t lift = D::lift(x, p.depth);
      const auto* weights = f.constant<uint32_t>(static_cast<uint32_t>(p.weights));
      const auto* channels = f.constant<Channel>(static_cast<uint32_t>(p.channels));
      for (int32_t left = p.units; left > 0; left -= 4, weights += p.depth, channels += 4) {
        int32_t acc[4];
        D::dot(x, weights, p.depth, lift, acc);
        const int32_t n = left < 4 ? left : 4;
        requantize_store(channels, acc, n, p.to, out);
        out += n;
      }
    }
  }
}

inline void fully_connected_s8(const Firing& f) { fully_connected_int8<DotS8>(f); }

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
