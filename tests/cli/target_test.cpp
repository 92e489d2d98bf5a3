// What the tool measures through cross-compilers and emulators.
#include "import/import.hpp"
#include "targets/target.hpp"
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

bool installed(const std::string& name) {
  const Result<targets::Target> t = targets::load_target(name);
  return t && verify::find_program(t->compiler.command) && verify::find_program(t->emulator->command);
}

class Measure : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Cli, Measure, ::testing::Values("cortex-m4", "rv32imac"),
                         [](const auto& info) { return std::string(info.param[0] == 'c' ? "CortexM4" : "Rv32imac"); });

// What compile promises without a compiler is what the linked image holds, to the byte.
TEST_P(Measure, AgreesWithWhatCompileSaysAlone) {
  if (!installed(GetParam())) GTEST_SKIP() << "compiler or emulator of " << GetParam() << " not installed";
  for (const std::string& file : {tones, model("two_outputs"), model("conv1d_float"), model("dense"),
                                  (fs::path(SMELT_SOURCE_DIR) / "tests/ops/add/int8_00_same_shape.tflite").string(),
                                  (fs::path(SMELT_SOURCE_DIR) / "tests/ops/shape/int8_03_batch_flatten.tflite").string()}) {
    SCOPED_TRACE(file);
    const Json alone = json_of(smelt({"compile", file, "--target", GetParam(), "--json"}, "/", "/nonexistent"));
    const verify::Ended ended = smelt({"compile", file, "--target", GetParam(), "--measure", "--json"});
    ASSERT_TRUE(says(ended, 0));
    const Json measured = json_of(ended);
    EXPECT_EQ(alone.at("flash").at("weights_bytes"), measured.at("flash").at("weights_bytes"));
    EXPECT_EQ(alone.at("ram").at("arena_bytes"), measured.at("ram").at("arena_bytes"));
    const Json& ram = measured.at("ram");
    const Json& flash = measured.at("flash");
    EXPECT_EQ(ram.at("static_bytes"), 0);
    EXPECT_EQ(ram.at("total_bytes"), ram.at("arena_bytes"));
    EXPECT_GT(ram.at("stack_bytes"), 0);
    EXPECT_LT(ram.at("stack_bytes"), 1024);
    EXPECT_GT(flash.at("code_bytes"), 100);
    EXPECT_EQ(flash.at("total_bytes"), flash.at("code_bytes").get<int>() + flash.at("weights_bytes").get<int>());
    EXPECT_GT(measured.at("instructions").at("total"), 20);
    EXPECT_TRUE(measured.at("compiler").is_string());
    EXPECT_FALSE(measured.at("flags").empty());
  }
}

TEST(Limits, ABrokenOneNamesWhatTakesTheRoom) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  EXPECT_TRUE(says(smelt({"compile", tones, "--max-ram", "100"}), 1, {"E0801", "the limit is 100", "tensor \"", "rows"}));
  EXPECT_TRUE(says(smelt({"compile", tones, "--max-flash", "4k", "--json"}), 1, {"E0802", "the limit is 4,096", "code takes", "largest constants", "op0"}));
  EXPECT_TRUE(says(smelt({"compile", tones, "--max-ram", "0", "--max-flash", "0"}), 1, {"E0801", "E0802"}));
  for (const char* size : {"1m", "1M", "64k", "64K", "64kb", "65536"}) {
    EXPECT_TRUE(says(smelt({"compile", tones, "--max-ram", size, "--max-flash", size}), 0)) << size;
  }
}

TEST(Profile, CountsEveryOperatorAndTheirSumIsNearTheTotal) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const verify::Ended ended = smelt({"profile", tones, "--target", "cortex-m4", "--inputs", (example / "inputs").string(), "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json instructions = json_of(ended).at("instructions");
  int64_t sum = 0;
  for (const Json& op : instructions.at("per_op")) sum += op.at("instructions").get<int64_t>();
  const int64_t total = instructions.at("total");
  EXPECT_LT(sum, total);             // the executor takes the rest
  EXPECT_GT(sum, total * 95 / 100);
}

TEST(Tools, AnEmulatorThatIsMissingIsNamed) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const verify::TempDir temp;  // a PATH with the compiler, without the emulator
  write_text(temp.path() / "arm-none-eabi-g++", "#!/bin/sh\nexec " + verify::find_program("arm-none-eabi-g++")->string() + " \"$@\"\n");
  fs::permissions(temp.path() / "arm-none-eabi-g++", fs::perms::owner_all);
  EXPECT_TRUE(says(smelt({"verify", tones, "--target", "cortex-m4", "--count", "1"}, "/", temp.path().c_str()), 4,
                   {"qemu-system-arm", "apt install qemu-system-arm"}));
}

TEST(Verify, ExampleOnCortexM4WithEveryTensor) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const verify::Ended ended = smelt({"verify", tones, "--target", "cortex-m4", "--inputs", (example / "inputs").string(), "--expect",
                                     (example / "expect").string(), "--taps", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("bit_exact"), true);
  EXPECT_EQ(json.at("outputs_compared"), 16);
  EXPECT_GT(json.at("tensors_compared"), 16);
}

}  // namespace
}  // namespace smelt
