// Small ONNX models built field by field, as files would hold them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "import/onnx.hpp"
#include "import/onnx.pb.h"

namespace smelt::test {

class OnnxModel {
 public:
  explicit OnnxModel(int64_t opset = 13) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
  }

  onnx::ModelProto proto;
  onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  /// Dimensions below 0 are left open.
  onnx::ValueInfoProto& input(const std::string& name, const std::vector<int64_t>& shape, int32_t type = onnx::TensorProto::FLOAT) {
    onnx::ValueInfoProto& v = *graph().add_input();
    v.set_name(name);
    v.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    for (int64_t d : shape) {
      auto* dim = v.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
      if (d >= 0) dim->set_dim_value(d);
      else dim->set_dim_param("N" + std::to_string(-d));
    }
    return v;
  }

  void output(const std::string& name) { graph().add_output()->set_name(name); }

  onnx::TensorProto& constant(const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    onnx::TensorProto& t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t d : shape) t.add_dims(d);
    t.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
    return t;
  }

  onnx::TensorProto& integers(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto& t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::INT64);
    t.add_dims(static_cast<int64_t>(values.size()));
    for (int64_t v : values) t.add_int64_data(v);
    return t;
  }

  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    onnx::NodeProto& n = *graph().add_node();
    n.set_op_type(op);
    for (const std::string& i : inputs) n.add_input(i);
    for (const std::string& o : outputs) n.add_output(o);
    return n;
  }

  static void attribute(onnx::NodeProto& node, const std::string& name, int64_t value) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }

  std::string bytes() const { return proto.SerializeAsString(); }

  Result<Graph> read(const ImportOptions& options = {}, const std::string& file = "model.onnx") const {
    const std::string text = bytes();
    return parse_onnx({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, file, options);
  }
};

}  // namespace smelt::test
