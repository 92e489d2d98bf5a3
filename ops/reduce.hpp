// What reductions and global pooling share on the host: one lowering onto the device's row-wise reduction.
#pragma once

#include <vector>

#include "lower/lowering.hpp"
#include "runtime/ops/reduce.hpp"

namespace smelt {

/// Whether runtime/ops/reduce.hpp can walk a tensor of this shape while it reduces the marked dimensions: among those
/// that count rows, the reduced ones must be neighbours.
bool reducible(const Shape& shape, const std::vector<bool>& reduced);

/// Product of the marked dimensions.
int64_t reduced_count(const Shape& shape, const std::vector<bool>& reduced);

/// Fills in the geometry of `p`, sets it as the node's parameters, and declares rows and scratch; `accumulator` is the
/// size of one in bytes. The caller names the kernel.
void lower_reduction(Lowering& l, const std::vector<bool>& reduced, Reduce p, int32_t accumulator);

}  // namespace smelt
