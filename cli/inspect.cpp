#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"

namespace smelt::cli {
namespace {

std::string quantization(const Quantization& q) {
  if (!q.present()) return "";
  char buffer[64];
  if (q.per_channel()) {
    std::snprintf(buffer, sizeof buffer, "per channel, axis %d", q.axis);
  } else {
    std::snprintf(buffer, sizeof buffer, "scale %.6g, zero point %d", static_cast<double>(q.scale[0]), q.zero_point[0]);
  }
  return buffer;
}

std::int64_t parameters(const Graph& graph, const Node& node) {
  std::int64_t n = 0;
  for (TensorId id : node.inputs) {
    if (id != no_tensor && graph.at(id).constant()) n += elements(graph.at(id).shape);
  }
  return n;
}

Json tensor_json(const Tensor& t) {
  Json j = {{"name", t.name}, {"type", to_string(t.dtype)}, {"shape", t.shape}, {"bytes", t.bytes()}};
  if (t.quant.present()) {
    j["scale"] = t.quant.scale;
    j["zero_point"] = t.quant.zero_point;
  }
  return j;
}

}  // namespace

Result<ExitCode> inspect(const Options& options) {
  const Result<Graph> read = read_graph(options);
  if (!read) return read.failure();
  const Graph& graph = *read;
  std::int64_t macs = 0, weights = 0, weight_bytes = 0;
  std::vector<std::vector<std::string>> rows = {{"op", "", "output", "quantization", "MACs", "parameters"}};
  Json ops = Json::array();
  for (const Node& node : graph.nodes) {
    const OpDef* def = find_op(node.op);
    const Tensor& out = graph.at(node.out());
    const std::int64_t m = def->macs != nullptr ? def->macs(graph, node) : 0;
    const std::int64_t p = parameters(graph, node);
    const std::string op = def->tflite.empty() ? node.op : def->tflite[0];
    macs += m;
    weights += p;
    rows.push_back({std::to_string(node.source), op, to_string(out.dtype) + std::string(" ") + to_string(out.shape),
                    quantization(out.quant), grouped(static_cast<std::uint64_t>(m)), grouped(static_cast<std::uint64_t>(p))});
    ops.push_back({{"index", node.source}, {"op", op}, {"output", tensor_json(out)}, {"macs", m}, {"parameters", p}});
  }
  for (const Tensor& t : graph.tensors) weight_bytes += t.constant() ? t.bytes() : 0;
  if (options.json) {
    Json j = {{"model", std::filesystem::path(options.model).filename().string()}, {"operators", ops}};
    for (TensorId id : graph.inputs) j["inputs"].push_back(tensor_json(graph.at(id)));
    for (TensorId id : graph.outputs) j["outputs"].push_back(tensor_json(graph.at(id)));
    j["macs"] = macs;
    j["parameters"] = weights;
    j["constant_bytes"] = weight_bytes;
    std::printf("%s", text(j).c_str());
    return ExitCode::ok;
  }
  std::printf("%s\n\n", std::filesystem::path(options.model).filename().c_str());
  for (const auto* ports : {&graph.inputs, &graph.outputs}) {
    for (TensorId id : *ports) {
      const Tensor& t = graph.at(id);
      std::printf("  %-7s %s %s  %s  \"%s\"\n", ports == &graph.inputs ? "input" : "output", to_string(t.dtype),
                  to_string(t.shape).c_str(), quantization(t.quant).c_str(), t.name.c_str());
    }
  }
  std::printf("\n%s\n  %s MACs, %s parameters, %s bytes of constants\n", table(rows).c_str(), grouped(static_cast<std::uint64_t>(macs)).c_str(),
              grouped(static_cast<std::uint64_t>(weights)).c_str(), grouped(static_cast<std::uint64_t>(weight_bytes)).c_str());
  return ExitCode::ok;
}

}  // namespace smelt::cli
