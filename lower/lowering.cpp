#include "lower/lowering.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace smelt {

uint32_t ConstantPool::add(const std::string& name, const char* type, const void* data, size_t count, size_t element,
                           uint32_t align) {
  const size_t size = count * element;
  const auto* first = static_cast<const uint8_t*>(data);
  for (const Entry& e : entries_) {
    if (e.count == count && e.type == type && e.offset % align == 0 &&
        std::equal(first, first + size, bytes_.begin() + e.offset)) {
      return e.offset;
    }
  }
  bytes_.resize((bytes_.size() + align - 1) / align * align);
  const auto offset = static_cast<uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), first, first + size);
  entries_.push_back(Entry{name, type, count, offset});
  return offset;
}

void ConstantPool::finish() {
  if (bytes_.size() >= reach_) return;
  const size_t missing = reach_ - bytes_.size();
  entries_.push_back(Entry{"end", "uint8_t", missing, static_cast<uint32_t>(bytes_.size())});
  bytes_.resize(reach_);
}

Lowering::Lowering(const Graph& g, int node_index, ConstantPool& p, Vector v)
    : graph(g), node(g.nodes.at(static_cast<size_t>(node_index))), pool(p), vector(v) {
  out.node = node_index;
}

void Lowering::kernel(const char* header, const char* symbol, Kernel function) {
  out.header = header;
  out.kernel = symbol;
  out.function = function;
}

void Lowering::set_params(const char* type, const char* fields) {
  out.params_type = type;
  std::istringstream words(fields);
  for (std::string w; words >> w;) out.fields.push_back(w);
  SMELT_ASSERT(out.fields.size() == out.params.size(), std::string("field names do not match ") + type);
}

std::string Lowering::name(const char* what) const {
  char prefix[32];
  std::snprintf(prefix, sizeof prefix, "op%02d_", out.node);
  return prefix + std::string(what);
}

Operand Lowering::declare(TensorId id) {
  const Tensor& t = graph.at(id);
  Operand operand;
  operand.rows = row_count(t.shape);
  operand.row_bytes = row_elements(t.shape) * size_of(t.dtype);
  if (t.constant()) {
    const char* type = t.dtype == DType::i8 ? "int8_t" : t.dtype == DType::f32 ? "float" : t.dtype == DType::i32 ? "int32_t"
                                                                                                                : "uint8_t";
    const size_t element = t.dtype == DType::f32 || t.dtype == DType::i32 ? 4 : 1;
    const std::string what = "operand" + std::to_string(out.inputs.size());
    operand.constant = pool.add(name(what.c_str()), type, t.data->data(), t.data->size() / element, element, 4);
  } else {
    operand.tensor = id;
  }
  return operand;
}

void Lowering::steps(int32_t count, std::vector<std::vector<RowRange>> needs, std::vector<std::vector<RowRange>> makes) {
  out.steps = count;
  for (size_t o = 0; o < node.outputs.size(); ++o) {
    Operand operand = declare(node.outputs[o]);
    operand.needs = std::move(makes.at(o));
    out.outputs.push_back(std::move(operand));
  }
  for (size_t i = 0; i < needs.size(); ++i) {
    SMELT_ASSERT(node.in(i) != no_tensor, "an absent input is declared");
    Operand operand = declare(node.inputs[i]);
    if (operand.tensor != no_tensor) operand.needs = std::move(needs[i]);
    out.inputs.push_back(std::move(operand));
  }
}

void Lowering::rowwise() {
  const int32_t rows = row_count(output().shape);
  std::vector<RowRange> each;
  for (int32_t r = 0; r < rows; ++r) each.push_back({r, r + 1});
  std::vector<std::vector<RowRange>> needs;
  for (TensorId id : node.inputs) {
    const int32_t have = row_count(graph.at(id).shape);
    SMELT_ASSERT(have == rows || have == 1, "rowwise needs inputs of as many rows as the output, or of one");
    needs.push_back(have == rows ? each : std::vector<RowRange>(static_cast<size_t>(rows), RowRange{0, 1}));
  }
  steps(rows, std::move(needs), std::vector<std::vector<RowRange>>(node.outputs.size(), each));
}

void Lowering::windowed(int32_t stride, int32_t pad, int32_t span) {
  const Shape& shape = output().shape;
  if (shape.size() == 4 && shape[0] > 1) return whole(1);
  const int32_t rows = row_count(shape);
  const int32_t have = row_count(input(0).shape);
  std::vector<RowRange> needs, each;
  for (int32_t r = 0; r < rows; ++r) {
    const int64_t top = int64_t{r} * stride - pad;
    const auto first = static_cast<int32_t>(std::clamp<int64_t>(top, 0, have));
    const auto end = static_cast<int32_t>(std::clamp<int64_t>(top + span, first, have));
    needs.push_back({first, end});
    each.push_back({r, r + 1});
  }
  steps(rows, {needs}, std::vector<std::vector<RowRange>>(node.outputs.size(), each));
}

void Lowering::whole(int inputs) {
  const size_t n = inputs < 0 ? node.inputs.size() : static_cast<size_t>(inputs);
  std::vector<std::vector<RowRange>> needs, makes;
  for (size_t i = 0; i < n; ++i) needs.push_back({RowRange{0, row_count(graph.at(node.inputs.at(i)).shape)}});
  for (TensorId id : node.outputs) makes.push_back({RowRange{0, row_count(graph.at(id).shape)}});
  steps(1, std::move(needs), std::move(makes));
}

void Lowering::scratch(int32_t bytes, bool persists) {
  out.scratch_bytes = bytes;
  out.scratch_persists = persists;
}

}  // namespace smelt
