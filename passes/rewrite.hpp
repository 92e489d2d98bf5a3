// What passes share: questions about a node's neighbourhood, and changes of it.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "ops/op.hpp"

namespace smelt::rewrite {

/// The operator of a node of a verified graph.
const OpDef& op_of(const Node& node);

/// `"name" (op)`, for log lines; the name is that of the first output.
std::string describe(const Graph& graph, const Node& node);

/// How often nodes read the tensor, plus one if it is a graph output.
int uses(const Graph& graph, TensorId id);

/// Same type, shape and quantization: either may stand for the other when their bytes are equal.
bool same_kind(const Tensor& a, const Tensor& b);

/// Takes node `index`, whose output 0 holds the very bytes of tensor `in`, out of the graph: whoever read its output
/// reads `in`. Where the output is a graph output, it stays and whoever made or read `in` makes or reads the output
/// instead; false, and nothing happens, where that is impossible because `in` is a graph input, a graph output or a
/// constant.
bool bypass(Graph& graph, size_t index, TensorId in);

/// Erases the nodes that are marked.
void erase_nodes(Graph& graph, const std::vector<char>& marked);

}  // namespace smelt::rewrite
