#include "ops/curves_s16.hpp"

#include <algorithm>
#include <cmath>

namespace smelt::curves_s16 {

std::vector<int32_t> logistic_table() {
  const auto exact = [](double i) { return 65536 / (1 + std::exp(-i / 24)); };
  std::vector<int32_t> table;
  for (int i = 0; i < 255; ++i) {
    const double lacks = exact(i + 0.5) - (exact(i) + exact(i + 1)) / 2;
    table.push_back(static_cast<int32_t>(std::floor(exact(i) + lacks / 2 + 0.5)));
  }
  table.push_back(65535);
  return table;
}

std::vector<int16_t> steps_table(double (*function)(double), double from, double to) {
  constexpr int steps = 512;
  const double step = (to - from) / steps;
  // The reference's output scale is 2/65535, and its range as wide as 65536 of it.
  const double units = 65536 / (2.0 / 65535 * 65535);
  const auto stored = [](double x) { return static_cast<int16_t>(std::clamp(x, -32768.0, 32767.0)); };
  std::vector<int16_t> table;
  for (int i = 0; i < steps; ++i) {
    const double here = std::round(function(from + i * step) * units);
    const double middle = std::round(function(from + i * step + step / 2) * units);
    const double chord = std::round((function(from + (i + 1) * step) * units + here) / 2);
    table.push_back(stored(here - std::round((chord - middle) / 2)));
  }
  table.push_back(stored(std::round(function(to) * units)));
  return table;
}

std::vector<int16_t> exp_table() {
  return steps_table([](double x) { return std::exp(x); }, 10.0 / 65535 * -65535, 0);
}

std::vector<int16_t> reciprocal_table() {
  return steps_table([](double x) { return 1 / (1 + x); }, 0, 1.0 / 65535 * 65535);
}

bool power_of_two(float scale, int& log2) {
  const float exact = std::log(scale) * (1.0F / std::log(2.0F));
  const float rounded = std::round(exact);
  log2 = static_cast<int>(rounded);
  return std::abs(exact - rounded) < 1e-3F;
}

}  // namespace smelt::curves_s16
