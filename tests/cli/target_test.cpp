// What the tool measures through cross-compilers and emulators.
#include <algorithm>
#include <tuple>

#include "import/import.hpp"
#include "targets/target.hpp"
#include "verify/elf.hpp"
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

// ---- .onnx networks: every tensor of theirs on the target, integers bit by bit ----

struct OnnxCase {
  std::string target, model;
};

void PrintTo(const OnnxCase& c, std::ostream* out) { *out << c.model; }

std::vector<OnnxCase> onnx_cases(const std::vector<std::string>& targets) {
  std::vector<OnnxCase> cases;
  for (const auto& entry : fs::directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests/onnx/models")) {
    if (entry.path().extension() != ".onnx") continue;
    for (const std::string& target : targets) cases.push_back({target, entry.path().stem().string()});
  }
  std::sort(cases.begin(), cases.end(), [](const auto& a, const auto& b) { return std::tie(a.target, a.model) < std::tie(b.target, b.model); });
  return cases;
}

std::string onnx_name(const ::testing::TestParamInfo<OnnxCase>& info) {
  std::string name = info.param.target + "_" + info.param.model;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void computes_the_same(const OnnxCase& c) {
  if (!installed(c.target)) GTEST_SKIP() << "compiler or emulator of " << c.target << " not installed";
  const std::string path = (fs::path(SMELT_SOURCE_DIR) / "tests/onnx/models" / (c.model + ".onnx")).string();
  const verify::Ended ended = smelt({"verify", path, "--target", c.target, "--count", "2", "--taps", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json said = json_of(ended);
  EXPECT_EQ(said.at("outputs_compared"), 2);
  EXPECT_GT(said.at("tensors_compared"), 4);
  const bool integers = c.model.find("_q") != std::string::npos;
  ASSERT_EQ(said.contains("from_file"), integers);
  if (!integers) return;
  EXPECT_EQ(said.at("bit_exact"), true);
  EXPECT_LE(said.at("from_file").at("steps"), 3.01);  // each layer may round once more than the file's floats do
}

class OnnxOnTarget : public ::testing::TestWithParam<OnnxCase> {};
TEST_P(OnnxOnTarget, ComputesTheSame) { computes_the_same(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Cli, OnnxOnTarget, ::testing::ValuesIn(onnx_cases({"cortex-m4"})), onnx_name);

class SlowOnnxOnTarget : public ::testing::TestWithParam<OnnxCase> {};
TEST_P(SlowOnnxOnTarget, ComputesTheSame) { computes_the_same(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Slow, SlowOnnxOnTarget, ::testing::ValuesIn(onnx_cases({"cortex-m55", "cortex-m0plus", "rv32imac"})), onnx_name);

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

TEST(Profile, TellsTheSpreadOverInputsAndTheWorstStep) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const verify::Ended ended = smelt({"profile", tones, "--target", "cortex-m4", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json counted = json_of(ended).at("instructions");
  EXPECT_EQ(counted.at("inputs"), 16);
  EXPECT_LE(counted.at("least"), counted.at("total"));
  EXPECT_GE(counted.at("most"), counted.at("total"));
  EXPECT_EQ(counted.at("spread"), counted.at("most").get<int>() - counted.at("least").get<int>());
  EXPECT_LT(counted.at("spread").get<int>() * 100, counted.at("total").get<int>());  // no branch of a hot loop depends on data
  int worst = 0;
  for (const Json& op : counted.at("per_op")) worst = std::max(worst, op.at("worst_firing").get<int>());
  EXPECT_EQ(counted.at("worst_step").at("instructions"), worst);
}

TEST(Limits, PlansWithinOneOrSaysThatNoneIs) {
  const Json fast = json_of(smelt({"plan", tones, "--optimize", "speed", "--json"}));
  const Json least = json_of(smelt({"plan", tones, "--optimize", "ram", "--json"}));
  ASSERT_LT(least.at("arena_bytes"), fast.at("arena_bytes"));
  const std::string below = std::to_string(fast.at("arena_bytes").get<int>() - 1);
  const Json within = json_of(smelt({"plan", tones, "--optimize", "speed", "--max-ram", below, "--json"}));
  EXPECT_LT(within.at("arena_bytes"), fast.at("arena_bytes"));
  EXPECT_TRUE(says(smelt({"plan", tones, "--max-ram", "100"}), 1, {"E0801", "the limit is 100", "tensor \""}));
}

TEST(Plan, IsTheOneThatCompileMakesForATarget) {
  std::vector<int> arenas;
  for (const char* target : {"cortex-m4", "cortex-m55"}) {
    const Json plan = json_of(smelt({"plan", tones, "--target", target, "--json"}));
    const Json compiled = json_of(smelt({"compile", tones, "--target", target, "--json"}));
    EXPECT_EQ(plan.at("arena_bytes"), compiled.at("ram").at("arena_bytes")) << target;
    arenas.push_back(plan.at("arena_bytes"));
  }
  EXPECT_NE(arenas[0], arenas[1]);  // Helium's kernels take other blocks of rows
  EXPECT_TRUE(says(smelt({"plan", tones, "--target", "cortex-m99"}), 2, {"E0701", "cortex-m55"}));
}

TEST(Profile, OnABoardGivesTimeAndEnergyFromCycles) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const verify::Ended ended = smelt({"profile", tones, "--board", "nucleo-l4r5zi", "--inputs", (example / "inputs").string(), "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  const Json& board = json.at("board");
  EXPECT_EQ(json.at("target"), "cortex-m4");
  EXPECT_EQ(board.at("fits"), true);
  EXPECT_EQ(board.at("ram").at("bytes").get<int>(), json.at("ram").at("total_bytes").get<int>() + json.at("ram").at("stack_bytes").get<int>());
  EXPECT_EQ(board.at("flash").at("bytes"), json.at("flash").at("total_bytes"));
  EXPECT_EQ(board.at("wait_states"), json.at("cycles").at("wait_states"));
  EXPECT_EQ(board.at("wait_states"), 5);
  const Json& ms = board.at("estimated_milliseconds");
  EXPECT_NEAR(ms.at("nominal").get<double>(), json.at("cycles").at("total").get<double>() / 120e3, 1e-4);
  EXPECT_NEAR(ms.at("high").get<double>(), json.at("cycles").at("high").get<double>() / 120e3, 1e-4);
  // 110 uA/MHz at 120 MHz and 3.3 V: 43.56 mW.
  EXPECT_NEAR(board.at("estimated_millijoules").at("nominal").get<double>(), ms.at("nominal").get<double>() * 0.04356, 1e-6);
  EXPECT_TRUE(says(smelt({"profile", tones, "--board", "nucleo-l4r5zi", "--wait-states", "0"}), 0, {"fits          yes", "ms estimated", "mJ estimated", "3.30 V, unverified", "0 wait states"}));
}

// A board with as much room as the model needs, and with a byte less.
TEST(Profile, OnABoardThatIsTooSmallFailsByName) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const Json needs = json_of(smelt({"profile", tones, "--board", "nucleo-l4r5zi", "--json"})).at("board");
  const int ram = needs.at("ram").at("bytes"), flash = needs.at("flash").at("bytes");
  const verify::TempDir temp;
  const auto board = [&](int ram_bytes, int flash_bytes) {
    write_text(temp.path() / "mine.toml",
               "name = \"mine\"\ntitle = \"m\"\ntarget = \"cortex-m4\"\nclock_hz = 1000000\nclock_source = \"s\"\n"
               "[[memory]]\nname = \"rom\"\nkind = \"flash\"\nsource = \"s\"\nbytes = " + std::to_string(flash_bytes) +
               "\n[[memory]]\nname = \"bank\"\nkind = \"ram\"\nsource = \"s\"\nbytes = " + std::to_string(ram_bytes) + "\n");
  };
  ::setenv("SMELT_BOARDS_DIR", temp.path().c_str(), 1);
  board(ram, flash);
  EXPECT_TRUE(says(smelt({"profile", tones, "--board", "mine"}), 0, {"fits          yes", "(100.0%)", "without wait states", "energy        unknown: the current"}));
  board(ram - 1, flash);
  EXPECT_TRUE(says(smelt({"profile", tones, "--board", "mine"}), 1, {"fits          no", "error[E0803]", "bytes of RAM", "'bank' has"}));
  board(ram, flash - 1);
  EXPECT_TRUE(says(smelt({"profile", tones, "--board", "mine"}), 1, {"fits          no", "error[E0803]", "bytes of flash", "'rom' has"}));
  EXPECT_TRUE(says(smelt({"boards", "--for", tones}), 0, {"mine *", "not flash", "estimated without any"}));
  ::unsetenv("SMELT_BOARDS_DIR");
}

// The emitted lines, in a linker script of a board: what they name lies in the TCMs and loads from flash.
TEST(Compile, ForABoardPlacesCodeAndWeights) {
  if (!installed("cortex-m7")) GTEST_SKIP() << "compiler or emulator of cortex-m7 not installed";
  const verify::TempDir temp;
  const verify::Ended ended = smelt({"compile", tones, "--board", "nucleo-h7a3zi", "-o", temp.path().string(), "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json placement = json_of(ended).at("board").at("placement");
  EXPECT_EQ(placement.at("data_memory"), "dtcm");
  EXPECT_LT(placement.at("estimated_milliseconds").at("nominal"), json_of(ended).at("board").at("estimated_milliseconds").at("nominal"));
  EXPECT_TRUE(contains(read_text(temp.path() / "README.md"), "to `dtcm` the weights"));
  EXPECT_FALSE(contains(read_text(temp.path() / "README.md"), "@"));

  write_text(temp.path() / "board.ld",
             "MEMORY {\n FLASH : ORIGIN = 0x08000000, LENGTH = 2M\n itcm : ORIGIN = 0, LENGTH = 64K\n dtcm : ORIGIN = 0x20000000, LENGTH = 128K\n}\n"
             "SECTIONS {\nINCLUDE tones.ld\n.text : { *(.text*) *(.rodata*) } > FLASH\n.bss : { *(.bss*) } > dtcm\n}\n");
  const targets::Target target = *targets::load_target("cortex-m7");
  std::vector<std::string> command = {verify::find_program(target.compiler.command)->string()};
  command.insert(command.end(), target.compiler.flags.begin(), target.compiler.flags.end());
  command.insert(command.end(), {"-std=c++17", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-fdata-sections", "-I.",
                                 "-DSMELT_PROVIDE_MEM", "-DSMELT_SECTION_WEIGHTS=__attribute__((section(\".smelt_weights\")))", "tones.cpp",
                                 "-nostdlib", "-lgcc", "-Wl,-e,tones_invoke", "-Wl,-T,board.ld", "-o", "image"});
  const verify::Ended built = verify::run_program(command, temp.path(), std::chrono::seconds(100));
  ASSERT_EQ(built.status, 0) << built.output;
  std::map<std::string, uint32_t> addresses;
  for (const auto& symbols : {verify::functions(temp.path() / "image"), verify::variables(temp.path() / "image")}) {
    for (const verify::Function& f : symbols) addresses[f.name] = f.address;
  }
  size_t functions = 0;
  for (const Json& item : placement.at("items")) {
    if (item.at("what") == "weights") {
      EXPECT_EQ(item.at("memory"), "dtcm");
      EXPECT_EQ(addresses["_ZN11smelt_tones12_GLOBAL__N_1L7weightsE"] >> 24, 0x20U);
    } else {
      EXPECT_EQ(item.at("memory"), "itcm");
      ASSERT_TRUE(addresses.contains(item.at("symbol"))) << item.at("symbol");
      EXPECT_LT(addresses[item.at("symbol")], 0x10000U);
      ++functions;
    }
  }
  EXPECT_GT(functions, 2U);
  EXPECT_EQ(placement.at("items").size(), functions + 1);
  EXPECT_TRUE(says(smelt({"compile", tones, "--board", "nucleo-h7a3zi", "--target", "cortex-m4"}), 2, {"excludes"}));
}

TEST(Boards, AreRankedForAModel) {
  if (!installed("cortex-m4")) GTEST_SKIP() << "compiler or emulator of cortex-m4 not installed";
  const std::string inputs = (example / "inputs").string();
  const verify::Ended ended = smelt({"boards", "--for", tones, "--inputs", inputs, "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("boards").size() + json.at("not_measured").size(), json_of(smelt({"boards", "--json"})).size());
  std::map<std::string, int64_t> instructions;  // one build for a core
  double last = 0;
  bool timed = true;
  for (const Json& b : json.at("boards")) {
    const auto [it, fresh] = instructions.emplace(b.at("target"), b.at("instructions"));
    EXPECT_EQ(it->second, b.at("instructions")) << b.at("name");
    EXPECT_EQ(b.at("fits"), true) << b.at("name");
    const Json& ms = b.at("estimated_milliseconds");
    EXPECT_EQ(ms.is_null(), !targets::load_target(b.at("target"))->cycles) << b.at("name");
    EXPECT_TRUE(timed || ms.is_null()) << b.at("name");  // those without a time come last
    timed = !ms.is_null();
    if (!timed) continue;
    EXPECT_LE(last, ms.at("nominal").get<double>()) << b.at("name");
    last = ms.at("nominal");
    if (b.at("name") != "nucleo-l4r5zi") continue;
    const Json alone = json_of(smelt({"profile", tones, "--board", "nucleo-l4r5zi", "--inputs", inputs, "--json"})).at("board");
    EXPECT_EQ(ms, alone.at("estimated_milliseconds"));
    EXPECT_EQ(b.at("ram"), alone.at("ram"));
    EXPECT_EQ(b.at("flash"), alone.at("flash"));
  }
  EXPECT_TRUE(instructions.contains("cortex-m4"));
  // Each core runs what is compiled for it.
  for (const auto& [target, count] : instructions) {
    if (target != "cortex-m4" && target != "cortex-m55") continue;
    const Json alone = json_of(smelt({"profile", tones, "--target", target, "--inputs", inputs, "--json"}));
    EXPECT_EQ(alone.at("instructions").at("total"), count) << target;
  }
}

TEST(Boards, WhatCannotBeMeasuredIsSaid) {
  const verify::Ended ended = smelt({"boards", "--for", tones}, "/", "/nonexistent");
  EXPECT_TRUE(says(ended, 4, {"E0711", "apt install"}));
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
