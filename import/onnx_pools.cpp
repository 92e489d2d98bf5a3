// Pooling.
#include <algorithm>
#include <cmath>

#include "import/onnx_images.hpp"

namespace smelt::onnx {
namespace {

GraphBuilder::Ints image_paddings(const Window& w) { return {0, 0, w.top, w.bottom, w.left, w.right, 0, 0}; }

/// The window's padding stored, with `value`; none is left in the window.
TensorId stored(Call& c, TensorId x, Window& w, double value) {
  x = c.b.pad(x, image_paddings(w), value);
  w.top = w.bottom = w.left = w.right = 0;
  return x;
}

/// Windows that hang over the end: so many rows or columns of padding more.
int64_t overhang(const Extent& e, bool ceil) {
  return std::max<int64_t>((e.out(ceil) - 1) * e.stride + e.reach() - e.in - e.before - e.after, 0);
}

/// Maximum over a window with gaps: of strided slices, one for each tap.
TensorId dilated_maximum(Call& c, TensorId x, Window w) {
  x = stored(c, x, w, -HUGE_VAL);
  const Shape s = c.b.shape(x);
  const int64_t out_h = (s[1] - (w.filter_h - 1) * w.dilation_h - 1) / w.stride_h + 1;
  const int64_t out_w = (s[2] - (w.filter_w - 1) * w.dilation_w - 1) / w.stride_w + 1;
  if (w.filter_h * w.filter_w > 64 || out_h < 1 || out_w < 1) c.unsupported("this dilated window is not supported");
  TensorId y = no_tensor;
  for (int64_t h = 0; h < w.filter_h; ++h) {
    for (int64_t v = 0; v < w.filter_w; ++v) {
      const TensorId tap = c.b.strided_slice(x, {0, h * w.dilation_h, v * w.dilation_w, 0}, {s[0], out_h, out_w, s[3]}, {1, w.stride_h, w.stride_w, 1});
      y = y == no_tensor ? tap : c.b.maximum(y, tap);
    }
  }
  return y;
}

/// Padding as wide as the window, or wider, must be stored: a window would hold nothing else.
bool too_wide(const Window& w) {
  return w.top >= w.filter_h || w.bottom >= w.filter_h || w.left >= w.filter_w || w.right >= w.filter_w;
}

void maximum(Call& c) {
  if (c.i("storage_order", 0) != 0 && c.wants(1)) c.unsupported("indices are not supported");
  const bool ceil = c.i("ceil_mode", 0) != 0;
  std::vector<Extent> e = extents(c, {});
  for (Extent& x : e) {
    if (x.out(ceil) < 1) c.mismatch("the window is larger than the padded input");
    x.after += overhang(x, ceil);
  }
  const Window w = window(e);
  const DType type = c.b.dtype(c.in(0));
  const Quantization quant = c.b.at(c.in(0)).quant;
  const bool is_byte = type == DType::i8 || type == DType::u8, bytes = is_byte && !quant.present();  // those are exact in floats
  TensorId x = bytes ? c.b.cast(c.in(0), DType::f32) : is_byte ? c.b.signed_bytes(c.in(0), quant) : c.in(0);
  x = to_rows(c, x);
  Window rest = w;
  if (w.dilation_h != 1 || w.dilation_w != 1) {
    x = dilated_maximum(c, x, w);
  } else {
    if (too_wide(w)) x = stored(c, x, rest, -HUGE_VAL);
    x = c.b.pool("max_pool_2d", x, rest);
  }
  x = from_rows(c, x, c.rank(0));
  c.out = {bytes ? c.b.cast(x, type) : type == DType::u8 ? c.b.unsigned_bytes(x) : x};
}

/// The mean over each window, whose padding counts or not. With gaps, a convolution with equal weights.
TensorId averaged(Call& c, TensorId x, std::vector<Extent> e, bool counts, bool ceil) {
  std::vector<int64_t> over;
  for (const Extent& d : e) {
    if (d.out(ceil) < 1) c.mismatch("the window is larger than the padded input");
    over.push_back(overhang(d, ceil));
  }
  Window w = window(e);
  const bool gaps = w.dilation_h != 1 || w.dilation_w != 1;
  if (counts || gaps) {
    if (!counts && (w.top != 0 || w.bottom != 0 || w.left != 0 || w.right != 0)) c.unsupported("an average over windows with gaps and padding is not supported");
    x = stored(c, x, w, 0);
  }
  w.bottom += over[0];
  if (over.size() > 1) w.right += over[1];
  if (!gaps) return c.b.pool("average_pool_2d", x, w);
  if (w.bottom != 0 || w.right != 0) c.unsupported("an average over windows with gaps and ceil_mode is not supported");
  const int32_t channels = c.b.shape(x)[3];
  const Shape s{channels, static_cast<int32_t>(w.filter_h), static_cast<int32_t>(w.filter_w), 1};
  const float share = 1.0F / static_cast<float>(w.filter_h * w.filter_w);
  return c.b.conv(x, c.b.floats(s, std::vector<float>(static_cast<size_t>(elements(s)), share)), no_tensor, w, channels);
}

void average(Call& c) {
  const bool counts = c.i("count_include_pad", 0) != 0, ceil = c.i("ceil_mode", 0) != 0;
  c.out = {from_rows(c, averaged(c, to_rows(c, c.in(0)), extents(c, {}), counts, ceil), c.rank(0))};
}

/// The p-norm over each window: its mean, times the window's size.
void norm(Call& c) {
  const int64_t p = c.i("p", 2);
  if (p != 1 && p != 2) c.unsupported("p = " + std::to_string(p) + " is not supported", "supported: 1 and 2");
  const bool ceil = c.i("ceil_mode", 0) != 0;
  const std::vector<Extent> e = extents(c, {});
  for (const Extent& d : e) {
    if (overhang(d, ceil) != 0) c.unsupported("ceil_mode is not supported here");
  }
  const TensorId x = to_rows(c, c.in(0));
  const Window w = window(e);
  const TensorId mean = averaged(c, p == 1 ? c.b.unary("abs", x) : c.b.mul(x, x), e, true, false);
  const TensorId sum = c.b.mul(mean, c.b.number(static_cast<float>(w.filter_h * w.filter_w)));
  c.out = {from_rows(c, p == 1 ? sum : c.b.unary("sqrt", sum), c.rank(0))};
}

Ints spatial(Call& c) {
  Ints axes;
  for (int64_t d = 2; d < c.rank(0); ++d) axes.push_back(d);
  return axes;
}

Converter global(const std::string& op) {
  return [op](Call& c) { c.out = {c.b.reduce(op, c.in(0), spatial(c), true)}; };
}

void global_norm(Call& c) {
  const int64_t p = c.i("p", 2);
  if (p != 1 && p != 2) c.unsupported("p = " + std::to_string(p) + " is not supported", "supported: 1 and 2");
  const TensorId x = c.in(0);
  const TensorId sum = c.b.reduce("sum", p == 1 ? c.b.unary("abs", x) : c.b.mul(x, x), spatial(c), true);
  c.out = {p == 1 ? sum : c.b.unary("sqrt", sum)};
}

}  // namespace

void add_pools(Converters& to) {
  to.insert({{"MaxPool", maximum}, {"AveragePool", average}, {"LpPool", norm}, {"GlobalAveragePool", global("mean")},
             {"GlobalMaxPool", global("reduce_max")}, {"GlobalLpPool", global_norm}});
}

}  // namespace smelt::onnx
