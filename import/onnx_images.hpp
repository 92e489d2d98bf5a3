// Images and signals with channels first, [N, C, H, W] and [N, C, T], brought to the IR's layers and back. Internal to import/.
#pragma once

#include "import/onnx_call.hpp"

namespace smelt::onnx {

/// x as [N, H, W, C]; a signal is an image of T rows and one column.
TensorId to_rows(Call& c, TensorId x);
/// A result of those back to `rank` dimensions with channels first.
TensorId from_rows(Call& c, TensorId y, int64_t rank);
/// [O, I, kH, kW] or [O, I, k] as [O, kH, kW, I].
TensorId filter_rows(Call& c, TensorId weights);

/// Sizes of one dimension's window, from attributes of convolutions and pools.
struct Extent {
  int64_t in = 1, filter = 1, stride = 1, dilation = 1, before = 0, after = 0;
  int64_t reach() const { return (filter - 1) * dilation + 1; }
  /// Positions of the window; with `ceil` also one that hangs over the end, if it begins within the padded input.
  int64_t out(bool ceil = false) const;
};

/// Of each spatial dimension of input 0; reads kernel_shape, strides, dilations, pads, auto_pad. `filter`: the kernel's
/// sizes where the operands tell them.
std::vector<Extent> extents(Call& c, const Shape& filter);
Window window(const std::vector<Extent>& e);

}  // namespace smelt::onnx
