// Any bytes through the whole way: reader, verifier, text form, passes, oracle, planner, interpreter at both ring
// depths, emitter. Nothing may crash, and where integers are computed the compiled program must agree with the oracle.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "emit/emit.hpp"
#include "fuzz/mutate.hpp"
#include "import/tflite.hpp"
#include "import/tflite_generated.h"
#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace smelt {
namespace {

[[noreturn]] void wrong(const std::string& what) {
  std::fprintf(stderr, "fuzz_tflite: %s\n", what.c_str());
  std::abort();
}

void must(const Outcome& outcome, const char* what) {
  if (!outcome) wrong(std::string(what) + ": " + outcome.failure().to_string());
}

/// Little enough work to be done thousands of times a second under sanitizers.
bool cheap(const Graph& graph) {
  int64_t bytes = 0;
  for (const Tensor& t : graph.tensors) bytes += t.bytes();
  int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    if (op->macs != nullptr) macs += op->macs(graph, node);
    macs += node.attrs.i("filter_h") * node.attrs.i("filter_w") * elements(graph.at(node.out()).shape);  // pooling
    if (macs < 0 || macs > 300'000) return false;
  }
  return bytes <= 32 * 1024;
}

bool has_floats(const Graph& graph) {
  for (const Tensor& t : graph.tensors) {
    if (t.dtype == DType::f32) return true;
  }
  return false;
}

std::vector<Bytes> inputs_for(const Graph& graph, uint32_t seed) {
  fuzz::Random random(seed);
  std::vector<Bytes> inputs;
  for (const TensorId id : graph.inputs) {
    const Tensor& t = graph.at(id);
    Bytes bytes(static_cast<size_t>(t.bytes()));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() >> 8);
    if (t.dtype == DType::f32) {
      for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        const float value = static_cast<float>(static_cast<int8_t>(bytes[i])) / 16;
        std::memcpy(&bytes[i], &value, sizeof value);
      }
    }
    if (t.dtype == DType::boolean) {
      for (uint8_t& b : bytes) b &= 1;
    }
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

/// Both extremes of ring depth, and by the seed one of what lies between.
std::vector<LowerOptions> modes(uint32_t seed) {
  static const LowerOptions others[] = {{plan::Rings::automatic},     {plan::Rings::balanced},
                                        {plan::Rings::full, 1},       {plan::Rings::automatic, 0, true},
                                        {plan::Rings::full, 0, true}, {plan::Rings::minimum, 0, true}};
  return {{plan::Rings::full}, {plan::Rings::minimum}, others[seed / 16 % std::size(others)]};
}

void run_both_ways(const Graph& read, uint32_t seed) {
  const std::vector<Bytes> inputs = inputs_for(read, seed);
  const std::vector<Value> expected = evaluate(read, inputs);
  Graph graph = read;
  PassLog log;
  run_passes(graph, log, {.keep_all_tensors = seed / 128 % 4 == 0, .dump = {}});
  must(verify_graph(graph), "the passes broke the graph");
  for (const LowerOptions& options : modes(seed)) {
    const Result<Program> program = lower(graph, options);
    if (!program) continue;  // what cannot be lowered, or not pushed, says so
    Interpreter interpreter(*program);
    const std::vector<Bytes> outputs = interpreter.run(inputs);
    if (seed % 16 == 0) emit(*program, {.name = identifier(graph.name)});
    if (has_floats(read)) continue;
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o] == expected[static_cast<size_t>(read.outputs[o])].bytes) continue;
      wrong("output " + std::to_string(o) + " differs from the oracle; rings " +
            std::to_string(static_cast<int>(options.rings)) + (options.push ? ", pushed" : "") + "\n" + print(read) +
            "\nafter passes\n" + print(graph));
    }
  }
}

void check(std::span<const uint8_t> bytes) {
  const Result<Graph> graph = parse_tflite(bytes, "fuzz model.tflite");
  if (!graph) {
    if (graph.failure().diagnostics.empty()) wrong("a failure that says nothing");
    for (const Diagnostic& d : graph.failure().diagnostics) {
      if (d.code.empty() || d.place.empty() || d.reason.empty())
        wrong("half a diagnostic: " + graph.failure().to_string());
    }
    return;
  }
  must(verify_graph(*graph), "the reader let an unsound graph pass");
  if (!cheap(*graph)) return;
  const Result<Graph> reparsed = parse(print(*graph));
  if (!reparsed) wrong("the text form does not parse: " + reparsed.failure().to_string() + print(*graph));
  if (print(*reparsed) != print(*graph)) wrong("the text form changes when parsed:\n" + print(*graph));
  uint32_t seed = 1;
  for (const uint8_t b : bytes) seed = seed * 31 + b;
  run_both_ways(*graph, seed);
}

bool is_model(const uint8_t* data, size_t size) {
  flatbuffers::Verifier verifier(data, size, 16, 1000);
  return is_tflite({data, size}) && tflite::VerifyModelBuffer(verifier);
}

/// The verifier lets 64-bit elements lie anywhere, the object API reads them where they lie.
bool aligned_zero_points(const tflite::Model& model) {
  if (model.subgraphs() == nullptr) return true;
  for (const tflite::SubGraph* graph : *model.subgraphs()) {
    if (graph->tensors() == nullptr) continue;
    for (const tflite::Tensor* t : *graph->tensors()) {
      if (t->quantization() == nullptr || t->quantization()->zero_point() == nullptr) continue;
      if (reinterpret_cast<uintptr_t>(t->quantization()->zero_point()->Data()) % sizeof(int64_t) != 0) return false;
    }
  }
  return true;
}

std::unique_ptr<tflite::ModelT> unpack(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> aligned(data, data + size);
  if (!is_model(aligned.data(), aligned.size())) return nullptr;
  if (!aligned_zero_points(*tflite::GetModel(aligned.data()))) return nullptr;
  std::unique_ptr<tflite::ModelT> model = tflite::UnPackModel(aligned.data());
  // A union's type without its value is legal to read, but not to copy.
  for (const auto& graph : model->subgraphs) {
    for (const auto& t : graph->tensors) {
      if (t->quantization && t->quantization->details.value == nullptr) t->quantization->details.Reset();
    }
    for (const auto& node : graph->operators) {
      if (node->builtin_options.value == nullptr) node->builtin_options.Reset();
    }
  }
  return model;
}

/// Packs with every field stored, so that options can be changed in place; 0 when it does not fit.
size_t pack(const tflite::ModelT& model, uint8_t* out, size_t max_size, fuzz::Random& random) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model));
  if (builder.GetSize() > max_size) return 0;
  while (random() / 7 % 3 == 0) fuzz::mutate_options(builder.GetBufferPointer(), random);
  std::memcpy(out, builder.GetBufferPointer(), builder.GetSize());
  return builder.GetSize();
}

}  // namespace
}  // namespace smelt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smelt::check({data, size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  smelt::fuzz::Random random(seed + 1);
  if (random() / 7 % 8 != 0) {
    if (const auto model = smelt::unpack(data, size)) {
      do smelt::fuzz::mutate(*model, random);
      while (random() / 7 % 3 == 0);
      if (const size_t packed = smelt::pack(*model, data, max_size, random)) return packed;
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data, size_t size, const uint8_t* other, size_t other_size,
                                            uint8_t* out, size_t max_size, unsigned int seed) {
  smelt::fuzz::Random random(seed + 1);
  const auto model = smelt::unpack(data, size);
  const auto more = smelt::unpack(other, other_size);
  if (model == nullptr || more == nullptr) return 0;
  smelt::fuzz::graft(*model, *more, random);
  return smelt::pack(*model, out, max_size, random);
}
