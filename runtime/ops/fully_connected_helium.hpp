// Fully connected layer of int8 with Helium's primitives.
#ifndef SMELT_RUNTIME_OPS_FULLY_CONNECTED_HELIUM_HPP
#define SMELT_RUNTIME_OPS_FULLY_CONNECTED_HELIUM_HPP

#include "../arch/helium.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input. A row of either holds `vectors` vectors side by side.
struct HeliumFullyConnected {
  int32_t vectors;
  int32_t depth;       ///< of an input vector
  int32_t units;       ///< of an output vector
  int32_t weights;     ///< offset: see runtime/arch/helium.hpp
  int32_t scales;      ///< offset
  int32_t multiplier;  ///< offset, where all units have one
  Clamp to;            ///< `offset` is the output's zero point
};

template <bool one_multiplier>
inline void fully_connected_helium_s8(const Firing& f) {
  const auto& p = f.as<HeliumFullyConnected>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    auto* out = f.out<int8_t>(0, row);
    HeliumTile tile{f.in<int8_t>(1, row),
                    p.depth,
                    out,
                    p.vectors,
                    f.constant<int8_t>(static_cast<uint32_t>(p.weights)),
                    p.depth,
                    f.constant<int32_t>(static_cast<uint32_t>(p.scales)),
                    one_multiplier ? f.constant<int32_t>(static_cast<uint32_t>(p.multiplier)) : nullptr,
                    p.units / 4,
                    (4 - p.units % 4) % 4,
                    p.to.offset};
    HeliumLong<one_multiplier>::run(tile);
    if (p.to.span != 255) clamp_bytes(out, p.vectors * p.units, p.to);
  }
}

}  // namespace smelt

#endif
