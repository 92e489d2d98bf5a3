// Normalization.
#include <cmath>

#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

std::vector<float> channel_values(Call& c, size_t input, const char* what) {
  std::vector<float> v = c.b.reals(c.in(input), what);
  if (c.rank(0) < 2 || static_cast<int32_t>(v.size()) != c.shape(0)[1]) c.mismatch(std::string(what) + " must have one value for each channel");
  return v;
}

Ints from_axis(int64_t axis, int64_t rank) {
  Ints axes;
  for (int64_t d = axis; d < rank; ++d) axes.push_back(d);
  return axes;
}

TensorId inverse_deviation(Call& c, TensorId variance, double epsilon) {
  return c.b.unary("rsqrt", c.b.add(variance, c.b.number(static_cast<float>(epsilon))));
}

TensorId scaled(Call& c, TensorId x, size_t scale, size_t shift) {
  const auto of_channels = [&](size_t input) {
    Shape s(static_cast<size_t>(c.rank(0) - 1), 1);
    s[0] = c.shape(0)[1];
    return c.b.reshape(c.in(input), s);
  };
  return c.b.add(c.b.mul(x, of_channels(scale)), of_channels(shift));
}

/// By the mean and variance of this very batch; those that the file holds move towards them.
void batch_in_training(Call& c, double epsilon) {
  if (c.rank(0) < 2) c.mismatch("the input has no channels");
  for (size_t i = 1; i < 5; ++i) {
    if (c.shape(i) != Shape{c.shape(0)[1]})
      c.mismatch("scale, B, mean and variance must have one value for each channel");
  }
  const auto kept = static_cast<float>(c.f("momentum", 0.9));
  Ints axes = from_axis(2, c.rank(0));
  axes.push_back(0);
  const GraphBuilder::Moments m = c.b.moments(c.in(0), axes);
  const TensorId y = scaled(c, c.b.mul(m.centred, inverse_deviation(c, m.variance, epsilon)), 1, 2);
  const auto moved = [&](size_t input, TensorId towards) {
    towards = c.b.reshape(towards, c.shape(input));
    return c.b.add(c.b.mul(c.in(input), c.b.number(kept)), c.b.mul(towards, c.b.number(1 - kept)));
  };
  c.out = {y, moved(3, m.mean), moved(4, m.variance)};
}

/// Inference: a factor and a summand for each channel.
void batch(Call& c) {
  for (const char* name : {"momentum", "spatial"}) c.ignore(name);
  const double epsilon = c.f("epsilon", 1e-5);
  if (c.i("training_mode", 0) != 0) return batch_in_training(c, epsilon);
  const std::vector<float> gamma = channel_values(c, 1, "scale"), beta = channel_values(c, 2, "B"), mean = channel_values(c, 3, "mean"),
                           variance = channel_values(c, 4, "variance");
  std::vector<float> scale, shift;
  for (size_t i = 0; i < gamma.size(); ++i) {
    const double s = gamma[i] / std::sqrt(variance[i] + epsilon);
    scale.push_back(static_cast<float>(s));
    shift.push_back(static_cast<float>(beta[i] - mean[i] * s));
  }
  c.out = {c.b.scale_channels(c.in(0), 1, scale, shift)};
}

void instance(Call& c) {
  const double epsilon = c.f("epsilon", 1e-5);
  c.out = {scaled(c, c.b.standardize(c.in(0), from_axis(2, c.rank(0)), epsilon), 1, 2)};
}

void group(Call& c) {
  c.ignore("stash_type");
  const double epsilon = c.f("epsilon", 1e-5);
  const int64_t groups = c.i("num_groups", 0);
  const Shape s = c.shape(0);
  if (s.size() < 2 || groups < 1 || s[1] % groups != 0) c.mismatch("num_groups does not divide the channels");
  const int64_t size = elements(s) / s[0] / groups;
  const TensorId x = c.b.standardize(c.b.reshape(c.in(0), Ints{s[0], groups, size}), {2}, epsilon);
  if (elements(c.shape(1)) != s[1]) {  // before opset 21: values for groups
    const Shape per_group{1, static_cast<int32_t>(groups), 1};
    const TensorId y = c.b.add(c.b.mul(x, c.b.reshape(c.in(1), per_group)), c.b.reshape(c.in(2), per_group));
    return void(c.out = {c.b.reshape(y, s)});
  }
  c.out = {scaled(c, c.b.reshape(x, s), 1, 2)};
}

void layer(Call& c) {
  c.ignore("stash_type");
  const double epsilon = c.f("epsilon", 1e-5);
  const Ints axes = from_axis(c.axis(c.i("axis", -1), c.rank(0)), c.rank(0));
  const GraphBuilder::Moments m = c.b.moments(c.in(0), axes);
  const TensorId inverse = inverse_deviation(c, m.variance, epsilon);
  TensorId y = c.b.mul(c.b.mul(m.centred, inverse), c.in(1));
  if (c.has(2)) y = c.b.add(y, c.in(2));
  c.out = {y, m.mean, inverse};
}

void root_mean_square(Call& c) {
  c.ignore("stash_type");
  const double epsilon = c.f("epsilon", 1e-5);
  const Ints axes = from_axis(c.axis(c.i("axis", -1), c.rank(0)), c.rank(0));
  const TensorId x = c.in(0);
  const TensorId square = c.b.reduce("mean", c.b.mul(x, x), axes, true);
  c.out = {c.b.mul(c.b.mul(x, inverse_deviation(c, square, epsilon)), c.in(1))};
}

void mean_variance(Call& c) {
  const Ints axes = c.axes(c.ints("axes", {0, 2, 3}), c.rank(0));
  const GraphBuilder::Moments m = c.b.moments(c.in(0), axes);
  c.out = {c.b.div(m.centred, c.b.add(c.b.unary("sqrt", m.variance), c.b.number(1e-9F)))};
}

void lp(Call& c) {
  const int64_t p = c.i("p", 2);
  if (p != 1 && p != 2) c.unsupported("p = " + std::to_string(p) + " is not supported", "supported: 1 and 2");
  const Ints axes = {c.axis(c.i("axis", -1), c.rank(0))};
  const TensorId x = c.in(0);
  const TensorId sum = c.b.reduce("sum", p == 1 ? c.b.unary("abs", x) : c.b.mul(x, x), axes, true);
  const TensorId length = p == 1 ? sum : c.b.unary("sqrt", sum);
  c.out = {c.b.div(x, c.b.maximum(length, c.b.number(1e-30F)))};  // of zeros: zeros
}

/// x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta. The sum is an average pool over channels.
void local_response(Call& c) {
  const double alpha = c.f("alpha", 1e-4), beta = c.f("beta", 0.75), bias = c.f("bias", 1);
  const int64_t size = c.i("size", 0);
  const Shape s = c.shape(0);
  if (size < 1 || size > 4096 || s.size() < 2) c.mismatch("size must be at least 1");
  const TensorId x = c.in(0);
  const int64_t rest = elements(s) / s[0] / s[1];
  const TensorId image = c.b.reshape(c.b.mul(x, x), Ints{s[0], s[1], rest, 1});
  Window w;
  w.filter_h = size;
  const TensorId padded = c.b.pad(image, {0, 0, (size - 1) / 2, size / 2, 0, 0, 0, 0}, 0);
  const TensorId mean = c.b.reshape(c.b.pool("average_pool_2d", padded, w), s);  // its divisor is size, as alpha's is
  const TensorId base = c.b.add(c.b.mul(mean, c.b.number(static_cast<float>(alpha))), c.b.number(static_cast<float>(bias)));
  c.out = {c.b.div(x, c.b.binary("pow", base, c.b.number(static_cast<float>(beta))))};
}

}  // namespace

void add_normalization(Converters& to) {
  to.insert({{"BatchNormalization", batch}, {"InstanceNormalization", instance}, {"GroupNormalization", group},
             {"LayerNormalization", layer}, {"RMSNormalization", root_mean_square}, {"MeanVarianceNormalization", mean_variance},
             {"LpNormalization", lp}, {"LRN", local_response}});
}

}  // namespace smelt::onnx
