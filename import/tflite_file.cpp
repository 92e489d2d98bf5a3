#include "import/tflite_file.hpp"

#include <cstring>

#include "import/file.hpp"
#include "import/text.hpp"
#include "import/tflite.hpp"

namespace smelt {

bool is_tflite(std::span<const uint8_t> bytes) {
  constexpr size_t at = 4;  // a FlatBuffer's identifier follows the offset of its root
  return bytes.size() >= at + 4 && std::memcmp(bytes.data() + at, tflite::ModelIdentifier(), 4) == 0;
}

namespace tflite {

std::string text_of(const flatbuffers::String* s) {
  return s == nullptr ? std::string{} : printable({s->c_str(), s->size()});
}

File::File(std::span<const uint8_t> bytes, const std::string& name)
    : name_(name), model_(GetModel(bytes.data())), budget_(4 * bytes.size() + (size_t{1} << 20)) {
  buffers_.resize(length(model_->buffers()));
}

Result<File> File::open(std::span<const uint8_t> bytes, const std::string& name) {
  if (bytes.size() > static_cast<size_t>(max_model_bytes)) {
    return Failure("E0104", name, "the file is too large", "models this large are beyond what this tool is for");
  }
  if (!is_tflite(bytes)) {
    return Failure("E0106", name, "this is not a TensorFlow Lite model: its identifier TFL3 is missing",
                   "check that the download or the conversion ended well");
  }
  flatbuffers::Verifier::Options limits;
  limits.max_depth = 16;
  limits.max_tables = 1U << 20;
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits);
  if (!VerifyModelBuffer(verifier)) {
    return Failure("E0107", name, "the file is damaged: its tables do not lie within it",
                   "export or download the model again");
  }
  File file(bytes, name);
  if (const Outcome outcome = file.check(); !outcome) return outcome.failure();
  return file;
}

Outcome File::check() const {
  if (model_->version() != 3) {
    return Failure("E0108", name_,
                   "schema version " + std::to_string(model_->version()) + " is not supported, only version 3 is",
                   "convert the model again with TensorFlow 2");
  }
  if (length(model_->subgraphs()) == 0) {
    return Failure("E0204", name_, "the model holds no graph", "export the model again");
  }
  // Other subgraphs are reached through control flow, which is reported as unsupported, or as entry points.
  if (model_->signature_defs() != nullptr) {
    for (const SignatureDef* signature : *model_->signature_defs()) {
      if (signature->subgraph_index() == 0) continue;
      return Failure("E0205", name_,
                     "the model has several entry points, such as \"" + text_of(signature->signature_key()) + "\"",
                     "export each signature to a file of its own");
    }
  }
  const size_t nodes = length(subgraph().operators());
  const size_t tensors = length(subgraph().tensors());
  if (nodes > max_graph_nodes || tensors > max_graph_tensors) {
    return Failure("E0201", name_,
                   std::to_string(nodes) + " nodes and " + std::to_string(tensors) + " tensors are too many",
                   "at most " + std::to_string(max_graph_nodes) + " nodes and " + std::to_string(max_graph_tensors) +
                       " tensors are accepted");
  }
  return Done{};
}

bool File::spend(size_t bytes) {
  if (bytes > budget_) return false;
  budget_ -= bytes;
  return true;
}

Failure File::overspent() const {
  return Failure("E0110", name_, "the file refers to the same bytes again and again", "export the model again");
}

Result<std::shared_ptr<const Bytes>> File::buffer(uint32_t index) {
  const Buffer& b = *model_->buffers()->Get(index);
  if (b.offset() > 1 || b.size() > 0) {
    return Failure("E0109", name_, "buffer " + std::to_string(index) + " lies outside the FlatBuffer",
                   "models beyond 2 GB are not supported");
  }
  std::shared_ptr<const Bytes>& cached = buffers_[index];
  if (length(b.data()) != 0 && cached == nullptr) {
    if (!spend(b.data()->size())) return overspent();
    cached = std::make_shared<Bytes>(b.data()->begin(), b.data()->end());
  }
  return cached;
}

}  // namespace tflite
}  // namespace smelt
