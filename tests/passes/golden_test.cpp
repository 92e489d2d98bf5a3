// All golden cases and, where they are, the real models: text there and back, passes that change no output.
#include "tests/golden.hpp"

#include <cstdlib>
#include <filesystem>

#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

std::vector<std::string> models_in(const std::filesystem::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tflite") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Every tensor that both graphs have by its name computes the same bytes; returns how many nodes the passes took.
size_t check(const Graph& original, const PipelineOptions& options, const std::vector<Bytes>& inputs) {
  Graph g = original;
  PassLog log;
  run_passes(g, log, options);
  const std::vector<Value> expected = evaluate(original, inputs);
  const std::vector<Value> got = evaluate(g, inputs);
  size_t compared = 0;
  for (size_t i = 0; i < g.tensors.size(); ++i) {
    const auto same = [&](const Tensor& t) { return t.name == g.tensors[i].name && t.source == g.tensors[i].source; };
    const auto at = std::find_if(original.tensors.begin(), original.tensors.end(), same);
    if (g.tensors[i].source < 0) continue;  // made by a pass: fewer channels, folded biases
    if (at == original.tensors.end()) {
      ADD_FAILURE() << g.file << ": \"" << g.tensors[i].name << "\" is new";
      continue;
    }
    EXPECT_EQ(expected[static_cast<size_t>(at - original.tensors.begin())].bytes, got[i].bytes)
        << g.file << ": \"" << g.tensors[i].name << "\"\n"
        << log.to_string();
    ++compared;
  }
  EXPECT_GE(compared, g.inputs.size() + g.outputs.size());
  for (size_t o = 0; o < g.outputs.size(); ++o) {
    EXPECT_EQ(expected[static_cast<size_t>(original.outputs[o])].bytes, got[static_cast<size_t>(g.outputs[o])].bytes);
  }
  return original.nodes.size() - g.nodes.size();
}

size_t check(const std::string& file, int rounds) {
  const Result<Graph> g = read_model(file);
  if (!g) {
    ADD_FAILURE() << g.failure().to_string();
    return 0;
  }
  const Result<Graph> back = parse(print(*g), "text of " + file);
  EXPECT_TRUE(back) << (back ? "" : back.failure().to_string());
  EXPECT_TRUE(back && *back == *g) << file;

  std::mt19937 random(7);
  size_t gone = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Bytes> inputs;
    for (TensorId id : g->inputs) inputs.push_back(test::random_content(g->at(id), random));
    gone = check(*g, {}, inputs);
    PipelineOptions all;
    all.keep_all_tensors = true;
    check(*g, all, inputs);
  }
  return gone;
}

TEST(PassesOnGoldens, ChangeNoTensorThatStays) {
  const std::vector<std::string> files = test::golden_files("ops");
  ASSERT_FALSE(files.empty());
  for (const std::string& file : files) check(file, 2);
}

TEST(PassesOnModels, ChangeNoTensorThatStays) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "SMELT_DATA_DIR is not set";
  const std::vector<std::string> files = models_in(std::filesystem::path(data) / "models");
  ASSERT_FALSE(files.empty());
  for (const std::string& file : files) {
    const std::string name = std::filesystem::path(file).filename().string();
    if (name.find("int8") == std::string::npos && name.find("_q") == std::string::npos) continue;
    check(file, 1);
  }
}

}  // namespace
}  // namespace smelt
