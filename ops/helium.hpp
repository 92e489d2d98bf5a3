// Lowering to Helium's kernels, for targets that have it. Each function declares kernel, parameters and scratch, and of
// convolutions the rows, or does nothing and returns false where the kernels do not bear the layer. `scales` are those of
// pack::scales.
#pragma once

#include <cstdint>
#include <vector>

#include "lower/lowering.hpp"
#include "ops/convolution.hpp"

namespace smelt::helium {

bool conv_2d(Lowering& l, const convolution::Geometry& g, const convolution::Operands& o,
             const std::vector<Scale>& scales);

bool depthwise_conv_2d(Lowering& l, const convolution::Geometry& g, const convolution::Operands& o,
                       const std::vector<Scale>& scales);

/// `vectors` in a row.
bool fully_connected(Lowering& l, int32_t vectors, const convolution::Operands& o, const std::vector<Scale>& scales);

}  // namespace smelt::helium
