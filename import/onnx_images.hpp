// Images, signals and volumes with channels first, [N, C, H, W], [N, C, T] and [N, C, D, H, W], brought to the IR's
// layers and back. Internal to import/.
#pragma once

#include "import/onnx_call.hpp"

namespace smelt::onnx {

/// x as [N, H, W, C]; a signal is an image of T rows and one column, a volume becomes [N, D, H, W, C].
TensorId to_rows(Call& c, TensorId x);
/// A result of those back to `rank` dimensions with channels first.
TensorId from_rows(Call& c, TensorId y, int64_t rank);

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
/// One or two dimensions.
Window window(const std::vector<Extent>& e);

/// What `over` makes of an image [N, H, W, C], for windows along its first dimension or its first two.
using OverImage = std::function<TensorId(TensorId, const std::vector<Extent>&)>;
/// The same over volumes [N, D, H, W, C], where it may be done one dimension after the other: over the images of a
/// volume first, then over volumes whose slices are rows.
TensorId over_windows(Call& c, TensorId x, const std::vector<Extent>& e, const OverImage& over);

/// Of x with channels first, by the attributes of this node: a convolution with constant weights [O, C / groups, ...],
/// and the mean over windows.
TensorId convolved(Call& c, TensorId x, TensorId weights, TensorId bias);
TensorId averaged(Call& c, TensorId x);

}  // namespace smelt::onnx
