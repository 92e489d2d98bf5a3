// The four MLPerf Tiny int8 models and what TensorFlow Lite Micro's reference kernels made of 16 inputs each, found through
// the environment variable SMELT_DATA_DIR.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "import/import.hpp"
#include "lower/compile.hpp"
#include "passes/pipeline.hpp"

namespace smelt::test {

namespace fs = std::filesystem;

inline fs::path data() {
  const char* directory = std::getenv("SMELT_DATA_DIR");
  return directory == nullptr ? fs::path() : fs::path(directory);
}

#define SKIP_WITHOUT_DATA()                                                                       \
  do {                                                                                            \
    if (::smelt::test::data().empty()) GTEST_SKIP() << "SMELT_DATA_DIR is not set: no real models"; \
  } while (false)

inline Bytes read_file_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return Bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

inline std::string numbered(const std::string& stem, size_t i) { return stem + (i < 10 ? "0" : "") + std::to_string(i); }

struct Golden {
  std::vector<std::vector<Bytes>> inputs;
  std::vector<Bytes> outputs;
};
inline Golden golden(const std::string& name, size_t runs = 16) {
  Golden g;
  for (size_t i = 0; i < runs; ++i) {
    g.inputs.push_back({read_file_bytes(data() / "golden" / name / (numbered("in_", i) + ".bin"))});
    g.outputs.push_back(read_file_bytes(data() / "golden" / name / (numbered("out_", i) + ".bin")));
  }
  return g;
}

inline Graph original(const std::string& name) {
  Result<Graph> graph = read_model((data() / "models/mlperf_tiny" / (name + "_int8.tflite")).string());
  if (graph) return std::move(*graph);
  ADD_FAILURE() << graph.failure().to_string();
  return {};
}

inline Program compiled(const std::string& name, plan::Rings rings, bool keep_all_tensors = false,
                        Vector vector = Vector::none) {
  Graph graph = original(name);
  PassLog log;
  PipelineOptions options;
  options.keep_all_tensors = keep_all_tensors;
  run_passes(graph, log, options);
  Result<Program> program = lower(std::move(graph), rings, vector);
  if (program) return std::move(*program);
  ADD_FAILURE() << program.failure().to_string();
  return {};
}

}  // namespace smelt::test
