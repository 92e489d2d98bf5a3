// Any text through the parser, back through the printer, and, where it is a sound graph, through passes and oracles:
// the attributes of a text are not what a reader would have normalized, so operators' own checks are put to the test
// too.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ops/op.hpp"
#include "passes/pipeline.hpp"

namespace smelt {
namespace {

[[noreturn]] void wrong(const std::string& what) {
  std::fprintf(stderr, "fuzz_text: %s\n", what.c_str());
  std::abort();
}

bool cheap(const Graph& graph) {
  int64_t work = 0;
  for (const Tensor& t : graph.tensors) {
    if (t.shape.size() > max_rank) continue;
    double bytes = size_of(t.dtype);  // tensors that nothing mentions may have any shape
    for (int32_t d : t.shape) bytes *= d;
    if (bytes > 4096) return false;
  }
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    if (op->macs != nullptr) work += op->macs(graph, node);
    if (work < 0 || work > 100'000) return false;
  }
  return graph.nodes.size() < 64;
}

void check_passes(const Graph& graph) {
  std::vector<Bytes> inputs;
  for (TensorId id : graph.inputs) {
    Bytes bytes(static_cast<size_t>(graph.at(id).bytes()));
    const bool fits = graph.at(id).dtype != DType::boolean;
    for (size_t i = 0; fits && i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 % 64);  // small as floats
    inputs.push_back(std::move(bytes));
  }
  bool floats = false;
  for (const Tensor& t : graph.tensors) floats = floats || t.dtype == DType::f32;
  for (const bool keep : {false, true}) {
    Graph passed = graph;
    PassLog log;
    PipelineOptions options;
    options.keep_all_tensors = keep;
    run_passes(passed, log, options);
    const std::vector<Value> expected = evaluate(graph, inputs);
    const std::vector<Value> got = evaluate(passed, inputs);
    for (size_t o = 0; o < graph.outputs.size() && !floats; ++o) {
      if (expected[static_cast<size_t>(graph.outputs[o])].bytes != got[static_cast<size_t>(passed.outputs[o])].bytes) {
        wrong("passes changed output " + std::to_string(o) + "\n" + log.to_string() + print(graph) + print(passed));
      }
    }
  }
}

void check(const std::string& text) {
  const Result<Graph> graph = parse(text);
  if (!graph) {
    const std::vector<Diagnostic>& d = graph.failure().diagnostics;
    if (d.size() != 1 || d[0].place.empty() || d[0].reason.empty()) wrong("half a diagnostic");
    return;
  }
  const std::string printed = print(*graph);
  const Result<Graph> back = parse(printed);
  if (!back) wrong("what was printed does not parse: " + back.failure().to_string() + printed);
  if (print(*back) != printed) wrong("the text changes when it is parsed and printed again:\n" + printed);
  if (verify_graph(*graph) && cheap(*graph)) check_passes(*graph);
}

}  // namespace
}  // namespace smelt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smelt::check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
