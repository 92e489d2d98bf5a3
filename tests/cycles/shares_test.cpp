// Sums by function and by kind, and the answers of the plugin that are refused.
#include <gtest/gtest.h>

#include <fstream>

#include "profile/profile.hpp"
#include "verify/process.hpp"

namespace smelt::profile {
namespace {

TEST(Shares, AreOfTheFunctionThatHoldsTheAddress) {
  const std::vector<verify::Function> functions = {{0x100, 8, "_Z3addii"}, {0x110, 0, "by_hand"}, {0x200, 4, "last"}};
  const std::vector<Site> sites = {{0x100, "alu", 10, 0, {10, 10, 10}}, {0x106, "load", 10, 0, {20, 20, 20}},
                                   {0x108, "alu", 1, 0, {1, 1, 1}},     {0x1f0, "alu", 5, 0, {5, 5, 5}},
                                   {0x204, "alu", 2, 0, {2, 2, 2}},     {0x10, "alu", 4, 0, {4, 4, 4}}};
  const std::vector<Share> shares = by_function(sites, functions);
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_EQ(shares[0].name, "add(int, int)");
  EXPECT_EQ(shares[0].instructions, 20U);
  EXPECT_EQ(shares[0].cycles.nominal, 30);
  EXPECT_EQ(shares[1].name, "?");  // between, behind and before all functions
  EXPECT_EQ(shares[1].instructions, 7U);
  EXPECT_EQ(shares[2].name, "by_hand");
}

TEST(FlashWaits, AreOfTheModelsFunctionsAndWeights) {
  const std::vector<verify::Function> functions = {{0x100, 16, "_ZN5smelt4tileEv.constprop.0"},
                                                   {0x110, 16, "_ZN5smelt6verify3runEv"},
                                                   {0x120, 16, "memcpy"},
                                                   {0x130, 16, "kws_invoke"}};
  const std::vector<verify::Function> variables = {{0x1000, 64, "_ZN9smelt_kws12_GLOBAL__N_1L7weightsE"},
                                                   {0x1040, 64, "_ZN9smelt_kws12_GLOBAL__N_1L5viewsE"}};
  Observation o;
  for (const std::uint32_t address : {0x100, 0x104, 0x110, 0x120, 0x130}) {
    o.sites.push_back({address, "alu", 1, 0, {1, 1, 1}, 5});
  }
  o.reads = {{0x1000, 7}, {0x1030, 8}, {0x1040, 100}, {0x100, 2}};
  const FlashWaits waits = flash_waits(o, "kws", functions, variables);
  ASSERT_EQ(waits.code.size(), 2U);
  EXPECT_EQ(waits.code[0].symbol, "_ZN5smelt4tileEv");
  EXPECT_EQ(waits.code[0].bytes, 16U);
  EXPECT_EQ(waits.code[0].cycles, 12);  // with its constants
  EXPECT_EQ(waits.code[1].symbol, "kws_invoke");
  EXPECT_EQ(waits.weights_bytes, 64U);
  EXPECT_EQ(waits.weights, 15);
}

TEST(Shares, OfKindsSumUpToAll) {
  const std::vector<Site> sites = {{0, "branch", 10, 9, {19, 28, 37}}, {2, "branch", 4, 0, {4, 4, 4}},
                                   {4, "fp_mac", 2, 0, {6, 6, 6}},     {8, "simd_mac", 3, 0, {3, 3, 3}},
                                   {12, "other", 1, 0, {1, 1, 1}},     {14, "divide", 1, 0, {2, 6, 12}}};
  const std::vector<Share> mix = by_kind(sites);
  std::uint64_t instructions = 0;
  double cycles = 0;
  for (const Share& s : mix) {
    instructions += s.instructions;
    cycles += s.cycles.nominal;
    if (s.name == "branch taken") {
      EXPECT_EQ(s.instructions, 9U);
      EXPECT_EQ(s.cycles.nominal, 27);
    }
    if (s.name == "branch not taken") {
      EXPECT_EQ(s.instructions, 5U);
      EXPECT_EQ(s.cycles.nominal, 5);
    }
  }
  EXPECT_EQ(instructions, 21U);
  EXPECT_EQ(cycles, 48);
}

TEST(Observation, IsRefusedUnlessWhole) {
  const verify::TempDir directory;
  const auto read = [&](const std::string& text) {
    std::ofstream(directory.path() / "o") << text;
    return read_observation(directory.path() / "o");
  };
  const auto good = read("region 5 6 7 8\ncode 256 alu 1 0 1 1 1 0\ndata 512 3\nend\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->regions.at(0).instructions, 5U);
  EXPECT_EQ(good->regions.at(0).cycles.high, 8);
  EXPECT_EQ(good->sites.at(0).address, 256U);
  EXPECT_FALSE(read("region 5 6 7 8\n"));
  EXPECT_FALSE(read("region 5 6 7\nend\n"));
  EXPECT_FALSE(read("nonsense\nend\n"));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read_observation(directory.path() / "missing"));
}

}  // namespace
}  // namespace smelt::profile
