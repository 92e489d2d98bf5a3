// Any bytes through the reader of ONNX files, and what it makes of them through passes, oracle and interpreter. Nothing may
// crash, failures must say something, and where no floats are left the compiled program must agree with the oracle.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz/mutate.hpp"
#include "import/onnx.hpp"
#include "import/onnx.pb.h"
#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "passes/row_layout.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace smelt {
namespace {

namespace pb = google::protobuf;

[[noreturn]] void wrong(const std::string& what) {
  std::fprintf(stderr, "fuzz_onnx: %s\n", what.c_str());
  std::abort();
}

bool cheap(const Graph& graph) {
  int64_t work = 0;
  for (const Tensor& t : graph.tensors) {
    if (t.shape.size() > max_rank) return false;
    double bytes = size_of(t.dtype);
    for (int32_t d : t.shape) bytes *= d;
    if (bytes > 16384) return false;
    work += static_cast<int64_t>(bytes);
  }
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    if (op->macs != nullptr) work += op->macs(graph, node);
    work += node.attrs.i("filter_h") * node.attrs.i("filter_w") * elements(graph.at(node.out()).shape);
    if (work < 0 || work > 300'000) return false;
  }
  return graph.nodes.size() < 256;
}

std::vector<Bytes> inputs_for(const Graph& graph) {
  std::vector<Bytes> inputs;
  for (TensorId id : graph.inputs) {
    const Tensor& t = graph.at(id);
    Bytes bytes(static_cast<size_t>(t.bytes()));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(t.dtype == DType::boolean ? i % 2 : i * 37 % 64);
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

void run(Graph graph) {
  take_rows(graph);
  if (const Outcome o = verify_graph(graph); !o) wrong("rows broke the graph: " + o.failure().to_string());
  PassLog log;
  run_passes(graph, log);
  const std::vector<Bytes> inputs = inputs_for(graph);
  const std::vector<Value> expected = evaluate(graph, inputs);
  const Result<Program> program = lower(graph, LowerOptions{});
  if (!program) return;
  const std::vector<Bytes> outputs = Interpreter(*program).run(inputs);
  for (const Tensor& t : graph.tensors) {
    if (t.dtype == DType::f32) return;
  }
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (outputs[o] != expected[static_cast<size_t>(graph.outputs[o])].bytes) wrong("the program differs from the oracle\n" + print(graph));
  }
}

void check(std::span<const uint8_t> bytes) {
  const Result<Graph> graph = parse_onnx(bytes, "fuzz model.onnx");
  if (!graph) {
    if (graph.failure().diagnostics.empty()) wrong("a failure that says nothing");
    for (const Diagnostic& d : graph.failure().diagnostics) {
      if (d.code.empty() || d.place.empty() || d.reason.empty()) wrong("half a diagnostic: " + graph.failure().to_string());
    }
    return;
  }
  if (const Outcome o = verify_graph(*graph); !o) wrong("the reader let an unsound graph pass: " + o.failure().to_string());
  const Result<Graph> reparsed = parse(print(*graph));
  if (!reparsed || print(*reparsed) != print(*graph)) wrong("the text form changes when parsed:\n" + print(*graph));
  if (cheap(*graph)) run(*graph);
}

// ---- changes of a model field by field ----

int64_t number(fuzz::Random& random) {
  static constexpr int64_t odd[] = {0, 1, -1, 2, 3, 4, 7, 13, 16, 255, 4096, 65536, INT32_MAX, INT64_MAX, INT64_MIN};
  return odd[random() / 7 % std::size(odd)];
}

/// A field of the message or of one within it is changed, repeated, taken away or put in another place.
void mutate(pb::Message& m, fuzz::Random& random) {
  const pb::Reflection& r = *m.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  r.ListFields(m, &fields);
  if (fields.empty()) return;
  const pb::FieldDescriptor* f = fields[random() / 7 % fields.size()];
  const bool repeated = f->is_repeated();
  const int count = repeated ? r.FieldSize(m, f) : 1;
  const int at = static_cast<int>(random() / 7 % static_cast<uint32_t>(count));
  const uint32_t what = random() / 7 % 8;
  if (repeated && what == 0) return r.RemoveLast(&m, f);
  if (repeated && what == 1) return r.SwapElements(&m, f, at, count - 1);
  switch (f->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
      if (repeated && what == 2) {
        const std::unique_ptr<pb::Message> copy(r.GetRepeatedMessage(m, f, at).New());
        copy->CopyFrom(r.GetRepeatedMessage(m, f, at));
        return r.AddMessage(&m, f)->CopyFrom(*copy);
      }
      return mutate(repeated ? *r.MutableRepeatedMessage(&m, f, at) : *r.MutableMessage(&m, f), random);
    }
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return repeated ? r.SetRepeatedInt64(&m, f, at, number(random)) : r.SetInt64(&m, f, number(random));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return repeated ? r.SetRepeatedInt32(&m, f, at, static_cast<int32_t>(number(random))) : r.SetInt32(&m, f, static_cast<int32_t>(random() / 7 % 30));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return repeated ? void() : r.SetEnumValue(&m, f, static_cast<int>(random() / 7 % 15));
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return repeated ? r.SetRepeatedFloat(&m, f, at, static_cast<float>(number(random))) : r.SetFloat(&m, f, static_cast<float>(number(random)));
    case pb::FieldDescriptor::CPPTYPE_STRING: {
      std::string s = repeated ? r.GetRepeatedString(m, f, at) : r.GetString(m, f);
      if (f->name() == "op_type" || what == 3) {
        static const std::vector<std::string> names = onnx_operators();
        s = names[random() / 7 % names.size()];
      } else if (!s.empty()) {
        s[random() / 7 % s.size()] = static_cast<char>(random() >> 8);
      }
      return repeated ? r.SetRepeatedString(&m, f, at, s) : r.SetString(&m, f, s);
    }
    default:
      return;
  }
}

}  // namespace
}  // namespace smelt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smelt::check({data, size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  smelt::fuzz::Random random(seed + 1);
  smelt::onnx::ModelProto model;
  if (random() / 7 % 8 != 0 && model.ParseFromArray(data, static_cast<int>(size))) {
    do smelt::mutate(model, random);
    while (random() / 7 % 3 == 0);
    const std::string bytes = model.SerializeAsString();
    if (!bytes.empty() && bytes.size() <= max_size) {
      std::memcpy(data, bytes.data(), bytes.size());
      return bytes.size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
