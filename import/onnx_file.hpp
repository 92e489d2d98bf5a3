// The protocol buffer around an ONNX model: checked, then read. Internal to import/.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "import/onnx.pb.h"
#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt::onnx {

/// Name of an element type, "FLOAT16"; its number where it has none.
std::string type_name(int32_t type);
/// The element type as the IR has it; empty where it has none.
std::optional<DType> dtype_of(int32_t type);

class File {
 public:
  /// `name`: the file's, whose folder holds external data.
  static Result<File> open(std::span<const uint8_t> bytes, const std::string& name);

  const std::string& name() const { return name_; }
  const ModelProto& model() const { return *model_; }
  const GraphProto& graph() const { return model_->graph(); }
  int64_t opset() const { return opset_; }  ///< of the default domain

  /// A constant; half and double precision become single. `where` is its place in messages.
  Result<Tensor> tensor(const TensorProto& source, const std::string& where);

 private:
  File(std::string name, std::shared_ptr<ModelProto> model) : name_(std::move(name)), model_(std::move(model)) {}
  Outcome check();
  Result<Bytes> external(const TensorProto& source, const std::string& where, int64_t size) const;

  std::string name_;
  std::shared_ptr<const ModelProto> model_;
  int64_t opset_ = 0;
  int64_t bytes_ = 0;  ///< of all constants so far
};

}  // namespace smelt::onnx
