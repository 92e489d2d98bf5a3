// Dense layers and convolutions. Sources: Keras 2.15 and Keras 3, layers/convolutional,
// backend/common/backend_utils.py.
#include <algorithm>

#include "import/keras_call.hpp"
#include "import/text.hpp"

namespace smelt::keras {

TensorId to_image(Call& c, TensorId x, int64_t dimensions) {
  const Shape s = c.b.shape(x);
  if (static_cast<int64_t>(s.size()) != dimensions + 2)
    c.unsupported("an input of " + to_string(s) + " is not supported");
  return dimensions == 2 ? x : c.b.reshape(x, Shape{s[0], s[1], 1, s[2]});
}

TensorId from_image(Call& c, TensorId y, int64_t dimensions) {
  const Shape s = c.b.shape(y);
  return dimensions == 2 ? y : c.b.reshape(y, Shape{s[0], s[1], s[3]});
}

namespace {

struct Padding {
  int64_t before = 0, after = 0;
};

int64_t reach(int64_t filter, int64_t dilation) { return (filter - 1) * dilation + 1; }

Padding padding_of(const Call& c, const std::string& how, int64_t in, int64_t filter, int64_t stride,
                   int64_t dilation) {
  for (int64_t v : {filter, stride, dilation}) {
    if (v < 1 || v > 1 << 20) c.malformed("a filter, stride or dilation of " + std::to_string(v));
  }
  const int64_t wide = reach(filter, dilation);
  if (how == "valid") return {};
  if (how == "causal") return {wide - 1, 0};
  if (how != "same") c.unsupported("padding \"" + printable(how, 40) + "\" is not supported");
  const int64_t total = std::max<int64_t>(((in + stride - 1) / stride - 1) * stride + wide - in, 0);
  return {total / 2, total - total / 2};
}

size_t dimensions(const Call& c) { return c.layer.class_name.find("2D") != std::string::npos ? 2 : 1; }

/// What convolutions have in common; filters of one dimension become such of one column.
struct Convolution {
  size_t n;
  std::string padding;
  Ints strides, dilations;
};

Convolution convolution_of(const Call& c) {
  c.channels_last();
  const size_t n = dimensions(c);
  return {n, c.s("padding", "valid"), c.ints("strides", n, 1), c.ints("dilation_rate", n, 1)};
}

Shape widened(Shape filter, size_t n) {
  if (n == 1) filter.insert(filter.begin() + 2, 1);
  return filter;
}

/// A kernel [..., in, out] as [out, height, width, in].
TensorId filter_of(Call& c, const Array& kernel, size_t n, bool outputs_last) {
  std::vector<size_t> perm = {outputs_last ? n + 1 : n};
  for (size_t d = 0; d < n; ++d) perm.push_back(d);
  perm.push_back(outputs_last ? n : n + 1);
  Shape shape;
  for (size_t d : perm) shape.push_back(kernel.shape[d]);
  return c.constant(kernel, perm, widened(shape, n));
}

Ints filter_sizes(const Array& kernel, size_t n) {
  return Ints(kernel.shape.begin(), kernel.shape.begin() + static_cast<ptrdiff_t>(n));
}

TensorId depthwise_part(Call& c, const char* name, TensorId image, TensorId bias, const Convolution& v) {
  const Array& kernel = c.weight(name, v.n + 2);  // [..., channels, multiplier]
  std::vector<size_t> perm = {v.n, v.n + 1};
  for (size_t d = 0; d < v.n; ++d) perm.push_back(d);
  const int32_t channels = kernel.shape[v.n];
  const Shape shape =
      widened({channels * kernel.shape[v.n + 1], kernel.shape[0], v.n == 2 ? kernel.shape[1] : 1, 1}, 2);
  return c.b.conv(image, c.constant(kernel, perm, shape), bias,
                  window(c, image, {filter_sizes(kernel, v.n), v.strides, v.dilations}), channels);
}

void dense(Call& c) {
  const TensorId kernel = c.constant(c.weight("kernel", 2), {1, 0});
  c.out = {c.activate(c.b.dense(c.x(), kernel, c.vector_or_none("bias")))};
}

void conv(Call& c) {
  const Convolution v = convolution_of(c);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(v.n));
  const Array& kernel = c.weight("kernel", v.n + 2);
  const Window w = window(c, image, {filter_sizes(kernel, v.n), v.strides, v.dilations});
  const TensorId y = c.b.conv(image, filter_of(c, kernel, v.n, true), c.vector_or_none("bias"), w, c.i("groups", 1));
  c.out = {c.activate(from_image(c, y, static_cast<int64_t>(v.n)))};
}

void depthwise_conv(Call& c) {
  const Convolution v = convolution_of(c);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(v.n));
  const TensorId y = depthwise_part(c, "kernel", image, c.vector_or_none("bias"), v);
  c.out = {c.activate(from_image(c, y, static_cast<int64_t>(v.n)))};
}

void separable_conv(Call& c) {
  const Convolution v = convolution_of(c);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(v.n));
  const TensorId between = depthwise_part(c, "depthwise_kernel", image, no_tensor, v);
  const TensorId pointwise = filter_of(c, c.weight("pointwise_kernel", v.n + 2), v.n, true);
  const TensorId y = c.b.conv(between, pointwise, c.vector_or_none("bias"), {});
  c.out = {c.activate(from_image(c, y, static_cast<int64_t>(v.n)))};
}

struct Extent {
  int64_t out, before;
};

/// Size of a transposed convolution's output, and how much of the full result is cut off before it.
Extent transposed_extent(const Call& c, const Convolution& v, size_t d, int64_t in, int64_t filter, const Ints& extra) {
  padding_of(c, "valid", in, filter, v.strides[d], v.dilations[d]);  // the checks
  const int64_t wide = reach(filter, v.dilations[d]), stride = v.strides[d];
  const bool same = v.padding == "same";
  if (!same && v.padding != "valid") c.unsupported("padding \"" + printable(v.padding, 40) + "\" is not supported");
  int64_t out = same ? in * stride : in * stride + std::max<int64_t>(wide - stride, 0);
  if (!extra.empty()) {
    if (extra[d] < 0 || extra[d] >= stride)
      c.unsupported("an output_padding of " + std::to_string(extra[d]) + " is not supported");
    out = (in - 1) * stride + wide - (same ? wide / 2 * 2 : 0) + extra[d];
  }
  // The convolution that it is the transpose of maps `out` to `in`, padded as that pads.
  const int64_t total = same ? std::max<int64_t>((in - 1) * stride + wide - out, 0) : 0;
  return {out, total / 2};
}

void transposed_conv(Call& c) {
  const Convolution v = convolution_of(c);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(v.n));
  const Array& kernel = c.weight("kernel", v.n + 2);  // [..., out, in]
  const Ints extra = c.field("output_padding") == nullptr ? Ints{} : c.ints("output_padding", v.n, 0);
  if (c.i("groups", 1) != 1) c.unsupported("groups are not supported here");
  const Shape& s = c.b.shape(image);
  const Extent rows = transposed_extent(c, v, 0, s[1], kernel.shape[0], extra);
  Window w;
  w.stride_h = v.strides[0];
  w.dilation_h = v.dilations[0];
  w.top = rows.before;
  int64_t width = 1;
  if (v.n == 2) {
    const Extent columns = transposed_extent(c, v, 1, s[2], kernel.shape[1], extra);
    w.stride_w = v.strides[1];
    w.dilation_w = v.dilations[1];
    w.left = columns.before;
    width = columns.out;
  }
  const TensorId y =
      c.b.transposed_conv(image, filter_of(c, kernel, v.n, false), c.vector_or_none("bias"), w, 1, rows.out, width);
  c.out = {c.activate(from_image(c, y, static_cast<int64_t>(v.n)))};
}

}  // namespace

Window window(const Call& c, TensorId image, Size size) {
  const std::string how = c.s("padding", "valid");
  const Shape& s = c.b.shape(image);
  const Padding rows = padding_of(c, how, s[1], size.filter[0], size.strides[0], size.dilations[0]);
  Window w;
  w.filter_h = size.filter[0];
  w.stride_h = size.strides[0];
  w.dilation_h = size.dilations[0];
  w.top = rows.before;
  w.bottom = rows.after;
  if (size.filter.size() == 1) return w;
  const Padding columns = padding_of(c, how, s[2], size.filter[1], size.strides[1], size.dilations[1]);
  w.filter_w = size.filter[1];
  w.stride_w = size.strides[1];
  w.dilation_w = size.dilations[1];
  w.left = columns.before;
  w.right = columns.after;
  return w;
}

void add_convolutions(Converters& to) {
  to.insert({{"Dense", dense}, {"Conv1D", conv}, {"Conv2D", conv}, {"Convolution1D", conv}, {"Convolution2D", conv}});
  for (const char* n : {"1D", "2D"}) {
    to.insert({{std::string("DepthwiseConv") + n, depthwise_conv},
               {std::string("SeparableConv") + n, separable_conv},
               {std::string("SeparableConvolution") + n, separable_conv},
               {std::string("Conv") + n + "Transpose", transposed_conv},
               {std::string("Convolution") + n + "Transpose", transposed_conv}});
  }
}

}  // namespace smelt::keras
