#include "ops/inverse_sqrt.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smelt::oracle {
namespace {

/// x * 2^digits, saturating.
int32_t saturating_shift_left(int32_t x, int digits) {
  const int64_t y = int64_t{x} * (int64_t{1} << digits);
  return static_cast<int32_t>(std::clamp<int64_t>(y, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

}  // namespace

Multiplier inverse_sqrt(int32_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  // x = m * 4^k with m from 2^27 to 2^29; then five steps of Newton's method from 1 towards 1 / sqrt(m), numbers having
  // 3 integer digits. A product of numbers with a and b of them has a + b.
  int32_t right = 11;
  int32_t m = x;
  for (; m >= 1 << 29; m /= 4) ++right;
  for (; m < 1 << 27; m *= 4) --right;
  const int32_t operand = m >> 1;
  const int32_t half = rounding_shift_right(operand, 1);
  constexpr int32_t three_halves = (1 << 28) + (1 << 27);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = saturating_shift_left(doubling_high_mul(doubling_high_mul(y, y), y), 6);
    y = saturating_shift_left(doubling_high_mul(three_halves, y) - doubling_high_mul(half, cube), 3);
  }
  constexpr int32_t half_root_of_two = 1518500250;
  Multiplier result{doubling_high_mul(y, half_root_of_two), -right};
  if (right < 0) result = {result.multiplier * (1 << -right), 0};
  return result;
}

}  // namespace smelt::oracle
