// The intermediate representation: a flat graph of nodes over statically shaped tensors, in execution order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt {

enum class DType : uint8_t { i8, u8, i16, i32, i64, f32, boolean };

int size_of(DType type);
const char* to_string(DType type);                      ///< "i8", "f32", "bool"...
std::optional<DType> parse_dtype(const std::string& s);

using Shape = std::vector<int32_t>;

/// Product of the dimensions; 1 for a scalar. The verifier bounds it, so it does not overflow.
int64_t elements(const Shape& shape);
std::string to_string(const Shape& shape);  ///< "1x49x10x1"; "scalar" for rank 0

/// real = scale * (stored - zero_point); per tensor (one scale) or per slice along `axis`.
/// Source: TensorFlow Lite 8-bit quantization specification.
struct Quantization {
  std::vector<float> scale;         ///< empty: not quantized
  std::vector<int32_t> zero_point;  ///< as many as scales
  int axis = 0;                     ///< used when there is more than one scale

  bool present() const { return !scale.empty(); }
  bool per_channel() const { return scale.size() > 1; }
  bool operator==(const Quantization&) const = default;
};

using Bytes = std::vector<uint8_t>;

struct TensorType {
  DType dtype = DType::f32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};

struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  Quantization quant;
  std::shared_ptr<const Bytes> data;  ///< little-endian row-major content of a constant; null otherwise
  int source = -1;                    ///< index in the model file; -1 when a pass made it
  bool state = false;                 ///< kept between inferences: read and updated by the one node that names it as input

  bool constant() const { return data != nullptr; }
  int64_t bytes() const { return elements(shape) * size_of(dtype); }
  template <class T>
  const T* as() const { return reinterpret_cast<const T*>(data->data()); }
};

using TensorId = int32_t;
constexpr TensorId no_tensor = -1;

/// A node's attributes: a small ordered dictionary, so that the text form and every reader are generic.
class Attrs {
 public:
  using Value = std::variant<int64_t, double, std::string, std::vector<int64_t>>;
  void set(const std::string& name, Value value) { values_[name] = std::move(value); }
  bool has(const std::string& name) const { return values_.count(name) != 0; }
  void erase(const std::string& name) { values_.erase(name); }
  int64_t i(const std::string& name, int64_t absent = 0) const;
  double f(const std::string& name, double absent = 0) const;
  std::string s(const std::string& name, const std::string& absent = {}) const;
  std::vector<int64_t> ints(const std::string& name) const;
  const std::map<std::string, Value>& values() const { return values_; }
  bool operator==(const Attrs&) const = default;

 private:
  std::map<std::string, Value> values_;
};

struct Node {
  std::string op;                 ///< a name in the operator list (ops/op.hpp), e.g. "conv_2d"
  std::vector<TensorId> inputs;   ///< no_tensor where an optional input is absent
  std::vector<TensorId> outputs;
  Attrs attrs;
  int source = -1;                ///< index of the operator in the model file; -1 when a pass made it

  bool operator==(const Node&) const = default;
  TensorId in(size_t i) const { return i < inputs.size() ? inputs[i] : no_tensor; }
  TensorId out(size_t i = 0) const { return outputs.at(i); }
};

struct Graph {
  std::string name;
  std::string file;                 ///< where it came from, for messages
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;          ///< in execution order
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  std::map<std::string, std::shared_ptr<const Bytes>> metadata;  ///< named blobs of the file
  std::vector<std::string> labels;  ///< class names when the file brings them

  const Tensor& at(TensorId id) const { return tensors.at(static_cast<size_t>(id)); }
  Tensor& at(TensorId id) { return tensors.at(static_cast<size_t>(id)); }
  TensorId add(Tensor t) { tensors.push_back(std::move(t)); return static_cast<TensorId>(tensors.size()) - 1; }
  bool is_input(TensorId id) const;
  bool is_output(TensorId id) const;
  int producer(TensorId id) const;                ///< node index or -1
  std::vector<int> consumers(TensorId id) const;  ///< node indices, each once
  std::vector<TensorId> states() const;           ///< those that some node reads, in order
};

/// `file: node 3 "name" (conv_2d)`, for diagnostics.
std::string place(const Graph& graph, const Node& node);

/// A tensor's name as messages show it: converters chain the names of everything they fused, the start tells enough.
std::string shortened(const std::string& name);

/// `file: tensor 3 "name"`.
std::string place(const Graph& graph, TensorId id);

/// What a graph may be at most, so that no file exhausts memory or time or overflows an int.
constexpr size_t max_rank = 8;
constexpr int64_t max_tensor_bytes = int64_t{256} << 20;
constexpr int64_t max_graph_bytes = int64_t{1} << 30;  ///< all tensors that something mentions
constexpr size_t max_graph_nodes = size_t{1} << 13;
constexpr size_t max_graph_tensors = size_t{1} << 16;

/// What a state holds before the first inference: zeros, that is its zero point where it is quantized.
Bytes initial_state(const Tensor& state);

/// Checks every rule that needs no operator: ids in range, one producer a tensor, producers before consumers, a state read
/// by one node and made by none, dimensions of at least 1, sizes bounded, constants as long as their shapes say, quantization well formed (positive finite scales,
/// zero points within the type, per channel as many as slices). All mistakes in one Failure. Tensors that nothing
/// mentions are not looked at. `empty_constants`: list constants (rank 1, i32 or i64) may be of length 0, as files have
/// them for "no axes" or "the shape of a scalar"; operators take such into attributes when they are normalized.
Outcome verify_structure(const Graph& graph, bool empty_constants = false);

/// verify_structure, and: every op known, each node's declared output types equal to what its operator infers. Defined in
/// the operators' library (ops/verify.cpp), as the graph's own library knows no operators.
Outcome verify_graph(const Graph& graph);

/// Equal content: constants and metadata by their bytes.
bool operator==(const Tensor& a, const Tensor& b);
bool operator==(const Graph& a, const Graph& b);

/// Text form, documented in docs/ir.md: `parse(print(g))` equals g for every g, sound or not (but a NaN outside a constant
/// comes back as the quiet NaN).
struct PrintOptions {
  bool data = true;  ///< false: contents of constants and metadata are left out, for people; parse() then says so
};
std::string print(const Graph& graph, const PrintOptions& options = {});
Result<Graph> parse(const std::string& text, const std::string& file = "<text>");

}  // namespace smelt
