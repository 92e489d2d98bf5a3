#include <gtest/gtest.h>

#include <fstream>

#include "targets/target.hpp"

namespace smelt::targets {
namespace {

TEST(Targets, EveryDescriptionIsValid) {
  const std::vector<std::string> names = target_names();
  for (const char* name : {"cortex-m0plus", "cortex-m3", "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7",
                           "hazard3", "host", "rv32imac", "rv32imac_zbb"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  for (const std::string& name : names) {
    const auto target = load_target(name);
    ASSERT_TRUE(target) << target.failure().to_string();
    EXPECT_EQ(target->name, name);
    EXPECT_FALSE(target->compiler.flags.empty()) << name;
    if (!target->timer) continue;
    // A 32-bit counter must not come round within a thousand million instructions.
    const TickRatio ratio = tick_ratio(*target);
    EXPECT_GE((std::uint64_t{1} << 32) * ratio.numerator / ratio.denominator, 1'000'000'000U) << name;
  }
}

TEST(Targets, UnknownNamesListTheKnown) {
  const auto target = load_target("cortex-m99");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.failure().exit, ExitCode::usage);
  EXPECT_NE(target.failure().to_string().find("cortex-m4"), std::string::npos);
  EXPECT_FALSE(load_target("../targets/cortex-m4"));
}

std::string problems(const std::string& text) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "smelt-target-test.toml";
  std::ofstream(file) << text;
  const auto target = read_target(file);
  std::filesystem::remove(file);
  return target ? "" : target.failure().to_string();
}

TEST(Targets, MistakesAreToldTogetherWithTheirLines) {
  const std::string text = problems(R"(name = "smelt-target-test"
title = "t"
core = "c"
harness = "host"
alignment = "sometimes"
speed = 3
[compiler]
command = 7
package = "p"
flags = ["-O2", 1]
[emulator]
command = "q"
package = "p"
machine = "m"
arguments = []
icount_shift = 99
[[memory]]
name = "ram"
origin = -1
length = 16
holds = ["code", "dust"]
)");
  for (const char* part :
       {":5: 'alignment' must be strict or tolerant", ":6: unknown field 'speed'", ":8: 'command'", ":10: 'flags'",
        ":16: 'icount_shift'", ":19: 'origin'", ":21: a memory holds", "exactly one memory must hold data"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

/// A description that lacks nothing, with [cycles] text of its own.
std::string with_cycles(const std::string& cycles) {
  const auto file = directory() / "cortex-m4.toml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  text.replace(text.find("\"cortex-m4\""), 11, "\"smelt-target-test\"");
  return text.substr(0, text.find("[cycles]")) + cycles;
}

TEST(Targets, CycleModelsAreCompleteAndInRange) {
  const auto m4 = load_target("cortex-m4");
  ASSERT_TRUE(m4 && m4->cycles);
  const auto load_cost = static_cast<std::size_t>(CycleParameter::load_cost),
             divide = static_cast<std::size_t>(CycleParameter::divide_cost);
  EXPECT_EQ(m4->cycles->columns[1][load_cost], 2);
  EXPECT_EQ(m4->cycles->columns[0][divide], 2);
  EXPECT_EQ(m4->cycles->columns[2][divide], 12);
  EXPECT_FALSE(m4->cycles->error.empty());

  const std::string missing =
      problems(with_cycles("[cycles]\nmodel = \"m\"\nerror = \"e\"\nwait_states = 0\nload_cost = 2\n"));
  EXPECT_NE(missing.find("lacks the field 'issue_width'"), std::string::npos) << missing;
  EXPECT_EQ(missing.find("'load_cost'"), std::string::npos) << missing;
  const std::string wrong =
      problems(with_cycles("[cycles]\nmodel = \"m\"\nerror = \"e\"\nwait_states = -1\nload_cost = [1, 2]\ndivide_cost "
                           "= [1, nan, 3]\nspeed = 9\n"));
  for (const char* part :
       {"'wait_states' must be", "'load_cost' must be a number or [low, nominal, high]",
        "'divide_cost' must be a number or [low, nominal, high], from", "unknown field 'speed' in [cycles]"})
    EXPECT_NE(wrong.find(part), std::string::npos) << part << "\nin\n" << wrong;
}

TEST(Targets, SyntaxErrorsHaveALine) {
  EXPECT_NE(problems("name = \"x\"\ntitle = [").find("smelt-target-test.toml:2"), std::string::npos);
  EXPECT_NE(problems("").find("lacks the field 'name'"), std::string::npos);
}

}  // namespace
}  // namespace smelt::targets
