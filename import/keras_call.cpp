#include "import/keras_call.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "import/text.hpp"

namespace smelt::keras {
namespace {

/// Beyond this nothing is a size, and sums of a few cannot overflow.
constexpr double most = 1 << 28;

std::optional<int64_t> integer(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!(std::fabs(number) <= most) || number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

}  // namespace

Call::Call(Context& context, GraphBuilder& builder, int keras, const Layer& of, Ids inputs)
    : b(builder), version(keras), layer(of), in(std::move(inputs)), context_(context) {}

TensorId Call::x() const {
  if (in.size() != 1) malformed("it has " + std::to_string(in.size()) + " inputs instead of one");
  return in[0];
}

void Call::malformed(const std::string& reason) const {
  b.refuse("E0141", reason, "the file contradicts itself; save the model again");
}

bool Call::flag(const char* name, bool absent) const {
  const Json* value = field(name);
  if (value == nullptr) return absent;
  if (!value->is_boolean()) malformed(std::string(name) + " is not true or false");
  return value->get<bool>();
}

int64_t Call::i(const char* name, std::optional<int64_t> absent) const {
  const Json* value = field(name);
  if (value == nullptr && absent) return *absent;
  const std::optional<int64_t> number = value == nullptr ? std::nullopt : integer(*value);
  if (!number) malformed(std::string(name) + " is not an integer");
  return *number;
}

double Call::f(const char* name, double absent) const {
  const Json* value = field(name);
  if (value == nullptr) return absent;
  if (!value->is_number() || !std::isfinite(static_cast<float>(value->get<double>())))
    malformed(std::string(name) + " is not a number");
  return value->get<double>();
}

std::string Call::s(const char* name, const std::string& absent) const {
  const Json* value = field(name);
  if (value == nullptr) return absent;
  if (!value->is_string()) malformed(std::string(name) + " is not a string");
  return value->get<std::string>();
}

Ints Call::list(const char* name) const {
  const Json* value = field(name);
  Ints all;
  if (value == nullptr) return all;
  const Json& items = value->is_array() ? *value : Json::array({*value});
  if (items.size() > 64) malformed(std::string(name) + " has too many numbers");
  for (const Json& item : items) {
    const std::optional<int64_t> number = integer(item);
    if (!number) malformed(std::string(name) + " holds something else than integers");
    all.push_back(*number);
  }
  return all;
}

Ints Call::ints(const char* name, size_t n, int64_t absent) const {
  const Json* value = field(name);
  if (value == nullptr) return Ints(n, absent);
  Ints all = list(name);
  if (!value->is_array()) all.resize(n, all.at(0));
  if (all.size() != n) malformed(std::string(name) + " does not have " + std::to_string(n) + " numbers");
  return all;
}

int64_t Call::axis(int64_t given) const {
  const int64_t a = given < 0 ? given + rank() : given;
  if (a < 1 || a >= rank())
    unsupported("axis " + std::to_string(given) + " of " + to_string(shape()) + " is not supported");
  return a;
}

void Call::channels_last() const {
  const std::string format = s("data_format", "channels_last");
  if (format == "channels_last") return;
  b.refuse("E0301", "data_format " + printable(format, 40) + " is not supported",
           "train or save the model with channels last");
}

const Array* Call::find(const char* name) const {
  for (size_t v = 0; v < layer.variables.size(); ++v) {
    if (layer.variables[v].name == name) return &layer.weights.at(v);
  }
  return nullptr;
}

bool Call::has_weight(const char* name) const { return find(name) != nullptr; }

const Array& Call::weight(const char* name, size_t rank) const {
  const Array* a = find(name);
  if (a == nullptr || a->shape.size() != rank || a->values.empty()) {
    b.refuse("E0142",
             std::string("the weights \"") + name + "\" are " + (a == nullptr ? "absent" : to_string(a->shape)),
             "save the model again");
  }
  return *a;
}

std::vector<float> Call::vector(const char* name) const { return weight(name, 1).values; }

TensorId Call::vector_or_none(const char* name) const {
  return has_weight(name) ? constant(weight(name, 1), {0}) : no_tensor;
}

TensorId Call::constant(const Array& a, const std::vector<size_t>& perm) const {
  Shape shape;
  for (size_t d : perm) shape.push_back(a.shape.at(d));
  return constant(a, perm, shape);
}

TensorId Call::constant(const Array& a, const std::vector<size_t>& perm, const Shape& shape) const {
  std::vector<size_t> pitch(a.shape.size(), 1);
  for (size_t d = a.shape.size(); d-- > 1;) pitch[d - 1] = pitch[d] * static_cast<size_t>(a.shape[d]);
  std::vector<float> values;
  values.reserve(a.values.size());
  std::vector<int32_t> index(perm.size(), 0);
  for (size_t n = 0; n < a.values.size(); ++n) {
    size_t at = 0;
    for (size_t d = 0; d < perm.size(); ++d) at += static_cast<size_t>(index[d]) * pitch[perm[d]];
    values.push_back(a.values[at]);
    for (size_t d = perm.size(); d-- > 0;) {
      if (++index[d] < a.shape[perm[d]]) break;
      index[d] = 0;
    }
  }
  return b.floats(shape, values);
}

TensorId Call::activate(TensorId x, const char* name) const {
  const Json* function = field(name);
  return function == nullptr ? x : activate(x, *function);
}

TensorId Call::activate(TensorId x, const Json& function) const {
  if (function.is_string()) return activation(*this, function.get<std::string>(), x);
  if (!function.is_object()) malformed("an activation is neither a word nor an object");
  const std::string cls = text(function, "class_name");
  const std::string word = cls == "function" ? text(function, "config") : "";
  if (!word.empty() && text(function, "module").rfind("keras", 0) == 0) return activation(*this, word, x);
  if (cls.empty() || cls == "function") {
    b.refuse("E0312", "its activation is the custom function \"" + printable(word, 80) + "\"",
             "its code is not in the file; replace it by activations and layers of Keras");
  }
  static const Json nothing = Json::object();
  Layer inner;  // a layer in the place of a function; those with weights find none
  inner.class_name = printable(cls, 80);
  inner.name = layer.name;
  inner.number = layer.number;
  inner.json = &function;
  const Json* config = keras::field(function, "config");
  inner.config = config == nullptr ? &nothing : config;
  const Ids made = call(inner, {x});
  if (made.size() != 1) malformed("its activation is no function");
  return made[0];
}

}  // namespace smelt::keras
