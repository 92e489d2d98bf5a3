// Fit, milliseconds and millijoules against values worked out by hand.
#include "profile/placement.hpp"

#include <gtest/gtest.h>

namespace smelt::profile {
namespace {

using targets::MemoryKind;

targets::Board board() {
  targets::Board b;
  b.name = "b";
  b.clock_hz = 80'000'000;
  b.memories = {{"flash", MemoryKind::flash, 1000, 4, "s"},
                {"tcm", MemoryKind::tcm_data, 64, 0, "s"},
                {"ram", MemoryKind::ram, 200, {}, "s"}};
  b.power = targets::Power{3.0, 10.0, "s"};
  return b;
}

TEST(OnBoard, NeedsCountTheStackAndTheTables) {
  verify::Measured m;
  m.sizes = verify::Sizes{600, 300, 20};  // code, weights, static
  m.stack_bytes = 7;
  const Needs n = needs_of(100, m);
  EXPECT_EQ(n.ram, 127U);
  EXPECT_EQ(n.flash, 900U);
}

TEST(OnBoard, FitsToTheLastByte) {
  EXPECT_TRUE(on_board(board(), {200, 1000}, {}).fits());
  const OnBoard ram = on_board(board(), {201, 1000}, {});
  EXPECT_FALSE(ram.ram_fits);
  EXPECT_TRUE(ram.flash_fits);
  EXPECT_FALSE(ram.fits());
  EXPECT_EQ(ram.ram.name, "ram");  // the largest, as none takes it
  const OnBoard flash = on_board(board(), {200, 1001}, {});
  EXPECT_TRUE(flash.ram_fits);
  EXPECT_FALSE(flash.flash_fits);
  EXPECT_FALSE(flash.fits());
  EXPECT_EQ(on_board(board(), {64, 1}, {}).ram.name, "tcm");
  EXPECT_EQ(on_board(board(), {65, 1}, {}).ram.name, "ram");
}

/// Three functions and the weights; the board has an ITCM of 64 bytes and a RAM of 400, both without wait states.
struct PlaceTest : testing::Test {
  PlaceTest() {
    b.name = "b";
    b.clock_hz = 1'000'000;
    b.memories = {{"flash", MemoryKind::flash, 10'000, 4, "s"},
                  {"dtcm", MemoryKind::tcm_data, 96, 0, "s"},
                  {"ram", MemoryKind::ram, 400, 0, "s"},
                  {"slow", MemoryKind::ram, 4000, {}, "s"},
                  {"itcm", MemoryKind::tcm_instruction, 64, 0, "s"}};
    waits.code = {{"cold", 100, 9}, {"hot", 48, 4000}, {"warm", 40, 1000}};
    waits.weights_bytes = 200;
    waits.weights = 2000;
  }
  /// "what memory", in the order of the choice.
  std::vector<std::string> chosen(const Needs& needs, std::optional<std::uint64_t> budget = {}) const {
    std::vector<std::string> names;
    for (const Placed& p : place(b, needs, waits, 10'000, budget))
      names.push_back((p.symbol.empty() ? "weights" : p.symbol) + " " + p.memory);
    return names;
  }
  using Names = std::vector<std::string>;
  targets::Board b;
  FlashWaits waits;
};

// hot saves 83 cycles a byte, warm 25, the weights 10; cold saves less than a thousandth of 10,000.
TEST_F(PlaceTest, BestByteFirstEachWhereItsKindBelongs) {
  EXPECT_EQ(chosen({90, 0}), (Names{"hot itcm", "warm ram", "weights ram"}));
  waits.weights_bytes = 80;
  EXPECT_EQ(chosen({97, 0}), (Names{"hot itcm", "warm ram", "weights dtcm"}));  // 25 cycles a byte both, and 97 are in RAM
}

TEST_F(PlaceTest, NothingBeyondAMemoryOrTheBudget) {
  EXPECT_EQ(chosen({144, 0}), (Names{"hot itcm", "warm ram", "weights ram"}));  // 144 + 48 + 208 = 400
  EXPECT_EQ(chosen({145, 0}), (Names{"hot itcm", "warm ram"}));
  EXPECT_EQ(chosen({90, 0}, 100), (Names{"hot itcm", "warm ram"}));
  EXPECT_EQ(chosen({90, 0}, 95), (Names{"hot itcm"}));
  EXPECT_EQ(chosen({90, 0}, 0), Names{});
}

TEST_F(PlaceTest, OnlyIntoMemoriesThatAreKnownToBeFaster) {
  b.memories[2].wait_states = 4;  // as slow as flash
  EXPECT_EQ(chosen({90, 0}), (Names{"hot itcm"}));
  b.memories[2].wait_states = 3;
  const auto placed = place(b, {90, 0}, waits, 10'000);
  ASSERT_EQ(placed.size(), 3U);
  EXPECT_EQ(placed[0].saved, 4000);
  EXPECT_EQ(placed[1].saved, 250);  // three of four wait states remain
  b.memories[0].wait_states.reset();
  EXPECT_EQ(chosen({90, 0}), (Names{"hot itcm"}));  // unknown counts as one
}

TEST(OnBoard, TimeAndEnergy) {
  // 4 million cycles at 80 MHz are 50 ms; 10 mA at 3 V are 30 mW; so 1.5 mJ.
  const OnBoard on = on_board(board(), {1, 1}, Estimate{2e6, 4e6, 8e6});
  ASSERT_TRUE(on.milliseconds && on.millijoules);
  EXPECT_DOUBLE_EQ(on.milliseconds->low, 25);
  EXPECT_DOUBLE_EQ(on.milliseconds->nominal, 50);
  EXPECT_DOUBLE_EQ(on.milliseconds->high, 100);
  EXPECT_DOUBLE_EQ(on.millijoules->low, 0.75);
  EXPECT_DOUBLE_EQ(on.millijoules->nominal, 1.5);
  EXPECT_DOUBLE_EQ(on.millijoules->high, 3);
}

TEST(OnBoard, WhatIsUnknownStaysUnknown) {
  const OnBoard no_model = on_board(board(), {1, 1}, {});
  EXPECT_FALSE(no_model.milliseconds);
  EXPECT_FALSE(no_model.millijoules);
  targets::Board b = board();
  b.power.reset();
  const OnBoard no_power = on_board(b, {1, 1}, Estimate{1, 1, 1});
  EXPECT_TRUE(no_power.milliseconds);
  EXPECT_FALSE(no_power.millijoules);
}

}  // namespace
}  // namespace smelt::profile
