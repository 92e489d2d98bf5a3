// Every golden case on every emulated target: all cases of an operator in one firmware image.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>

#include "lower/compile.hpp"
#include "passes/pipeline.hpp"
#include "targets/target.hpp"
#include "tests/golden.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> operator_folders() {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests" / "ops")) {
    if (entry.is_directory()) folders.push_back("ops/" + entry.path().filename().string());
  }
  folders.push_back("models");
  std::sort(folders.begin(), folders.end());
  return folders;
}

struct Case {
  Program program;
  test::KnownAnswers answers;
  std::unique_ptr<verify::TempDir> directory;
};

void run_folder(const std::string& folder, const std::string& target_name) {
  const Result<targets::Target> target = targets::load_target(target_name);
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target_name << ": its compiler or emulator is not installed";
  }
  std::vector<Case> cases;
  verify::ImageSpec spec;
  spec.kind = verify::ImageKind::trace;
  verify::Job job;
  for (const std::string& file : test::golden_files(folder)) {
    Result<Graph> graph = read_model(file);
    ASSERT_TRUE(graph) << graph.failure().to_string();
    Case c;
    c.answers = test::known_answers(*graph);
    PassLog log;
    run_passes(*graph, log);
    // Every other case at minimum ring depth, the others layer by layer.
    Result<Program> program = lower(std::move(*graph), cases.size() % 2 == 0 ? plan::Rings::minimum : plan::Rings::full, target->vector);
    ASSERT_TRUE(program) << program.failure().to_string();
    if (program->operations.empty()) continue;  // folded completely: nothing to run
    c.program = std::move(*program);
    c.directory = std::make_unique<verify::TempDir>();
    const Result<verify::ModelSpec> model =
        verify::emit_model(c.program, "case_" + std::to_string(cases.size()), *c.directory, false);
    ASSERT_TRUE(model) << model.failure().to_string();
    job.batches.push_back({cases.size(), c.answers.inputs});
    spec.models.push_back(*model);
    cases.push_back(std::move(c));
  }
  if (cases.empty()) return;
  const Result<verify::Image> image = verify::build_image(*target, spec);
  ASSERT_TRUE(image) << image.failure().to_string();
  const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
  ASSERT_TRUE(result) << result.failure().to_string();
  for (size_t c = 0; c < cases.size(); ++c) {
    const Graph& graph = cases[c].program.graph;
    for (size_t r = 0; r < cases[c].answers.outputs.size(); ++r) {
      for (size_t o = 0; o < graph.outputs.size(); ++o) {
        if (cases[c].program.outputs[o].constant) continue;
        EXPECT_TRUE(test::same(graph.at(graph.outputs[o]), cases[c].answers.outputs[r][o],
                               result->batches[c][r].outputs[o]))
            << graph.file << ", run " << r;
      }
    }
  }
}

using Where = std::tuple<std::string, std::string>;
class OnTarget : public ::testing::TestWithParam<Where> {};
TEST_P(OnTarget, EqualsTheReference) { run_folder(std::get<1>(GetParam()), std::get<0>(GetParam())); }

std::string name(const ::testing::TestParamInfo<Where>& info) {
  std::string text = std::get<0>(info.param) + "_" + std::get<1>(info.param);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return text;
}
const auto folders = ::testing::ValuesIn(operator_folders());
INSTANTIATE_TEST_SUITE_P(Default, OnTarget, ::testing::Combine(::testing::Values("cortex-m4"), folders), name);
INSTANTIATE_TEST_SUITE_P(Slow, OnTarget,
                         ::testing::Combine(::testing::Values("cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33",
                                                              "cortex-m55", "rv32imac"),
                                            folders),
                         name);

}  // namespace
}  // namespace smelt
