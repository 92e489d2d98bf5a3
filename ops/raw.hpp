// The way back from the IR's attributes to those of a .tflite file, for OpDef::denormalize.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::raw {

/// Names the builtin and its options table (null: none). The writer takes both from the node again.
void name(Node& node, const char* builtin, const char* options);

/// `activation` becomes `fused_activation_function`.
void put_activation(Node& node);

/// Appends a constant of i32 as the node's next input.
void put_ints(Graph& graph, Node& node, const std::vector<int64_t>& values, const char* what);
void put_scalar(Graph& graph, Node& node, int64_t value, const char* what);

/// Paddings of a window become `padding`: "SAME" or "VALID", where one of them means the same. Strides keep their names.
/// Source: TensorFlow Lite, kernels/padding.h, ComputePaddingHeightWidth.
Outcome put_padding(const Graph& graph, Node& node, int32_t kernel_h, int32_t kernel_w);

}  // namespace smelt::raw
