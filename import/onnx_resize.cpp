// Resize and Upsample. Along each axis the result is a matrix times the input, worked out here as the standard defines it;
// where that is what one of the IR's own resizing operators does, it is that operator.
#include <algorithm>
#include <cmath>

#include "import/onnx_images.hpp"

namespace smelt::onnx {
namespace {

struct Mode {
  std::string kind, coordinates, nearest;
  double cubic_a = -0.75;
  bool exclude_outside = false, antialias = false;
};

struct Axis {
  int64_t in = 1, out = 1;
  double scale = 1;
  double start = 0, end = 1;  ///< of tf_crop_and_resize, as shares of the input

  bool keeps() const { return in == out && scale == 1 && start == 0 && end == 1; }
};

double source(const Mode& m, const Axis& a, int64_t i) {
  const auto x = static_cast<double>(i);
  const auto in = static_cast<double>(a.in), out = static_cast<double>(a.out);
  if (m.coordinates == "tf_crop_and_resize") {
    return (in - 1) * (a.out == 1 ? (a.start + a.end) / 2 : a.start + x * (a.end - a.start) / (out - 1));
  }
  if (m.coordinates == "asymmetric") return x / a.scale;
  if (m.coordinates == "align_corners") return a.out == 1 ? 0 : x * (in - 1) / (in * a.scale - 1);
  if (m.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / a.scale;
  if (m.coordinates == "pytorch_half_pixel" && a.out == 1) return 0;
  const double half = (x + 0.5) / a.scale - 0.5;
  if (m.coordinates != "half_pixel_symmetric") return half;
  return in / 2 * (1 - out / (in * a.scale)) + half;
}

/// Only what is cropped may lie outside of the input; there the result has a value of its own.
bool outside(const Mode& m, const Axis& a, int64_t i) {
  const double x = source(m, a, i);
  return m.coordinates == "tf_crop_and_resize" && (x < 0 || x > static_cast<double>(a.in - 1));
}

int64_t rounded(const std::string& how, double x) {
  if (how == "floor") return static_cast<int64_t>(std::floor(x));
  if (how == "ceil") return static_cast<int64_t>(std::ceil(x));
  return static_cast<int64_t>(how == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5));
}

/// One row of the matrix: neighbours from `first` on, with their weights.
void add_row(float* row, const Axis& a, int64_t first, const std::vector<double>& weights, bool exclude_outside) {
  double sum = 0;
  const auto inside = [&](int64_t at) { return at >= 0 && at < a.in; };
  for (size_t k = 0; k < weights.size(); ++k) sum += exclude_outside && !inside(first + static_cast<int64_t>(k)) ? 0 : weights[k];
  for (size_t k = 0; k < weights.size(); ++k) {
    const int64_t at = first + static_cast<int64_t>(k);
    if (exclude_outside && !inside(at)) continue;
    row[std::clamp<int64_t>(at, 0, a.in - 1)] += static_cast<float>(exclude_outside ? weights[k] / sum : weights[k]);
  }
}

/// What a neighbour at this distance weighs.
double kernel(const Mode& m, double distance) {
  const double x = std::abs(distance), a = m.cubic_a;
  if (m.kind == "linear") return std::max(1 - x, 0.0);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// With `antialias` the kernel widens as the scale shrinks, so that everything counts for something.
double widened(const Mode& m, const Axis& a) { return m.antialias ? 1 / std::min(a.scale, 1.0) : 1; }
double reach(const Mode& m, const Axis& a) { return (m.kind == "linear" ? 1 : 2) * widened(m, a); }

/// The neighbours of a position that weigh something.
void add_neighbours(float* row, const Mode& m, const Axis& a, double x) {
  const double width = widened(m, a), far = reach(m, a);
  const auto first = static_cast<int64_t>(std::floor(x - far)) + 1, last = static_cast<int64_t>(std::ceil(x + far)) - 1;
  std::vector<double> weights;
  double sum = 0;
  for (int64_t k = first; k <= last; ++k) {
    weights.push_back(kernel(m, (static_cast<double>(k) - x) / width));
    sum += weights.back();
  }
  for (double& w : weights) w /= sum;
  add_row(row, a, first, weights, m.exclude_outside);
}

/// [out, in]
std::vector<float> matrix(const Mode& m, const Axis& a) {
  std::vector<float> all(static_cast<size_t>(a.out * a.in), 0.0F);
  for (int64_t i = 0; i < a.out; ++i) {
    const double x = source(m, a, i);
    float* row = all.data() + i * a.in;
    if (outside(m, a, i)) continue;
    if (m.kind == "nearest") {
      row[std::clamp<int64_t>(rounded(m.nearest, x), 0, a.in - 1)] = 1;
    } else {
      add_neighbours(row, m, a, x);
    }
  }
  return all;
}

bool alike(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) { return std::abs(x - y) < 1e-5F; });
}

/// The matrix of the IR's operator, by putting the unit matrix through it.
std::vector<float> matrix_of(Call& c, const std::string& op, const Axis& a, bool align, bool half) {
  const auto n = static_cast<int32_t>(a.in);
  std::vector<float> unit(static_cast<size_t>(a.in * a.in), 0.0F);
  for (size_t i = 0; i < static_cast<size_t>(a.in); ++i) unit[i * static_cast<size_t>(a.in) + i] = 1;
  const TensorId y = c.b.resize(op, c.b.floats({1, n, 1, n}, unit), a.out, 1, align, half);
  return c.b.is_constant(y) ? c.b.reals(y, "resized unit matrix") : std::vector<float>{};
}

/// Rows and columns of [N, C, H, W] by one of the IR's operators; no_tensor where none does this.
TensorId as_operator(Call& c, TensorId x, const std::vector<Axis>& axes, const std::vector<std::vector<float>>& matrices, const std::string& op) {
  const bool image = axes.size() == 4 && axes[0].in == axes[0].out && axes[1].in == axes[1].out;
  if (!image || std::max({axes[2].in, axes[2].out, axes[3].in, axes[3].out}) > 512) return no_tensor;
  for (const auto& [align, half] : {std::pair{false, false}, {false, true}, {true, false}}) {
    if (alike(matrix_of(c, op, axes[2], align, half), matrices[2]) && alike(matrix_of(c, op, axes[3], align, half), matrices[3])) {
      return from_rows(c, c.b.resize(op, to_rows(c, x), axes[2].out, axes[3].out, align, half), 4);
    }
  }
  return no_tensor;
}

/// x plus `value` where the position along any axis lies outside; x is 0 there.
TensorId extrapolated(Call& c, TensorId x, const Mode& m, const std::vector<Axis>& axes, double value) {
  TensorId inside = no_tensor;
  for (size_t d = 0; d < axes.size(); ++d) {
    Shape along(axes.size(), 1);
    along[d] = static_cast<int32_t>(axes[d].out);
    std::vector<float> is;
    for (int64_t i = 0; i < axes[d].out; ++i) is.push_back(outside(m, axes[d], i) ? 0.0F : 1.0F);
    if (std::count(is.begin(), is.end(), 0.0F) == 0) continue;
    const TensorId all = c.b.floats(along, is);
    inside = inside == no_tensor ? all : c.b.mul(inside, all);
  }
  if (inside == no_tensor || value == 0) return x;
  const TensorId by = c.b.number(static_cast<float>(value));
  return c.b.add(x, c.b.sub(by, c.b.mul(inside, by)));
}

void resize_by(Call& c, const Mode& m, const std::vector<Axis>& axes, double extrapolation = 0) {
  TensorId x = c.in(0);
  std::vector<std::vector<float>> matrices;
  for (const Axis& a : axes) {
    constexpr int64_t most = 1 << 22;
    if (a.in < 1 || a.out < 1 || a.out > most / a.in || static_cast<double>(a.out) * reach(m, a) > 16.0 * most) {
      c.unsupported("a resize from " + std::to_string(a.in) + " to " + std::to_string(a.out) + " is not supported");
    }
    matrices.push_back(a.keeps() ? std::vector<float>{} : matrix(m, a));
  }
  if (axes.size() == 4) {  // a whole image: also the axis that keeps its size
    std::vector<std::vector<float>> full = matrices;
    for (size_t d : {size_t{2}, size_t{3}}) {
      if (full[d].empty()) full[d] = matrix(m, axes[d]);
    }
    const char* op = m.kind == "nearest" ? "resize_nearest_neighbor" : m.kind == "linear" ? "resize_bilinear" : nullptr;
    if (op != nullptr && (!matrices[2].empty() || !matrices[3].empty())) {
      if (const TensorId y = as_operator(c, x, axes, full, op); y != no_tensor) return void(c.out = {y});
    }
  }
  for (size_t d = 0; d < axes.size(); ++d) {
    if (matrices[d].empty()) continue;
    const TensorId weights = c.b.floats({static_cast<int32_t>(axes[d].out), static_cast<int32_t>(axes[d].in)}, matrices[d]);
    x = c.b.axis_back(c.b.dense(c.b.axis_last(x, static_cast<int64_t>(d)), weights, no_tensor), static_cast<int64_t>(d));
  }
  c.out = {extrapolated(c, x, m, axes, extrapolation)};
}

/// Sizes beyond what any tensor has stay there.
int64_t whole(double size) { return size > 0 ? static_cast<int64_t>(std::floor(std::min(size, 1e9))) : 0; }
int64_t scaled(int64_t in, double scale) { return whole(static_cast<double>(in) * scale); }

/// Sizes that keep the ratio of the axes: all by one scale.
void keep_ratio(std::vector<Axis>& axes, const Ints& which, const std::string& policy) {
  double scale = policy == "not_larger" ? HUGE_VAL : 0;
  for (int64_t d : which) {
    const Axis& a = axes[static_cast<size_t>(d)];
    const double own = static_cast<double>(a.out) / static_cast<double>(a.in);
    scale = policy == "not_larger" ? std::min(scale, own) : std::max(scale, own);
  }
  for (int64_t d : which) {
    Axis& a = axes[static_cast<size_t>(d)];
    a.scale = scale;
    a.out = whole(static_cast<double>(a.in) * scale + 0.5);
  }
}

/// roi: where the region begins along each axis, then where it ends.
void crop(Call& c, std::vector<Axis>& axes, const Ints& which) {
  const std::vector<float> roi = c.b.reals(c.in(1), "roi");
  if (roi.size() != 2 * which.size()) c.mismatch("roi must have a start and an end for each axis");
  for (size_t k = 0; k < which.size(); ++k) {
    Axis& a = axes[static_cast<size_t>(which[k])];
    a.start = roi[k];
    a.end = roi[k + which.size()];
    constexpr double most = 1e6;
    if (!(std::abs(a.start) <= most && std::abs(a.end) <= most)) c.mismatch("roi is out of range");
  }
}

void resize(Call& c) {
  const bool first = c.opset < 11;  // as Upsample
  Mode m{c.s("mode", "nearest"),
         c.s("coordinate_transformation_mode", first ? "asymmetric" : "half_pixel"),
         c.s("nearest_mode", first ? "floor" : "round_prefer_floor"),
         c.f("cubic_coeff_a", -0.75),
         c.i("exclude_outside", 0) != 0,
         c.i("antialias", 0) != 0};
  const std::string policy = c.s("keep_aspect_ratio_policy", "stretch");
  const double extrapolation = c.f("extrapolation_value", 0);
  if (m.kind != "nearest" && m.kind != "linear" && m.kind != "cubic")
    c.unsupported("mode " + m.kind + " is not supported");
  std::vector<Axis> axes;
  Ints which;
  for (int32_t d : c.shape(0)) {
    which.push_back(static_cast<int64_t>(axes.size()));
    axes.push_back({d, d, 1});
  }
  if (c.has_attr("axes")) which = c.ints("axes");
  for (int64_t& d : which) d = c.axis(d, c.rank(0));
  if (m.coordinates == "tf_crop_and_resize") crop(c, axes, which);
  const size_t scales_at = first ? 1 : 2;
  const bool by_scale = c.has(scales_at) && elements(c.shape(scales_at)) != 0;
  if (!by_scale && !c.has(3)) c.mismatch("neither scales nor sizes are there");
  if (by_scale) {
    const std::vector<float> scales = c.b.reals(c.in(scales_at), "scales");
    if (scales.size() != which.size()) c.mismatch("there must be one scale for each axis");
    for (size_t k = 0; k < which.size(); ++k) {
      Axis& a = axes[static_cast<size_t>(which[k])];
      if (!(scales[k] > 0)) c.mismatch("scales must be above 0");
      a.scale = scales[k];
      a.out = scaled(a.in, a.scale * (a.end - a.start));
    }
  } else {
    const Ints sizes = c.b.ints(c.in(3), "sizes");
    if (sizes.size() != which.size()) c.mismatch("there must be one size for each axis");
    for (size_t k = 0; k < which.size(); ++k) {
      Axis& a = axes[static_cast<size_t>(which[k])];
      a.out = sizes[k];
      a.scale = static_cast<double>(a.out) / static_cast<double>(a.in);
    }
    if (policy != "stretch") keep_ratio(axes, which, policy);
  }
  resize_by(c, m, axes, extrapolation);
}

void upsample(Call& c) {
  const Mode m{c.s("mode", "nearest"), "asymmetric", "floor"};
  const std::vector<float> scales = c.has_attr("scales") ? c.floats("scales") : c.b.reals(c.in(1), "scales");
  if (m.kind != "nearest" && m.kind != "linear") c.unsupported("mode " + m.kind + " is not supported");
  if (scales.size() != c.shape(0).size()) c.mismatch("there must be one scale for each dimension");
  std::vector<Axis> axes;
  for (size_t d = 0; d < scales.size(); ++d) axes.push_back({c.shape(0)[d], scaled(c.shape(0)[d], scales[d]), scales[d]});
  resize_by(c, m, axes);
}

}  // namespace

void add_resize(Converters& to) { to.insert({{"Resize", resize}, {"Upsample", upsample}}); }

}  // namespace smelt::onnx
