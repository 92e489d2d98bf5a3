#include "import/import.hpp"

#include <filesystem>

#include "import/file.hpp"
#include "import/tflite.hpp"

namespace smelt {

Result<Graph> read_model(const std::string& path) {
  const Result<Bytes> bytes = read_file(path);
  if (!bytes) return bytes.failure();
  if (is_tflite(*bytes)) return parse_tflite(*bytes, path);

  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".tflite") return parse_tflite(*bytes, path);  // says what is wrong with it
  for (const char* known : {".onnx", ".keras", ".h5", ".pb"}) {
    if (extension != known) continue;
    return Failure("E0105", path, "models of this format are not read yet", "convert the model to .tflite");
  }
  return Failure("E0105", path, "this is not a model that Smelt knows", "the format read today is .tflite");
}

}  // namespace smelt
