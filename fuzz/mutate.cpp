#include "fuzz/mutate.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <vector>

#include "flatbuffers/reflection_generated.h"
#include "import/tflite_bfbs_generated.h"

namespace smelt::fuzz {
namespace {

using tflite::TensorType;

size_t below(Random& random, size_t n) { return n == 0 ? 0 : random() / 7 % n; }
bool chance(Random& random, size_t one_in) { return below(random, one_in) == 0; }

template <class Container>
auto& pick(Random& random, Container& c) {
  return c[below(random, c.size())];
}

int32_t interesting(Random& random) {
  static const int32_t values[] = {0,         1,         2,  3,   4,   5,   7,   8,    9,     15,    16,
                                   17,        32,        64, 127, 128, 255, 256, 1000, 65535, 65536, 1 << 24,
                                   INT32_MAX, INT32_MIN, -1, -2,  -3,  -4,  -5,  -8,   -128,  -129};
  return chance(random, 4) ? values[below(random, std::size(values))] : static_cast<int32_t>(below(random, 13)) - 3;
}

/// Mostly a little more or less, sometimes anything.
int32_t nearby(int32_t value, Random& random) {
  switch (below(random, 6)) {
    case 0:
      return static_cast<int32_t>(static_cast<uint32_t>(value) + 1);
    case 1:
      return static_cast<int32_t>(static_cast<uint32_t>(value) - 1);
    case 2:
      return static_cast<int32_t>(static_cast<uint32_t>(value) * 2);
    case 3:
      return value / 2;
    default:
      return interesting(random);
  }
}

size_t bytes_of(const tflite::TensorT& t) {
  size_t bytes = 1;
  switch (t.type) {
    case TensorType::INT16:
      bytes = 2;
      break;
    case TensorType::INT32:
    case TensorType::FLOAT32:
      bytes = 4;
      break;
    case TensorType::INT64:
      bytes = 8;
      break;
    default:
      break;
  }
  for (const int32_t d : t.shape) {
    if (d < 0 || bytes > (1U << 20)) return 0;
    bytes *= static_cast<size_t>(d);
  }
  return bytes <= (1U << 16) ? bytes : 0;
}

/// Constants follow their tensors' types, as a file that says otherwise gets no further than the verifier.
void fit_constants(tflite::ModelT& model) {
  for (const auto& t : model.subgraphs[0]->tensors) {
    if (t->buffer == 0 || t->buffer >= model.buffers.size() || !model.buffers[t->buffer]) continue;
    std::vector<uint8_t>& data = model.buffers[t->buffer]->data;
    const size_t want = bytes_of(*t);
    if (data.empty() || want == 0 || data.size() == want) continue;
    const std::vector<uint8_t> old = data;
    data.resize(want);
    for (size_t i = 0; i < want; ++i) data[i] = old[i % old.size()];
  }
}

void mutate_shape(tflite::SubGraphT& graph, Random& random) {
  tflite::TensorT& t = *pick(random, graph.tensors);
  if (t.shape.empty() || chance(random, 12)) {
    t.shape.insert(t.shape.begin() + static_cast<long>(below(random, t.shape.size() + 1)), 1);
    return;
  }
  const size_t d = below(random, t.shape.size());
  const int32_t old = t.shape[d];
  if (chance(random, 12)) {
    t.shape.erase(t.shape.begin() + static_cast<long>(d));
  } else if (chance(random, 8)) {
    std::swap(t.shape[d], pick(random, t.shape));
  } else if (chance(random, 3)) {
    t.shape[d] = nearby(old, random);
  } else {  // every dimension of this size, as channels or a height that run through several tensors
    const int32_t fresh = nearby(old, random);
    for (const auto& other : graph.tensors) std::replace(other->shape.begin(), other->shape.end(), old, fresh);
  }
}

void mutate_type(tflite::SubGraphT& graph, Random& random) {
  static const TensorType types[] = {TensorType::INT8,  TensorType::FLOAT32, TensorType::INT32, TensorType::UINT8,
                                     TensorType::INT16, TensorType::INT64,   TensorType::BOOL,  TensorType::FLOAT16};
  const TensorType old = pick(random, graph.tensors)->type;
  const TensorType fresh = types[below(random, std::size(types))];
  if (chance(random, 2)) {
    pick(random, graph.tensors)->type = fresh;
    return;
  }
  for (const auto& t : graph.tensors) {
    if (t->type == old) t->type = fresh;
  }
}

float scale(float old, Random& random) {
  static const float values[] = {1.0F,
                                 0.5F,
                                 1.0F / 256,
                                 1e-3F,
                                 1e3F,
                                 1e-30F,
                                 1e30F,
                                 1e-45F,
                                 0.0F,
                                 -1.0F,
                                 std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::quiet_NaN()};
  switch (below(random, 4)) {
    case 0:
      return values[below(random, std::size(values))];
    case 1:
      return std::ldexp(old, static_cast<int>(below(random, 61)) - 30);
    default:
      return old * (0.5F + static_cast<float>(below(random, 1024)) / 1024);
  }
}

void mutate_quantization(tflite::SubGraphT& graph, Random& random) {
  tflite::TensorT& t = *pick(random, graph.tensors);
  if (!t.quantization || chance(random, 16)) {
    if (t.quantization && chance(random, 2)) return t.quantization.reset();
    if (!t.quantization) t.quantization = std::make_unique<tflite::QuantizationParametersT>();
    t.quantization->scale = {0.25F};
    t.quantization->zero_point = {0};
    return;
  }
  tflite::QuantizationParametersT& q = *t.quantization;
  switch (below(random, 5)) {
    case 0:
      if (!q.scale.empty()) pick(random, q.scale) = scale(q.scale[0], random);
      break;
    case 1:
      if (!q.zero_point.empty()) pick(random, q.zero_point) = nearby(static_cast<int32_t>(q.zero_point[0]), random);
      break;
    case 2: {  // one for each slice, or one for all
      const size_t axis = below(random, std::max<size_t>(t.shape.size(), 1));
      const size_t count =
          q.scale.size() > 1 || t.shape.empty() ? 1 : static_cast<size_t>(std::clamp(t.shape[axis], 1, 64));
      q.scale.resize(count, q.scale.empty() ? 0.5F : q.scale[0]);
      q.zero_point.resize(count, 0);
      q.quantized_dimension = static_cast<int32_t>(axis);
      break;
    }
    case 3:
      q.quantized_dimension = nearby(q.quantized_dimension, random);
      break;
    default: {  // as another tensor has it
      const auto& other = pick(random, graph.tensors)->quantization;
      if (other) q = tflite::QuantizationParametersT(*other);
      break;
    }
  }
}

void mutate_constant(tflite::ModelT& model, Random& random) {
  std::vector<tflite::TensorT*> constants;
  for (const auto& t : model.subgraphs[0]->tensors) {
    if (t->buffer != 0 && t->buffer < model.buffers.size() && !model.buffers[t->buffer]->data.empty())
      constants.push_back(t.get());
  }
  if (constants.empty()) return;
  tflite::TensorT& t = *pick(random, constants);
  std::vector<uint8_t>& data = model.buffers[t.buffer]->data;
  const size_t width = t.type == TensorType::INT64                                    ? 8
                       : t.type == TensorType::INT32 || t.type == TensorType::FLOAT32 ? 4
                                                                                      : 1;
  const size_t at = below(random, data.size() / width) * width;
  if (width == 1 || at + width > data.size() || (t.type == TensorType::FLOAT32 && chance(random, 3))) {
    data[at] = static_cast<uint8_t>(random());
    return;
  }
  if (t.type == TensorType::FLOAT32) {
    float value = 0;
    std::memcpy(&value, &data[at], sizeof value);
    value = scale(value, random);
    std::memcpy(&data[at], &value, sizeof value);
    return;
  }
  int32_t low = 0;
  std::memcpy(&low, &data[at], sizeof low);
  const int64_t value = nearby(low, random);
  std::memcpy(&data[at], &value, width);
}

void mutate_operands(tflite::SubGraphT& graph, Random& random) {
  if (graph.operators.empty()) return;
  tflite::OperatorT& node = *pick(random, graph.operators);
  std::vector<int32_t>& ids = chance(random, 3) ? node.outputs : node.inputs;
  const auto any = static_cast<int32_t>(below(random, graph.tensors.size()));
  switch (below(random, 6)) {
    case 0:
      ids.push_back(any);
      break;
    case 1:
      if (!ids.empty()) ids.pop_back();
      break;
    case 2:
      if (!ids.empty()) pick(random, ids) = -1;
      break;
    case 3:
      if (!ids.empty()) std::swap(ids.front(), pick(random, ids));
      break;
    default:
      if (!ids.empty()) pick(random, ids) = any;
      break;
  }
}

/// A node like another one, on a fresh tensor behind the last output: models grow into chains.
void append_node(tflite::ModelT& model, Random& random) {
  tflite::SubGraphT& graph = *model.subgraphs[0];
  if (graph.operators.empty() || graph.operators.size() > 12) return;
  auto node = std::make_unique<tflite::OperatorT>(*pick(random, graph.operators));
  for (int32_t& id : node->outputs) {
    if (id < 0 || static_cast<size_t>(id) >= graph.tensors.size()) return;
    graph.tensors.push_back(std::make_unique<tflite::TensorT>(*graph.tensors[static_cast<size_t>(id)]));
    id = static_cast<int32_t>(graph.tensors.size()) - 1;
  }
  if (!node->inputs.empty() && !graph.outputs.empty() && !chance(random, 4))
    node->inputs[0] = pick(random, graph.outputs);
  if (!node->outputs.empty())
    graph.outputs = chance(random, 3) ? node->outputs : std::vector<int32_t>{node->outputs[0]};
  graph.operators.push_back(std::move(node));
}

void mutate_nodes(tflite::ModelT& model, Random& random) {
  tflite::SubGraphT& graph = *model.subgraphs[0];
  if (graph.operators.empty()) return;
  switch (below(random, 6)) {
    case 0:
      graph.operators.erase(graph.operators.begin() + static_cast<long>(below(random, graph.operators.size())));
      break;
    case 1:
      std::swap(pick(random, graph.operators), pick(random, graph.operators));
      break;
    case 2: {  // another operator with the same operands
      tflite::OperatorCodeT& code = *pick(random, model.operator_codes);
      const auto builtin = static_cast<int32_t>(below(random, 160));
      code.builtin_code = static_cast<tflite::BuiltinOperator>(builtin);
      code.deprecated_builtin_code = static_cast<int8_t>(std::min(builtin, 127));
      break;
    }
    default:
      append_node(model, random);
      break;
  }
}

void mutate_ports(tflite::SubGraphT& graph, Random& random) {
  std::vector<int32_t>& ids = chance(random, 2) ? graph.inputs : graph.outputs;
  const auto any = static_cast<int32_t>(below(random, graph.tensors.size()));
  if (ids.empty() || chance(random, 3)) {
    ids.push_back(any);
  } else if (chance(random, 2)) {
    pick(random, ids) = any;
  } else {
    ids.pop_back();
  }
}

}  // namespace

void mutate(tflite::ModelT& model, Random& random) {
  if (model.subgraphs.empty() || model.subgraphs[0]->tensors.empty() || model.operator_codes.empty()) return;
  tflite::SubGraphT& graph = *model.subgraphs[0];
  switch (below(random, 12)) {
    case 0:
    case 1:
    case 2:
      mutate_shape(graph, random);
      break;
    case 3:
      mutate_type(graph, random);
      break;
    case 4:
    case 5:
      mutate_quantization(graph, random);
      break;
    case 6:
    case 7:
      mutate_constant(model, random);
      break;
    case 8:
      mutate_operands(graph, random);
      break;
    case 9:
    case 10:
      mutate_nodes(model, random);
      break;
    default:
      mutate_ports(graph, random);
      break;
  }
  if (!chance(random, 16)) fit_constants(model);
}

void mutate_options(uint8_t* packed, Random& random) {
  static const std::vector<uint8_t> bytes(tflite::ModelBinarySchema::data(),
                                          tflite::ModelBinarySchema::data() + tflite::ModelBinarySchema::size());
  const reflection::Schema& schema = *reflection::GetSchema(bytes.data());
  const tflite::Model* model = tflite::GetModel(packed);
  if (model->subgraphs() == nullptr || model->subgraphs()->size() == 0) return;
  const auto* nodes = model->subgraphs()->Get(0)->operators();
  if (nodes == nullptr || nodes->size() == 0) return;
  const tflite::Operator* node = nodes->Get(static_cast<uint32_t>(below(random, nodes->size())));
  const auto* options = static_cast<const flatbuffers::Table*>(node->builtin_options());
  const reflection::EnumVal* member = schema.enums()
                                          ->LookupByKey("smelt.tflite.BuiltinOptions")
                                          ->values()
                                          ->LookupByKey(static_cast<int64_t>(node->builtin_options_type()));
  if (options == nullptr || member == nullptr) return;
  const auto* fields = schema.objects()->Get(static_cast<uint32_t>(member->union_type()->index()))->fields();
  if (fields->size() == 0) return;
  const reflection::Field* field = fields->Get(static_cast<uint32_t>(below(random, fields->size())));
  uint8_t* at = const_cast<uint8_t*>(options->GetAddressOf(field->offset()));
  if (at == nullptr) return;
  switch (field->type()->base_type()) {
    case reflection::Bool:
    case reflection::Byte:
      *at = static_cast<uint8_t>(below(random, chance(random, 8) ? 256 : 4));
      break;
    case reflection::Int: {
      int32_t value = 0;
      std::memcpy(&value, at, sizeof value);
      value = nearby(value, random);
      std::memcpy(at, &value, sizeof value);
      break;
    }
    case reflection::Float: {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      value = scale(value, random);
      std::memcpy(at, &value, sizeof value);
      break;
    }
    default:
      break;
  }
}

void graft(tflite::ModelT& model, const tflite::ModelT& other, Random& random) {
  if (model.subgraphs.empty() || other.subgraphs.empty()) return;
  tflite::SubGraphT& graph = *model.subgraphs[0];
  const tflite::SubGraphT& more = *other.subgraphs[0];
  if (graph.operators.size() + more.operators.size() > 16) return;
  const auto tensors = static_cast<int32_t>(graph.tensors.size());
  const auto buffers = static_cast<uint32_t>(model.buffers.size());
  const auto codes = static_cast<uint32_t>(model.operator_codes.size());
  for (const auto& b : other.buffers) model.buffers.push_back(std::make_unique<tflite::BufferT>(*b));
  for (const auto& c : other.operator_codes)
    model.operator_codes.push_back(std::make_unique<tflite::OperatorCodeT>(*c));
  for (const auto& t : more.tensors) {
    graph.tensors.push_back(std::make_unique<tflite::TensorT>(*t));
    if (t->buffer != 0) graph.tensors.back()->buffer += buffers;
  }
  const auto same_type = [&](int32_t mine, int32_t theirs) {
    if (mine < 0 || mine >= tensors || theirs < 0 || static_cast<size_t>(theirs) >= more.tensors.size()) return false;
    const tflite::TensorT& a = *graph.tensors[static_cast<size_t>(mine)];
    const tflite::TensorT& b = *more.tensors[static_cast<size_t>(theirs)];
    return a.type == b.type && a.shape == b.shape;
  };
  // Each of its inputs is one of our tensors when any fits, tried from the last one back; else an input of the whole.
  std::vector<int32_t> stands_for(more.tensors.size());
  for (size_t i = 0; i < stands_for.size(); ++i) stands_for[i] = tensors + static_cast<int32_t>(i);
  for (const int32_t id : more.inputs) {
    if (id < 0 || static_cast<size_t>(id) >= stands_for.size()) continue;
    int32_t& target = stands_for[static_cast<size_t>(id)];
    for (int32_t mine = tensors - 1; mine >= 0 && target >= tensors; --mine) {
      if (same_type(mine, id) && graph.tensors[static_cast<size_t>(mine)]->buffer == 0 && !chance(random, 8))
        target = mine;
    }
    if (target >= tensors) graph.inputs.push_back(target);
  }
  const auto renamed = [&](int32_t id) {
    return id >= 0 && static_cast<size_t>(id) < stands_for.size() ? stands_for[static_cast<size_t>(id)] : id;
  };
  for (const auto& o : more.operators) {
    auto node = std::make_unique<tflite::OperatorT>(*o);
    node->opcode_index += codes;
    std::transform(node->inputs.begin(), node->inputs.end(), node->inputs.begin(), renamed);
    std::transform(node->outputs.begin(), node->outputs.end(), node->outputs.begin(), renamed);
    graph.operators.push_back(std::move(node));
  }
  if (chance(random, 2)) graph.outputs.clear();
  for (const int32_t id : more.outputs) graph.outputs.push_back(renamed(id));
}

}  // namespace smelt::fuzz
