// Pooling.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "import/onnx_images.hpp"

namespace smelt::onnx {
namespace {

constexpr int64_t most_taps = 256;  // of windows that are taken apart

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

/// Windows that all lie within the padded input.
std::vector<Extent> windows(Call& c, bool ceil) {
  std::vector<Extent> e = extents(c, {});
  for (Extent& d : e) {
    if (d.out(ceil) < 1) c.mismatch("the window is larger than the padded input");
    d.after += overhang(d, ceil);
  }
  return e;
}

int64_t taps(Call& c, const std::vector<Extent>& e) {
  int64_t n = 1;
  for (const Extent& d : e) {
    n *= d.filter;
    if (n > most_taps)
      c.unsupported("a window with gaps or indices of more than " + std::to_string(most_taps) +
                    " elements is not supported");
  }
  return n;
}

/// Calls visit(offset along each dimension) for every element of a window, the last dimension first.
void for_each_tap(Call& c, const std::vector<Extent>& e, const std::function<void(const Ints&)>& visit) {
  Ints at(e.size(), 0);
  for (int64_t n = taps(c, e); n > 0; --n) {
    visit(at);
    for (size_t d = e.size(); d-- > 0;) {
      at[d] += e[d].dilation;
      if (at[d] < e[d].reach()) break;
      at[d] = 0;
    }
  }
}

/// Maximum over a window with gaps: of strided slices, one for each tap.
TensorId dilated_maximum(Call& c, TensorId x, const std::vector<Extent>& e) {
  Window w = window(e);
  const bool column = e.size() == 1;
  x = stored(c, x, w, -HUGE_VAL);
  const Shape s = c.b.shape(x);
  TensorId y = no_tensor;
  for_each_tap(c, e, [&](const Ints& at) {
    const TensorId tap =
        c.b.strided_slice(x, {0, at[0], column ? 0 : at[1], 0}, {s[0], e[0].out(), column ? s[2] : e[1].out(), s[3]},
                          {1, w.stride_h, w.stride_w, 1});
    y = y == no_tensor ? tap : c.b.maximum(y, tap);
  });
  return y;
}

/// Padding as wide as the window, or wider, must be stored: a window would hold nothing else.
bool too_wide(const Window& w) {
  return w.top >= w.filter_h || w.bottom >= w.filter_h || w.left >= w.filter_w || w.right >= w.filter_w;
}

bool has_gaps(const Window& w) { return w.dilation_h != 1 || w.dilation_w != 1; }

/// Where in x [N, C, ...] the maximum of each window stands, the first of equals: its place in row-major order, or with
/// `columns` in that of column-major images. The places of taps are those of the window's first element, and a
/// distance.
TensorId places(Call& c, TensorId x, const std::vector<Extent>& e, bool columns) {
  const Shape s = c.b.shape(x);
  const size_t n = e.size();
  Ints step(n, 1), paddings(4, 0), size{s[0], s[1]}, strides{1, 1};
  for (size_t d = 1; d < n; ++d) {
    if (columns)
      step[d] = step[d - 1] * s[d + 1];
    else
      step[n - 1 - d] = step[n - d] * s[n + 2 - d];
  }
  const auto along = [&](size_t dimension, int64_t count, int64_t from, int64_t by) {
    Shape shape(n + 2, 1);
    shape[dimension] = static_cast<int32_t>(count);
    std::vector<int32_t> v(static_cast<size_t>(count));
    for (int64_t k = 0; k < count; ++k) v[static_cast<size_t>(k)] = static_cast<int32_t>(from + k * by);
    return c.b.constant(DType::i32, shape, v);
  };
  const int64_t plane = elements(s) / s[0] / s[1];
  const TensorId image = c.b.add(along(0, s[0], 0, plane * s[1]), along(1, s[1], 0, plane));
  TensorId first = no_tensor;
  for (size_t d = 0; d < n; ++d) {
    paddings.insert(paddings.end(), {e[d].before, e[d].after});
    size.push_back(e[d].out());
    strides.push_back(e[d].stride);
    const TensorId at = along(d + 2, e[d].out(), -e[d].before * step[d], e[d].stride * step[d]);
    first = first == no_tensor ? at : c.b.add(first, at);
  }
  x = c.b.pad(x, paddings, -HUGE_VAL);
  Ids parts;
  std::vector<int32_t> distance;
  Ints one = size;
  one.push_back(1);
  for_each_tap(c, e, [&](const Ints& at) {
    Ints begin{0, 0};
    begin.insert(begin.end(), at.begin(), at.end());
    parts.push_back(c.b.reshape(c.b.strided_slice(x, begin, size, strides), one));
    distance.push_back(static_cast<int32_t>(std::inner_product(at.begin(), at.end(), step.begin(), int64_t{0})));
  });
  Attrs last, table;
  last.set("axis", static_cast<int64_t>(n + 2));
  last.set("keep_dims", int64_t{0});
  table.set("axis", int64_t{0});
  const TensorId tap =
      c.b.node("arg_max", {c.b.concat(parts, static_cast<int64_t>(n + 2))}, last, {DType::i32, {}, {}});
  const TensorId distances = c.b.constant(DType::i32, {static_cast<int32_t>(distance.size())}, distance);
  TensorId place = c.b.add(c.b.node("gather", {distances, tap}, table), first);
  if (elements(c.b.shape(image)) > 1) place = c.b.add(place, image);
  return c.b.cast(place, DType::i64);
}

void maximum(Call& c) {
  const bool columns = c.i("storage_order", 0) != 0;
  const std::vector<Extent> e = windows(c, c.i("ceil_mode", 0) != 0);
  const DType type = c.b.dtype(c.in(0));
  const Quantization quant = c.b.at(c.in(0)).quant;
  const bool is_byte = type == DType::i8 || type == DType::u8, bytes = is_byte && !quant.present();  // those are exact in floats
  const TensorId x = bytes ? c.b.cast(c.in(0), DType::f32) : is_byte ? c.b.signed_bytes(c.in(0), quant) : c.in(0);
  TensorId y = over_windows(c, to_rows(c, x), e, [&](TensorId image, const std::vector<Extent>& over) {
    Window w = window(over);
    if (has_gaps(w)) return dilated_maximum(c, image, over);
    if (too_wide(w)) image = stored(c, image, w, -HUGE_VAL);
    return c.b.pool("max_pool_2d", image, w);
  });
  y = from_rows(c, y, c.rank(0));
  c.out = {bytes ? c.b.cast(y, type) : type == DType::u8 ? c.b.unsigned_bytes(y) : y};
  if (c.wants(1)) c.out.push_back(places(c, x, e, columns));
}

using Counts = std::vector<int64_t>;

/// Elements of each position's window that count: of the input, or also of its padding.
Counts counted(const Extent& e, int64_t positions, bool padding) {
  const int64_t low = padding ? -e.before : 0, high = padding ? e.in + e.after : e.in;
  const auto taps_below = [&](int64_t end, int64_t at) {
    return std::clamp<int64_t>((end - at + e.dilation - 1) / e.dilation, 0, e.filter);
  };
  Counts n;
  for (int64_t p = 0; p < positions; ++p) {
    const int64_t at = p * e.stride - e.before;
    n.push_back((high > at ? taps_below(high, at) : 0) - (low > at ? taps_below(low, at) : 0));
  }
  return n;
}

/// The mean over windows with gaps: a sum, divided by what each position counts.
TensorId averaged_with_gaps(Call& c, TensorId x, const std::vector<Extent>& e, bool padding, bool ceil) {
  std::vector<Extent> whole = e;
  Counts n[2] = {{1}, {1}};
  for (size_t d = 0; d < e.size(); ++d) {
    n[d] = counted(e[d], e[d].out(ceil), padding);
    whole[d].after += overhang(e[d], ceil);
    if (std::count(n[d].begin(), n[d].end(), 0) != 0)
      c.unsupported("a window over nothing but padding is not supported");
  }
  const Window w = window(whole);
  const Shape filter{c.b.shape(x)[3], static_cast<int32_t>(w.filter_h), static_cast<int32_t>(w.filter_w), 1};
  const std::vector<float> ones(static_cast<size_t>(taps(c, e) * filter[0]), 1.0F);
  const TensorId sum = c.b.conv(x, c.b.floats(filter, ones), no_tensor, w, filter[0]);
  std::vector<float> share;
  for (int64_t h : n[0]) {
    for (int64_t v : n[1]) share.push_back(1.0F / static_cast<float>(h * v));
  }
  return c.b.mul(sum, c.b.floats({1, static_cast<int32_t>(n[0].size()), static_cast<int32_t>(n[1].size()), 1}, share));
}

TensorId averaged_rows(Call& c, TensorId x, const std::vector<Extent>& e, bool padding, bool ceil) {
  for (const Extent& d : e) {
    if (d.out(ceil) < 1) c.mismatch("the window is larger than the padded input");
  }
  return over_windows(c, x, e, [&](TensorId image, const std::vector<Extent>& over) {
    Window w = window(over);
    if (has_gaps(w)) return averaged_with_gaps(c, image, over, padding, ceil);
    if (padding) image = stored(c, image, w, 0);
    w.bottom += overhang(over[0], ceil);
    if (over.size() > 1) w.right += overhang(over[1], ceil);
    return c.b.pool("average_pool_2d", image, w);
  });
}

void average(Call& c) { c.out = {averaged(c, c.in(0))}; }

/// |x|^p.
TensorId powers(Call& c, TensorId x, int64_t p) {
  if (p < 1) c.mismatch("p must be at least 1");
  if (p == 2) return c.b.mul(x, x);
  x = c.b.unary("abs", x);
  return p == 1 ? x : c.b.binary("pow", x, c.b.number(static_cast<float>(p)));
}

/// The p-th root of what is not negative.
TensorId root(Call& c, TensorId x, int64_t p) {
  if (p == 1) return x;
  return p == 2 ? c.b.unary("sqrt", x)
                : c.b.binary("pow", x, c.b.number(static_cast<float>(1.0 / static_cast<double>(p))));
}

/// The p-norm over each window: its mean, times the window's size.
void norm(Call& c) {
  const int64_t p = c.i("p", 2);
  const std::vector<Extent> e = windows(c, c.i("ceil_mode", 0) != 0);
  const TensorId mean = averaged_rows(c, powers(c, to_rows(c, c.in(0)), p), e, true, false);
  float size = 1;
  for (const Extent& d : e) size *= static_cast<float>(d.filter);
  c.out = {from_rows(c, root(c, c.b.mul(mean, c.b.number(size)), p), c.rank(0))};
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
  c.out = {root(c, c.b.reduce("sum", powers(c, c.in(0), p), spatial(c), true), p)};
}

}  // namespace

TensorId averaged(Call& c, TensorId x) {
  const bool padding = c.i("count_include_pad", 0) != 0, ceil = c.i("ceil_mode", 0) != 0;
  return from_rows(c, averaged_rows(c, to_rows(c, x), extents(c, {}), padding, ceil), c.rank(0));
}

void add_pools(Converters& to) {
  to.insert({{"MaxPool", maximum}, {"AveragePool", average}, {"LpPool", norm}, {"GlobalAveragePool", global("mean")},
             {"GlobalMaxPool", global("reduce_max")}, {"GlobalLpPool", global_norm}});
}

}  // namespace smelt::onnx
