// Activations, as layers and as words. Sources: Keras 2.15 and Keras 3, activations and layers/activations.
#include <algorithm>

#include "import/keras_call.hpp"
#include "import/text.hpp"

namespace smelt::keras {
namespace {

TensorId number(GraphBuilder& b, double v) { return b.number(static_cast<float>(v)); }

TensorId clip(GraphBuilder& b, TensorId x, double low, double high) {
  return b.minimum(b.maximum(x, number(b, low)), number(b, high));
}

void activation_layer(Call& c) { c.out = {c.activate(c.x())}; }

void relu_layer(Call& c) {
  std::optional<double> max_value;
  if (c.field("max_value") != nullptr) max_value = c.f("max_value", 0);
  c.out = {relu(c.b, c.x(), c.f("negative_slope", 0), max_value, c.f("threshold", 0))};
}

void leaky_relu_layer(Call& c) {  // Keras 2 calls it alpha
  c.out = {c.b.activation("leaky_relu", c.x(),
                          c.field("alpha") != nullptr ? c.f("alpha", 0.3) : c.f("negative_slope", 0.3))};
}

void elu_layer(Call& c) { c.out = {c.b.activation("elu", c.x(), c.f("alpha", 1))}; }

void thresholded_relu_layer(Call& c) { c.out = {c.b.activation("thresholded_relu", c.x(), c.f("theta", 1))}; }

void softmax_layer(Call& c) {
  Ints axes = c.list("axis");
  if (axes.empty()) axes = {-1};
  if (axes.size() != 1) c.unsupported("a softmax over several axes is not supported");
  c.out = {c.b.softmax(c.x(), c.axis(axes[0]))};
}

void prelu_layer(Call& c) {
  const Shape& s = c.shape();
  const Array& alpha = c.weight("alpha", s.size() - 1);  // of the input's shape, or 1 where shared
  Shape shape = alpha.shape;
  shape.insert(shape.begin(), 1);
  std::vector<size_t> perm;
  for (size_t d = 0; d + 1 < s.size(); ++d) {
    perm.push_back(d);
    if (shape[d + 1] != 1 && shape[d + 1] != s[d + 1])
      c.malformed("alpha of " + to_string(alpha.shape) + " does not fit " + to_string(s));
  }
  const TensorId slope = c.constant(alpha, perm, shape);
  if (c.b.accepts("prelu", {c.x(), slope})) {
    c.out = {c.b.node("prelu", {c.x(), slope})};
  } else {
    c.out = {c.b.add(c.b.activation("relu", c.x()), c.b.mul(c.b.minimum(c.x(), c.b.number(0)), slope))};
  }
}

}  // namespace

TensorId relu(GraphBuilder& b, TensorId x, double negative_slope, std::optional<double> max_value, double threshold) {
  if (threshold == 0 && negative_slope == 0 && max_value == 6) return b.activation("relu6", x);
  TensorId y;
  if (threshold == 0) {
    y = negative_slope == 0 || max_value ? b.activation("relu", x) : b.activation("leaky_relu", x, negative_slope);
  } else {
    y = b.activation("thresholded_relu", x, threshold);
  }
  if (max_value) y = b.minimum(y, number(b, *max_value));
  if (negative_slope == 0 || (threshold == 0 && !max_value)) return y;
  const TensorId below = b.activation("relu", b.sub(number(b, threshold), x));
  return b.sub(y, b.mul(below, number(b, negative_slope)));
}

TensorId activation(const Call& c, const std::string& given, TensorId x) {
  GraphBuilder& b = c.b;
  const std::string word = given.rfind("keras.activations.", 0) == 0 ? given.substr(18) : given;
  for (const char* plain : {"linear", "relu", "relu6", "elu", "selu", "softplus", "softsign", "sigmoid", "tanh",
                            "exponential", "mish", "gelu", "celu", "swish"}) {
    if (word == plain) return b.activation(word, x);
  }
  if (word == "silu") return b.activation("swish", x);
  if (word == "leaky_relu") return b.activation(word, x, 0.2);
  if (word == "hard_sigmoid") return b.activation(word, x, c.version < 3 ? 0.2 : 1.0 / 6, 0.5);
  if (word == "hard_silu" || word == "hard_swish") return b.activation("hard_swish", x);
  if (word == "softmax") return b.softmax(x, b.rank(x) - 1);
  if (word == "log_softmax") return b.log_softmax(x, b.rank(x) - 1);
  if (word == "log_sigmoid") return b.unary("neg", b.activation("softplus", b.unary("neg", x)));
  if (word == "hard_tanh") return clip(b, x, -1, 1);
  if (word == "tanh_shrink") return b.sub(x, b.activation("tanh", x));
  if (word == "soft_shrink") return b.sub(x, clip(b, x, -0.5, 0.5));
  c.b.refuse("E0311", "the activation \"" + printable(word, 80) + "\" is not supported",
             "if it is a custom function, replace it by activations and layers of Keras");
}

void add_activations(Converters& to) {
  to.insert({{"Activation", activation_layer},
             {"ReLU", relu_layer},
             {"LeakyReLU", leaky_relu_layer},
             {"ELU", elu_layer},
             {"ThresholdedReLU", thresholded_relu_layer},
             {"Softmax", softmax_layer},
             {"PReLU", prelu_layer}});
}

}  // namespace smelt::keras
