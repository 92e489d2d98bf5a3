// Broadcasting as rows see it: which rows of either operand each output row needs, and how a kernel walks them.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.hpp"
#include "lower/lowering.hpp"

namespace smelt {

/// The shape of two operands against each other, dimensions counted from the last; empty optional where they do not
/// fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// By how many rows, and by how many bytes within a row, an operand moves.
struct BroadcastMove {
  int32_t rows = 0;
  int32_t bytes = 0;
};

/// How operands are walked beside the output: a row of the output is cut into segments of `inner` elements, along which
/// each operand stands still or moves by one; segments are counted over the whole output by nested loops.
struct BroadcastLoops {
  struct Loop {
    int32_t extent = 1;
    std::vector<BroadcastMove> moves;  ///< by operand
  };
  int32_t segments = 1;  ///< of one output row
  int32_t inner = 1;
  std::vector<int32_t> steps;                ///< by operand: 0 or 1
  std::vector<Loop> loops;                   ///< outermost first
  std::vector<std::vector<RowRange>> needs;  ///< by operand: its rows, by row of the output
};

struct BroadcastOperand {
  Shape shape;
  int32_t size;  ///< bytes of an element
};
/// Operands that broadcast to shape `out`.
BroadcastLoops loops_of_broadcast(const std::vector<BroadcastOperand>& operands, const Shape& out);

struct BroadcastWalk {
  std::vector<int32_t> words;     ///< the array that runtime/ops/binary.hpp describes
  std::vector<RowRange> needs_a;  ///< rows of a, by row of the output
  std::vector<RowRange> needs_b;
};

/// Operand a is the node's input `view_a` - 1, operand b the other. `size`: bytes of an element.
BroadcastWalk walk_broadcast(const Shape& a, const Shape& b, int32_t size, int32_t view_a);

/// Where element `index` (row-major) of shape `out` comes from in an operand of shape `operand`: for oracles, one
/// division after the other, sharing nothing with the walk.
int64_t broadcast_index(int64_t index, const Shape& out, const Shape& operand);

}  // namespace smelt
