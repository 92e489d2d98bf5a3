// 1 / sqrt(x) of an integer in fixed point, as the reference computes it.
#pragma once

#include "ops/quantize.hpp"

namespace smelt::oracle {

/// 1 / sqrt(x) = multiplier / 2^31 * 2^shift, for x >= 1.
/// Source: TensorFlow Lite, kernels/internal/common.h, GetInvSqrtQuantizedMultiplierExp.
Multiplier inverse_sqrt(int32_t x);

}  // namespace smelt::oracle
