// Programs that are missing, hang or talk too much; images that cannot be built; ELF files that are none.
#include <cstdlib>
#include <fstream>

#include "tests/verify/support.hpp"
#include "verify/elf.hpp"

namespace smelt::verify {
namespace {

using std::chrono::milliseconds;

/// Replaces PATH as long as it lives.
class Path {
 public:
  explicit Path(const char* value) : old_(std::getenv("PATH")) { setenv("PATH", value, 1); }
  ~Path() { setenv("PATH", old_.c_str(), 1); }

 private:
  std::string old_;
};

TEST(Processes, OutputAndStatusComeBack) {
  const TempDir here;
  const auto sh = find_program("sh");
  ASSERT_TRUE(sh);
  const Ended ended = run_program({*sh, "-c", "pwd; echo error >&2; exit 7"}, here.path(), milliseconds(10000));
  EXPECT_EQ(ended.status, 7);
  EXPECT_EQ(ended.output, here.path().string() + "\nerror\n");
  EXPECT_EQ(run_program({*sh, "-c", "kill -SEGV $$"}, here.path(), milliseconds(10000)).status, 128 + 11);
  EXPECT_EQ(run_program({"/no/such/program"}, here.path(), milliseconds(10000)).status, 127);
}

TEST(Processes, TheDeadlineReachesChildrenToo) {
  const TempDir here;
  const auto start = std::chrono::steady_clock::now();
  const Ended ended = run_program({*find_program("sh"), "-c", "sleep 60; true"}, here.path(), milliseconds(300));
  EXPECT_TRUE(ended.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Processes, ProgramsThatCloseTheirOutputStillMeetTheDeadline) {
  const TempDir here;
  const auto start = std::chrono::steady_clock::now();
  const Ended ended =
      run_program({*find_program("sh"), "-c", "exec >&- 2>&-; exec sleep 60"}, here.path(), milliseconds(300));
  EXPECT_TRUE(ended.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Processes, DirectoriesVanish) {
  std::filesystem::path was;
  {
    const TempDir here;
    was = here.path();
    std::ofstream(was / "file") << "text";
    EXPECT_TRUE(std::filesystem::exists(was / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(was));
}

TEST(MissingTools, AreNamedWithTheirPackage) {
  for (const std::string& name : targets::target_names()) {
    const auto target = targets::load_target(name);
    ASSERT_TRUE(target);
    const Path nothing("");
    const auto image = build_image(*target, image_of(ImageKind::measure, {tiny()}));
    ASSERT_FALSE(image) << name;
    EXPECT_EQ(image.failure().exit, ExitCode::missing_tool);
    EXPECT_NE(image.failure().to_string().find(target->compiler.package), std::string::npos);
    if (!target->emulator) continue;
    Image built;
    built.models = {tiny()};
    const auto result = run_image(*target, built, {});
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.failure().exit, ExitCode::missing_tool);
    EXPECT_NE(result.failure().to_string().find(target->emulator->package), std::string::npos);
  }
}

TEST(Images, RefusedCodeAndFullMemoriesAreFailures) {
  const auto target = targets::load_target("cortex-m4");
  ASSERT_TRUE(target);
  if (!installed(*target)) GTEST_SKIP() << "not installed: " << target->compiler.command;
  ImageSpec spec = image_of(ImageKind::measure, {tiny()});
  spec.models[0].name = "absent";
  const auto absent = build_image(*target, spec);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.failure().diagnostics[0].code, "E0712");
  spec = image_of(ImageKind::measure, {tiny()});
  spec.models[0].arena_bytes = 0x40000000;
  const auto large = build_image(*target, spec);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.failure().diagnostics[0].code, "E0713");
  EXPECT_NE(large.failure().to_string().find("ssram23"), std::string::npos) << large.failure().to_string();
}

TEST(Elf, OtherFilesHaveNoSections) {
  const TempDir here;
  const std::filesystem::path file = here.path() / "file";
  EXPECT_TRUE(section_sizes(file).empty());
  for (const std::size_t length : {0, 3, 16, 51, 52, 60}) {
    std::string bytes(
        "\x7f"
        "ELF\x01\x01\x01",
        7);
    bytes.resize(length, '\xff');
    std::ofstream(file, std::ios::binary) << bytes;
    EXPECT_TRUE(section_sizes(file).empty()) << length;
  }
}

}  // namespace
}  // namespace smelt::verify
