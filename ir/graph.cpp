#include "ir/graph.hpp"

#include <algorithm>
#include <array>

namespace smelt {

namespace {
struct DTypeInfo { DType type; const char* name; int size; };
constexpr std::array<DTypeInfo, 7> dtypes = {{{DType::i8, "i8", 1},
                                              {DType::u8, "u8", 1},
                                              {DType::i16, "i16", 2},
                                              {DType::i32, "i32", 4},
                                              {DType::i64, "i64", 8},
                                              {DType::f32, "f32", 4},
                                              {DType::boolean, "bool", 1}}};
}  // namespace

int size_of(DType type) { return dtypes[static_cast<size_t>(type)].size; }
const char* to_string(DType type) { return dtypes[static_cast<size_t>(type)].name; }

std::optional<DType> parse_dtype(const std::string& s) {
  for (const DTypeInfo& d : dtypes) {
    if (s == d.name) return d.type;
  }
  return std::nullopt;
}

int64_t elements(const Shape& shape) {
  int64_t n = 1;
  for (int32_t d : shape) n *= d;
  return n;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string s;
  for (int32_t d : shape) s += (s.empty() ? "" : "x") + std::to_string(d);
  return s;
}

int64_t Attrs::i(const std::string& name, int64_t absent) const {
  const auto it = values_.find(name);
  return it != values_.end() && std::holds_alternative<int64_t>(it->second) ? std::get<int64_t>(it->second) : absent;
}

double Attrs::f(const std::string& name, double absent) const {
  const auto it = values_.find(name);
  return it != values_.end() && std::holds_alternative<double>(it->second) ? std::get<double>(it->second) : absent;
}

std::string Attrs::s(const std::string& name, const std::string& absent) const {
  const auto it = values_.find(name);
  return it != values_.end() && std::holds_alternative<std::string>(it->second) ? std::get<std::string>(it->second)
                                                                                : absent;
}

std::vector<int64_t> Attrs::ints(const std::string& name) const {
  const auto it = values_.find(name);
  return it != values_.end() && std::holds_alternative<std::vector<int64_t>>(it->second)
             ? std::get<std::vector<int64_t>>(it->second)
             : std::vector<int64_t>{};
}

bool Graph::is_input(TensorId id) const { return std::find(inputs.begin(), inputs.end(), id) != inputs.end(); }
bool Graph::is_output(TensorId id) const { return std::find(outputs.begin(), outputs.end(), id) != outputs.end(); }

int Graph::producer(TensorId id) const {
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (std::find(nodes[n].outputs.begin(), nodes[n].outputs.end(), id) != nodes[n].outputs.end()) {
      return static_cast<int>(n);
    }
  }
  return -1;
}

std::vector<int> Graph::consumers(TensorId id) const {
  std::vector<int> found;
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (std::find(nodes[n].inputs.begin(), nodes[n].inputs.end(), id) != nodes[n].inputs.end()) {
      found.push_back(static_cast<int>(n));
    }
  }
  return found;
}

std::vector<TensorId> Graph::states() const {
  std::vector<TensorId> found;
  for (const Node& node : nodes) {
    for (TensorId id : node.inputs) {
      if (id != no_tensor && at(id).state) found.push_back(id);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Bytes initial_state(const Tensor& state) {
  // A byte's zero point is the byte; wider zero points of states are zero, as verify_structure demands.
  const bool byte = size_of(state.dtype) == 1 && !state.quant.zero_point.empty();
  return Bytes(static_cast<size_t>(state.bytes()), byte ? static_cast<uint8_t>(state.quant.zero_point[0]) : uint8_t{0});
}

std::string shortened(const std::string& name) {
  constexpr size_t enough = 80;
  if (name.size() <= enough) return name;
  size_t end = enough;
  while (end > 0 && (static_cast<uint8_t>(name[end]) & 0xc0) == 0x80) --end;  // not within a UTF-8 character
  return name.substr(0, end) + "...";
}

std::string place(const Graph& graph, const Node& node) {
  const auto at = &node >= graph.nodes.data() && &node < graph.nodes.data() + graph.nodes.size()
                      ? static_cast<int>(&node - graph.nodes.data())
                      : node.source;
  std::string text = graph.file + ": node " + std::to_string(node.source >= 0 ? node.source : at);
  if (!node.outputs.empty() && node.outputs[0] >= 0 && static_cast<size_t>(node.outputs[0]) < graph.tensors.size()) {
    text += " \"" + shortened(graph.at(node.outputs[0]).name) + "\"";
  }
  return text + " (" + node.op + ")";
}

std::string place(const Graph& graph, TensorId id) {
  return graph.file + ": tensor " + std::to_string(id) + " \"" + shortened(graph.at(id).name) + "\"";
}

namespace {
bool same(const std::shared_ptr<const Bytes>& a, const std::shared_ptr<const Bytes>& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}
}  // namespace

bool operator==(const Tensor& a, const Tensor& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant && same(a.data, b.data) &&
         a.source == b.source && a.state == b.state;
}

bool operator==(const Graph& a, const Graph& b) {
  return a.name == b.name && a.file == b.file && a.tensors == b.tensors && a.nodes == b.nodes && a.inputs == b.inputs &&
         a.outputs == b.outputs && a.labels == b.labels &&
         std::equal(a.metadata.begin(), a.metadata.end(), b.metadata.begin(), b.metadata.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

}  // namespace smelt
