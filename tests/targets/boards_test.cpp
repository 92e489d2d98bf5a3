#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "targets/board.hpp"
#include "targets/target.hpp"

namespace smelt::targets {
namespace {

TEST(Boards, EveryDescriptionIsValidAndNamesATarget) {
  const std::vector<std::string> names = board_names();
  EXPECT_GE(names.size(), 15U);
  for (const char* name :
       {"nucleo-l4r5zi", "nucleo-u575zi", "nucleo-h7a3zi", "disco-f746", "frdm-k66f", "mimxrt1060-evk",
        "mimxrt1170-evk", "lpcxpresso55s69", "frdm-mcxn947", "ek-ra6m4", "alif-e7-hp", "alif-e7-he", "nano-33-ble",
        "raspberry-pi-pico", "raspberry-pi-pico-2", "raspberry-pi-pico-2-riscv", "esp32-c3"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  const std::vector<std::string> targets = target_names();
  for (const std::string& name : names) {
    const auto board = load_board(name);
    ASSERT_TRUE(board) << board.failure().to_string();
    EXPECT_EQ(board->name, name);
    EXPECT_NE(std::find(targets.begin(), targets.end(), board->target), targets.end()) << name;
    EXPECT_EQ(board->flash().kind, MemoryKind::flash);
    EXPECT_NE(board->largest_ram().kind, MemoryKind::flash);
    // A figure that is a thousand times off is a slip of the pen.
    EXPECT_GE(board->clock_hz, 16'000'000U) << name;
    EXPECT_LE(board->clock_hz, 1'000'000'000U) << name;
    EXPECT_GE(board->flash().bytes, 256U * 1024) << name;
    EXPECT_LE(board->flash().bytes, 16U * 1024 * 1024) << name;
    EXPECT_GE(board->largest_ram().bytes, 64U * 1024) << name;
    if (board->power) {
      EXPECT_GE(board->power->milliamps, 1) << name;
      EXPECT_LE(board->power->milliamps, 300) << name;
    }
  }
}

TEST(Boards, UnknownNamesListTheKnown) {
  const auto board = load_board("nucleo-l4r5z");
  ASSERT_FALSE(board);
  EXPECT_EQ(board.failure().exit, ExitCode::usage);
  EXPECT_EQ(board.failure().diagnostics.at(0).code, "E0704");
  EXPECT_NE(board.failure().to_string().find("nucleo-l4r5zi"), std::string::npos);
  EXPECT_FALSE(load_board("../boards/nucleo-l4r5zi"));
}

Result<Board> board_of(const std::string& text) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "smelt-board-test.toml";
  std::ofstream(file) << text;
  Result<Board> board = read_board(file);
  std::filesystem::remove(file);
  return board;
}

std::string problems(const std::string& text) {
  const Result<Board> board = board_of(text);
  return board ? "" : board.failure().to_string();
}

const std::string head = R"(name = "smelt-board-test"
title = "t"
target = "cortex-m4"
clock_hz = 80_000_000
clock_source = "s"
)";
const std::string flash =
    "[[memory]]\nname = \"f\"\nkind = \"flash\"\nbytes = 1000\nwait_states = 2.5\nsource = \"s\"\n";
const std::string tcm = "[[memory]]\nname = \"t\"\nkind = \"tcm-data\"\nbytes = 100\nsource = \"s\"\n";
const std::string ram = "[[memory]]\nname = \"r\"\nkind = \"ram\"\nbytes = 200\nwait_states = 0\nsource = \"s\"\n";

TEST(Boards, FieldsAreRead) {
  const auto b = board_of(head + tcm + flash + ram + "[power]\nvolts = 3\nmicroamps_per_mhz = 110\nsource = \"d\"\n");
  ASSERT_TRUE(b) << b.failure().to_string();
  EXPECT_EQ(b->target, "cortex-m4");
  EXPECT_EQ(b->clock_hz, 80'000'000U);
  EXPECT_EQ(b->flash().name, "f");
  EXPECT_EQ(b->flash().wait_states, 2.5);
  EXPECT_FALSE(b->memories.at(0).wait_states);
  EXPECT_EQ(b->memories.at(2).wait_states, 0);
  ASSERT_TRUE(b->power);
  EXPECT_DOUBLE_EQ(b->power->milliamps, 8.8);  // 110 uA/MHz at 80 MHz
  EXPECT_EQ(b->power->volts, 3);
  const auto plain = board_of(head + flash + ram + "[power]\nvolts = 3.3\nmilliamps = 20\nsource = \"d\"\n");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->power->milliamps, 20);
  EXPECT_FALSE(board_of(head + flash + ram)->power);
  EXPECT_FALSE(plain->power->unverified || plain->flash().unverified);
  const auto doubted = board_of(head + flash + "unverified = true\n" + ram + "[power]\nvolts = 3.3\nmilliamps = 20\nsource = \"d\"\nunverified = true\n");
  ASSERT_TRUE(doubted) << doubted.failure().to_string();
  EXPECT_TRUE(doubted->power->unverified && doubted->flash().unverified);
  EXPECT_FALSE(doubted->memories.at(1).unverified);
  EXPECT_NE(problems(head + flash + "unverified = 1\n" + ram).find("'unverified' must be true or false"), std::string::npos);
}

TEST(Boards, DataGoesToTheFirstMemoryThatTakesIt) {
  const auto b = board_of(head + flash + tcm + ram);
  ASSERT_TRUE(b);
  EXPECT_EQ(b->ram_for(1)->name, "t");
  EXPECT_EQ(b->ram_for(100)->name, "t");
  EXPECT_EQ(b->ram_for(101)->name, "r");
  EXPECT_EQ(b->ram_for(200)->name, "r");
  EXPECT_EQ(b->ram_for(201), nullptr);  // though the two together would hold it
  EXPECT_EQ(b->largest_ram().name, "r");
}

TEST(Boards, MistakesAreToldTogetherWithTheirLines) {
  const std::string text = problems(R"(name = "another"
title = ""
target = "cortex-m99"
clock_hz = 80
speed = 3
[[memory]]
name = "f"
kind = "rom"
bytes = 0
wait_states = -1
[[memory]]
name = "f"
kind = "ram"
bytes = 5
wait_states = "two"
source = "s"
color = "red"
[power]
volts = 3.3
milliamps = 5
microamps_per_mhz = 5
)");
  for (const char* part :
       {":1: the name must be that of the file, 'smelt-board-test'", ":2: 'title' must be a text",
        ":3: target 'cortex-m99': there is no such target", "known targets: ", ":4: 'clock_hz' must be",
        ":5: unknown field 'speed'", "the board lacks the field 'clock_source'",
        ":8: 'kind' must be flash or ram or tcm-instruction or tcm-data", ":9: 'bytes' must be",
        ":10: 'wait_states' must be a number from 0 to 100", "[[memory]] lacks the field 'source'",
        "two memories have the name 'f'", ":15: 'wait_states'", ":17: unknown field 'color' in [[memory]]",
        "exactly one memory must be flash", "give either 'milliamps' or 'microamps_per_mhz'",
        "[power] lacks the field 'source'", "E0705", "boards/README.md"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

TEST(Boards, WhatAFileMustHave) {
  EXPECT_EQ(problems(head + flash + ram), "");
  EXPECT_NE(problems(head + flash).find("one memory must be ram or a tcm"), std::string::npos);
  EXPECT_NE(problems(head + ram).find("exactly one memory must be flash"), std::string::npos);
  EXPECT_NE(problems(head + flash + flash + ram).find("exactly one memory must be flash"), std::string::npos);
  EXPECT_NE(problems(head).find("lacks the field 'memory'"), std::string::npos);
  EXPECT_NE(problems(head + flash + ram + "[power]\nsource = \"s\"\nmilliamps = 2\n").find("lacks the field 'volts'"),
            std::string::npos);
  EXPECT_NE(problems(head + flash + ram + "[power]\nsource = \"s\"\nvolts = 3\n").find("give either"),
            std::string::npos);
  EXPECT_NE(problems("name = [").find("smelt-board-test.toml:1"), std::string::npos);
  std::string host = head + flash + ram;
  host.replace(host.find("cortex-m4"), 9, "host");
  EXPECT_NE(problems(host).find("sizes are not measured on target 'host'"), std::string::npos);
}

}  // namespace
}  // namespace smelt::targets
