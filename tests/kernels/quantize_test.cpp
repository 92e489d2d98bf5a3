// The device's requantization against the oracle's, which is written from the definition with exact integers.
#include "runtime/quantize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "ops/quantize.hpp"

namespace smelt {
namespace {

constexpr int32_t lowest = std::numeric_limits<int32_t>::min();
constexpr int32_t highest = std::numeric_limits<int32_t>::max();

/// Values around every power of two, where roundings and carries turn.
std::vector<int32_t> edges() {
  std::vector<int32_t> values = {lowest, lowest + 1, highest, highest - 1};
  for (int bit = 0; bit < 31; ++bit) {
    for (int64_t d : {-3, -2, -1, 0, 1, 2, 3}) {
      const int64_t v = (int64_t{1} << bit) + d;
      if (v > highest) continue;
      values.push_back(static_cast<int32_t>(v));
      values.push_back(static_cast<int32_t>(-v));
    }
  }
  return values;
}

const std::vector<int32_t> multipliers = {0,          1 << 30,    (1 << 30) + 1, 1342177280,
                                          1518500250, 1610612736, highest - 1,   highest};

TEST(Quantize, DoublingHighMulIsTheReferences) {
  for (int32_t a : edges()) {
    for (int32_t b : edges()) {
      if (a == lowest && b == lowest) continue;
      ASSERT_EQ(doubling_high_mul(a, b), oracle::doubling_high_mul(a, b)) << a << " * " << b;
    }
  }
}

TEST(Quantize, RoundingShiftRightIsTheReferences) {
  for (int32_t x : edges()) {
    for (int exponent = 0; exponent <= 31; ++exponent) {
      ASSERT_EQ(rounding_shift_right(x, exponent), oracle::rounding_shift_right(x, exponent))
          << x << " >> " << exponent;
    }
  }
}

TEST(Quantize, RequantizeIsTheReferencesOnEdges) {
  for (int32_t x : edges()) {
    for (int32_t m : multipliers) {
      for (int32_t shift = -31; shift <= 30; ++shift) {
        ASSERT_EQ(requantize(x, m, shift), oracle::requantize(x, {m, shift})) << x << " * " << m << " << " << shift;
      }
    }
  }
}

TEST(Quantize, RequantizeIsTheReferencesOnRandomValues) {
  std::mt19937 random(20);
  for (int i = 0; i < 200000; ++i) {
    const auto x = static_cast<int32_t>(random()) >> (random() % 31);
    const auto m = static_cast<int32_t>(random() >> 2 | 1U << 30);
    const auto shift = static_cast<int32_t>(random() % 62) - 31;
    ASSERT_EQ(requantize(x, m, shift), oracle::requantize(x, {m, shift})) << x << " * " << m << " << " << shift;
  }
}

TEST(Quantize, RescaleIsTheReferencesOnEdges) {
  for (int32_t x : edges()) {
    if (x <= -(1 << 30) || x >= 1 << 30) continue;
    for (int32_t m : multipliers) {
      for (int32_t right = 0; right <= 21; ++right) {
        for (int32_t zero : {-128, -127, -1, 0, 1, 126, 127}) {
          const int64_t want = int64_t{oracle::requantize(x, {m, -1 - right})} + zero;
          ASSERT_EQ(rescale(2 * x, Scale{right, m}, 2 * zero + 1), std::clamp<int64_t>(want, -128, 127))
              << x << " * " << m << " >> " << right + 1 << " + " << zero;
        }
      }
    }
  }
}

TEST(Quantize, StoreAddsTheBiasAndClamps) {
  const Channel channels[] = {{100, 1 << 30, ~0}, {-100, 1 << 30, ~0}, {0, 1 << 30, ~-1}, {highest, 1 << 30, ~0}};
  const int32_t sums[] = {0, 0, -7, 1};
  int8_t out[5] = {99, 99, 99, 99, 99};
  // 50, -50, -7/4 = -1.75 -> -3.5 -> -4 -> -2 (two roundings), and a wrapped lowest / 2; zero point 10, limits 0
  // and 55.
  requantize_store(channels, sums, 4, Clamp{10 - 0, 55, 0}, out);
  EXPECT_EQ(out[0], 55);
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 8);
  EXPECT_EQ(out[3], 0);
  EXPECT_EQ(out[4], 99) << "wrote past its channels";
  requantize_store(channels, sums, 2, Clamp{0 + 128, 255, -128}, out);
  EXPECT_EQ(out[0], 50);
  EXPECT_EQ(out[1], -50);
}

}  // namespace
}  // namespace smelt
