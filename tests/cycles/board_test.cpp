// Fit, milliseconds and millijoules against values worked out by hand.
#include "profile/board.hpp"

#include <gtest/gtest.h>

namespace smelt::profile {
namespace {

using targets::MemoryKind;

targets::Board board() {
  targets::Board b;
  b.name = "b";
  b.clock_hz = 80'000'000;
  b.memories = {{"flash", MemoryKind::flash, 1000, 4, "s"},
                {"tcm", MemoryKind::tcm, 64, 0, "s"},
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
