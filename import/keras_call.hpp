// One use of a layer as its converter sees it. Internal to import/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "import/builder.hpp"
#include "import/keras_file.hpp"

namespace smelt::keras {

using Ids = GraphBuilder::Ids;
using Ints = GraphBuilder::Ints;
using Array = Hdf5::Array;

class Context;  ///< keras.cpp

/// A converter reads inputs, configuration and weights, and sets `out`.
class Call {
 public:
  Call(Context& context, GraphBuilder& builder, int version, const Layer& layer, Ids inputs);
  /// A part of another one.
  Call(const Call& around, const Layer& layer, Ids inputs)
      : Call(around.context_, around.b, around.version, layer, std::move(inputs)) {}

  GraphBuilder& b;
  const int version;  ///< of Keras: 2 or 3
  const Layer& layer;
  Ids in;
  Ids initial_state;  ///< given by name
  Ids out;

  TensorId x() const;  ///< the only input
  const Shape& shape() const { return b.shape(x()); }
  int64_t rank() const { return b.rank(x()); }

  // ---- configuration ----

  const Json* field(const char* name) const { return keras::field(*layer.config, name); }
  bool flag(const char* name, bool absent) const;
  int64_t i(const char* name, std::optional<int64_t> absent = {}) const;  ///< refused when absent without a default
  double f(const char* name, double absent) const;
  std::string s(const char* name, const std::string& absent) const;
  /// A number for each of `n`, or one for all.
  Ints ints(const char* name, size_t n, int64_t absent) const;
  Ints list(const char* name) const;  ///< of any length, a number being a list of one
  /// Brought to 1 <= axis < rank: the batch is none.
  int64_t axis(int64_t given) const;
  void channels_last() const;  ///< refuses anything else

  // ---- weights ----

  bool has_weight(const char* name) const;
  /// Of this rank.
  const Array& weight(const char* name, size_t rank) const;
  std::vector<float> vector(const char* name) const;  ///< of rank 1
  TensorId vector_or_none(const char* name) const;
  /// Dimensions in another order, then another shape.
  TensorId constant(const Array& a, const std::vector<size_t>& perm, const Shape& shape) const;
  TensorId constant(const Array& a, const std::vector<size_t>& perm) const;

  // ---- parts ----

  TensorId activate(TensorId x, const char* name = "activation") const;  ///< by the configuration's word
  TensorId activate(TensorId x, const Json& function) const;
  Ids call(const Layer& inner, const Ids& inputs) const;  ///< a layer or model within this one

  [[noreturn]] void unsupported(const std::string& reason, const std::string& help = {}) const {
    b.refuse("E0303", reason, help);
  }
  [[noreturn]] void malformed(const std::string& reason) const;

 private:
  const Array* find(const char* name) const;

  Context& context_;
};

using Converter = void (*)(Call&);
using Converters = std::map<std::string, Converter>;

/// Each family adds its classes.
void add_activations(Converters& to);
void add_convolutions(Converters& to);
void add_merges(Converters& to);
void add_normalizations(Converters& to);
void add_pools(Converters& to);
void add_recurrent(Converters& to);
void add_shapes(Converters& to);

/// An activation by Keras's word; refused where it is none.
TensorId activation(const Call& c, const std::string& word, TensorId x);
/// Keras's relu with all that it takes.
TensorId relu(GraphBuilder& b, TensorId x, double negative_slope, std::optional<double> max_value, double threshold);

// ---- windows (keras_convolutions.cpp) ----

/// x as an image: a sequence [N, T, C] is one of one column. And back.
TensorId to_image(Call& c, TensorId x, int64_t dimensions);
TensorId from_image(Call& c, TensorId y, int64_t dimensions);

struct Size {
  Ints filter, strides, dilations;
};
/// A window by Keras's words, "same", "valid" or "causal", over an image.
Window window(const Call& c, TensorId image, Size size);

}  // namespace smelt::keras
