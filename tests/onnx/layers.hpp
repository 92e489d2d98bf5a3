// Layers of ONNX that Smelt makes of several of its own, with what the standard's definition gives, worked out here
// element by element over any number of dimensions.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <ostream>
#include <random>

#include "tests/onnx/model.hpp"

namespace smelt::test {

using Ints = std::vector<int64_t>;

inline int64_t count(const Ints& size) {
  return std::accumulate(size.begin(), size.end(), int64_t{1}, std::multiplies<>());
}

/// Calls visit(index) for every index below `size`, the last dimension first.
template <class Visit>
void for_each(const Ints& size, Visit visit) {
  Ints at(size.size(), 0);
  for (int64_t n = count(size); n > 0; --n) {
    visit(at);
    for (size_t d = size.size(); d-- > 0 && ++at[d] == size[d];) at[d] = 0;
  }
}

inline size_t place(const Ints& index, const Ints& shape) {
  int64_t at = 0;
  for (size_t d = 0; d < shape.size(); ++d) at = at * shape[d] + index[d];
  return static_cast<size_t>(at);
}

struct Array {
  Ints shape;
  std::vector<float> v;

  explicit Array(const Ints& s) : shape(s), v(static_cast<size_t>(count(s)), 0.0F) {}
  float& at(const Ints& index) { return v[place(index, shape)]; }
  float at(const Ints& index) const { return v[place(index, shape)]; }
};

inline Array noise(const Ints& shape, uint32_t seed) {
  Array a(shape);
  std::mt19937 random(seed);
  for (float& f : a.v) f = static_cast<float>(random() % 4001) / 1000.0F - 2.0F;
  return a;
}

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

struct LayerCase {
  std::string name;
  OnnxModel model;
  Bytes input;
  std::vector<Bytes> want;
};

inline void PrintTo(const LayerCase& c, std::ostream* to) { *to << c.name; }

using Attributes = std::vector<std::pair<std::string, Ints>>;

inline void set(onnx::NodeProto& node, const Attributes& attributes, const std::vector<std::string>& scalars) {
  for (const auto& [name, values] : attributes) {
    if (std::find(scalars.begin(), scalars.end(), name) != scalars.end()) {
      OnnxModel::attribute(node, name, values.at(0));
      continue;
    }
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (int64_t v : values) a.add_ints(v);
  }
}

inline void set_words(onnx::NodeProto& node, const std::vector<std::pair<std::string, std::string>>& words) {
  for (const auto& [name, value] : words) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value);
  }
}

// ---- windows ----

/// Of each spatial dimension.
struct Windows {
  Ints filter, stride, dilation, before, after;
  bool ceil = false;

  Ints out(const Ints& in) const {
    Ints size;
    for (size_t d = 0; d < filter.size(); ++d) {
      const int64_t room = in[d + 2] + before[d] + after[d] - (filter[d] - 1) * dilation[d] - 1;
      int64_t n = room / stride[d] + 1;
      if (ceil && room % stride[d] != 0 && n * stride[d] < in[d + 2] + before[d]) ++n;
      size.push_back(n);
    }
    return size;
  }
  Attributes attributes() const {
    Ints pads = before;
    pads.insert(pads.end(), after.begin(), after.end());
    return {{"kernel_shape", filter}, {"strides", stride}, {"dilations", dilation}, {"pads", pads}};
  }
};

/// What a window of one image's channel holds: elements with their places, and how many positions lie in the padded
/// input.
struct Window {
  std::vector<std::pair<Ints, float>> inside;
  int64_t padded = 0;
};

template <class Reduce>
Array pooled(const Array& x, const Windows& w, Reduce reduce) {
  Ints shape{x.shape[0], x.shape[1]};
  const Ints size = w.out(x.shape);
  shape.insert(shape.end(), size.begin(), size.end());
  Array y(shape);
  for_each(shape, [&](const Ints& to) {
    Window window;
    for_each(w.filter, [&](const Ints& tap) {
      Ints from = to;
      bool inside = true, padded = true;
      for (size_t d = 0; d < tap.size(); ++d) {
        from[d + 2] = to[d + 2] * w.stride[d] + tap[d] * w.dilation[d] - w.before[d];
        inside = inside && from[d + 2] >= 0 && from[d + 2] < x.shape[d + 2];
        padded = padded && from[d + 2] < x.shape[d + 2] + w.after[d];
      }
      if (inside) window.inside.emplace_back(from, x.at(from));
      if (padded) ++window.padded;
    });
    y.at(to) = static_cast<float>(reduce(window));
  });
  return y;
}

inline LayerCase pool_case(const std::string& name, const std::string& op, const Ints& shape, const Windows& w,
                           const Attributes& more, const std::function<double(const Window&)>& reduce) {
  LayerCase c{name, OnnxModel(22), {}, {}};
  const Array x = noise(shape, 1);
  c.input = bytes_of(x.v);
  c.want = {bytes_of(pooled(x, w, reduce).v)};
  c.model.input("x", shape);
  onnx::NodeProto& node = c.model.node(op, {"x"}, {"y"});
  set(node, w.attributes(), {});
  set(node, {{"ceil_mode", {w.ceil}}}, {"ceil_mode"});
  set(node, more, {"p", "count_include_pad", "storage_order"});
  c.model.output("y");
  return c;
}

inline const std::pair<Ints, float>& largest(const Window& w) {
  return *std::max_element(w.inside.begin(), w.inside.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
}

inline LayerCase max_case(const std::string& name, const Ints& shape, const Windows& w) {
  return pool_case(name, "MaxPool", shape, w, {}, [](const Window& v) { return largest(v).second; });
}

inline LayerCase average_case(const std::string& name, const Ints& shape, const Windows& w, bool padding) {
  return pool_case(name, "AveragePool", shape, w, {{"count_include_pad", {padding}}}, [padding](const Window& v) {
    double sum = 0;
    for (const auto& e : v.inside) sum += e.second;
    return sum / static_cast<double>(padding ? v.padded : static_cast<int64_t>(v.inside.size()));
  });
}

inline LayerCase norm_case(const std::string& name, const Ints& shape, const Windows& w, int64_t p) {
  return pool_case(name, "LpPool", shape, w, {{"p", {p}}}, [p](const Window& v) {
    double sum = 0;
    for (const auto& e : v.inside) sum += std::pow(std::abs(e.second), p);
    return std::pow(sum, 1.0 / static_cast<double>(p));
  });
}

/// Values from a few, so that many are equal: the first counts.
inline LayerCase places_case(const std::string& name, const Ints& shape, const Windows& w, bool columns) {
  LayerCase c = pool_case(name, "MaxPool", shape, w, {{"storage_order", {columns}}},
                          [](const Window& v) { return largest(v).second; });
  Array x = noise(shape, 2);
  for (float& f : x.v) f = std::floor(f);
  std::vector<int64_t> places;
  const Array y = pooled(x, w, [&](const Window& v) {
    const auto& [index, value] = largest(v);
    Ints order = index, sizes = shape;  // as the image's dimensions follow each other in memory
    if (columns) {
      std::reverse(order.begin() + 2, order.end());
      std::reverse(sizes.begin() + 2, sizes.end());
    }
    places.push_back(static_cast<int64_t>(place(order, sizes)));
    return value;
  });
  c.model.graph().mutable_node(0)->add_output("places");
  c.model.output("places");
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v), bytes_of(places)};
  return c;
}

// ---- convolutions ----

inline LayerCase conv_case(const std::string& name, const Ints& shape, int64_t units, int64_t groups,
                           const Windows& w) {
  LayerCase c{name, OnnxModel(), {}, {}};
  Ints weights_shape{units, shape[1] / groups};
  weights_shape.insert(weights_shape.end(), w.filter.begin(), w.filter.end());
  const Array x = noise(shape, 3), weights = noise(weights_shape, 4), bias = noise({units}, 5);
  Ints out{shape[0], units};
  const Ints size = w.out(shape);
  out.insert(out.end(), size.begin(), size.end());
  Array y(out);
  for_each(out, [&](const Ints& to) {
    double sum = bias.v[static_cast<size_t>(to[1])];
    for_each(weights_shape, [&](Ints tap) {
      if (tap[0] != 0) return;
      Ints from = to;
      from[1] = to[1] / (units / groups) * weights_shape[1] + tap[1];
      bool inside = true;
      for (size_t d = 0; d < w.filter.size(); ++d) {
        from[d + 2] = to[d + 2] * w.stride[d] + tap[d + 2] * w.dilation[d] - w.before[d];
        inside = inside && from[d + 2] >= 0 && from[d + 2] < shape[d + 2];
      }
      tap[0] = to[1];
      if (inside) sum += double{x.at(from)} * weights.at(tap);
    });
    y.at(to) = static_cast<float>(sum);
  });
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v)};
  c.model.input("x", shape);
  c.model.constant("w", weights_shape, weights.v);
  c.model.constant("b", {units}, bias.v);
  onnx::NodeProto& node = c.model.node("Conv", {"x", "w", "b"}, {"y"});
  set(node, w.attributes(), {});
  set(node, {{"group", {groups}}}, {"group"});
  c.model.output("y");
  return c;
}

/// Every element of the input adds its multiple of the filter to the result.
inline LayerCase transposed_case(const std::string& name, const Ints& shape, int64_t units, int64_t groups,
                                 const Windows& w, const Ints& extra) {
  LayerCase c{name, OnnxModel(), {}, {}};
  Ints weights_shape{shape[1], units / groups}, out{shape[0], units};
  weights_shape.insert(weights_shape.end(), w.filter.begin(), w.filter.end());
  for (size_t d = 0; d < w.filter.size(); ++d) {
    out.push_back((shape[d + 2] - 1) * w.stride[d] + (w.filter[d] - 1) * w.dilation[d] + 1 + extra[d] - w.before[d] -
                  w.after[d]);
  }
  const Array x = noise(shape, 6), weights = noise(weights_shape, 7);
  Array y(out);
  for_each(shape, [&](const Ints& from) {
    for_each(weights_shape, [&](Ints tap) {
      if (tap[0] != 0) return;
      Ints to = from;
      to[1] = from[1] / (shape[1] / groups) * weights_shape[1] + tap[1];
      bool inside = true;
      for (size_t d = 0; d < w.filter.size(); ++d) {
        to[d + 2] = from[d + 2] * w.stride[d] + tap[d + 2] * w.dilation[d] - w.before[d];
        inside = inside && to[d + 2] >= 0 && to[d + 2] < out[d + 2];
      }
      tap[0] = from[1];
      if (inside) y.at(to) += x.at(from) * weights.at(tap);
    });
  });
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v)};
  c.model.input("x", shape);
  c.model.constant("w", weights_shape, weights.v);
  onnx::NodeProto& node = c.model.node("ConvTranspose", {"x", "w"}, {"y"});
  set(node, w.attributes(), {});
  set(node, {{"group", {groups}}, {"output_padding", extra}}, {"group"});
  c.model.output("y");
  return c;
}

// ---- others ----

inline LayerCase batch_case() {
  LayerCase c{"batch_in_training", OnnxModel(15), {}, {}};
  const Ints shape{2, 3, 2, 5};
  const Array x = noise(shape, 8);
  const std::vector<std::vector<float>> given = {
      {1, 0.5F, 2}, {0, -1, 0.25F}, {0.5F, 1, -2}, {1, 2, 3}};  // scale, B, mean, variance
  std::vector<double> mean(3, 0), variance(3, 0);
  std::vector<float> y(x.v.size()), running_mean, running_variance;
  for_each(shape, [&](const Ints& i) { mean[static_cast<size_t>(i[1])] += x.at(i) / 20.0; });
  for_each(shape, [&](const Ints& i) {
    variance[static_cast<size_t>(i[1])] += std::pow(x.at(i) - mean[static_cast<size_t>(i[1])], 2) / 20.0;
  });
  for_each(shape, [&](const Ints& i) {
    const auto k = static_cast<size_t>(i[1]);
    y[place(i, shape)] =
        static_cast<float>((x.at(i) - mean[k]) / std::sqrt(variance[k] + 1e-5) * given[0][k] + given[1][k]);
  });
  for (size_t k = 0; k < 3; ++k) {
    running_mean.push_back(static_cast<float>(0.9 * given[2][k] + 0.1 * mean[k]));
    running_variance.push_back(static_cast<float>(0.9 * given[3][k] + 0.1 * variance[k]));
  }
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y), bytes_of(running_mean), bytes_of(running_variance)};
  c.model.input("x", shape);
  const std::vector<std::string> names = {"scale", "B", "mean", "variance"};
  for (size_t k = 0; k < 4; ++k) c.model.constant(names[k], {3}, given[k]);
  set(c.model.node("BatchNormalization", {"x", "scale", "B", "mean", "variance"}, {"y", "m", "v"}),
      {{"training_mode", {1}}}, {"training_mode"});
  for (const char* name : {"y", "m", "v"}) c.model.output(name);
  return c;
}

/// indices [2, 2, 3, 1] into x [2, 2, 4, 3]: rows of each of four matrices.
inline LayerCase gather_case() {
  LayerCase c{"gather_nd_of_batches", OnnxModel(), {}, {}};
  const Array x = noise({2, 2, 4, 3}, 9);
  const Ints rows = {0, 2, 3, 1, 1, 0, 3, -1, 2, 0, 1, 2};
  Array y({2, 2, 3, 3});
  for_each(y.shape, [&](const Ints& to) {
    const int64_t row = rows[place({to[0], to[1], to[2]}, {2, 2, 3})];
    y.at(to) = x.at({to[0], to[1], row < 0 ? row + 4 : row, to[3]});
  });
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v)};
  c.model.input("x", x.shape);
  onnx::TensorProto& indices = c.model.integers("i", rows);
  indices.clear_dims();
  for (int64_t d : {2, 2, 3, 1}) indices.add_dims(d);
  set(c.model.node("GatherND", {"x", "i"}, {"y"}), {{"batch_dims", {2}}}, {"batch_dims"});
  c.model.output("y");
  return c;
}

inline LayerCase space_case(const std::string& mode) {
  LayerCase c{"space_to_depth_" + mode, OnnxModel(28), {}, {}};
  const Array x = noise({1, 2, 4, 6}, 10);
  Array y({1, 8, 2, 3});
  for_each(x.shape, [&](const Ints& from) {
    const int64_t block = from[2] % 2 * 2 + from[3] % 2;
    y.at({0, mode == "CRD" ? from[1] * 4 + block : block * 2 + from[1], from[2] / 2, from[3] / 2}) = x.at(from);
  });
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v)};
  c.model.input("x", x.shape);
  onnx::NodeProto& node = c.model.node("SpaceToDepth", {"x"}, {"y"});
  set(node, {{"blocksize", {2}}}, {"blocksize"});
  set_words(node, {{"mode", mode}});
  c.model.output("y");
  return c;
}

/// Each row of the result is a sum over rows of the input, by `weight(to, from)`; columns stay.
inline LayerCase resize_case(const std::string& name, int64_t in, int64_t out,
                             const std::vector<std::pair<std::string, std::string>>& words,
                             const std::vector<std::pair<std::string, float>>& numbers, const Attributes& flags,
                             const std::vector<float>& roi, const std::function<double(int64_t, int64_t)>& weight,
                             const std::function<double(int64_t)>& added) {
  LayerCase c{name, OnnxModel(19), {}, {}};
  const Array x = noise({1, 2, in, 3}, 11);
  Array y({1, 2, out, 3});
  for_each(y.shape, [&](const Ints& to) {
    double sum = added(to[2]);
    for (int64_t k = 0; k < in; ++k) sum += weight(to[2], k) * x.at({0, to[1], k, to[3]});
    y.at(to) = static_cast<float>(sum);
  });
  c.input = bytes_of(x.v);
  c.want = {bytes_of(y.v)};
  c.model.input("x", x.shape);
  if (!roi.empty()) c.model.constant("roi", {static_cast<int64_t>(roi.size())}, roi);
  c.model.integers("sizes", {1, 2, out, 3});
  onnx::NodeProto& node = c.model.node("Resize", {"x", roi.empty() ? "" : "roi", "", "sizes"}, {"y"});
  set_words(node, words);
  for (const auto& [key, value] : numbers) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(key);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
  }
  set(node, flags, {"antialias", "exclude_outside"});
  c.model.output("y");
  return c;
}

/// From 8 rows to 4 every result stands between two rows, 2k and 2k + 1, and the kernel is twice as wide: a tent over
/// four rows, or Keys' cubic over eight. Rows outside repeat the edge.
inline double halved(int64_t to, int64_t from, const std::vector<double>& half_kernel) {
  double sum = 0, all = 0;
  const auto reach = static_cast<int64_t>(half_kernel.size());
  for (int64_t k = 2 * to + 1 - reach; k <= 2 * to + reach; ++k) {
    const int64_t distance = k > 2 * to ? k - 2 * to - 1 : 2 * to - k;  // 0.5, 1.5, ... rows away
    const double w = half_kernel[static_cast<size_t>(distance)];
    all += w;
    if (std::clamp<int64_t>(k, 0, 7) == from) sum += w;
  }
  return sum / all;
}

inline std::vector<LayerCase> layer_cases() {
  const Windows cube{{2, 3, 2}, {1, 2, 2}, {1, 1, 1}, {1, 1, 0}, {0, 1, 1}};
  const Windows gaps{{2, 2, 3}, {1, 2, 1}, {2, 2, 1}, {0, 1, 1}, {1, 0, 1}};
  const auto hanging = [](Windows w) {
    w.ceil = true;
    return w;
  };
  const Windows square{{3, 2}, {2, 2}, {1, 1}, {1, 0}, {1, 1}};
  const auto nothing = [](int64_t) { return 0.0; };
  const auto cubic = [](double d) {
    return d <= 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3;
  };
  const auto crop_at = [](int64_t to) {
    return 4 * (0.25 + static_cast<double>(to) * 1.0 / 4);
  };  // roi 0.25 to 1.25 of 5 rows
  std::vector<LayerCase> all;
  all.push_back(max_case("max_3d", {1, 2, 4, 5, 6}, cube));
  all.push_back(max_case("max_3d_gaps_ceil", {2, 2, 4, 6, 5}, hanging(gaps)));
  all.push_back(average_case("average_3d", {2, 2, 4, 5, 6}, hanging(cube), false));
  all.push_back(average_case("average_3d_padding", {1, 3, 4, 5, 7}, hanging(cube), true));
  all.push_back(average_case("average_3d_gaps", {1, 2, 4, 6, 5}, hanging(gaps), false));
  all.push_back(average_case("average_3d_gaps_padding", {1, 2, 4, 6, 5}, hanging(gaps), true));
  all.push_back(average_case("average_2d_gaps", {1, 2, 7, 8}, {{3, 2}, {2, 3}, {2, 3}, {2, 1}, {1, 1}, true}, false));
  all.push_back(average_case("average_1d_gaps", {1, 2, 9}, {{3}, {2}, {2}, {1}, {2}, true}, false));
  all.push_back(norm_case("norm_3_of_3d", {1, 2, 4, 5, 6}, cube, 3));
  all.push_back(norm_case("norm_4_of_2d_ceil", {1, 3, 6, 6}, hanging(square), 4));
  all.push_back(norm_case("norm_3_of_1d", {1, 3, 11}, {{4}, {2}, {1}, {2}, {1}}, 3));
  all.push_back(places_case("places_2d", {2, 3, 6, 5}, square, false));
  all.push_back(places_case("places_2d_columns", {1, 2, 6, 5}, hanging(square), true));
  all.push_back(places_case("places_1d", {1, 3, 9}, {{3}, {2}, {2}, {1}, {1}}, false));
  all.push_back(places_case("places_3d", {1, 2, 4, 6, 5}, gaps, false));
  all.push_back(places_case("places_3d_columns", {1, 2, 4, 5, 6}, cube, true));
  all.push_back(conv_case("conv_3d", {2, 3, 4, 5, 6}, 4, 1, cube));
  all.push_back(conv_case("conv_3d_groups", {1, 4, 5, 5, 6}, 6, 2, gaps));
  all.push_back(conv_case("conv_3d_depthwise", {1, 3, 4, 5, 6}, 6, 3, cube));
  all.push_back(
      conv_case("conv_3d_pointwise", {1, 3, 2, 3, 2}, 4, 1, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}));
  all.push_back(transposed_case("transposed_3d", {2, 3, 3, 4, 2}, 2, 1,
                                {{3, 2, 3}, {2, 3, 1}, {1, 1, 1}, {1, 0, 1}, {1, 1, 0}}, {1, 0, 0}));
  all.push_back(transposed_case("transposed_3d_groups", {1, 4, 3, 2, 3}, 6, 2,
                                {{2, 3, 2}, {2, 1, 2}, {2, 1, 1}, {0, 1, 0}, {1, 0, 1}}, {0, 0, 1}));
  all.push_back(batch_case());
  all.push_back(gather_case());
  all.push_back(space_case("DCR"));
  all.push_back(space_case("CRD"));
  all.push_back(resize_case(
      "antialias_linear", 8, 4, {{"mode", "linear"}}, {}, {{"antialias", {1}}}, {},
      [](int64_t to, int64_t from) {
        return halved(to, from, {0.75, 0.25});
      },
      nothing));
  all.push_back(resize_case(
      "antialias_cubic", 8, 4, {{"mode", "cubic"}}, {}, {{"antialias", {1}}}, {},
      [cubic](int64_t to, int64_t from) {
        return halved(to, from, {cubic(0.25), cubic(0.75), cubic(1.25), cubic(1.75)});
      },
      nothing));
  all.push_back(resize_case(
      "crop", 5, 5, {{"mode", "linear"}, {"coordinate_transformation_mode", "tf_crop_and_resize"}},
      {{"extrapolation_value", 7.0F}}, {}, {0, 0, 0.25F, 0, 1, 1, 1.25F, 1},
      [crop_at](int64_t to, int64_t from) {
        return crop_at(to) > 4 ? 0 : std::max(0.0, 1 - std::abs(crop_at(to) - static_cast<double>(from)));
      },
      [crop_at](int64_t to) { return crop_at(to) > 4 ? 7.0 : 0.0; }));
  return all;
}

}  // namespace smelt::test
