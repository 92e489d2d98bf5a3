#include <cstdio>

#include "cli/commands.hpp"
#include "import/onnx.hpp"
#include "ops/op.hpp"

namespace smelt::cli {

Result<ExitCode> list_operators(const Options& options) {
  Json json = {{"smelt", Json::array()}, {"onnx", onnx_operators()}};
  std::vector<std::vector<std::string>> rows = {{"operator", "TensorFlow Lite"}};
  for (const OpDef* op : operators()) {
    std::string names;
    for (const char* name : op->tflite) names += (names.empty() ? "" : ", ") + std::string(name);
    rows.push_back({op->name, names});
    json["smelt"].push_back({{"name", op->name}, {"tflite", op->tflite}});
  }
  if (options.json) {
    std::printf("%s", text(json).c_str());
    return ExitCode::ok;
  }
  std::string names;
  size_t column = 0;
  for (const std::string& name : onnx_operators()) {
    const bool wraps = column + name.size() > 110;
    names += names.empty() ? "  " : wraps ? ",\n  " : ", ";
    column = (wraps ? 0 : column) + name.size() + 2;
    names += name;
  }
  std::printf("%s\n  ONNX, as one or more of these: %zu operators\n\n%s\n", table(rows).c_str(), onnx_operators().size(), names.c_str());
  return ExitCode::ok;
}

}  // namespace smelt::cli
