// Convolutions, depthwise convolutions and fully connected layers of 16-bit activations and 8-bit weights: what sets them
// apart from those of int8. Sums are of 64 bits and rounded once; a bias of int32 says that they are of 32 bits, which
// wrap around, and rounded twice. Zero points are 0.
// Source: TensorFlow Lite, kernels/{conv,depthwise_conv,fully_connected}.cc, reference/integer_ops/{conv,
// depthwise_conv,fully_connected}.h, kernels/internal/common.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "lower/lowering.hpp"
#include "ops/convolution.hpp"

namespace smelt::layers_s16 {

using convolution::Geometry;
using convolution::Operands;

/// Whether the node is one: input 0 is of i16.
bool applies(const Graph& graph, const Node& node);

/// The file's `quantized_bias_type` is taken into the bias: without one, "INT32" makes it zeros of i32.
Outcome take_bias_type(Graph& graph, Node& node);
void put_bias_type(const Graph& graph, Node& node);

/// Zero points and, given the scales of its `taps` products each, sizes that kernels bear. To be asked after
/// convolution::check_quantization.
Outcome check(const Graph& graph, const Node& node, const std::vector<Multiplier>& scales, int64_t taps);

/// The oracle: what output channel `c` stores where the products make `sum`.
int16_t stored(const Node& node, const Operands& o, Multiplier scale, int32_t c, int64_t sum);

Outcome lower_conv_2d(Lowering& l, const Geometry& g, const Operands& o);
Outcome lower_depthwise_conv_2d(Lowering& l, const Geometry& g, const Operands& o);
/// Without its rows; `vectors` in a row.
void lower_fully_connected(Lowering& l, int32_t vectors, const Operands& o, const std::vector<Multiplier>& scales);

}  // namespace smelt::layers_s16
