// The device's exponential and hyperbolic tangent against the host's in double precision.
#include "runtime/math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace smelt {
namespace {

/// Distance from the exact value in units of the last place of a float there.
double ulps(float got, double exact) {
  const float at = std::fabs(static_cast<float>(exact));
  return std::fabs(static_cast<double>(got) - exact) / (std::nextafter(at, INFINITY) - at);
}

template <class F>
void sweep(F check) {
  for (uint64_t bits = 0; bits <= 0xFFFFFFFFU; bits += 1009) {  // a prime, so that every binade is hit all over
    const auto word = static_cast<uint32_t>(bits);
    float x = 0;
    std::memcpy(&x, &word, sizeof x);
    if (!std::isnan(x)) check(x);
  }
}

TEST(Math, ExpIsWithinOneUnitInTheLastPlace) {
  sweep([](float x) {
    const double exact = std::exp(static_cast<double>(x));
    const float got = exp_f32(x);
    if (std::isinf(static_cast<float>(exact))) {
      ASSERT_EQ(got, INFINITY) << x;
    } else {
      ASSERT_LE(ulps(got, exact), 1.0) << x;
    }
  });
}

TEST(Math, TanhIsWithinOneAndAHalf) {
  sweep([](float x) { ASSERT_LE(ulps(tanh_f32(x), std::tanh(static_cast<double>(x))), 1.5) << x; });
}

TEST(Math, EdgesAreKept) {
  EXPECT_EQ(exp_f32(0.0F), 1.0F);
  EXPECT_EQ(exp_f32(-INFINITY), 0.0F);
  EXPECT_EQ(exp_f32(INFINITY), INFINITY);
  EXPECT_TRUE(std::isnan(exp_f32(NAN)));
  EXPECT_EQ(tanh_f32(INFINITY), 1.0F);
  EXPECT_EQ(tanh_f32(-INFINITY), -1.0F);
  EXPECT_TRUE(std::isnan(tanh_f32(NAN)));
}

}  // namespace
}  // namespace smelt
