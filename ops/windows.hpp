// The parameters of convolutions over windows that follow from their geometry, whatever their arithmetic.
#pragma once

#include "lower/lowering.hpp"
#include "ops/convolution.hpp"
#include "runtime/ops/conv_2d.hpp"
#include "runtime/ops/depthwise_conv_2d.hpp"

namespace smelt::convolution {

/// All but taps, weights, channels, zero and clamp. `depth`: input channels of a group.
Conv2D conv_2d(const Geometry& g, int32_t depth);
/// All but weights, channels, zero and clamp.
DepthwiseConv2D depthwise_conv_2d(const Geometry& g);

void set_params(Lowering& l, const Conv2D& p);
void set_params(Lowering& l, const DepthwiseConv2D& p);

/// Which rows a step reads.
void set_rows(Lowering& l, const Geometry& g);
/// The same for convolutions: two rows in a call where that fills tiles of two pixels; in place where each output pixel is
/// made of the input pixel at its place.
void set_conv_2d_rows(Lowering& l, const Geometry& g, int32_t groups);

}  // namespace smelt::convolution
