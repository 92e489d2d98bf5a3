// The device's functions against the host's in double precision.
#include "runtime/math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "runtime/math_erf.hpp"
#include "runtime/math_log.hpp"
#include "runtime/math_power.hpp"
#include "runtime/math_trig.hpp"

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

/// Within `most` units in the last place of the exact answer wherever that is a number, and no number where it is none.
void expect_near(float x, float got, double exact, double most) {
  if (std::isnan(exact)) {
    ASSERT_TRUE(std::isnan(got)) << x;
  } else if (std::isinf(static_cast<float>(exact))) {
    ASSERT_EQ(got, static_cast<float>(exact)) << x;
  } else {
    ASSERT_LE(ulps(got, exact), most) << x << ": " << got << ", should be " << exact;
  }
}

struct Function {
  const char* name;
  float (*got)(float);
  double (*exact)(double);
  double most;  ///< error in units of the last place
};

TEST(Math, FunctionsAreWithinTheirErrorsOverAllFloats) {
  constexpr Function functions[] = {
      {"expm1", expm1_f32, std::expm1, 1.6},
      {"log", log_f32, std::log, 0.8},
      {"log1p", log1p_f32, std::log1p, 0.9},
      {"asinh", asinh_f32, std::asinh, 1.7},
      {"acosh", acosh_f32, std::acosh, 2.5},
      {"atanh", atanh_f32, std::atanh, 2.0},
      {"sin", sin_f32, std::sin, 2.8},
      {"cos", cos_f32, std::cos, 2.8},
      {"tan", tan_f32, std::tan, 4.5},
      {"asin", asin_f32, std::asin, 2.0},
      {"acos", acos_f32, std::acos, 1.3},
      {"atan", atan_f32, std::atan, 2.0},
      {"erf", erf_f32, std::erf, 1.2},
      {"sqrt", sqrt_f32, std::sqrt, 0.5},
      {"sqrt by digits", sqrt_by_digits, std::sqrt, 0.5},
      {"floor", floor_f32, std::floor, 0},
      {"ceil", ceil_f32, std::ceil, 0},
      {"truncate", truncate_f32, std::trunc, 0},
      {"round", round_f32, std::nearbyint, 0},
  };
  for (const Function& f : functions) {
    SCOPED_TRACE(f.name);
    sweep([&](float x) { expect_near(x, f.got(x), f.exact(static_cast<double>(x)), f.most); });
  }
}

TEST(Math, TheComplementOfErfIsExactTo2In10Million) {
  for (float x = -6; x < 6; x += 1e-4F) ASSERT_NEAR(erfc_f32(x), std::erfc(static_cast<double>(x)), 2e-7) << x;
}

TEST(Math, FunctionsOfTwoFloats) {
  std::mt19937 random(7);
  const auto any = [&] { return as_float(static_cast<int32_t>(random())); };
  const auto near = [&] { return std::ldexp(static_cast<float>(random() % 100000), static_cast<int>(random() % 24) - 24); };
  const std::vector<float> special = {0.0F, -0.0F, 1.0F, -1.0F, 0.5F, 2.0F, -2.0F, 3.0F, -3.0F, INFINITY, -INFINITY, 1e-40F};
  std::vector<std::pair<float, float>> pairs;
  for (float x : special) {
    for (float y : special) pairs.emplace_back(x, y);
  }
  for (int i = 0; i < 200000; ++i) {
    pairs.emplace_back(any(), any());
    pairs.emplace_back(near(), near() * 0.01F - 40.0F);
  }
  for (const auto& [a, b] : pairs) {
    if (std::isnan(a) || std::isnan(b)) continue;
    const auto x = static_cast<double>(a), y = static_cast<double>(b);
    expect_near(a, pow_f32(a, b), std::pow(x, y), 0.51);
    expect_near(a, atan2_f32(a, b), std::atan2(x, y), 2.5);
    expect_near(a, remainder_f32(a, b), std::fmod(x, y), 0);
    if (::testing::Test::HasFatalFailure()) FAIL() << a << ", " << b;
  }
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
