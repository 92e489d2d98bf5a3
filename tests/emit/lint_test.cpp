// Emitted code under clang-tidy, with the checks of .clang-tidy, and cppcheck: every kernel in one unit.
#include <set>

#include "tests/emit/support.hpp"

namespace smelt {
namespace {

using namespace test;

class Lint : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::map<std::string, Compiled> models = one_of_each_operator();
    write_all(models, temp.path());
    std::string all, headers;
    std::set<std::string> seen;
    for (const auto& [name, c] : models) {
      const std::string include = "#include \"" + name + "/" + name + ".cpp\"  // NOLINT(bugprone-suspicious-include)\n";
      all += include;
      const size_t known = seen.size();
      for (const Lowered& l : c.program.operations) seen.insert(l.header);
      if (seen.size() != known) headers += include;
    }
    write_text(temp.path() / "all.cpp", all);
    write_text(temp.path() / "headers.cpp", headers);
    // The analyzer looks at functions of the main file only: here all of it is in one.
    write(package_of(compiled(fs::path(SMELT_SOURCE_DIR) / "examples/tones/tones.tflite").program, "tones", true), temp.path());
    write(package_of(compiled(fs::path(SMELT_SOURCE_DIR) / "tests/models/residual.tflite").program, "residual", true), temp.path());
  }
  verify::TempDir temp;
};

TEST_F(Lint, ClangTidyFindsNothing) {
  SKIP_WITHOUT("clang-tidy");
  const std::string config = "--config-file=" + std::string(SMELT_SOURCE_DIR) + "/.clang-tidy";
  const verify::Ended ended = call({"clang-tidy", "--quiet", config, "--warnings-as-errors=*", "all.cpp", "tones.cpp", "residual.cpp", "--",
                                    "-std=c++17", "-ffreestanding"}, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
}

// Helium's kernels, which only a compiler for such a core sees.
TEST(SlowLintHelium, ClangTidyFindsNothing) {
  SKIP_WITHOUT("clang-tidy");
  const verify::TempDir temp;
  const fs::path root = SMELT_SOURCE_DIR;
  const Compiled c = compiled(root / "examples/tones/tones.tflite", Vector::helium);
  std::set<std::string> kernels;
  for (const Lowered& l : c.program.operations) {
    if (l.kernel.find("helium") != std::string::npos) kernels.insert(l.kernel);
  }
  EXPECT_GE(kernels.size(), 3U);
  write(package_of(c.program, "tones", true), temp.path());
  const verify::Ended ended = call({"clang-tidy", "--quiet", "--config-file=" + (root / ".clang-tidy").string(), "--warnings-as-errors=*",
                                    "tones.cpp", "--", "-std=c++17", "-ffreestanding", "--target=arm-none-eabi", "-mcpu=cortex-m55",
                                    "-mfloat-abi=hard", "-Wall", "-Wextra", "-Wconversion"}, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
}

// It looks at functions that nobody calls, too, so a model for each header will do; and many times, once for each core.
TEST_F(Lint, CppcheckFindsNothing) {
  SKIP_WITHOUT("cppcheck");
  const verify::Ended ended = call({"cppcheck", "--enable=warning,portability,performance", "--error-exitcode=1", "--std=c++17", "--quiet",
                                    "--suppress=missingIncludeSystem", "headers.cpp", "tones.cpp", "residual.cpp"}, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
}

}  // namespace
}  // namespace smelt
