// The neutral description between model files and the IR: readers say what a layer is, in the IR's terms, and each
// layer's IR form is written here once. Nodes whose operands are constant are computed at once where that is cheap, so
// that chains of shape arithmetic are numbers by the time that somebody asks for them.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

/// What a layer cannot be: thrown by GraphBuilder and by what readers say in its terms, caught where a reader goes from
/// node to node. It never leaves import/.
struct Refusal {
  Failure failure;
};

/// A window over the rows and columns of an image. Convolutions over time are images of one column.
struct Window {
  int64_t filter_h = 1, filter_w = 1;  ///< pooling only
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t top = 0, bottom = 0, left = 0, right = 0;  ///< padding
};

class GraphBuilder {
 public:
  using Ints = std::vector<int64_t>;
  using Ids = std::vector<TensorId>;

  explicit GraphBuilder(const std::string& file);

  const Graph& graph() const { return graph_; }
  const Tensor& at(TensorId id) const { return graph_.at(id); }
  const Shape& shape(TensorId id) const { return at(id).shape; }
  int64_t rank(TensorId id) const { return static_cast<int64_t>(shape(id).size()); }
  DType dtype(TensorId id) const { return at(id).dtype; }

  /// From here on nodes belong to this node of the file: its number, and its name and operator for messages.
  void begin(int source, const std::string& name, const std::string& op);
  /// Refuses the present node: error `code`, for this reason.
  [[noreturn]] void refuse(const char* code, const std::string& reason, const std::string& help = {}) const;

  // ---- tensors ----

  TensorId input(const std::string& name, DType dtype, const Shape& shape, const Quantization& quant = {});
  TensorId constant(DType dtype, const Shape& shape, std::shared_ptr<const Bytes> data, const Quantization& quant = {});
  template <class T>
  TensorId constant(DType dtype, const Shape& shape, const std::vector<T>& values, const Quantization& quant = {}) {
    Bytes bytes(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return constant(dtype, shape, std::make_shared<const Bytes>(std::move(bytes)), quant);
  }
  TensorId floats(const Shape& shape, const std::vector<float>& values) { return constant(DType::f32, shape, values); }
  TensorId number(float value) { return floats({}, {value}); }
  /// A scalar of a type that is not quantized; the value as that type holds it.
  TensorId scalar(DType dtype, double value);

  bool is_constant(TensorId id) const { return at(id).constant(); }
  /// Content of a constant, by value; refused where it is none. `what` names it in the message.
  Ints ints(TensorId id, const char* what) const;
  std::vector<float> reals(TensorId id, const char* what) const;

  void rename(TensorId id, const std::string& name) { graph_.at(id).name = name; }
  void output(TensorId id) { graph_.outputs.push_back(id); }

  // ---- nodes of any operator ----

  /// What outputs are declared, where the operator cannot know: the shape of a reshape, the quantization of integers.
  struct Declared {
    std::optional<DType> dtype;  ///< absent: that of the first operand
    Shape shape;
    Quantization quant;
  };
  TensorId node(const std::string& op, const Ids& inputs, const Attrs& attrs = {}, const Declared& declared = {});
  Ids nodes(const std::string& op, const Ids& inputs, const Attrs& attrs, size_t outputs, const Declared& declared = {});

  /// Whether the operator exists and takes this: node() would not refuse.
  bool accepts(const std::string& op, const Ids& inputs, const Attrs& attrs = {}, const Declared& declared = {});

  // ---- elements in other places ----

  TensorId transpose(TensorId x, const Ints& perm);
  TensorId reshape(TensorId x, const Shape& shape);
  TensorId reshape(TensorId x, const Ints& shape);
  /// With dimensions of 1 in front, up to a rank.
  TensorId expand_rank(TensorId x, size_t rank);
  /// Dimension `axis` last, and back.
  TensorId axis_last(TensorId x, int64_t axis);
  TensorId axis_back(TensorId x, int64_t axis);
  /// `paddings` = [before0, after0, before1, ...]; negative ones cut off.
  TensorId pad(TensorId x, const Ints& paddings, double value);
  TensorId concat(const Ids& parts, int64_t axis);
  TensorId slice(TensorId x, const Ints& begin, const Ints& size);
  /// Every step-th element from begin on, `extent` of them, in each dimension.
  TensorId strided_slice(TensorId x, const Ints& begin, const Ints& extent, const Ints& steps);
  Ids split(TensorId x, int64_t axis, const Ints& sizes);
  TensorId broadcast_to(TensorId x, const Shape& shape);

  // ---- element by element ----

  TensorId unary(const std::string& op, TensorId x) { return node(op, {x}); }
  /// Of two operands, of floats or integers; broadcasting.
  TensorId binary(const std::string& op, TensorId a, TensorId b);
  TensorId add(TensorId a, TensorId b) { return binary("add", a, b); }
  TensorId sub(TensorId a, TensorId b) { return binary("sub", a, b); }
  TensorId mul(TensorId a, TensorId b) { return binary("mul", a, b); }
  TensorId div(TensorId a, TensorId b) { return binary("div", a, b); }
  TensorId maximum(TensorId a, TensorId b) { return binary("maximum", a, b); }
  TensorId minimum(TensorId a, TensorId b) { return binary("minimum", a, b); }
  /// By its word: "linear", "sigmoid", "swish", "exponential", or an operator's own name, such as "relu", "tanh", "elu",
  /// "selu", "softplus"; with alpha and beta (gamma of selu) where it has them.
  TensorId activation(const std::string& word, TensorId x, std::optional<double> alpha = {}, std::optional<double> beta = {});
  TensorId cast(TensorId x, DType to);
  TensorId softmax(TensorId x, int64_t axis);
  TensorId log_softmax(TensorId x, int64_t axis);

  // ---- bytes: the IR computes with signed ones ----

  /// Bytes of this quantization as signed ones; what unsigned_bytes was made of, where they are that. A tensor that says
  /// nothing of its quantization, such as an input, has this one from here on.
  TensorId signed_bytes(TensorId x, const Quantization& quant);
  /// Quantized signed bytes as unsigned ones of the same meaning.
  TensorId unsigned_bytes(TensorId x);

  // ---- layers, channels last ----

  /// x [N, H, W, C], weights [O, kH, kW, C / groups] and bias [O] (or no_tensor), both constant.
  TensorId conv(TensorId x, TensorId weights, TensorId bias, const Window& w, int64_t groups = 1);
  /// Its transpose: x [N, H, W, C], weights [O / groups, kH, kW, C]; the paddings take rows and columns away from the full
  /// result, `out_h`, `out_w` say its size (rows and columns of zeros are added where it is more).
  TensorId transposed_conv(TensorId x, TensorId weights, TensorId bias, const Window& w, int64_t groups, int64_t out_h, int64_t out_w);
  /// x [N, H, W, C] with its rows and columns set apart by zeros: the second row stands where `stride_h` says.
  TensorId spread(TensorId x, int64_t stride_h, int64_t stride_w);
  /// "average_pool_2d" or "max_pool_2d" over x [N, H, W, C]; padding does not count.
  TensorId pool(const std::string& op, TensorId x, const Window& w);
  /// x [..., depth] with weights [units, depth] and bias [units] (or no_tensor), constant: [..., units].
  TensorId dense(TensorId x, TensorId weights, TensorId bias);
  /// Any two tensors, as numpy.matmul.
  TensorId matmul(TensorId a, TensorId b);
  /// x * scale + shift, each one value for each channel, along dimension `axis`.
  TensorId scale_channels(TensorId x, int64_t axis, const std::vector<float>& scale, const std::vector<float>& shift);
  /// "mean", "sum", "reduce_max", "reduce_min", "reduce_prod" over axes.
  TensorId reduce(const std::string& op, TensorId x, const Ints& axes, bool keep_dims);
  /// Over axes, dimensions kept; the variance is that of the population. `centred` is x - mean.
  struct Moments {
    TensorId mean, centred, variance;
  };
  Moments moments(TensorId x, const Ints& axes);
  /// (x - mean) / sqrt(variance + epsilon) over axes.
  TensorId standardize(TensorId x, const Ints& axes, double epsilon);
  /// Rows and columns of x [N, H, W, C] to a size.
  TensorId resize(const std::string& op, TensorId x, int64_t height, int64_t width, bool align_corners, bool half_pixel_centers);

  /// The graph, verified; outputs that no node makes of their own are copied.
  Result<Graph> finish(const std::vector<std::string>& output_names);

 private:
  std::string next_name();
  TensorId turned(TensorId weights);  ///< filters upside down
  bool fold(const Node& node, const Ids& outputs);
  void check_size(const Shape& shape) const;

  Graph graph_;
  int source_ = -1;
  std::string name_, op_;
  int made_ = 0;
  std::map<TensorId, TensorId> signed_;  ///< unsigned bytes, and what they were made of
  int64_t budget_;
};

}  // namespace smelt
