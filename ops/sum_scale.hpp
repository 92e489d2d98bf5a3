// One weighted sum in place of the three requantizations of an int8 addition, where that is proven.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "runtime/arch/sum.hpp"

namespace smelt {

/// What the sum is meant to be: ratio_a * (a - zero_a) + ratio_b * (b - zero_b) + zero, clamped.
struct PairSum {
  double ratio_a = 0, ratio_b = 0;
  int32_t zero_a = 0, zero_b = 0, zero = 0;
  int32_t low = -128, high = 127;
};

/// The scale with which weighted_sum, clamped, equals `reference` for each of the 65,536 pairs of operands. Nothing
/// where none was found: ratios of 8 and more, sums beyond 2047, or pairs that lie on both sides of ties as no weighted
/// sum does.
std::optional<SumScale> fit_sum_scale(const PairSum& sum, const std::function<int32_t(int32_t, int32_t)>& reference);

}  // namespace smelt
