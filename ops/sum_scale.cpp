#include "ops/sum_scale.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace smelt {
namespace {

constexpr int32_t fraction_bits = 20;  // of the sum; weights have 8 more
constexpr double weight_unit = 1 << (fraction_bits + 8);

struct Pair {
  int8_t a, b, want;
};

/// The nearest scale, its weights moved by units; nothing where a partial sum might leave 32 bits.
std::optional<SumScale> scale_near(const PairSum& p, int32_t move_a, int32_t move_b, int32_t move_bias) {
  const double a = std::round(p.ratio_a * weight_unit) + move_a;
  const double b = std::round(p.ratio_b * weight_unit) + move_b;
  const double bias = std::round(-(a * p.zero_a + b * p.zero_b) / 256) + move_bias;
  constexpr double limit = 2147483000.0;  // 2^31, without all that roundings can add
  if (std::max(std::fabs(a), std::fabs(b)) > limit) return std::nullopt;
  if (std::fabs(bias) + std::max(std::fabs(a), std::fabs(a) + std::fabs(b)) / 2 > limit) return std::nullopt;
  return SumScale{static_cast<int32_t>(a), static_cast<int32_t>(b), static_cast<int32_t>(bias),
                  p.zero * (1 << fraction_bits) + (1 << (fraction_bits - 1))};
}

int32_t answer(const PairSum& p, const SumScale& s, int8_t a, int8_t b) {
  return std::clamp<int32_t>(weighted_sum(s, a, b), p.low, p.high);
}

bool agrees(const PairSum& p, const SumScale& s, const std::vector<Pair>& pairs) {
  return std::all_of(pairs.begin(), pairs.end(), [&](const Pair& q) { return answer(p, s, q.a, q.b) == q.want; });
}

}  // namespace

std::optional<SumScale> fit_sum_scale(const PairSum& sum, const std::function<int32_t(int32_t, int32_t)>& reference) {
  // The reference's intermediate roundings move what lies within some 2^-19 of a half. Few pairs do; those that answer
  // otherwise when the sum is moved by `reach` decide, and everything is proven in the end.
  constexpr int32_t largest_move = 16, reach = 64;
  const std::optional<SumScale> nearest = scale_near(sum, 0, 0, 0);
  const std::optional<SumScale> under = scale_near(sum, 0, 0, -reach), over = scale_near(sum, 0, 0, reach);
  if (!nearest || !under || !over) return std::nullopt;
  std::vector<Pair> all, close;
  for (int32_t a = -128; a < 128; ++a) {
    for (int32_t b = -128; b < 128; ++b) {
      const Pair q{static_cast<int8_t>(a), static_cast<int8_t>(b), static_cast<int8_t>(reference(a, b))};
      all.push_back(q);
      if (answer(sum, *under, q.a, q.b) != q.want || answer(sum, *over, q.a, q.b) != q.want) close.push_back(q);
    }
  }
  std::vector<int32_t> moves = {0};
  for (int32_t m = 1; m <= largest_move; m *= 2) moves.insert(moves.end(), {m, -m});
  std::vector<int32_t> bias_moves = {0};
  for (int32_t m = 1; m <= largest_move / 2; ++m) bias_moves.insert(bias_moves.end(), {m, -m});
  for (const int32_t a : moves) {
    for (const int32_t b : moves) {
      for (const int32_t bias : bias_moves) {
        const std::optional<SumScale> s = scale_near(sum, a, b, bias);
        if (s && agrees(sum, *s, close) && agrees(sum, *s, all)) return s;
      }
    }
  }
  return std::nullopt;
}

}  // namespace smelt
