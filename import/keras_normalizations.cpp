// Normalizations and other sums of scale and shift.
#include <algorithm>
#include <cmath>

#include "import/keras_call.hpp"

namespace smelt::keras {
namespace {

Ints axes_of(const Call& c) {
  Ints axes = c.list("axis");
  if (axes.empty()) axes = {-1};
  for (int64_t& a : axes) a = c.axis(a);
  std::sort(axes.begin(), axes.end());
  return axes;
}

/// x * scale + shift along an axis, sizes checked.
TensorId scaled(Call& c, int64_t axis, const std::vector<float>& scale, const std::vector<float>& shift) {
  const auto n = static_cast<size_t>(c.shape()[static_cast<size_t>(axis)]);
  if (scale.size() != n || shift.size() != n) {
    c.b.refuse("E0142",
               std::to_string(scale.size()) + " weights do not fit the axis " + std::to_string(axis) + " of " +
                   to_string(c.shape()),
               "save the model again");
  }
  return c.b.scale_channels(c.x(), axis, scale, shift);
}

void batch_normalization(Call& c) {
  const Ints axes = axes_of(c);
  if (axes.size() != 1) c.unsupported("several axes are not supported");
  const std::vector<float> mean = c.vector("moving_mean"), variance = c.vector("moving_variance");
  std::vector<float> gamma(mean.size(), 1.0F), beta(mean.size(), 0.0F);
  if (c.has_weight("gamma")) gamma = c.vector("gamma");
  if (c.has_weight("beta")) beta = c.vector("beta");
  const double epsilon = c.f("epsilon", 1e-3);
  std::vector<float> scale, shift;
  if (variance.size() != mean.size() || gamma.size() != mean.size() || beta.size() != mean.size()) {
    c.b.refuse("E0142", "its weights are of different lengths", "save the model again");
  }
  for (size_t i = 0; i < mean.size(); ++i) {
    const double s = gamma[i] / std::sqrt(double{variance[i]} + epsilon);
    scale.push_back(static_cast<float>(s));
    shift.push_back(static_cast<float>(beta[i] - mean[i] * s));
  }
  c.out = {scaled(c, axes[0], scale, shift)};
}

/// Weights of a layer normalization: those of its axes, in their order, every other dimension 1.
TensorId along(Call& c, const char* name, const Ints& axes) {
  const Array& a = c.weight(name, axes.size());
  Shape shape(c.shape().size(), 1);
  std::vector<size_t> perm;
  for (size_t i = 0; i < axes.size(); ++i) {
    perm.push_back(i);
    shape[static_cast<size_t>(axes[i])] = a.shape[i];
    if (a.shape[i] != c.shape()[static_cast<size_t>(axes[i])]) {
      c.b.refuse("E0142", "weights of " + to_string(a.shape) + " do not fit " + to_string(c.shape()),
                 "save the model again");
    }
  }
  return c.constant(a, perm, shape);
}

void layer_normalization(Call& c) {
  if (c.flag("rms_scaling", false)) c.unsupported("rms_scaling is not supported");
  const Ints axes = axes_of(c);
  TensorId y = c.b.standardize(c.x(), axes, c.f("epsilon", 1e-3));
  if (c.has_weight("gamma")) y = c.b.mul(y, along(c, "gamma", axes));
  if (c.has_weight("beta")) y = c.b.add(y, along(c, "beta", axes));
  c.out = {y};
}

/// A number, or numbers however nested.
void flatten(const Call& c, const Json& value, std::vector<float>& to) {
  if (value.is_object() && field(value, "config") != nullptr) return flatten(c, *field(value, "config"), to);
  if (value.is_object() && field(value, "value") != nullptr) return flatten(c, *field(value, "value"), to);
  if (value.is_array()) {
    for (const Json& item : value) flatten(c, item, to);
    return;
  }
  if (!value.is_number()) c.malformed("something stands where numbers should be");
  to.push_back(static_cast<float>(value.get<double>()));
}

/// Images are often bytes in front of these layers.
void to_floats(Call& c) { c.in = {c.b.cast(c.x(), DType::f32)}; }

std::vector<float> numbers(const Call& c, const char* name, double absent) {
  std::vector<float> all;
  if (c.field(name) == nullptr) return {static_cast<float>(absent)};
  flatten(c, *c.field(name), all);
  if (all.empty()) c.malformed(std::string(name) + " holds no numbers");
  return all;
}

/// As many as the last dimension has, or one for all.
std::vector<float> spread(Call& c, std::vector<float> v, size_t n) {
  if (v.size() == 1) v.resize(n, v[0]);
  if (v.size() != n) c.unsupported(std::to_string(v.size()) + " values do not fit an input of " + to_string(c.shape()));
  return v;
}

void rescaling(Call& c) {
  to_floats(c);
  const auto n = static_cast<size_t>(c.shape().back());
  c.out = {scaled(c, c.rank() - 1, spread(c, numbers(c, "scale", 1), n), spread(c, numbers(c, "offset", 0), n))};
}

void normalization(Call& c) {
  to_floats(c);
  Ints axes = c.list("axis");
  if (axes.size() > 1) c.unsupported("several axes are not supported");
  const int64_t axis = axes.empty() ? c.rank() - 1 : c.axis(axes[0]);
  const auto n = static_cast<size_t>(c.shape()[static_cast<size_t>(axis)]);
  const size_t rank = axes.size();
  const bool given = !c.has_weight("mean");
  const std::vector<float> mean = spread(c, given ? numbers(c, "mean", 0) : c.weight("mean", rank).values, n);
  const std::vector<float> variance =
      spread(c, given ? numbers(c, "variance", 1) : c.weight("variance", rank).values, n);
  constexpr double epsilon = 1e-7;
  std::vector<float> scale, shift;
  for (size_t i = 0; i < n; ++i) {
    const double deviation = std::max(std::sqrt(double{variance[i]}), epsilon);
    const bool invert = c.flag("invert", false);
    scale.push_back(static_cast<float>(invert ? deviation : 1 / deviation));
    shift.push_back(static_cast<float>(invert ? mean[i] : -mean[i] / deviation));
  }
  c.out = {scaled(c, axis, scale, shift)};
}

}  // namespace

void add_normalizations(Converters& to) {
  to.insert({{"BatchNormalization", batch_normalization},
             {"LayerNormalization", layer_normalization},
             {"Normalization", normalization},
             {"Rescaling", rescaling}});
}

}  // namespace smelt::keras
