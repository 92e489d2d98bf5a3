// Graph inputs and outputs in the order in which rows come, where the file has another one.
#pragma once

#include <optional>
#include <vector>

#include "ops/op.hpp"

namespace smelt {

/// Of a graph input or output: its shape in the file, and the order that makes the graph's of it.
struct PortLayout {
  Shape file;
  DimOrder order;
};

struct RowLayout {
  std::vector<std::optional<PortLayout>> inputs, outputs;  ///< as many as the graph's; empty where the file's order is kept
};

/// An input that is only read through one transposition, once the passes have moved those, and an output that a
/// transposition makes, are declared without it. The graph then begins and ends with the transposition's inverse, which the
/// passes cancel.
RowLayout take_rows(Graph& graph);

/// Tensors one after the other, of elements of `size` bytes and shape `from`, each put into this order.
Bytes reordered(const Bytes& content, const Shape& from, const DimOrder& order, size_t size);

}  // namespace smelt
