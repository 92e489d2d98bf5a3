// Every set of primitives against sums written out, at the extremes of int8 and where partial sums must part.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "lower/lowering.hpp"
#include "lower/pack.hpp"
#include "ops/quantize.hpp"
#include "runtime/arch/host.hpp"
#include "runtime/arch/scalar.hpp"
#include "runtime/arch/swar.hpp"

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

/// What a window of the lengths of `filled` meets: some taps from the padding, the rest from an input.
template <class P>
void gather(uint8_t* patch, const std::vector<int8_t>& x, int32_t border) {
  auto at = P::slot(patch, 0);
  if (border > 0) at = P::fill(at, x[0], border);
  const auto* last = x.data() + border;
  const int32_t n = static_cast<int32_t>(x.size()) - border;
  if constexpr (P::plain) {
    P::put(at, last, n);
  } else {
    P::put_last(at, last, n);
  }
}

/// Blocks of two pairs: multiplier and shift leave sums nearly as they are, so that outputs tell them apart. Refusals are
/// for `most_taps` or more.
template <class P, class Pack>
void check_blocks(int32_t taps, int32_t channels, Pack pack, int32_t most_taps) {
  std::mt19937 random(7);
  const int32_t padded = pack::round_up(taps, 4);
  for (int inputs = 0; inputs < 4; ++inputs) {
    for (int weights = 0; weights < 4; ++weights) {
      std::vector<int8_t> w = filled(weights, channels * taps, random);
      for (int8_t& v : w) v = std::max<int8_t>(v, -127);
      std::vector<Scale> scales;
      std::vector<Multiplier> multipliers;
      std::vector<int32_t> biases;
      for (int32_t c = 0; c < channels; ++c) {
        biases.push_back(static_cast<int32_t>(random() % 20001) - 10000);
        multipliers.push_back({static_cast<int32_t>(random() >> 2 | 1U << 30), -1 - static_cast<int32_t>(random() % 16)});
        scales.push_back({biases.back() * 256 + ~multipliers.back().shift, multipliers.back().multiplier});
      }
      const auto packed = pack(w.data(), 1, channels, taps, scales);
      if (!packed) {
        ASSERT_GT(taps, most_taps) << "weights that fit were refused";
        continue;
      }
      std::vector<int8_t> x = filled(inputs, taps, random);
      const int32_t border = taps / 12 * 4;
      std::fill(x.begin(), x.begin() + border, int8_t{static_cast<int8_t>(x[0])});
      std::vector<uint32_t> patch(static_cast<size_t>(padded), 0x55555555);
      gather<P>(reinterpret_cast<uint8_t*>(patch.data()), x, border);
      std::vector<int8_t> out(static_cast<size_t>(channels) + 1, 99);
      const int32_t zero = static_cast<int32_t>(random() % 256) - 128;
      P::tile(ConvTile{{out.data(), out.data()}, channels, 2 * zero + 1, patch.data(),
                       reinterpret_cast<const int16_t*>(packed->data()), padded});
      for (int32_t c = 0; c < channels; ++c) {
        const auto i = static_cast<size_t>(c);
        const int64_t sum = product_sum(x.data(), w.data() + int64_t{c} * taps, taps) + biases[i];
        const int32_t want = oracle::requantize(static_cast<int32_t>(sum), multipliers[i]) + zero;
        ASSERT_EQ(out[i], std::clamp(want, -128, 127)) << taps << " taps, channel " << c << " of " << channels;
      }
      ASSERT_EQ(out.back(), 99) << "wrote past its channels";
    }
  }
}

/// Every other time with one multiplier for all units.
template <class D, class Pack>
void check_dot(int32_t taps, Pack pack) {
  std::mt19937 random(8);
  constexpr int32_t units = 8;
  for (int inputs = 0; inputs < 4; ++inputs) {
    for (int weights = 0; weights < 4; ++weights) {
      const std::vector<int8_t> x = filled(inputs, taps, random);
      std::vector<int8_t> w = filled(weights, units * taps, random);
      for (int8_t& v : w) v = std::max<int8_t>(v, -127);
      std::vector<Scale> scales;
      std::vector<int32_t> multipliers, biases, shifts;
      const int32_t step = weights % 2 == 0 ? 0 : 4;
      for (int32_t u = 0; u < units; ++u) {
        biases.push_back(static_cast<int32_t>(random() % 20001) - 10000);
        shifts.push_back(-1 - static_cast<int32_t>(random() % 16));
        multipliers.push_back(step == 0 && u > 0 ? multipliers[0] : static_cast<int32_t>(random() >> 2 | 1U << 30));
        scales.push_back({biases.back() * 256 + ~shifts.back(), multipliers.back()});
      }
      const std::optional packed = pack(w.data(), units, taps, scales);
      if (!packed) {
        ASSERT_GT(taps, 500) << "weights that fit were refused";
        continue;
      }
      std::vector<int8_t> out(units + 1, 99);
      const int32_t zero = static_cast<int32_t>(random() % 256) - 128;
      const auto* weights_at = reinterpret_cast<const int16_t*>(packed->data());
      D::run(DotTile{x.data(), weights_at, taps, multipliers.data(), step, 2 * zero + 1, out.data(), units});
      for (size_t u = 0; u < units; ++u) {
        const int64_t sum = product_sum(x.data(), w.data() + u * static_cast<size_t>(taps), taps) + biases[u];
        const int32_t want = oracle::requantize(static_cast<int32_t>(sum), {multipliers[u], shifts[u]}) + zero;
        ASSERT_EQ(out[u], std::clamp(want, -128, 127))
            << taps << " taps, unit " << u << ", inputs " << inputs << ", weights " << weights;
      }
      ASSERT_EQ(out.back(), 99) << "wrote past its units";
    }
  }
}

const std::vector<int32_t> lengths = {1,   2,   3,   4,   5,   7,   8,   27,  64,  250,
                                      252, 253, 255, 256, 257, 259, 511, 512, 515, 1031};

TEST(Arch, ConvolutionOfEveryLength) {
  for (int32_t taps : lengths) {
    for (int32_t channels : {1, 2, 3, 4, 9}) {
      check_blocks<HostConvS8>(taps, channels, pack::pair_blocks, 500);
      check_blocks<PortableSwarConvS8<SwarPatch>>(taps, channels, pack::swar_blocks, INT32_MAX);
      check_blocks<PortableSwarConvS8<SwarSmallPatch>>(taps, channels, pack::swar_blocks, INT32_MAX);
    }
  }
}

TEST(Arch, DotOfEveryLength) {
  for (int32_t taps : lengths) {
    check_dot<ScalarDotS8>(pack::round_up(taps, 4), pack::dot_blocks);
    check_dot<ByteDotS8<PortableDot4>>(pack::round_up(taps, 4), pack::swar_dot_blocks);
  }
}

TEST(Pack, PairsAreRefusedWhereTheyDoNotFit) {
  EXPECT_FALSE(pack::pairs(std::vector<int8_t>{-1, -128}.data(), 2, 1)) << "-128 * 256 - 1 has no 16 bits";
  EXPECT_TRUE(pack::pairs(std::vector<int8_t>{0, -128}.data(), 2, 1));
  EXPECT_TRUE(pack::pairs(std::vector<int8_t>{-128, -127}.data(), 2, 1));
  std::vector<int8_t> rows(2 * 600, 127);
  EXPECT_FALSE(pack::pairs(rows.data(), 2, 600)) << "128 * 127 * 600 >= 2^23";
  std::fill(rows.begin() + 600, rows.end(), int8_t{109});
  EXPECT_TRUE(pack::pairs(rows.data(), 2, 600)) << "the low channel has 32 bits of its own";
}

TEST(Pack, PairsPutTheHigherChannelAboveAndTapsInTheOrderOfTheWidening) {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, -1, -2, -3, -4, -5, 7, 8, 9, 10, 11};  // three rows of five
  EXPECT_EQ(*pack::pairs(rows.data(), 3, 5),
            (std::vector<int16_t>{1 - 256, 3 - 768, 2 - 512, 4 - 1024, 5 - 1280, 0, 0, 0, 7, 9, 8, 10, 11, 0, 0, 0}));
}

TEST(Pack, BlocksOfPairsAlternateAndEndWithTheirScalesAndTheirGroup) {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};  // two groups of five rows of a tap
  std::vector<Scale> scales;
  for (int32_t c = 0; c < 10; ++c) scales.push_back({c, -c});
  const auto packed = pack::pair_blocks(rows.data(), 2, 5, 1, scales);
  ASSERT_EQ(packed->size(), 4U * (8 + 16)) << "each group is padded to whole blocks";
  const auto part = [&](ptrdiff_t begin, ptrdiff_t n) {
    return std::vector<int16_t>(packed->begin() + begin, packed->begin() + begin + n);
  };
  EXPECT_EQ(part(0, 8), (std::vector<int16_t>{1 + 512, 0, 3 + 1024, 0, 0, 0, 0, 0}));
  EXPECT_EQ(part(8, 16), (std::vector<int16_t>{0, 0, 0, 0, 1, 0, -1, -1, 2, 0, -2, -1, 3, 0, -3, -1}));
  EXPECT_EQ(part(24, 16), (std::vector<int16_t>{5, 0, 0, 0, 0, 0, 0, 0, 4, 0, -4, -1, 0, 0, 0, 0}));
  EXPECT_EQ(part(48, 2), (std::vector<int16_t>{6 + 7 * 256, 0}));
}

TEST(Pack, PairsOfBytesTakeTwoTapsOfEachChannelAndEndWithTheirScales) {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};  // two groups of a row of five
  const auto packed = pack::swar_blocks(rows.data(), 2, 1, 5, {{256 * 11 + 12, 13}, {14, -1}});
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->size(), 2U * 2 * (16 + 16)) << "each group is padded to whole blocks";
  const auto part = [&](ptrdiff_t begin, ptrdiff_t n) {
    return std::vector<int8_t>(packed->begin() + begin, packed->begin() + begin + n);
  };
  EXPECT_EQ(part(0, 16), (std::vector<int8_t>{1, 2, 0, 0, 3, 4, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(part(16, 16), (std::vector<int8_t>{12, 11, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(part(64, 4), (std::vector<int8_t>{6, 7, 0, 0}));
  EXPECT_EQ(part(80, 8), (std::vector<int8_t>{14, 0, 0, 0, -1, -1, -1, -1}));
}

TEST(Pack, PairsOfBytesAreRefusedWhereTwoTapsDoNotFit) {
  const std::vector<Scale> scales(1);
  EXPECT_FALSE(pack::swar_blocks(std::vector<int8_t>{0, 0, -128, -128}.data(), 1, 1, 4, scales)) << "2^15 of two -128";
  EXPECT_TRUE(pack::swar_blocks(std::vector<int8_t>{0, -128, -128, 0}.data(), 1, 1, 4, scales)) << "they never meet";
  EXPECT_TRUE(pack::swar_blocks(std::vector<int8_t>{-128, -127}.data(), 1, 1, 2, scales));
}

TEST(Pack, ScalesAreThoseOfTheReferenceOrRefused) {
  const auto one = [](Channel c, int64_t heaviest) { return pack::scales({c}, {heaviest}); };
  std::mt19937 random(30);
  int packed = 0;
  for (int i = 0; i < 100000; ++i) {
    const int64_t heaviest = random() % 4 == 0 ? 0 : 1 + random() % 1000;
    const auto bias = static_cast<int32_t>(random()) >> (random() % 31);
    const auto multiplier = static_cast<int32_t>(random() % 16 == 0 ? 0 : random() >> 2 | 1U << 30);
    const auto shift = multiplier == 0 ? 0 : static_cast<int32_t>(random() % 36) - 31;
    const auto scales = one({bias, multiplier, ~shift}, heaviest);
    if (!scales) continue;
    ++packed;
    for (int64_t sum : {-128 * heaviest, int64_t{0}, 128 * heaviest}) {
      for (int32_t zero : {-128, -1, 0, 127}) {
        const int64_t all = sum + bias;
        const int64_t want = int64_t{oracle::requantize(static_cast<int32_t>(all), {multiplier, shift})} + zero;
        const Scale s = scales->at(0);
        const int32_t x = static_cast<int32_t>(2 * static_cast<uint32_t>(sum)) + (s.bias_right >> 7);
        ASSERT_EQ(rescale(x, s, 2 * zero + 1), std::clamp<int64_t>(want, -128, 127))
            << sum << " + " << bias << ", " << multiplier << " << " << shift;
      }
    }
  }
  EXPECT_GT(packed, 50000);
  EXPECT_FALSE(one({0, 1 << 30, ~0}, 1)) << "no shift to the right";
  EXPECT_FALSE(one({1 << 23, 1 << 30, ~-8}, 1)) << "too large a bias";
  EXPECT_FALSE(one({0, 1 << 30, ~-8}, 1 << 22)) << "too large a sum";
}

TEST(Pool, BytesThatKernelsReadBehindAnArrayAreThere) {
  ConstantPool last, inner;
  const std::vector<int8_t> weights = {1, 2, 3};
  last.reach(last.add("weights", weights) + 3 + 15);
  last.finish();
  ASSERT_EQ(last.entries().size(), 2U);
  EXPECT_EQ(last.entries()[1].offset, 3U);
  EXPECT_EQ(last.bytes().size(), 18U);
  inner.reach(inner.add("weights", weights) + 3 + 15);
  inner.add("scales", std::vector<int32_t>(4, 7));
  inner.finish();
  EXPECT_EQ(inner.entries().size(), 2U) << "what follows is enough";
}

TEST(Pack, BlocksInterleaveFourRowsAndPadWithZeros) {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};  // five rows of two
  EXPECT_EQ(pack::blocks(rows.data(), 1, 5, 2, 2),
            (std::vector<int8_t>{1, 3, 5, 7, 2, 4, 6, 8, 9, 0, 0, 0, 10, 0, 0, 0}));
  EXPECT_EQ(pack::blocks(rows.data(), 5, 1, 2, 1).size(), 40U);  // each group has a block of its own
  EXPECT_EQ(pack::depthwise(rows.data(), 5, 2, true), (std::vector<int8_t>{1, 2, 3, 4, 6, 7, 8, 9, 5, 10}));
  EXPECT_EQ(pack::depthwise(rows.data(), 5, 2, false), (std::vector<int8_t>{1, 6, 2, 7, 3, 8, 4, 9, 5, 10}));
}

TEST(Pack, DepthwiseBlocksOf3x3TakeTheOrderOfTheWideningAndTheLastOneOverlaps) {
  std::vector<int8_t> weights;
  for (int tap = 0; tap < 9; ++tap) {
    for (int channel = 0; channel < 5; ++channel) weights.push_back(static_cast<int8_t>(10 * channel + tap));
  }
  std::vector<int8_t> want;
  for (int begin : {0, 1}) {
    for (int channel = begin; channel < begin + 4; ++channel) {
      for (int tap : {0, 1, 3, 4, 2, 6, 5, 7}) want.push_back(static_cast<int8_t>(10 * channel + tap));
    }
    for (int channel = begin; channel < begin + 4; ++channel) want.push_back(static_cast<int8_t>(10 * channel + 8));
  }
  EXPECT_EQ(pack::depthwise_3x3(weights.data(), 5), want);
}

}  // namespace
}  // namespace smelt
