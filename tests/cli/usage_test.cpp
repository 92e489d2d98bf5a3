// Help, exit codes, and what is said when something is wrong.
#include "import/import.hpp"
#include "tests/cli/support.hpp"
#include "tests/import/models.hpp"

namespace smelt {
namespace {

using namespace test;

TEST(Usage, EveryCommandHelpsWithExamples) {
  EXPECT_TRUE(says(smelt({"--help"}), 0, {"inspect", "compile", "run", "verify", "profile", "targets", "Exit codes", "Examples:"}));
  for (const char* command : {"inspect", "compile", "run", "verify", "profile", "plan", "targets", "boards"}) {
    EXPECT_TRUE(says(smelt({command, "--help"}), 0, {"Examples:", std::string("smelt ") + command, "--json"})) << command;
  }
}

TEST(Usage, Version) { EXPECT_EQ(smelt({"--version"}).output, "smelt " SMELT_VERSION "\n"); }

TEST(Usage, MistakesOnTheCommandLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "subcommand"},
      {{"melt"}, "\"melt\""},
      {{"--frobnicate"}, "--frobnicate"},
      {{"compile"}, "model"},
      {{"compile", tones, "--frobnicate"}, "--frobnicate"},
      {{"compile", tones, "--target", "cortex-m99"}, "cortex-m4"},
      {{"compile", tones, "--name", "class"}, "class_model"},
      {{"compile", tones, "--name", "Two Words"}, "two_words"},
      {{"compile", tones, "--max-ram", "10x"}, "--max-ram"},
      {{"compile", tones, "--max-flash", "-1"}, "--max-flash"},
      {{"compile", tones, "--optimize", "luck"}, "luck"},
      {{"run", tones}, "--input"},
      {{"run", tones, "--input", "elsewhere=in.bin"}, "no tensor of that name"},
      {{"verify", tones, "--count", "0"}, "--count"},
      {{"verify", tones, "--count", "many"}, "--count"},
      {{"verify", tones, "--expect", "out"}, "--inputs"},
      {{"verify", tones, "--inputs", "in", "--input", "in.bin"}, "excludes"},
      {{"verify", tones, "--target", "../host"}, "../host"},
      {{"profile", tones, "--board", "nucleo"}, "nucleo-l4r5zi"},
      {{"profile", tones, "--board", "nucleo-l4r5zi", "--target", "cortex-m4"}, "excludes"},
      {{"profile", tones, "--wait-states", "3"}, "--cycles or --board"},
      {{"boards", "--optimize", "ram"}, "--for"},
  };
  for (const auto& [arguments, part] : cases) EXPECT_TRUE(says(smelt(arguments), 2, {"error[E", part})) << arguments.size() << " " << part;
}

TEST(Usage, FilesThatCannotBeRead) {
  const verify::TempDir temp;
  const std::string whole = read_text(tones);
  write_text(temp.path() / "cut.tflite", whole.substr(0, whole.size() / 2));
  write_text(temp.path() / "empty.tflite", "");
  write_text(temp.path() / "text.tflite", "this is no model at all, whatever its name says");
  write_text(temp.path() / "model.onnx", "onnx");
  for (const char* command : {"inspect", "compile", "verify", "profile", "plan"}) {
    for (const char* file : {"absent.tflite", "cut.tflite", "empty.tflite", "text.tflite", "model.onnx", "."}) {
      EXPECT_TRUE(says(smelt({command, file}, temp.path()), 3, {"error[E01"})) << command << " " << file;
    }
  }
  EXPECT_TRUE(says(smelt({"boards", "--for", "absent.tflite"}, temp.path()), 3, {"error[E0101"}));
}

TEST(Usage, AllUnsupportedOperatorsInOneReport) {
  testing::Builder b;
  const int in = b.tensor("in", {1, 4}), middle = b.tensor("middle", {1, 4}), out = b.tensor("out", {1, 4});
  b.op(tflite::BuiltinOperator::HASHTABLE_LOOKUP, {in}, {middle});
  b.op(tflite::BuiltinOperator::LOCAL_RESPONSE_NORMALIZATION, {middle}, {out});
  b.graph().inputs = {in};
  b.graph().outputs = {out};
  const verify::TempDir temp;
  write_text(temp.path() / "odd.tflite", text(testing::pack(b.model)));
  const verify::Ended ended = smelt({"compile", "odd.tflite", "-o", "out"}, temp.path());
  EXPECT_TRUE(says(ended, 3, {"HASHTABLE_LOOKUP", "LOCAL_RESPONSE_NORMALIZATION"}));
  EXPECT_FALSE(fs::exists(temp.path() / "out"));
}

TEST(Usage, PlacesThatCannotBeWritten) {
  const auto in_shell = [](const std::string& line) {
    return verify::run_program({"/bin/sh", "-c", line}, fs::temp_directory_path(), std::chrono::seconds(60));
  };
  const std::string tool = SMELT_TOOL;
  EXPECT_TRUE(says(in_shell("TMPDIR=/nonexistent " + tool + " verify " + tones + " --target host"), 3, {"E0601", "TMPDIR"}));
  EXPECT_TRUE(says(in_shell("TMPDIR=/proc " + tool + " verify " + tones + " --target host"), 3, {"E0601", "/proc/smelt-"}));
  EXPECT_TRUE(says(in_shell(tool + " inspect " + tones + " >/dev/full"), 3, {"E0601", "standard output"}));
}

TEST(Usage, MissingToolsAreNamedWithTheirPackages) {
  const std::vector<std::pair<std::string, std::string>> tools = {
      {"host", "g++"}, {"cortex-m0plus", "gcc-arm-none-eabi"}, {"cortex-m4", "gcc-arm-none-eabi"}, {"rv32imac", "gcc-riscv64-unknown-elf"}};
  for (const auto& [target, package] : tools) {
    for (const char* command : {"verify", "profile"}) {
      EXPECT_TRUE(says(smelt({command, tones, "--target", target}, "/", "/nonexistent"), 4, {"E0711", "apt install " + package})) << target;
    }
  }
  EXPECT_TRUE(says(smelt({"compile", tones, "--measure"}, "/", "/nonexistent"), 4, {"apt install gcc-arm-none-eabi"}));
}

TEST(Usage, TargetsAreListed) {
  const verify::Ended ended = smelt({"targets", "--json"}, "/", "/nonexistent");
  ASSERT_TRUE(says(ended, 0));
  std::vector<std::string> names;
  for (const Json& t : json_of(ended)) names.push_back(t.at("name"));
  EXPECT_EQ(names, (std::vector<std::string>{"cortex-m0plus", "cortex-m3", "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7", "hazard3", "host", "rv32imac", "rv32imac_zbb"}));
  EXPECT_TRUE(says(smelt({"targets"}), 0, names));
}

TEST(Usage, BoardsAreListed) {
  const verify::Ended ended = smelt({"boards", "--json"}, "/", "/nonexistent");
  ASSERT_TRUE(says(ended, 0));
  std::vector<std::string> names;
  for (const Json& b : json_of(ended)) {
    names.push_back(b.at("name"));
    EXPECT_FALSE(b.at("clock_source").get<std::string>().empty());
    for (const Json& m : b.at("memories")) EXPECT_FALSE(m.at("source").get<std::string>().empty()) << names.back();
  }
  EXPECT_GE(names.size(), 15U);
  EXPECT_TRUE(says(smelt({"boards"}), 0, names));
}

TEST(Usage, MistakesInABoardsFileAreTold) {
  const verify::TempDir temp;
  write_text(temp.path() / "mine.toml", "name = \"mine\"\nclock = 7\n");
  ::setenv("SMELT_BOARDS_DIR", temp.path().c_str(), 1);
  EXPECT_TRUE(says(smelt({"boards"}), 3, {"error[E0705]", "mine.toml:2: unknown field 'clock'", "lacks the field 'memory'", "boards/README.md"}));
  EXPECT_TRUE(says(smelt({"profile", tones, "--board", "mine"}), 3, {"error[E0705]"}));
  ::unsetenv("SMELT_BOARDS_DIR");
}

TEST(Usage, InspectTellsWhatAModelIs) {
  EXPECT_TRUE(says(smelt({"inspect", model("two_inputs")}, "/", "/nonexistent"), 0, {"in0", "in1", "1x6x6x2", "CONV_2D", "MACs", "parameters", "zero point -20"}));
  const verify::Ended ended = smelt({"inspect", model("dense"), "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("model"), "dense.tflite");
  EXPECT_EQ(json.at("inputs").size(), 1U);
  // One fully connected layer has as many multiplications as weights.
  for (const Json& op : json.at("operators")) {
    if (op.at("op") == "FULLY_CONNECTED") {
      EXPECT_GE(op.at("parameters"), op.at("macs"));
    }
  }
  EXPECT_GT(json.at("macs"), 0);
}

TEST(Usage, FileNamesThatAreNoUtf8) {
  const verify::TempDir temp;
  const fs::path odd = temp.path() / "\xFF\xFE \"odd\"\n.tflite";
  fs::copy_file(tones, odd);
  for (const char* command : {"inspect", "compile", "plan"}) {
    const verify::Ended ended = smelt({command, odd.string(), "--json"});
    ASSERT_TRUE(says(ended, 0)) << command;
    EXPECT_TRUE(json_of(ended).at("model").is_string());
  }
}

}  // namespace
}  // namespace smelt
