// Source of the window: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "dataset/signal.hpp"

namespace smelt::dataset {

namespace {

constexpr int reach = 24;       // zero crossings of the sinc on either side: a transition of a tenth of the band
constexpr double beta = 8.0;    // 80 dB in the stop band
constexpr double margin = 0.95; // of the lower Nyquist frequency, where the pass band's edge is at half amplitude
constexpr int steps = 512;      // of the tabled filter for each zero crossing; linear between: an error of 1e-5

double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > sum * 1e-12; ++k) sum += term *= (x / 2 / k) * (x / 2 / k);
  return sum;
}

/// The filter at distances in zero crossings.
const std::vector<double>& tabled() {
  static const std::vector<double> table = [] {
    std::vector<double> t(static_cast<size_t>(reach * steps) + 2, 0.0);
    for (size_t i = 0; i <= static_cast<size_t>(reach * steps); ++i) {
      const double x = static_cast<double>(i) / steps, r = x / reach;
      const double sinc = i == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      t[i] = sinc * bessel_i0(beta * std::sqrt(std::max(0.0, 1 - r * r))) / bessel_i0(beta);
    }
    return t;
  }();
  return table;
}

}  // namespace

std::int64_t samples_at(std::int64_t samples, double from, double to) {
  if (samples == 0 || from == to || !(from > 0) || !(to > 0)) return samples;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(static_cast<double>(samples) * to / from + 1e-9)));
}

Signal resampled(const Signal& signal, double rate) {
  Signal result{rate, signal.axes, {}};
  const std::int64_t from = signal.samples();
  if (from == 0 || rate == signal.rate || !(signal.rate > 0) || !(rate > 0)) {
    result.values = signal.values;
    return result;
  }
  const double step = signal.rate / rate;                      // input samples for each output sample
  const double band = margin * std::min(1.0, 1 / step);        // zero crossings for each input sample
  const std::int64_t to = samples_at(from, signal.rate, rate);
  const size_t width = signal.axes.size();
  const std::vector<double>& filter = tabled();
  result.values.resize(static_cast<size_t>(to) * width);
  std::vector<double> sum(width);
  for (std::int64_t k = 0; k < to; ++k) {
    const double center = static_cast<double>(k) * step;
    const auto first = static_cast<std::int64_t>(std::ceil(center - reach / band)), last = static_cast<std::int64_t>(std::floor(center + reach / band));
    std::fill(sum.begin(), sum.end(), 0.0);
    double weights = 0;
    for (std::int64_t i = first; i <= last; ++i) {
      const double x = std::fabs(static_cast<double>(i) - center) * band * steps;
      const auto at = std::min(static_cast<size_t>(x), filter.size() - 2);
      const double w = filter[at] + (x - static_cast<double>(at)) * (filter[at + 1] - filter[at]);
      weights += w;
      const float* sample = signal.values.data() + static_cast<size_t>(std::clamp<std::int64_t>(i, 0, from - 1)) * width;
      for (size_t a = 0; a < width; ++a) sum[a] += w * static_cast<double>(sample[a]);
    }
    for (size_t a = 0; a < width; ++a) result.values[static_cast<size_t>(k) * width + a] = static_cast<float>(sum[a] / weights);
  }
  return result;
}

}  // namespace smelt::dataset
