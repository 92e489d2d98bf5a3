// `smelt compile` without a cross-compiler.
#include "import/import.hpp"
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

TEST(Compile, NeedsNoCompilerAndKnowsArenaAndWeights) {
  const verify::TempDir temp;
  const verify::Ended ended = smelt({"compile", tones, "-o", "out", "--target", "cortex-m4", "--json"}, temp.path(), "/nonexistent");
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("model"), "tones.tflite");
  EXPECT_EQ(json.at("target"), "cortex-m4");
  EXPECT_TRUE(json.at("reference").is_string());
  for (const char* key : {"bit_exact", "outputs_compared", "distinct_outputs", "tensors_compared", "compiler", "flags"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  const Json& ram = json.at("ram");
  EXPECT_GT(ram.at("arena_bytes"), 0);
  for (const char* key : {"static_bytes", "stack_bytes", "total_bytes"}) EXPECT_TRUE(ram.at(key).is_null()) << key;
  const Json& flash = json.at("flash");
  EXPECT_GT(flash.at("weights_bytes"), 0);
  for (const char* key : {"code_bytes", "total_bytes"}) EXPECT_TRUE(flash.at(key).is_null()) << key;
  EXPECT_TRUE(json.at("instructions").at("total").is_null());
  EXPECT_TRUE(json.at("instructions").at("per_op").is_null());
  // The arena of the report is the one that the user must bring, and the report in the folder is the one that was printed.
  const std::string arena = std::to_string(ram.at("arena_bytes").get<int>());
  EXPECT_TRUE(contains(read_text(temp.path() / "out/tones.h"), "#define TONES_ARENA_BYTES " + arena + "u"));
  EXPECT_EQ(Json::parse(read_text(temp.path() / "out/report.json")), json);
}

TEST(Compile, TheSameInputGivesTheSameFiles) {
  const verify::TempDir temp;
  fs::create_directories(temp.path() / "elsewhere");
  fs::copy_file(tones, temp.path() / "elsewhere/tones.tflite");
  const std::string labels = (example / "labels.txt").string();
  ASSERT_TRUE(says(smelt({"compile", tones, "-o", "a", "--labels", labels}, temp.path()), 0));
  ASSERT_TRUE(says(smelt({"compile", "tones.tflite", "-o", "../deep/er/b", "--labels", labels}, temp.path() / "elsewhere"), 0));
  const auto a = tree(temp.path() / "a");
  for (const char* file : {"tones.cpp", "tones.h", "tones.hpp", "CMakeLists.txt", "README.md", "LICENSE", "report.json", "runtime/core.hpp"}) {
    EXPECT_EQ(a.count(file), 1U) << file;
  }
  EXPECT_EQ(a, tree(temp.path() / "deep/er/b"));
  ASSERT_TRUE(says(smelt({"compile", tones, "-o", "a", "--labels", labels}, temp.path()), 0));  // over itself
  EXPECT_EQ(a, tree(temp.path() / "a"));
}

TEST(Compile, NamesAndSingleFile) {
  const verify::TempDir temp;
  ASSERT_TRUE(says(smelt({"compile", tones, "-o", "one", "--single-file", "--name", "bell"}, temp.path()), 0));
  const auto files = tree(temp.path() / "one");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_TRUE(contains(files.at("bell.hpp"), "bell_invoke"));
  EXPECT_EQ(files.count("bell.cpp"), 1U);
  fs::copy_file(tones, temp.path() / "My Model-2.tflite");
  ASSERT_TRUE(says(smelt({"compile", "My Model-2.tflite", "-o", "two"}, temp.path()), 0));
  EXPECT_EQ(tree(temp.path() / "two").count("my_model_2.cpp"), 1U);
}

TEST(Compile, LabelsGoIntoTheDescriptor) {
  const verify::TempDir temp;
  write_text(temp.path() / "short.txt", "one\ntwo\n");
  EXPECT_TRUE(says(smelt({"compile", tones, "-o", "out", "--labels", "short.txt"}, temp.path()), 3, {"E0605", "short.txt", "2 names"}));
  EXPECT_TRUE(says(smelt({"compile", tones, "-o", "out", "--labels", "absent.txt"}, temp.path()), 3, {"absent.txt"}));
  EXPECT_TRUE(says(smelt({"compile", tones, "-o", "out", "--labels", "/dev/zero"}, temp.path()), 3, {"E0102", "/dev/zero"}));
  EXPECT_FALSE(fs::exists(temp.path() / "out"));
}

TEST(Compile, AFailureLeavesTheOldFiles) {
  const verify::TempDir temp;
  ASSERT_TRUE(says(smelt({"compile", tones, "-o", "out"}, temp.path()), 0));
  const auto before = tree(temp.path() / "out");
  write_text(temp.path() / "bad.tflite", read_text(tones).substr(0, 1000));
  EXPECT_TRUE(says(smelt({"compile", "bad.tflite", "-o", "out", "--name", "tones"}, temp.path()), 3));
  EXPECT_TRUE(says(smelt({"compile", tones, "-o", "out", "--optimize", "speed", "--measure"}, temp.path(), "/nonexistent"), 4));
  EXPECT_EQ(before, tree(temp.path() / "out"));
}

TEST(Compile, PlacesThatCannotBeWritten) {
  const verify::TempDir temp;
  write_text(temp.path() / "file", "in the way");
  for (const char* place : {"file", "file/below", "/proc/smelt"}) {
    EXPECT_TRUE(says(smelt({"compile", tones, "-o", place}, temp.path()), 3, {"E0601", place})) << place;
  }
  EXPECT_EQ(read_text(temp.path() / "file"), "in the way");
  EXPECT_EQ(tree(temp.path()).size(), 1U);
}

TEST(Compile, LimitsNeedATargetWithSizes) {
  EXPECT_TRUE(says(smelt({"compile", tones, "--target", "host", "--max-flash", "1"}), 2, {"host"}));
}

TEST(Compile, ShallowRingsNeedNoMoreThanFullOnes) {
  std::map<std::string, int> arena;
  for (const char* rings : {"speed", "balanced", "ram"}) {
    const verify::Ended ended = smelt({"compile", model("ds_cnn"), "--optimize", rings, "--json"});
    ASSERT_TRUE(says(ended, 0));
    arena[rings] = json_of(ended).at("ram").at("arena_bytes");
  }
  EXPECT_LE(arena["ram"], arena["balanced"]);
  EXPECT_LE(arena["balanced"], arena["speed"]);
}

}  // namespace
}  // namespace smelt
