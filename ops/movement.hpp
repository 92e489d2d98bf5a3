// What the operators that only move elements share: checks of their operands, index arithmetic for their oracles, and
// one lowering from strided block copies to the device's copy kernel (runtime/ops/copy.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"

namespace smelt::movement {

using Ints = std::vector<int64_t>;

// ---- checks, for normalize and infer ----

/// Between `least` and `most` inputs, all present and in range, and `outputs` outputs (-1: one or more).
Outcome check_operands(const Graph& graph, const Node& node, size_t least, size_t most, int outputs = 1);

/// check_operands for infer, and all inputs of one dtype.
Outcome check_types(const Graph& graph, const Node& node, size_t least, size_t most, int outputs = 1);

/// Fails unless every input and output has the same scale and zero point: no values are rescaled on the way.
Outcome check_equal_quantization(const Graph& graph, const Node& node);

using checks::constant_ints;

/// Content of a constant input of one integer.
Result<int64_t> constant_int(const Graph& graph, const Node& node, size_t input, const char* what);

/// -rank <= axis < rank, brought to 0 <= axis.
Result<int64_t> wrap_axis(const Graph& graph, const Node& node, int64_t axis, size_t rank);

/// `shape` as a result's, or a Failure where a dimension is outside [1, INT32_MAX].
Result<Shape> checked_shape(const Graph& graph, const Node& node, const Ints& shape);

/// A constructor of Failures: fail(graph, node, ...) with the codes of this family.
Failure unsupported(const Graph& graph, const Node& node, std::string reason, std::string help = {});  ///< E0301
Failure mismatch(const Graph& graph, const Node& node, std::string reason, std::string help = {});     ///< E0303

// ---- for oracles: whole tensors, element by element ----

/// Calls `visit` with every index of a tensor of this shape, in row-major order.
void for_each_index(const Shape& shape, const std::function<void(const Ints&)>& visit);

/// Position of an index in row-major order.
int64_t position(const Shape& shape, const Ints& index);

/// Copies the element at `from_index` of `from` to `to_index` of `to`.
void copy_element(const Value& from, const Ints& from_index, Value& to, const Ints& to_index);

// ---- lowering ----

/// Elements of an input that go to an output: loops over `extents`, with strides in elements on either side.
struct BlockCopy {
  int input = 0;
  int output = 0;
  Ints extents;
  Ints from;
  Ints to;
  int64_t from_offset = 0;
  int64_t to_offset = 0;
};

/// Row-major strides of a shape, in elements.
Ints strides_of(const Shape& shape);

/// The copies as one device operation, row by row where each copy maps whole rows' insides to rows' insides in
/// ascending order, in one step over whole tensors otherwise. `fill` (four bytes, repeated; one output only) goes
/// wherever no copy does. Without it the copies must cover every output. Several outputs want a single input. `inputs`:
/// how many of the node's first inputs take part; absent: all.
Outcome lower_copies(Lowering& l, const std::vector<BlockCopy>& copies, std::optional<uint32_t> fill = std::nullopt,
                     std::optional<size_t> inputs = std::nullopt);

/// An output that does not depend on what the inputs hold: a copy out of the constants.
Outcome lower_constant(Lowering& l, const std::vector<int32_t>& values);

}  // namespace smelt::movement
