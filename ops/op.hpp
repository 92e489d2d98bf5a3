// What an operator declares, once. Whatever looks at more than one node asks for these and never for an operator's name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "ops/quantize.hpp"

namespace smelt {

class Lowering;

/// A tensor's content on the host.
struct Value {
  const Tensor* type = nullptr;  ///< dtype, shape, quantization
  Bytes bytes;                   ///< little-endian, row-major

  template <class T> const T* as() const { return reinterpret_cast<const T*>(bytes.data()); }
  template <class T> T* as() { return reinterpret_cast<T*>(bytes.data()); }
};

/// One call of an oracle. Absent optional inputs are null; outputs come sized and zeroed.
struct Evaluation {
  const Graph& graph;
  const Node& node;
  std::vector<const Value*> in;
  std::vector<Value*> out;
  std::vector<Value*> state = {};  ///< by input: the same value, to be updated, where it is a state; else null
};

/// How channels, the indices of the last dimension, pass from the inputs of a node to its only output.
enum class ChannelFlow : uint8_t {
  mixed,   ///< nothing is known
  each,    ///< output channel c is made of channel c of every input, each channel in the same way; attributes do not
           ///< mention how many there are, and `infer` takes any number. Constants of one channel serve all.
  joined,  ///< the output's bytes are those of the inputs, their channels one input behind the other
};

/// Dimensions in another order: dimension d of the result is dimension view[d], or a new one of size 1 where that is -1.
/// Dimensions that are not mentioned have size 1 and go. ops/view.hpp works with them.
using DimOrder = std::vector<int>;

/// For each channel, a factor and a summand.
struct ChannelAffine {
  std::vector<float> scale, shift;
};

/// int8 convolutions and fully connected layers as what they compute, whatever their windows (ops/weighted_sum.hpp).
struct WeightedSum;

/// A node of floats on its way to integers: `made` is its copy in graph `to`, input 0 and outputs quantized already.
struct Integers {
  const Graph& from;
  const Node& node;
  float internal;      ///< greatest magnitude of OpDef::internals
  bool powers_of_two;  ///< all scales are to be such
  Graph& to;
  Node& made;
};

struct OpDef {
  const char* name;                 ///< in the IR, e.g. "conv_2d"
  std::vector<const char*> tflite;  ///< builtin operator names that become this op, e.g. {"CONV_2D"}

  /// Turns the raw attributes of a file into the IR's own (file fields by their schema names, enumerations as their
  /// schema strings: `padding="SAME"`, `fused_activation_function="RELU"`), checks that types and forms are supported,
  /// takes constant operands such as axes and paddings into attributes and drops them from the inputs. May be null.
  /// The raw builtin name stands in attribute "tflite_op" and is erased by the importer afterwards.
  Outcome (*normalize)(Graph&, Node&);

  /// Output types from input types and attributes. Must reject every shape that evaluate or lower could not bear.
  Result<std::vector<TensorType>> (*infer)(const Graph&, const Node&);

  /// The slow, independent oracle: whole tensors, straight from the reference's definition, sharing no code with
  /// runtime/. Bit-exact to TFLite's reference kernels (double rounding) for integers.
  void (*evaluate)(const Evaluation&);

  /// Device form: kernel, parameters, packed constants, which rows each step needs (lower/lowering.hpp).
  Outcome (*lower)(Lowering&);

  int64_t (*macs)(const Graph&, const Node&) = nullptr;  ///< multiply-accumulates; null: none
  /// Inputs that may be states, which the node then updates: in `evaluate` through Evaluation::state, on the device by
  /// writing to the input's view. Lowering declares all their rows from their first use to their last.
  std::vector<size_t> states = {};
  bool alias = false;          ///< the output is the first input's bytes under another shape (reshape)
  bool static_result = false;  ///< depends on shapes only (shape), so folding needs no constant inputs

  // ---- what passes ask ----

  /// Takes attribute `activation` ("none", "relu", "relu6", "relu_n1_to_1"), a clamp of its output after everything else.
  bool fuses_activation = false;
  /// For an operator that is itself such a clamp from input 0 to output 0, nothing else: the word for it. Null: not one.
  const char* (*as_activation)(const Node&) = nullptr;
  /// Takes attributes `pad_top`, `pad_bottom`, `pad_left`, `pad_right`: rows and columns of real zeros around input 0
  /// (NHWC), exactly as if they had been stored. Not so for pooling, which leaves padding out of its average or maximum.
  bool fuses_padding = false;
  /// Output 0 is input 0 with a constant around it: attribute `paddings` = [before0, after0, before1, ...] and `value`,
  /// an int64 in the stored domain for integers, a double for floats.
  bool is_padding = false;
  /// Reads input 0 as a flat sequence of elements: of its shape nothing but what infer checks matters.
  bool flattens_input = false;
  /// Output 0 holds the very bytes of input 0 (the same shape and type, nothing changed). Null: never.
  bool (*is_identity)(const Graph&, const Node&) = nullptr;
  /// This node's output 0 holds the very bytes of input 0 of `before`, the node that makes its input 0. Null: never.
  bool (*undoes)(const Graph&, const Node& before, const Node& self) = nullptr;
  /// From bytes (i8, u8) to bytes, each output byte is a function of the input byte at its place. Ask through
  /// `is_bytewise`, as the operator may take other types too.
  bool bytewise = false;
  /// Null: mixed. Ask through `channel_flow` below, which checks the shapes.
  ChannelFlow (*channels)(const Graph&, const Node&) = nullptr;
  /// Output 0 is input 0 with its dimensions in another order, nothing else. Null, or an empty answer: it is not.
  std::optional<DimOrder> (*view)(const Graph&, const Node&) = nullptr;
  /// Attributes under which the operator, all its operands seen through the view, makes the same results seen through it.
  /// Operands have the outputs' rank, or count their dimensions from the last. Null, or an empty answer: there are none.
  std::optional<Attrs> (*under_view)(const Graph&, const Node&, const DimOrder&) = nullptr;
  /// Makes the node read an input 0 whose element i is element order[i] of the present one: constants change places.
  /// The input keeps its shape. False, and nothing happens: it cannot.
  bool (*reorder_input)(Graph&, Node&, const std::vector<int32_t>& order) = nullptr;
  /// From floats to integers, and back, by the scale and zero point of the integer tensor.
  bool quantizes = false, dequantizes = false;
  /// Integers: the output has a scale and a zero point of its own. Else those of input 0, and of every other input.
  bool rescales = false;
  /// f32: makes the node compute scale[c] * y + shift[c] instead of y, for each channel c of its output. False, and nothing
  /// happens: it cannot.
  bool (*scale_output)(Graph&, Node&, const std::vector<float>& scale, const std::vector<float>& shift) = nullptr;
  /// f32: the node computes scale[c] * x + shift[c] of input 0, nothing else. Null, or an empty answer: it does not.
  std::optional<ChannelAffine> (*channel_affine)(const Graph&, const Node&) = nullptr;
  /// Null, or an empty answer: this node is none.
  std::optional<WeightedSum> (*weighted_sum)(const Graph&, const Node&) = nullptr;

  // ---- what the quantizer asks ----

  /// Input 1 is a filter, quantized symmetrically, one scale for each slice along this axis; input 2, if any, its bias.
  /// -1: there is none. All other operators need say nothing: `infer` tells which integer forms they have.
  int filter_axis = -1;
  /// What the function's values lie within, where the integer form wants just that for its output's scale.
  /// Source: TensorFlow Lite 8-bit quantization specification.
  std::optional<RealRange> output_range = {};

  /// int8: weights and attributes of another kind than a filter and its bias; null: none. Asked only where `has_integers`.
  Outcome (*to_integers)(const Integers&) = nullptr;
  bool (*has_integers)(const Graph&, const Node&) = nullptr;
  /// f32: what the operator computes within and needs a scale for in integers, all of it.
  std::vector<float> (*internals)(const Evaluation&) = nullptr;

  // ---- what writers ask ----

  /// The way back to .tflite: raw attributes and constant operands again, the builtin's name in `op`, that of its options
  /// table in attribute "tflite_options" (ops/raw.hpp). Fails where the format cannot say it. Null: the first of `tflite`,
  /// without options.
  Outcome (*denormalize)(Graph&, Node&) = nullptr;
};

/// Every operator, in the order of ops/list.inc.
const std::vector<const OpDef*>& operators();
const OpDef* find_op(const std::string& name);             ///< null when unknown
const OpDef* find_tflite_op(const std::string& builtin);   ///< "CONV_2D"; null when unsupported

/// Whether the node is a function from bytes to bytes; and that function, by the input's bits, as the oracle gives it.
bool is_bytewise(const Graph& graph, const Node& node);
std::vector<uint8_t> byte_table(const Graph& graph, const Node& node);

/// What the operator says of the channels of a node of a verified graph; `mixed` also where the shapes do not bear it out:
/// `each` wants as many channels in every input as in the output, or a constant of one.
ChannelFlow channel_flow(const Graph& graph, const Node& node);

/// For OpDef::channels of operators that work element by element, or on whole images channel by channel.
ChannelFlow each_channel(const Graph&, const Node&);
/// The same where input 0 and the output have as many channels: reshapes, paddings.
ChannelFlow each_kept_channel(const Graph&, const Node&);

/// Rows: how a shape is cut into the rows that rings hold. NHWC: N*H rows of W*C elements; rank 3 [A,B,C]: A*B rows of C;
/// rank 2 [A,B]: A rows of B; rank 0 and 1: one row; rank 5 and up: all but the last dimension count rows.
int32_t row_count(const Shape& shape);
int32_t row_elements(const Shape& shape);

/// Whether the node's operator infers exactly the types that its outputs declare.
bool types_hold(const Graph& graph, const Node& node);

/// Failure at this node: code, reason, remedy.
Failure fail(const Graph& graph, const Node& node, const char* code, std::string reason, std::string help = {});

/// Runs the oracle over the whole graph; one Value per tensor id (constants included; unused ids stay empty).
/// `inputs` in the order of graph.inputs, each exactly of its tensor's size. `before`: what the inference before this one
/// answered, whose states go on; null: states start afresh. Values of states are as this inference leaves them.
std::vector<Value> evaluate(const Graph& graph, const std::vector<Bytes>& inputs, const std::vector<Value>* before = nullptr);

}  // namespace smelt
