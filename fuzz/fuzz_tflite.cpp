// Any bytes through the whole way: reader, verifier, text form, passes, oracle, planner, interpreter at both ring
// depths, emitter. Nothing may crash, and where integers are computed the compiled program must agree with the oracle.
#include <cstring>
#include <memory>
#include <vector>

#include "fuzz/check.hpp"
#include "fuzz/mutate.hpp"
#include "import/tflite.hpp"
#include "import/tflite_generated.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace smelt {
namespace {

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
  smelt::fuzz::check(smelt::parse_tflite({data, size}, "fuzz model.tflite"), {data, size});
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
