#include "import/tflite.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "import/associated_files.hpp"
#include "import/file.hpp"
#include "import/float_constants.hpp"
#include "import/text.hpp"
#include "import/tflite_file.hpp"
#include "import/tflite_lstm.hpp"
#include "import/tflite_schema.hpp"
#include "ir/half.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

std::optional<DType> dtype_of(tflite::TensorType type) {
  switch (type) {
    case tflite::TensorType::INT8:
      return DType::i8;
    case tflite::TensorType::UINT8:
      return DType::u8;
    case tflite::TensorType::INT16:
      return DType::i16;
    case tflite::TensorType::INT32:
      return DType::i32;
    case tflite::TensorType::INT64:
      return DType::i64;
    case tflite::TensorType::FLOAT32:
    case tflite::TensorType::FLOAT16:  // constants only: their content is widened
      return DType::f32;
    case tflite::TensorType::BOOL:
      return DType::boolean;
    default:
      return std::nullopt;
  }
}

/// The schema's word for a number; the number where it has none.
std::string named(const char* enumeration, int64_t value) {
  const std::string word = tflite::enum_name(enumeration, value);
  return word.empty() ? "number " + std::to_string(value) : word;
}

/// The floats of halves. An odd byte stays out, which leaves a length that is not the shape's.
std::shared_ptr<const Bytes> widened(const Bytes& halves) {
  Bytes floats(halves.size() / 2 * sizeof(float));
  for (size_t i = 0; i < halves.size() / 2; ++i) {
    uint16_t half = 0;
    std::memcpy(&half, halves.data() + 2 * i, sizeof half);
    const float value = from_half(half);
    std::memcpy(floats.data() + 4 * i, &value, sizeof value);
  }
  return std::make_shared<Bytes>(std::move(floats));
}

/// One reading of one file. A step that finds the file itself unsound stops; what is merely unsupported is gathered.
class Reader {
 public:
  explicit Reader(tflite::File file) : file_(std::move(file)), subgraph_(file_.subgraph()) {
    graph_.file = file_.name();
    graph_.name = std::filesystem::path(file_.name()).stem().string();
  }

  Result<Graph> run() {
    for (const auto step : {&Reader::read_tensors, &Reader::read_nodes, &Reader::read_metadata}) {
      if (Outcome outcome = (this->*step)(); !outcome) return outcome.failure();
    }
    take_states();
    name_unsupported();
    if (const Outcome structure = verify_structure(graph_, true); !structure) {
      gather(structure.failure());
    } else if (const Outcome floats = tflite::make_constants_float(graph_); !floats) {
      gather(floats.failure());
    } else {
      normalize();
    }
    if (!gathered_.diagnostics.empty()) return gathered_;
    if (const Outcome sound = verify_graph(graph_); !sound) return sound.failure();
    return std::move(graph_);
  }

 private:
  void gather(const Failure& failure) {
    gathered_.diagnostics.insert(gathered_.diagnostics.end(), failure.diagnostics.begin(), failure.diagnostics.end());
  }
  void gather(const char* code, std::string where, std::string reason, std::string help = {}) {
    gathered_.diagnostics.push_back({code, std::move(where), std::move(reason), std::move(help)});
  }

  // ---- tensors: those that something mentions, in the file's order ----

  Outcome mark(const flatbuffers::Vector<int32_t>* ids, const std::string& where, bool optional) {
    if (!file_.spend(tflite::length(ids) * sizeof(TensorId))) return file_.overspent();
    for (size_t i = 0; i < tflite::length(ids); ++i) {
      const int32_t id = ids->Get(static_cast<uint32_t>(i));
      if (optional && id == no_tensor) continue;
      if (id < 0 || static_cast<size_t>(id) >= ids_.size()) {
        return Failure("E0202", where, "tensor " + std::to_string(id) + " does not exist", "export the model again");
      }
      ids_[static_cast<size_t>(id)] = 0;
    }
    return Done{};
  }

  Outcome read_tensors() {
    ids_.assign(tflite::length(subgraph_.tensors()), no_tensor);
    if (Outcome o = mark(subgraph_.inputs(), graph_.file + ": inputs", false); !o) return o;
    if (Outcome o = mark(subgraph_.outputs(), graph_.file + ": outputs", false); !o) return o;
    for (size_t n = 0; n < tflite::length(subgraph_.operators()); ++n) {
      const tflite::Operator* op = subgraph_.operators()->Get(static_cast<uint32_t>(n));
      const std::string where = graph_.file + ": node " + std::to_string(n);
      if (Outcome o = mark(op->inputs(), where, true); !o) return o;
      if (Outcome o = mark(op->outputs(), where, false); !o) return o;
    }
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == no_tensor) continue;
      if (Outcome o = read_tensor(static_cast<int>(i)); !o) return o;
    }
    graph_.inputs = mapped(subgraph_.inputs());
    graph_.outputs = mapped(subgraph_.outputs());
    for (TensorId id : graph_.inputs) check_fixed(id);
    return Done{};
  }

  std::vector<TensorId> mapped(const flatbuffers::Vector<int32_t>* ids) const {
    std::vector<TensorId> result(tflite::length(ids), no_tensor);
    for (size_t i = 0; i < result.size(); ++i) {
      const int32_t id = ids->Get(static_cast<uint32_t>(i));
      if (id != no_tensor) result[i] = ids_[static_cast<size_t>(id)];
    }
    return result;
  }

  /// An operand of no elements, such as the shape of a scalar, is as good as absent.
  bool is_empty(TensorId id) const {
    if (id == no_tensor) return false;
    const Shape& shape = graph_.at(id).shape;
    return std::find(shape.begin(), shape.end(), 0) != shape.end();
  }

  Outcome read_tensor(int index) {
    const tflite::Tensor& source = *subgraph_.tensors()->Get(static_cast<uint32_t>(index));
    Tensor t;
    t.name = tflite::text_of(source.name());
    t.source = index;
    if (!file_.spend(t.name.size() + tflite::length(source.shape()) * sizeof(int32_t))) return file_.overspent();
    const TensorId id = graph_.add(std::move(t));
    ids_[static_cast<size_t>(index)] = id;
    unsupported_tensor_.push_back(0);
    variable_.push_back(source.is_variable());

    const std::optional<DType> type = dtype_of(source.type());
    if (!type) {
      refuse(id, "E0313", "type " + named("TensorType", static_cast<int64_t>(source.type())) + " is not supported",
             "types read today: INT8, UINT8, INT16, INT32, INT64, FLOAT32, BOOL, and FLOAT16 of constants");
    } else if (source.sparsity() != nullptr) {
      refuse(id, "E0315", "sparse tensors are not supported", "export the model with dense weights");
    }
    Result<std::shared_ptr<const Bytes>> data = content(source, id);
    if (!data) return data.failure();
    if (unsupported_tensor_.back() != 0) {  // a stand-in of sound form, so that the rest can still be looked at
      if (*data != nullptr) graph_.at(id).data = std::make_shared<Bytes>(size_of(DType::f32));
      return Done{};
    }
    if (source.type() == tflite::TensorType::FLOAT16) {
      if (*data == nullptr) {
        refuse(id, "E0313", "type FLOAT16 is supported for constants only", "export the model with float32 activations");
        return Done{};
      }
      if (!file_.spend((*data)->size() * 2)) return file_.overspent();
      *data = widened(**data);
    }
    Tensor& tensor = graph_.at(id);
    tensor.dtype = *type;
    tensor.data = *data;
    for (size_t d = 0; d < tflite::length(source.shape()); ++d) {
      tensor.shape.push_back(source.shape()->Get(static_cast<uint32_t>(d)));
    }
    const bool list = tensor.dtype == DType::i32 || tensor.dtype == DType::i64;
    if (list && tensor.shape == Shape{0} && tensor.data == nullptr) tensor.data = std::make_shared<Bytes>();
    return read_quantization(source.quantization(), id);
  }

  void refuse(TensorId id, const char* code, std::string reason, std::string help = {}) {
    gather(code, place(graph_, id), std::move(reason), std::move(help));
    unsupported_tensor_[static_cast<size_t>(id)] = 1;
  }

  /// Constant bytes, shared by all tensors of one buffer; null without.
  Result<std::shared_ptr<const Bytes>> content(const tflite::Tensor& tensor, TensorId id) {
    const uint32_t index = tensor.buffer();
    if (tensor.external_buffer() != 0) {
      return Failure("E0109", place(graph_, id), "the tensor's data lies in another file",
                     "export the model to one file");
    }
    if (index == 0) return std::shared_ptr<const Bytes>();
    if (index >= file_.buffers()) {
      return Failure("E0203", place(graph_, id), "buffer " + std::to_string(index) + " does not exist",
                     "export the model again");
    }
    return file_.buffer(index);
  }

  Outcome read_quantization(const tflite::QuantizationParameters* source, TensorId id) {
    Tensor& tensor = graph_.at(id);
    if (source == nullptr) return Done{};
    if (source->details_type() != tflite::QuantizationDetails::NONE) {
      refuse(id, "E0316",
             "quantization by " + named("QuantizationDetails", static_cast<int64_t>(source->details_type())) +
                 " is not supported");
      return Done{};
    }
    // Without scales there is no quantization, whatever else is there; on floats it has no meaning.
    if (tensor.dtype == DType::f32 || tensor.dtype == DType::boolean) return Done{};
    const size_t scales = tflite::length(source->scale());
    if (scales == 0) return Done{};
    const size_t zero_points = tflite::length(source->zero_point());
    if (!file_.spend(scales * sizeof(float) + zero_points * sizeof(int64_t))) return file_.overspent();
    tensor.quant.scale.assign(source->scale()->begin(), source->scale()->end());
    tensor.quant.axis = scales > 1 ? source->quantized_dimension() : 0;
    for (size_t i = 0; i < zero_points; ++i) {
      int64_t zero_point = 0;  // the verifier promises no alignment of 64-bit elements
      std::memcpy(&zero_point, source->zero_point()->Data() + i * sizeof zero_point, sizeof zero_point);
      if (zero_point < std::numeric_limits<int32_t>::min() || zero_point > std::numeric_limits<int32_t>::max()) {
        tensor.quant = Quantization{};
        refuse(id, "E0206", "quantization: zero point " + std::to_string(zero_point) + " is out of range");
        return Done{};
      }
      tensor.quant.zero_point.push_back(static_cast<int32_t>(zero_point));
    }
    return Done{};
  }

  /// A graph input has one shape. A batch left open is taken as the 1 that the file itself stands in for it.
  void check_fixed(TensorId id) {
    const Tensor& tensor = graph_.at(id);
    const auto* signature = subgraph_.tensors()->Get(static_cast<uint32_t>(tensor.source))->shape_signature();
    const size_t rank = std::min(tflite::length(signature), tensor.shape.size());
    for (size_t d = 0; d < rank; ++d) {
      if (signature->Get(static_cast<uint32_t>(d)) >= 0 || (d == 0 && tensor.shape[d] == 1)) continue;
      gather("E0207", place(graph_, id), "dimension " + std::to_string(d) + " of this input has no fixed size",
             "export the model with a fixed input shape");
    }
  }

  // ---- nodes ----

  Outcome read_nodes() {
    for (size_t n = 0; n < tflite::length(subgraph_.operators()); ++n) {
      const tflite::Operator& source = *subgraph_.operators()->Get(static_cast<uint32_t>(n));
      Node node;
      node.source = static_cast<int>(n);
      node.inputs = mapped(source.inputs());
      for (TensorId& id : node.inputs) {
        if (is_empty(id)) id = no_tensor;
      }
      node.outputs = mapped(source.outputs());
      if (source.opcode_index() >= tflite::length(file_.model().operator_codes())) {
        return Failure("E0203", graph_.file + ": node " + std::to_string(n),
                       "operator code " + std::to_string(source.opcode_index()) + " does not exist",
                       "export the model again");
      }
      const tflite::OperatorCode& code = *file_.model().operator_codes()->Get(source.opcode_index());
      const int64_t builtin =
          std::max<int64_t>(code.deprecated_builtin_code(), static_cast<int64_t>(code.builtin_code()));
      custom_.push_back(builtin == static_cast<int64_t>(tflite::BuiltinOperator::CUSTOM));
      const std::string word = tflite::enum_name("BuiltinOperator", builtin);
      node.op = custom_.back() ? "custom operator " + tflite::text_of(code.custom_code())
                : word.empty() ? "operator number " + std::to_string(builtin)
                               : word;
      const auto* options = static_cast<const flatbuffers::Table*>(source.builtin_options());
      if (options != nullptr) {
        const size_t copied =
            tflite::read_options(static_cast<uint8_t>(source.builtin_options_type()), *options, node.attrs);
        if (!file_.spend(copied)) return file_.overspent();
      }
      if (node.op == "UNIDIRECTIONAL_SEQUENCE_LSTM") tflite::read_lstm_scales(subgraph_, source, node.attrs);
      if (!file_.spend(node.op.size())) return file_.overspent();
      graph_.nodes.push_back(std::move(node));
    }
    return Done{};
  }

  /// Where a whole sequence is one inference, the states of an LSTM start at zero: as in the reference after
  /// reset_all_variables. Any other variable tensor is a state of the one node that reads it; verify_graph knows which
  /// operators have any.
  void take_states() {
    for (Node& node : graph_.nodes) {
      if (node.op != "UNIDIRECTIONAL_SEQUENCE_LSTM") continue;
      for (size_t i : {18, 19}) {  // output state, cell state
        if (i < node.inputs.size() && is_variable(node.inputs[i])) node.inputs[i] = no_tensor;
      }
    }
    std::vector<int> readers(variable_.size());
    std::vector<char> elsewhere(variable_.size());  // made by a node, or a port of the graph
    const auto mark = [&](const std::vector<TensorId>& ids) {
      for (const TensorId id : ids) elsewhere[static_cast<size_t>(id)] = 1;
    };
    mark(graph_.inputs);
    mark(graph_.outputs);
    for (const Node& node : graph_.nodes) {
      for (const TensorId id : node.inputs) readers[static_cast<size_t>(std::max(id, 0))] += id != no_tensor;
      mark(node.outputs);
    }
    for (size_t i = 0; i < variable_.size(); ++i) {
      const auto id = static_cast<TensorId>(i);
      if (!is_variable(id) || (readers[i] == 0 && elsewhere[i] == 0)) continue;
      if (graph_.at(id).constant() || elsewhere[i] != 0 || readers[i] != 1) {
        refuse(id, "E0314", "a variable tensor that has content of its own, is computed, shared, or an input or output of the model");
      } else {
        graph_.at(id).state = true;
      }
    }
  }

  bool is_variable(TensorId id) const { return id != no_tensor && variable_[static_cast<size_t>(id)] != 0; }

  /// Each operator that is not supported once, with all its nodes.
  void name_unsupported() {
    std::vector<std::pair<size_t, std::string>>
        unsupported;  // first node of an operator, and the list of all its nodes
    std::map<std::string, size_t> known;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!custom_[n] && find_tflite_op(node.op) != nullptr) continue;
      const auto [at, fresh] = known.try_emplace(node.op, unsupported.size());
      if (fresh) unsupported.emplace_back(n, std::string{});
      std::string& list = unsupported[at->second].second;
      list += (list.empty() ? "node " : ", node ") + std::to_string(n);
      if (!node.outputs.empty()) list += " \"" + shortened(graph_.at(node.outputs[0]).name) + "\"";
    }
    for (const auto& [first, list] : unsupported) {
      const bool last = first == unsupported.back().first;
      gather(custom_[first] ? "E0312" : "E0311", graph_.file, graph_.nodes[first].op + " is not supported: " + list,
             last ? supported_operators() : std::string{});
    }
  }

  static std::string supported_operators() {
    std::string list;
    for (const OpDef* op : operators()) {
      for (const char* builtin : op->tflite) list += (list.empty() ? "" : ", ") + std::string(builtin);
    }
    return "operators supported today: " + list;
  }

  void normalize() {
    const auto bad = [&](TensorId id) {
      return id != no_tensor && static_cast<size_t>(id) < unsupported_tensor_.size() &&
             unsupported_tensor_[static_cast<size_t>(id)] != 0;
    };
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      Node& node = graph_.nodes[n];
      const OpDef* op = custom_[static_cast<size_t>(node.source)] ? nullptr : find_tflite_op(node.op);
      if (op == nullptr || std::any_of(node.inputs.begin(), node.inputs.end(), bad) ||
          std::any_of(node.outputs.begin(), node.outputs.end(), bad)) {
        continue;  // reported already
      }
      node.attrs.set("tflite_op", node.op);
      node.op = op->name;
      if (op->normalize != nullptr) {
        if (const Outcome o = op->normalize(graph_, node); !o) gather(o.failure());
      }
      node.attrs.erase("tflite_op");
    }
  }

  Outcome read_metadata() {
    if (file_.model().metadata() == nullptr) return Done{};
    for (const tflite::Metadata* entry : *file_.model().metadata()) {
      const std::string name = tflite::text_of(entry->name());
      if (entry->buffer() >= file_.buffers()) {
        return Failure("E0203", graph_.file + ": metadata \"" + name + "\"",
                       "buffer " + std::to_string(entry->buffer()) + " does not exist", "export the model again");
      }
      const auto data = file_.buffer(entry->buffer());
      if (!data) return data.failure();
      if (!file_.spend(name.size())) return file_.overspent();
      if (*data != nullptr) graph_.metadata[name] = *data;
    }
    return Done{};
  }

  tflite::File file_;
  const tflite::SubGraph& subgraph_;
  std::vector<TensorId> ids_;             ///< by the file's tensor number
  std::vector<char> unsupported_tensor_;  ///< by id
  std::vector<char> variable_;            ///< by id
  std::vector<char> custom_;              ///< by node
  Graph graph_;
  Failure gathered_;
};

/// Class names packed with the model, when there are as many as the first output has classes.
void take_labels(std::span<const uint8_t> bytes, Graph& graph) {
  const Shape& shape = graph.at(graph.outputs[0]).shape;
  const size_t classes = shape.empty() ? 1 : static_cast<size_t>(shape.back());
  std::vector<std::string> labels = packed_labels(bytes, classes + 1);
  if (labels.size() == classes) graph.labels = std::move(labels);
}

}  // namespace

Result<Graph> parse_tflite(std::span<const uint8_t> bytes, const std::string& name) {
  constexpr uintptr_t alignment = 8;  // of the widest scalar in the format
  if (reinterpret_cast<uintptr_t>(bytes.data()) % alignment != 0) {
    const Bytes aligned(bytes.begin(), bytes.end());
    return parse_tflite(aligned, name);
  }
  Result<tflite::File> file = tflite::File::open(bytes, name);
  if (!file) return file.failure();
  Result<Graph> graph = Reader(*std::move(file)).run();
  if (graph) take_labels(bytes, *graph);
  return graph;
}

Result<Graph> read_tflite(const std::string& path) {
  const Result<Bytes> bytes = read_file(path);
  if (!bytes) return bytes.failure();
  return parse_tflite(*bytes, path);
}

}  // namespace smelt
