// Every set of primitives against sums written out, at the extremes of int8 and where partial sums must part.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "lower/pack.hpp"
#include "runtime/arch/paired.hpp"
#include "runtime/arch/scalar.hpp"

namespace smelt {
namespace {

/// Ways to fill int8: all lowest, all highest, alternating extremes, random.
std::vector<int8_t> filled(int kind, int32_t n, std::mt19937& random) {
  std::vector<int8_t> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<int8_t>(kind == 0   ? -128
                                    : kind == 1 ? 127
                                    : kind == 2 ? (i % 2 == 0 ? -128 : 127)
                                                : random());
  }
  return values;
}

int64_t product_sum(const int8_t* a, const int8_t* b, int32_t n) {
  int64_t sum = 0;
  for (int32_t k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

template <class P>
void check_conv(int32_t taps) {
  std::mt19937 random(7);
  for (int inputs = 0; inputs < 4; ++inputs) {
    for (int weights = 0; weights < 4; ++weights) {
      const std::vector<int8_t> w = filled(weights, 4 * taps, random);
      const std::vector<int8_t> packed = pack::blocks(w.data(), 1, 4, taps, 4);
      const int32_t padded = pack::round_up(taps, 4);
      std::vector<typename P::Lane> patch(static_cast<size_t>(padded), static_cast<typename P::Lane>(0x5A));
      std::vector<std::vector<int8_t>> x;
      const int8_t border = static_cast<int8_t>(inputs == 0 ? -128 : 127);
      const int32_t first = taps / 3;
      for (int32_t i = 0; i < P::pixels; ++i) {
        x.push_back(filled((inputs + i) % 4, taps, random));
        std::fill(x.back().begin(), x.back().begin() + first, border);
        P::fill(patch.data(), border, first, i);
        P::put(patch.data() + first, x.back().data() + first, taps - first, i);
      }
      std::vector<int32_t> acc(static_cast<size_t>(4 * P::pixels), 12345);
      P::dot(patch.data(), packed.data(), padded, pack::paired_chunk(w.data(), 4, taps), acc.data());
      for (size_t i = 0; i < x.size(); ++i) {
        for (size_t j = 0; j < 4; ++j) {
          ASSERT_EQ(acc[4 * i + j], product_sum(x[i].data(), w.data() + j * static_cast<size_t>(taps), taps))
              << taps << " taps, pixel " << i << ", channel " << j << ", inputs " << inputs << ", weights " << weights;
        }
      }
    }
  }
}

template <class D>
void check_dot(int32_t taps) {
  std::mt19937 random(8);
  for (int inputs = 0; inputs < 4; ++inputs) {
    for (int weights = 0; weights < 4; ++weights) {
      const std::vector<int8_t> x = filled(inputs, taps, random);
      const std::vector<int8_t> w = filled(weights, 4 * taps, random);
      const std::vector<int32_t> words = pack::words(w.data(), 4, taps);
      int32_t acc[4];
      D::dot(x.data(), reinterpret_cast<const uint32_t*>(words.data()), taps, D::lift(x.data(), taps), acc);
      for (size_t j = 0; j < 4; ++j) {
        ASSERT_EQ(acc[j], product_sum(x.data(), w.data() + j * static_cast<size_t>(taps), taps))
            << taps << " taps, channel " << j << ", inputs " << inputs << ", weights " << weights;
      }
    }
  }
}

const std::vector<int32_t> lengths = {1,   2,   3,   4,   5,   7,   8,   27,  64,  250,
                                      252, 253, 255, 256, 257, 259, 511, 512, 515, 1031};

TEST(Arch, ConvolutionOfEveryLength) {
  for (int32_t taps : lengths) {
    check_conv<ScalarConvS8>(taps);
    check_conv<PairedConvS8>(taps);
  }
}

TEST(Arch, DotOfEveryLength) {
  for (int32_t taps : lengths) {
    check_dot<ScalarDotS8>(taps);
    check_dot<PairedDotS8>(taps);
  }
}

TEST(Pack, ChunksAreAsLongAsTheWeightsAllow) {
  const std::vector<int8_t> heavy(4 * 1000, -128);
  EXPECT_EQ(pack::paired_chunk(heavy.data(), 4, 1000), 252);
  std::vector<int8_t> light(4 * 1000, 1);
  EXPECT_EQ(pack::paired_chunk(light.data(), 4, 1000), 1000);
  // One channel too heavy for a single chunk: 1000 * 40 >= 2^15, half of it is not.
  std::fill(light.begin() + 2000, light.begin() + 3000, int8_t{40});
  EXPECT_EQ(pack::paired_chunk(light.data(), 4, 1000), 500);
}

TEST(Pack, BlocksInterleaveFourRowsAndPadWithZeros) {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};  // five rows of two
  EXPECT_EQ(pack::blocks(rows.data(), 1, 5, 2, 2),
            (std::vector<int8_t>{1, 3, 5, 7, 2, 4, 6, 8, 9, 0, 0, 0, 10, 0, 0, 0}));
  EXPECT_EQ(pack::blocks(rows.data(), 5, 1, 2, 1).size(), 40U);  // each group has a block of its own
  EXPECT_EQ(pack::depthwise(rows.data(), 5, 2, true), (std::vector<int8_t>{1, 2, 3, 4, 6, 7, 8, 9, 5, 10}));
  EXPECT_EQ(pack::depthwise(rows.data(), 5, 2, false), (std::vector<int8_t>{1, 6, 2, 7, 3, 8, 4, 9, 5, 10}));
}

}  // namespace
}  // namespace smelt
