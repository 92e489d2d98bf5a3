#include "import/import.hpp"

#include <filesystem>

#include "import/file.hpp"
#include "import/keras.hpp"
#include "import/onnx.hpp"
#include "import/tflite.hpp"

namespace smelt {

Result<Graph> read_model(const std::string& path, const ImportOptions& options) {
  const Result<Bytes> bytes = read_file(path);
  if (!bytes) return bytes.failure();
  const std::string extension = std::filesystem::path(path).extension().string();
  if (is_tflite(*bytes) || extension == ".tflite") {  // or says what is wrong with it
    if (options.shapes.empty()) return parse_tflite(*bytes, path);
    return Failure(ExitCode::usage, {"E0002", "--shape", "the shapes of a .tflite file are fixed", "leave it out, or convert the model again"});
  }
  if (is_keras(*bytes)) return parse_keras(*bytes, path, options.shapes);
  if (extension == ".onnx" || looks_like_onnx(*bytes)) return parse_onnx(*bytes, path, options);
  if (extension == ".h5" || extension == ".keras") {
    return Failure("E0105", path, "this is neither HDF5 nor a zip archive, so not a Keras model", "save it by model.save");
  }
  if (extension == ".pb") {
    return Failure("E0105", path, "models of this format are not read yet", "convert the model to .tflite, .onnx or .keras");
  }
  return Failure("E0105", path, "this is not a model that Smelt knows", "the formats read today are .tflite, .onnx, .h5 and .keras");
}

}  // namespace smelt
