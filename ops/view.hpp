// Arithmetic of views (ops/op.hpp), and the answers that operators commonly give of them.
#pragma once

#include <optional>

#include "ops/op.hpp"

namespace smelt::view {

DimOrder identity(size_t rank);
/// First `inner`, then `outer`, which counts the dimensions that `inner` makes.
DimOrder compose(const DimOrder& outer, const DimOrder& inner);
/// The view back, to a tensor of rank `rank`.
DimOrder inverse(const DimOrder& view, size_t rank);
/// Whether every dimension that the view drops has size 1 in `shape`.
bool fits(const DimOrder& view, const Shape& shape);
Shape apply(const DimOrder& view, const Shape& shape);
/// Whether elements stay in their places: dimensions of more than 1 keep their order.
bool keeps_order(const DimOrder& view, const Shape& shape);
/// From `from` to `to`, which differ in dimensions of 1 only; empty where they differ in more.
std::optional<DimOrder> of_shapes(const Shape& from, const Shape& to);
/// Where dimension `d` went; -1: nowhere.
int place_of(const DimOrder& view, int64_t d);
/// One value for each dimension, as the view orders them; `absent` for new ones.
std::vector<int64_t> reorder(const std::vector<int64_t>& values, const DimOrder& view, int64_t absent);

/// Whether the node makes each element of its output of that of its only input, wherever it stands.
bool works_element_by_element(const Node& node);

// ---- for OpDef::under_view ----

/// Operators that work element by element.
std::optional<Attrs> unchanged(const Graph&, const Node& node, const DimOrder&);
/// Operators with an attribute `axis` of 0 or more.
std::optional<Attrs> with_axis(const Graph&, const Node& node, const DimOrder& view);
/// Operators that work along the last dimension.
std::optional<Attrs> keeping_last(const Graph& graph, const Node& node, const DimOrder& view);
/// Operators whose attributes `names` count one value for each dimension; `absent`: for new dimensions.
std::optional<Attrs> with_lists(const Node& node, const DimOrder& view, std::initializer_list<std::pair<const char*, int64_t>> names);

}  // namespace smelt::view
