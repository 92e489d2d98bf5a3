// The built tool, as its users run it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/golden.hpp"
#include "verify/process.hpp"

namespace smelt::test {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline const fs::path models = fs::path(SMELT_SOURCE_DIR) / "tests/models";
inline const fs::path example = fs::path(SMELT_SOURCE_DIR) / "examples/tones";
inline const std::string tones = (example / "tones.tflite").string();
inline std::string model(const std::string& name) { return (models / (name + ".tflite")).string(); }

/// `smelt arguments...`, its standard output and error in one; in `directory`, with another PATH where one is given.
inline verify::Ended smelt(const std::vector<std::string>& arguments, const fs::path& directory = fs::temp_directory_path(),
                           const char* path = nullptr) {
  std::vector<std::string> command;
  if (path != nullptr) command = {"/usr/bin/env", std::string("PATH=") + path};
  command.emplace_back(SMELT_TOOL);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return verify::run_program(command, directory, std::chrono::seconds(500));
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Exit status, and what is said: every one of `parts`.
inline ::testing::AssertionResult says(const verify::Ended& ended, int status, const std::vector<std::string>& parts = {}) {
  if (ended.status != status) return ::testing::AssertionFailure() << "exit status " << ended.status << ", not " << status << "\n" << ended.output;
  for (const std::string& part : parts) {
    if (!contains(ended.output, part)) return ::testing::AssertionFailure() << "does not say \"" << part << "\":\n" << ended.output;
  }
  if (contains(ended.output, "\x1b")) return ::testing::AssertionFailure() << "terminal codes in a pipe:\n" << ended.output;
  return ::testing::AssertionSuccess();
}

inline Json json_of(const verify::Ended& ended) {
  const Json json = Json::parse(ended.output, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << ended.output;
  return json;
}

inline std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
inline std::string text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// Relative path to content of everything below a folder.
inline std::map<std::string, std::string> tree(const fs::path& directory) {
  std::map<std::string, std::string> files;
  if (!fs::exists(directory)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), directory).string()] = read_text(entry.path());
  }
  return files;
}

/// All runs of a model's known answers, one after the other, by input (or output).
struct Known {
  std::vector<std::string> inputs, outputs;
  size_t runs = 0;
};
inline Known known(const std::string& file) {
  const Result<Graph> graph = read_model(file);
  if (!graph) {
    ADD_FAILURE() << graph.failure().to_string();
    return {};
  }
  const KnownAnswers answers = known_answers(*graph);
  Known k;
  k.runs = answers.inputs.size();
  k.inputs.resize(graph->inputs.size());
  k.outputs.resize(graph->outputs.size());
  for (size_t r = 0; r < k.runs; ++r) {
    for (size_t i = 0; i < k.inputs.size(); ++i) k.inputs[i] += text(answers.inputs[r][i]);
    for (size_t o = 0; o < k.outputs.size(); ++o) k.outputs[o] += text(answers.outputs[r][o]);
  }
  return k;
}

}  // namespace smelt::test
