// Resampling held to sines of known frequency.
#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

Signal sine(double rate, double hz, int samples) {
  Signal s{rate, {{"x", ""}, {"one", ""}}, {}};
  for (int i = 0; i < samples; ++i) {
    s.values.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * hz * i / rate)));
    s.values.push_back(1);
  }
  return s;
}

TEST(Resample, SinesWithinTheBandKeepTheirShape) {
  for (const auto& [from, to] : std::vector<std::pair<double, double>>{{8000, 16000}, {44100, 16000}, {48000, 8000}, {100, 62.5}}) {
    const double hz = 0.35 * std::min(from, to);
    const Signal out = resampled(sine(from, hz, 4000), to);
    EXPECT_EQ(out.rate, to);
    EXPECT_EQ(out.samples(), static_cast<std::int64_t>(4000 * to / from));
    for (std::int64_t i = 200; i < out.samples() - 200; ++i) {
      ASSERT_NEAR(out.at(i, 0), std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / to), 2e-3) << from << " " << to << " " << i;
      ASSERT_NEAR(out.at(i, 1), 1, 1e-5);
    }
  }
}

TEST(Resample, WhatTheLowerRateCannotCarryGoes) {
  const Signal out = resampled(sine(48000, 6000, 9600), 8000);  // would come back at 2 kHz
  for (std::int64_t i = 100; i < out.samples() - 100; ++i) ASSERT_NEAR(out.at(i, 0), 0, 1e-3);
}

TEST(Resample, TheSameRateIsNoChange) {
  const Signal in = sine(100, 3, 50);
  EXPECT_EQ(resampled(in, 100).values, in.values);
}

}  // namespace
}  // namespace smelt::dataset
