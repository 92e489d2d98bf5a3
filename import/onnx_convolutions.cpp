// Convolutions and their transposes.
#include <algorithm>

#include "import/onnx_images.hpp"

namespace smelt::onnx {

namespace {
constexpr const char* one_to_three = "convolutions and pools work over one to three dimensions";
constexpr int64_t most_taps = 64;  // along the depth of volumes
}  // namespace

TensorId to_rows(Call& c, TensorId x) {
  const Shape s = c.b.shape(x);
  if (s.size() == 5) return c.b.transpose(x, {0, 2, 3, 4, 1});
  if (s.size() == 4) return c.b.transpose(x, {0, 2, 3, 1});
  if (s.size() != 3) c.b.refuse("E0303", "an input of " + to_string(s) + " is not supported", one_to_three);
  return c.b.reshape(c.b.transpose(x, {0, 2, 1}), Shape{s[0], s[2], 1, s[1]});
}

TensorId from_rows(Call& c, TensorId y, int64_t rank) {
  if (rank == 5) return c.b.transpose(y, {0, 4, 1, 2, 3});
  if (rank == 4) return c.b.transpose(y, {0, 3, 1, 2});
  const Shape s = c.b.shape(y);
  return c.b.transpose(c.b.reshape(y, Shape{s[0], s[1], s[3]}), {0, 2, 1});
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
  if (s.size() < 3 || s.size() > 5)
    c.b.refuse("E0303", "an input of " + to_string(s) + " is not supported", one_to_three);
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
    if (std::max(e.before, e.after) > most || std::min(e.before, e.after) < -most) c.mismatch("pads are out of range");
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

TensorId over_windows(Call& c, TensorId x, const std::vector<Extent>& e, const OverImage& over) {
  if (e.size() < 3) return over(x, e);
  const Shape s = c.b.shape(x);
  const TensorId y = over(c.b.reshape(x, Ints{int64_t{s[0]} * s[1], s[2], s[3], s[4]}), {e[1], e[2]});
  const Shape t = c.b.shape(y);
  const TensorId z = over(c.b.reshape(y, Ints{s[0], s[1], int64_t{t[1]} * t[2], t[3]}), {e[0]});
  return c.b.reshape(z, Ints{s[0], c.b.shape(z)[1], t[1], t[2], t[3]});
}

namespace {

/// x [N, D, H, W, C], with slices of zeros around it, as images [N * D', H, W, taps * C]: beside each other what a
/// kernel sees of a pixel along D. Channels come in `groups`, each with all its taps.
TensorId slices_beside(Call& c, TensorId x, const Extent& depth, int64_t groups) {
  if (c.b.shape(x)[4] % groups != 0) c.mismatch("the groups do not divide the channels");
  if (depth.out() < 1) c.mismatch("the kernel is larger than the padded input");
  if (depth.filter > most_taps)
    c.unsupported("a kernel of " + std::to_string(depth.filter) + " slices is not supported");
  const Shape s = c.b.shape(x);
  const int64_t rows = depth.stride == 1 ? s[2] : 1;  // of a slice: where slices follow each other, those of the images
  const Ints parts{s[0], int64_t{s[1]} * rows, s[2] / rows * s[3] * groups, s[4] / groups};
  x = c.b.pad(c.b.reshape(x, parts), {0, 0, depth.before * rows, depth.after * rows, 0, 0, 0, 0}, 0);
  Ids taps;
  for (int64_t k = 0; k < depth.filter; ++k) {
    taps.push_back(c.b.strided_slice(x, {0, k * depth.dilation * rows, 0, 0},
                                     {s[0], depth.out() * rows, parts[2], parts[3]}, {1, depth.stride, 1, 1}));
  }
  return c.b.reshape(c.b.concat(taps, 3), Ints{s[0] * depth.out(), s[2], s[3], s[4] * depth.filter});
}

/// Results over the images of slices_beside, as volumes again.
TensorId volumes(Call& c, TensorId y, int64_t depth) {
  const Shape s = c.b.shape(y);
  return c.b.reshape(y, Ints{s[0] / depth, depth, s[1], s[2], s[3]});
}

/// Weights [O, C, ...] as layers want them: [O, kH, kW, C]; of a volume [O, kH, kW, kD * C], for slices beside each
/// other.
TensorId filter_rows(Call& c, TensorId weights) {
  if (!c.b.is_constant(weights)) c.unsupported("weights must be constant", "export the model with frozen weights");
  const Shape s = c.b.shape(weights);
  if (s.size() == 4) return c.b.transpose(weights, {0, 2, 3, 1});
  const bool signal = s.size() == 3;
  const TensorId turned = c.b.transpose(weights, signal ? Ints{0, 2, 1} : Ints{0, 3, 4, 2, 1});
  const Shape to = signal ? Shape{s[0], s[2], 1, s[1]} : Shape{s[0], s[3], s[4], s[2] * s[1]};
  const Tensor& t = c.b.at(turned);
  if (!t.constant()) return c.b.reshape(turned, to);
  return c.b.constant(t.dtype, to, t.data, c.b.at(weights).quant);  // the axis of the quantization stays the first
}

Shape kernel_of(Call& c, TensorId weights) {
  const Shape& s = c.b.shape(weights);
  if (s.size() < 3) c.mismatch("weights of " + to_string(s));
  return Shape(s.begin() + 2, s.end());
}

/// The windows of a transposed convolution, and the sizes of its result. Paddings take away from the full result here,
/// so none of the usual ways to derive them holds.
std::vector<Extent> transposed_extents(Call& c, const Shape& kernel, Ints& out) {
  const Shape s = c.shape(0);
  const std::string how = c.s("auto_pad", "NOTSET");
  const Ints sizes = c.ints("output_shape"), extra = c.ints("output_padding", Ints(kernel.size(), 0));
  const size_t n = s.size() - 2;
  const Ints given = c.ints("kernel_shape", Ints(kernel.begin(), kernel.end()));
  const Ints strides = c.ints("strides", Ints(n, 1)), dilations = c.ints("dilations", Ints(n, 1)), pads = c.ints("pads", Ints(2 * n, 0));
  if (kernel.size() != n || given != Ints(kernel.begin(), kernel.end()) || strides.size() != n ||
      dilations.size() != n || pads.size() != 2 * n || extra.size() != n || (!sizes.empty() && sizes.size() != n)) {
    c.mismatch("kernel_shape, strides, dilations, pads or output_shape do not fit");
  }
  std::vector<Extent> e;
  for (size_t d = 0; d < n; ++d) {
    Extent x{s[d + 2], kernel[d], strides[d], dilations[d], pads[d], pads[d + n]};
    constexpr int64_t most = 1 << 16;
    for (int64_t v : {x.stride, x.dilation}) {
      if (v < 1 || v > most) c.mismatch("strides and dilations must be at least 1");
    }
    if (extra[d] < 0 || extra[d] > most || std::max(x.before, x.after) > most || std::min(x.before, x.after) < -most)
      c.mismatch("paddings are out of range");
    if (!sizes.empty() && (sizes[d] < 1 || sizes[d] > max_tensor_bytes)) c.mismatch("output_shape is out of range");
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
  return e;
}

/// Weights [C, O / groups, kD, kH, kW] of a transposed convolution for images of slices beside each other, the last tap
/// first: [O / groups, kH, kW, kD * C].
TensorId turned_slices(Call& c, TensorId weights, int64_t groups) {
  const Shape s = c.b.shape(weights);
  Attrs depth;
  depth.set("axes", Ints{2});
  const TensorId w =
      c.b.reshape(c.b.node("reverse", {weights}, depth), Ints{groups, s[0] / groups, s[1], s[2], s[3], s[4]});
  return c.b.reshape(c.b.transpose(w, {2, 4, 5, 0, 3, 1}), Ints{s[1], s[3], s[4], int64_t{s[2]} * s[0]});
}

/// Along D the same sums as those of a convolution with the turned filter over the input with its slices set apart.
TensorId transposed_volumes(Call& c, TensorId weights, std::vector<Extent> e, const Ints& out, int64_t groups) {
  const Shape s = c.shape(0);
  TensorId x = to_rows(c, c.in(0));
  x = c.b.spread(c.b.reshape(x, Ints{s[0], s[2], int64_t{s[3]} * s[4], s[1]}), e[0].stride, 1);
  Extent& d = e[0];
  d.in = c.b.shape(x)[1];
  d.stride = 1;
  d.before = d.reach() - 1 - d.before;
  d.after = out[0] + d.reach() - 1 - d.in - d.before;
  x = slices_beside(c, c.b.reshape(x, Ints{s[0], d.in, s[3], s[4], s[1]}), d, groups);
  return volumes(c,
                 c.b.transposed_conv(x, turned_slices(c, weights, groups), c.maybe(2), window({e[1], e[2]}), groups,
                                     out[1], out[2]),
                 out[0]);
}

void convolution(Call& c) { c.out = {convolved(c, c.in(0), c.in(1), c.maybe(2))}; }

void transposed(Call& c) {
  const TensorId weights = c.in(1);  // [C, O / groups, kH, kW]
  const int64_t groups = c.i("group", 1);
  const Shape kernel = kernel_of(c, weights), s = c.shape(0), ws = c.b.shape(weights);
  if (s.size() != ws.size() || s.size() > 5 || groups < 1 || ws[0] % groups != 0 || ws[0] != s[1]) {
    c.mismatch("weights of " + to_string(ws) + " do not fit " + to_string(s));
  }
  Ints out;
  const std::vector<Extent> e = transposed_extents(c, kernel, out);
  TensorId y;
  if (e.size() == 3) {
    y = transposed_volumes(c, weights, e, out, groups);
  } else {
    TensorId filter = weights;
    if (e.size() == 1) filter = c.b.reshape(filter, Shape{ws[0], ws[1], ws[2], 1});
    filter = c.b.transpose(filter, {1, 2, 3, 0});
    y = c.b.transposed_conv(to_rows(c, c.in(0)), filter, c.maybe(2), window(e), groups, out[0],
                            e.size() == 2 ? out[1] : 1);
  }
  c.out = {from_rows(c, y, c.rank(0))};
}

}  // namespace

TensorId convolved(Call& c, TensorId x, TensorId weights, TensorId bias) {
  const std::vector<Extent> e = extents(c, kernel_of(c, weights));
  const int64_t groups = c.i("group", 1);
  x = to_rows(c, x);
  TensorId y;
  if (e.size() == 3) {
    if (groups < 1 || groups > c.shape(0)[1]) c.mismatch("group is out of range");
    x = slices_beside(c, x, e[0], groups);
    y = volumes(c, c.b.conv(x, filter_rows(c, weights), bias, window({e[1], e[2]}), groups), e[0].out());
  } else {
    y = c.b.conv(x, filter_rows(c, weights), bias, window(e), groups);
  }
  return from_rows(c, y, c.rank(0));
}

void add_convolutions(Converters& to) { to.insert({{"Conv", convolution}, {"ConvTranspose", transposed}}); }

}  // namespace smelt::onnx
