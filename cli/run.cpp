#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/tensors.hpp"

namespace smelt::cli {
namespace {

/// The first values of an output, for people who gave no --output.
void show(const Tensor& t, const Bytes& bytes) {
  const Value v{&t, bytes};
  std::printf("  \"%s\" %s %s:", t.name.c_str(), to_string(t.dtype), to_string(t.shape).c_str());
  const std::int64_t n = elements(t.shape);
  for (std::int64_t i = 0; i < n && i < 16; ++i) {
    double value = 0;
    switch (t.dtype) {
      case DType::i8: value = v.as<int8_t>()[i]; break;
      case DType::u8: case DType::boolean: value = v.as<uint8_t>()[i]; break;
      case DType::i16: value = v.as<int16_t>()[i]; break;
      case DType::i32: value = v.as<int32_t>()[i]; break;
      case DType::i64: value = static_cast<double>(v.as<int64_t>()[i]); break;
      case DType::f32: value = v.as<float>()[i]; break;
    }
    std::printf(" %g", value);
  }
  std::printf("%s\n", n > 16 ? " ..." : "");
}

/// Run by run, output by output.
void show(const Graph& graph, const std::vector<Bytes>& outputs, std::size_t runs) {
  for (std::size_t r = 0; r < runs; ++r) {
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const auto size = static_cast<std::ptrdiff_t>(outputs[o].size() / runs);
      const auto first = outputs[o].begin() + static_cast<std::ptrdiff_t>(r) * size;
      show(graph.at(graph.outputs[o]), Bytes(first, first + size));
    }
  }
}

}  // namespace

Result<ExitCode> run(const Options& options) {
  Result<Compiled> compiled = load(options);
  if (!compiled) return compiled.failure();
  const Graph& graph = compiled->original;
  const Result<verify::Runs> inputs = read_inputs(graph, compiled->layout, options.inputs);
  if (!inputs) return inputs.failure();

  const Result<std::vector<std::string>> matched = match_ports(graph, graph.outputs, "--output", options.outputs);
  if (!matched) return matched.failure();
  const std::vector<std::string>& files = *matched;

  std::vector<Bytes> outputs(graph.outputs.size());
  {
    const Progress progress("running");
    Interpreter interpreter(compiled->program);
    for (const std::vector<Bytes>& run : *inputs) {
      if (!options.stateful) interpreter.reset();
      const std::vector<Bytes> result = interpreter.run(run);
      for (std::size_t o = 0; o < outputs.size(); ++o) outputs[o].insert(outputs[o].end(), result[o].begin(), result[o].end());
    }
  }
  if (options.outputs.empty() && !options.json) show(graph, outputs, inputs->size());
  Json json = {{"model", std::filesystem::path(options.model).filename().string()}, {"runs", inputs->size()}, {"outputs", Json::array()}};
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Tensor& t = graph.at(graph.outputs[o]);
    if (!files[o].empty()) {
      if (Outcome w = write_tensor(files[o], t, compiled->layout.outputs[o], outputs[o], inputs->size()); !w) return w.failure();
    }
    json["outputs"].push_back({{"name", t.name}, {"type", to_string(t.dtype)}, {"shape", t.shape}, {"file", files[o]}});
  }
  if (options.json) std::printf("%s", text(json).c_str());
  return ExitCode::ok;
}

}  // namespace smelt::cli
