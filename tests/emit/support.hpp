// Emitted packages, and compilers to hold them to what they promise.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "emit/emit.hpp"
#include "import/import.hpp"
#include "ir/text.hpp"
#include "lower/compile.hpp"
#include "passes/pipeline.hpp"
#include "verify/process.hpp"

namespace smelt::test {

namespace fs = std::filesystem;

/// What the bundled models lack: an output known at compile time beside one that is not.
inline constexpr const char* constant_output = R"(graph "constant_output"
  tensor %0 "in" i8[1, 4, 4, 2] scale=0.5 zero=1
  tensor %1 "shape" i32[4]
  tensor %2 "out" i8[1, 4, 4, 2] scale=0.5 zero=1
  inputs (%0) outputs (%2, %1)
  node %1 = shape(%0) {out_type="i32"}
  node %2 = relu(%0))";
/// Nothing to compute: an output that is an input, and a known one; no constants that weigh anything, no operations.
inline constexpr const char* nothing_to_do = R"(graph "nothing_to_do"
  tensor %0 "in" f32[2, 3]
  tensor %1 "out" f32[3, 2]
  inputs (%0) outputs (%1)
  node %1 = reshape(%0))";
/// Floats on the way from bytes to bytes.
inline constexpr const char* floats_inside = R"(graph "floats_inside"
  tensor %0 "in" i8[1, 8] scale=0.5 zero=3
  tensor %1 "real" f32[1, 8]
  tensor %2 "curve" f32[1, 8]
  tensor %3 "out" i8[1, 8] scale=0.0078125 zero=0
  inputs (%0) outputs (%3)
  node %1 = dequantize(%0)
  node %2 = tanh(%1)
  node %3 = quantize(%2))";

struct Compiled {
  Graph original;
  Program program;
};

inline Compiled lowered(Graph graph, Vector vector = Vector::none) {
  Compiled c;
  c.original = graph;
  PassLog log;
  run_passes(graph, log);
  Result<Program> program = lower(std::move(graph), plan::Rings::automatic, vector);
  if (!program) {
    ADD_FAILURE() << program.failure().to_string();
    return c;
  }
  c.program = std::move(*program);
  return c;
}

inline Compiled compiled(const fs::path& file, Vector vector = Vector::none) {
  Result<Graph> graph = read_model(file.string());
  if (!graph) {
    ADD_FAILURE() << graph.failure().to_string();
    return {};
  }
  return lowered(std::move(*graph), vector);
}

inline Compiled compiled_text(const char* text) {
  Result<Graph> graph = parse(text, "test");
  if (!graph) {
    ADD_FAILURE() << graph.failure().to_string();
    return {};
  }
  if (Outcome o = verify_graph(*graph); !o) ADD_FAILURE() << o.failure().to_string();
  return lowered(std::move(*graph));
}

/// Every bundled model: the example, tests/models, and those above.
inline std::map<std::string, Compiled> all_models() {
  std::map<std::string, Compiled> models;
  const fs::path root = SMELT_SOURCE_DIR;
  models["tones"] = compiled(root / "examples/tones/tones.tflite");
  for (const auto& entry : fs::directory_iterator(root / "tests/models")) {
    if (entry.path().extension() == ".tflite") models[identifier(entry.path().stem().string())] = compiled(entry.path());
  }
  models["constant_output"] = compiled_text(constant_output);
  models["nothing_to_do"] = compiled_text(nothing_to_do);
  models["floats_inside"] = compiled_text(floats_inside);
  return models;
}

/// What the emitted code of a program is made of: its kernels, and the types of its inputs and outputs.
inline std::set<std::string> parts_of(const Program& program) {
  std::set<std::string> parts;
  for (const Lowered& l : program.operations) parts.insert(l.kernel);
  for (const auto* ports : {&program.graph.inputs, &program.graph.outputs}) {
    for (const TensorId id : *ports) parts.insert(to_string(program.graph.at(id).dtype));
  }
  return parts;
}

/// One small model for each operator and type, the first of its golden cases, unless its kernels came with others; again for
/// cores without vector instructions where that has a kernel of its own.
inline std::map<std::string, Compiled> one_of_each_operator() {
  std::map<std::string, fs::path> first;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests/ops")) {
    if (entry.path().extension() != ".tflite") continue;
    const std::string stem = entry.path().stem().string();
    const std::string key = entry.path().parent_path().filename().string() + "_" + stem.substr(0, stem.find('_'));
    if (first.count(key) == 0 || entry.path() < first[key]) first[key] = entry.path();
  }
  std::map<std::string, Compiled> models;
  std::set<std::string> seen;
  for (const auto& [key, file] : first) {
    Compiled c = compiled(file);
    const size_t known = seen.size();
    seen.merge(parts_of(c.program));
    if (seen.size() != known) models["case_" + key] = std::move(c);
    Compiled words = compiled(file, Vector::swar);
    const auto own = [](const Lowered& l) { return l.kernel.find("_swar_") != std::string::npos; };
    const std::vector<Lowered>& all = words.program.operations;
    if (std::any_of(all.begin(), all.end(), own)) models["words_" + key] = std::move(words);
  }
  models["case_recurrent"] = compiled(fs::path(SMELT_SOURCE_DIR) / "tests/keras/states.keras");
  return models;
}

inline Package package_of(const Program& program, const std::string& name, bool single_file = false) {
  return emit(program, EmitOptions{name, single_file, "cortex-m4", {"-mcpu=cortex-m4"}});
}

inline void write(const Package& package, const fs::path& directory) {
  const Outcome o = write_package(package, directory.string());
  ASSERT_TRUE(o) << o.failure().to_string();
}

/// All models, each in a folder of its own name.
inline void write_all(const std::map<std::string, Compiled>& models, const fs::path& directory) {
  for (const auto& [name, c] : models) write(package_of(c.program, name), directory / name);
}

inline std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

inline Bytes read_bytes(const fs::path& file) {
  const std::string text = read_text(file);
  return {text.begin(), text.end()};
}

inline bool there(const std::string& command) { return verify::find_program(command).has_value(); }

/// Runs a command found on the PATH.
inline verify::Ended call(std::vector<std::string> command, const fs::path& directory, int seconds = 500) {
  const auto program = verify::find_program(command[0]);
  if (!program) return {127, false, command[0] + " is not installed"};
  command[0] = program->string();
  return verify::run_program(command, directory, std::chrono::seconds(seconds));
}

#define SKIP_WITHOUT(command)                                                                       \
  do {                                                                                              \
    if (!::smelt::test::there(command)) GTEST_SKIP() << std::string(command) << " is not installed"; \
  } while (false)

inline std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline const std::vector<std::string> warnings = {"-std=c++17", "-Wall", "-Wextra", "-Werror"};
inline const std::vector<std::string> pedantic = {"-Wpedantic", "-Wshadow", "-Wconversion"};

/// Input bytes that differ from run to run; floats in [-4, 4).
inline std::vector<Bytes> some_inputs(const Program& program, uint32_t seed) {
  std::vector<Bytes> inputs;
  uint32_t random = seed * 2654435761U + 1;
  const auto next = [&random] {
    random = random * 1664525U + 1013904223U;
    return random >> 8;
  };
  for (const Port& port : program.inputs) {
    Bytes bytes;
    while (bytes.size() < port.bytes) {
      if (program.graph.at(port.tensor).dtype == DType::f32) {
        const float f = static_cast<float>(next() % 4096) / 512.0F - 4.0F;
        const auto* p = reinterpret_cast<const uint8_t*>(&f);
        bytes.insert(bytes.end(), p, p + 4);
      } else {
        bytes.push_back(static_cast<uint8_t>(next()));
      }
    }
    inputs.push_back(bytes);
  }
  return inputs;
}

}  // namespace smelt::test
