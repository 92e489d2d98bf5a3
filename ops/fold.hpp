// Computing at compile time what depends on constants or shapes only.
#pragma once

#include "ops/op.hpp"

namespace smelt {

/// If the node's outputs follow from constants (or, for a static_result, from shapes), and none of them is a graph output,
/// gives those tensors their content and answers true: the node can go. Importers call it between the normalization of
/// one node and the next, so that an operand computed from shapes counts as constant; passes call it on whole graphs.
/// The graph's structure must be verified; the node's own types are checked here. A node that would take the oracle long
/// is left to the device.
bool fold(Graph& graph, const Node& node);

}  // namespace smelt
