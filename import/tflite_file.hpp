// The FlatBuffer around a model: checked, then read within a budget. Internal to import/.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "import/tflite_generated.h"
#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt::tflite {

template <class T>
size_t length(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? 0 : v->size();
}

std::string text_of(const flatbuffers::String* s);  ///< printable; empty when absent

/// A file whose identifier, tables and version are as they should be. All offsets lie within it; what indices and
/// numbers mean is for the reader to check. The bytes must outlive it and lie aligned to 8.
class File {
 public:
  static Result<File> open(std::span<const uint8_t> bytes, const std::string& name);

  const std::string& name() const { return name_; }
  const Model& model() const { return *model_; }
  const SubGraph& subgraph() const { return *model_->subgraphs()->Get(0); }  ///< the only one that is run

  /// Whatever is copied out of the file is counted here, because its tables may share their parts: an honest file
  /// refers to each about once, a hostile one would have a few bytes copied a million times. False: refuse it, with
  /// overspent().
  bool spend(size_t bytes);
  Failure overspent() const;

  size_t buffers() const { return buffers_.size(); }
  /// Content of a buffer, copied once; null when it is empty.
  Result<std::shared_ptr<const Bytes>> buffer(uint32_t index);

 private:
  File(std::span<const uint8_t> bytes, const std::string& name);
  Outcome check() const;

  std::string name_;
  const Model* model_;
  size_t budget_;
  std::vector<std::shared_ptr<const Bytes>> buffers_;
};

}  // namespace smelt::tflite
