// Models built field by field through FlatBuffers' object API, so that each can be wrong in exactly one way.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "import/file.hpp"
#include "import/tflite.hpp"
#include "import/tflite_generated.h"

namespace smelt::testing {

inline Bytes pack(const tflite::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model));
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

inline Result<Graph> read(const tflite::ModelT& model) { return parse_tflite(pack(model), "test.tflite"); }

/// All codes of a failure; empty for a graph.
inline std::vector<std::string> codes(const Result<Graph>& result) {
  std::vector<std::string> all;
  if (!result) {
    for (const Diagnostic& d : result.failure().diagnostics) all.push_back(d.code);
  }
  return all;
}

inline bool has_code(const Result<Graph>& result, const std::string& code) {
  const std::vector<std::string> all = codes(result);
  return std::find(all.begin(), all.end(), code) != all.end();
}

/// A model of one subgraph, to which tensors and nodes are added; then its fields can be spoiled at will.
struct Builder {
  tflite::ModelT model;

  Builder() {
    model.version = 3;
    model.buffers.push_back(std::make_unique<tflite::BufferT>());
    model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  }

  tflite::SubGraphT& graph() { return *model.subgraphs[0]; }
  tflite::TensorT& at(int tensor) { return *graph().tensors[static_cast<size_t>(tensor)]; }
  tflite::OperatorT& node(int index) { return *graph().operators[static_cast<size_t>(index)]; }

  int tensor(const std::string& name, std::vector<int32_t> shape, tflite::TensorType type = tflite::TensorType::INT8) {
    auto t = std::make_unique<tflite::TensorT>();
    t->name = name;
    t->shape = std::move(shape);
    t->type = type;
    if (type == tflite::TensorType::INT8) {
      t->quantization = std::make_unique<tflite::QuantizationParametersT>();
      t->quantization->scale = {0.5f};
      t->quantization->zero_point = {-3};
    }
    graph().tensors.push_back(std::move(t));
    return static_cast<int>(graph().tensors.size()) - 1;
  }

  int constant(const std::string& name, std::vector<int32_t> shape, tflite::TensorType type, Bytes bytes) {
    const int id = tensor(name, std::move(shape), type);
    auto buffer = std::make_unique<tflite::BufferT>();
    buffer->data = std::move(bytes);
    model.buffers.push_back(std::move(buffer));
    at(id).buffer = static_cast<uint32_t>(model.buffers.size() - 1);
    return id;
  }

  int op(tflite::BuiltinOperator builtin, std::vector<int32_t> inputs, std::vector<int32_t> outputs) {
    auto code = std::make_unique<tflite::OperatorCodeT>();
    code->builtin_code = builtin;
    code->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(builtin), 127));
    model.operator_codes.push_back(std::move(code));
    auto o = std::make_unique<tflite::OperatorT>();
    o->opcode_index = static_cast<uint32_t>(model.operator_codes.size() - 1);
    o->inputs = std::move(inputs);
    o->outputs = std::move(outputs);
    graph().operators.push_back(std::move(o));
    return static_cast<int>(graph().operators.size()) - 1;
  }
};

/// in -> RELU -> middle -> RELU -> out, all int8 [1, 4].
inline Builder two_relus() {
  Builder b;
  const int in = b.tensor("in", {1, 4});
  const int middle = b.tensor("middle", {1, 4});
  const int out = b.tensor("out", {1, 4});
  b.op(tflite::BuiltinOperator::RELU, {in}, {middle});
  b.op(tflite::BuiltinOperator::RELU, {middle}, {out});
  b.graph().inputs = {in};
  b.graph().outputs = {out};
  return b;
}

/// Most bytes on the heap at one time since `action` began, less what was there before.
size_t heap_peak(const std::function<void()>& action);

}  // namespace smelt::testing
