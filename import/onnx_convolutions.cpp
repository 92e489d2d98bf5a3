// Convolutions and their transposes.
#include <algorithm>

#include "import/onnx_images.hpp"

namespace smelt::onnx {

TensorId to_rows(Call& c, TensorId x) {
  const Shape s = c.b.shape(x);
  if (s.size() == 4) return c.b.transpose(x, {0, 2, 3, 1});
  if (s.size() != 3) c.b.refuse("E0303", "an input of " + to_string(s) + " is not supported", "convolutions and pools work over one or two dimensions");
  return c.b.reshape(c.b.transpose(x, {0, 2, 1}), Shape{s[0], s[2], 1, s[1]});
}

TensorId from_rows(Call& c, TensorId y, int64_t rank) {
  if (rank == 4) return c.b.transpose(y, {0, 3, 1, 2});
  const Shape s = c.b.shape(y);
  return c.b.transpose(c.b.reshape(y, Shape{s[0], s[1], s[3]}), {0, 2, 1});
}

TensorId filter_rows(Call& c, TensorId weights) {
  const Shape s = c.b.shape(weights);
  if (!c.b.is_constant(weights)) c.unsupported("weights must be constant", "export the model with frozen weights");
  if (s.size() == 4) return c.b.transpose(weights, {0, 2, 3, 1});
  if (s.size() != 3) c.b.refuse("E0303", "weights of " + to_string(s) + " are not supported", "convolutions work over one or two dimensions");
  const Quantization quant = c.b.at(weights).quant;
  const TensorId turned = c.b.transpose(weights, {0, 2, 1});
  const Tensor& t = c.b.at(turned);
  return c.b.constant(t.dtype, {s[0], s[2], 1, s[1]}, t.data, quant);  // the axis of the quantization stays the first
}

int64_t Extent::out(bool ceil) const {
  const int64_t room = in + before + after - reach();
  if (room < 0) return 0;
  int64_t n = (room + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && (n - 1) * stride >= in + before) --n;
  return n;
}

std::vector<Extent> extents(Call& c, const Shape& filter) {
  const Shape& s = c.shape(0);
  if (s.size() != 3 && s.size() != 4) {
    c.b.refuse("E0303", "an input of " + to_string(s) + " is not supported", "convolutions and pools work over one or two dimensions");
  }
  const size_t n = s.size() - 2;
  const Ints kernel = c.ints("kernel_shape", Ints(filter.begin(), filter.end()));
  const Ints strides = c.ints("strides", Ints(n, 1));
  const Ints dilations = c.ints("dilations", Ints(n, 1));
  const Ints pads = c.ints("pads", Ints(2 * n, 0));
  const std::string how = c.s("auto_pad", "NOTSET");
  if (kernel.size() != n || strides.size() != n || dilations.size() != n || pads.size() != 2 * n ||
      (!filter.empty() && kernel != Ints(filter.begin(), filter.end()))) {
    c.mismatch("kernel_shape, strides, dilations or pads do not fit " + std::to_string(n) + " dimensions");
  }
  std::vector<Extent> all;
  for (size_t d = 0; d < n; ++d) {
    Extent e{s[d + 2], kernel[d], strides[d], dilations[d], pads[d], pads[d + n]};
    constexpr int64_t most = 1 << 20;
    for (int64_t v : {e.filter, e.stride, e.dilation}) {
      if (v < 1 || v > most) c.mismatch("kernel_shape, strides and dilations must be at least 1");
    }
    if (std::max(std::abs(e.before), std::abs(e.after)) > most) c.mismatch("pads are out of range");
    if (how == "SAME_UPPER" || how == "SAME_LOWER") {
      const int64_t total = std::max<int64_t>(((e.in + e.stride - 1) / e.stride - 1) * e.stride + e.reach() - e.in, 0);
      e.before = how == "SAME_UPPER" ? total / 2 : total - total / 2;
      e.after = total - e.before;
    } else if (how == "VALID") {
      e.before = e.after = 0;
    } else if (how != "NOTSET") {
      c.unsupported("auto_pad " + how + " is not supported");
    }
    all.push_back(e);
  }
  return all;
}

Window window(const std::vector<Extent>& e) {
  Window w;
  w.filter_h = e[0].filter;
  w.stride_h = e[0].stride;
  w.dilation_h = e[0].dilation;
  w.top = e[0].before;
  w.bottom = e[0].after;
  if (e.size() == 1) return w;
  w.filter_w = e[1].filter;
  w.stride_w = e[1].stride;
  w.dilation_w = e[1].dilation;
  w.left = e[1].before;
  w.right = e[1].after;
  return w;
}

namespace {

Shape kernel_of(Call& c, TensorId weights) {
  const Shape& s = c.b.shape(weights);
  if (s.size() < 3) c.mismatch("weights of " + to_string(s));
  return Shape(s.begin() + 2, s.end());
}

void convolution(Call& c) {
  const TensorId weights = c.in(1);
  const Window w = window(extents(c, kernel_of(c, weights)));
  const TensorId y = c.b.conv(to_rows(c, c.in(0)), filter_rows(c, weights), c.maybe(2), w, c.i("group", 1));
  c.out = {from_rows(c, y, c.rank(0))};
}

void transposed(Call& c) {
  const TensorId weights = c.in(1);  // [C, O / groups, kH, kW]
  const int64_t groups = c.i("group", 1);
  const Shape kernel = kernel_of(c, weights);
  const std::string how = c.s("auto_pad", "NOTSET");
  const Ints sizes = c.ints("output_shape"), extra = c.ints("output_padding", Ints(kernel.size(), 0));
  // Paddings take away from the full result here, so none of the usual ways to derive them holds.
  const Shape s = c.shape(0);
  const size_t n = s.size() - 2;
  const Ints given = c.ints("kernel_shape", Ints(kernel.begin(), kernel.end()));
  const Ints strides = c.ints("strides", Ints(n, 1)), dilations = c.ints("dilations", Ints(n, 1)), pads = c.ints("pads", Ints(2 * n, 0));
  if (kernel.size() != n || n < 1 || n > 2 || given != Ints(kernel.begin(), kernel.end()) || strides.size() != n || dilations.size() != n ||
      pads.size() != 2 * n || extra.size() != n || (!sizes.empty() && sizes.size() != n)) {
    c.mismatch("kernel_shape, strides, dilations, pads or output_shape do not fit");
  }
  std::vector<Extent> e;
  Ints out;
  for (size_t d = 0; d < n; ++d) {
    Extent x{s[d + 2], kernel[d], strides[d], dilations[d], pads[d], pads[d + n]};
    constexpr int64_t most = 1 << 16;
    for (int64_t v : {x.stride, x.dilation}) {
      if (v < 1 || v > most) c.mismatch("strides and dilations must be at least 1");
    }
    if (extra[d] < 0 || extra[d] > most || std::abs(x.before) > most || std::abs(x.after) > most) c.mismatch("paddings are out of range");
    const int64_t full = (x.in - 1) * x.stride + x.reach() + extra[d];
    const bool same = how == "SAME_UPPER" || how == "SAME_LOWER";
    if (!sizes.empty() || same) {
      const int64_t total = full - (sizes.empty() ? x.in * x.stride : sizes[d]);
      const int64_t half = total / 2;
      x.before = total < 0 ? 0 : how == "SAME_UPPER" ? half : total - half;  // what is missing is added behind
      x.after = total - x.before;
    } else if (how == "VALID") {
      x.before = x.after = 0;
    }
    out.push_back(full - x.before - x.after);
    e.push_back(x);
  }
  TensorId filter = weights;
  const Shape ws = c.b.shape(weights);
  if (groups < 1 || ws[0] % groups != 0 || ws[0] != s[1]) c.mismatch("weights of " + to_string(ws) + " do not fit " + to_string(s));
  if (n == 1) filter = c.b.reshape(filter, Shape{ws[0], ws[1], ws[2], 1});
  filter = c.b.transpose(filter, {1, 2, 3, 0});
  const TensorId y = c.b.transposed_conv(to_rows(c, c.in(0)), filter, c.maybe(2), window(e), groups, out[0], n == 2 ? out[1] : 1);
  c.out = {from_rows(c, y, c.rank(0))};
}

}  // namespace

void add_convolutions(Converters& to) { to.insert({{"Conv", convolution}, {"ConvTranspose", transposed}}); }

}  // namespace smelt::onnx
