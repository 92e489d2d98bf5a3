// Gate functions in 16-bit fixed point, for every argument: the device's against the oracle's, and against real
// numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ops/fixed_s16.hpp"
#include "runtime/gates_s16.hpp"

namespace smelt {
namespace {

constexpr int32_t least = -32768, most = 32767;

TEST(Gates, LogisticEqualsTheOracle) {
  for (int32_t a = least; a <= most; ++a) ASSERT_EQ(logistic_gate_s16(a), oracle::logistic_16(a)) << a;
}

TEST(Gates, TanhEqualsTheOracle) {
  for (int32_t bits = 0; bits <= 6; ++bits) {
    for (int32_t a = least; a <= most; ++a)
      ASSERT_EQ(tanh_gate_s16(a, bits), oracle::tanh_16(a, bits)) << a << " of " << bits;
  }
}

/// Greatest difference from the real function in units of 2^-15.
template <class Gate, class Real>
double furthest(Gate gate, Real real, double unit) {
  double most_off = 0;
  for (int32_t a = least; a <= most; ++a) most_off = std::max(most_off, std::abs(gate(a) - 32768 * real(a * unit)));
  return most_off;
}

TEST(Gates, AreNearTheRealFunctions) {
  EXPECT_LT(furthest(
                logistic_gate_s16, [](double a) { return 1 / (1 + std::exp(-a)); }, 1.0 / 4096),
            12);
  for (int32_t bits = 0; bits <= 6; ++bits) {
    const auto gate = [bits](int32_t a) { return tanh_gate_s16(a, bits); };
    EXPECT_LT(furthest(
                  gate, [](double a) { return std::tanh(a); }, std::ldexp(1.0, bits - 15)),
              24)
        << bits;
  }
}

}  // namespace
}  // namespace smelt
