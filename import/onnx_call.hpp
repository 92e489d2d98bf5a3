// One node of an ONNX graph as its converter sees it. Internal to import/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/builder.hpp"
#include "import/onnx_file.hpp"

namespace smelt::onnx {

using Ids = GraphBuilder::Ids;
using Ints = GraphBuilder::Ints;

/// A converter reads operands and attributes, and sets `out`. Attributes that it does not ask for are refused, so that
/// none is overlooked.
class Call {
 public:
  Call(GraphBuilder& builder, File& file, const NodeProto& node, Ids inputs);

  GraphBuilder& b;
  const NodeProto& node;
  const int64_t opset;
  Ids out;  ///< for the outputs in order; those left out are not there

  size_t inputs() const { return in_.size(); }
  size_t outputs() const { return static_cast<size_t>(node.output_size()); }
  bool has(size_t i) const { return i < in_.size() && in_[i] != no_tensor; }
  bool wants(size_t output) const { return output < outputs() && !node.output(static_cast<int>(output)).empty(); }
  TensorId in(size_t i) const;  ///< refused when absent
  TensorId maybe(size_t i) const { return has(i) ? in_[i] : no_tensor; }
  const Ids& all() const;       ///< all operands, refused when one is absent
  const Shape& shape(size_t i) const { return b.shape(in(i)); }
  int64_t rank(size_t i) const { return static_cast<int64_t>(shape(i).size()); }

  bool has_attr(const char* name) const { return attribute(name) != nullptr; }
  int64_t i(const char* name, int64_t absent);
  double f(const char* name, double absent);
  std::string s(const char* name, const std::string& absent);
  Ints ints(const char* name, const Ints& absent = {});
  std::vector<float> floats(const char* name, const std::vector<float>& absent = {});
  std::vector<std::string> strings(const char* name);
  TensorId tensor(const char* name);  ///< no_tensor when absent
  void ignore(const char* name) { read_.insert(name); }
  void refuse_unread() const;

  /// An operand that used to be an attribute: constant integers, or from the attribute; empty when neither is there.
  std::optional<Ints> list(const char* name, size_t input);
  /// Brought to 0 <= axis < rank.
  int64_t axis(int64_t given, int64_t rank) const;
  Ints axes(Ints given, int64_t rank) const;

  [[noreturn]] void unsupported(const std::string& reason, const std::string& help = {}) const { b.refuse("E0301", reason, help); }
  [[noreturn]] void mismatch(const std::string& reason) const { b.refuse("E0303", reason, "the file contradicts itself; export the model again"); }

 private:
  const AttributeProto* attribute(const std::string& name) const;
  const AttributeProto* take(const char* name, AttributeProto::AttributeType type);

  File& file_;
  Ids in_;
  std::map<std::string, const AttributeProto*> attributes_;
  std::set<std::string> read_;
};

using Converter = std::function<void(Call&)>;
using Converters = std::map<std::string, Converter>;

/// Each family adds its operators; names of other domains with the domain and a dot in front.
void add_elementwise(Converters& to);
void add_convolutions(Converters& to);
void add_matrices(Converters& to);
void add_movement(Converters& to);
void add_normalization(Converters& to);
void add_pools(Converters& to);
void add_quantized(Converters& to);
void add_reductions(Converters& to);
void add_recurrent(Converters& to);
void add_resize(Converters& to);

}  // namespace smelt::onnx
