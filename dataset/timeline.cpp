#include "dataset/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace smelt::dataset {

namespace {

constexpr double fine = 0.05;        // of an interval: jitter that is none
constexpr double rough_mean = 0.5;   // mean deviation, in intervals, beyond which there is no rate
constexpr double missing = 1.75;     // intervals: one sample lost makes two

struct Steps {
  double rate = 0;                  ///< measured
  double gap = 0;                   ///< steps above this many seconds are gaps
  bool rough = false;               ///< wants interpolation
  double jitter = 0;                ///< the largest deviation of a step that is no gap, in intervals
  std::vector<size_t> gaps;         ///< rows behind a gap
  size_t backward = 0;              ///< a row whose time lies before the one above; 0: none
  bool irregular = false;
};
std::vector<float> interpolated(const Rows& rows, size_t first, size_t last, double rate) {
  const double start = rows.times[first], span = rows.times[last - 1] - start;
  const auto count = static_cast<size_t>(std::min(span * rate + 1 + 1e-6, static_cast<double>(max_values) / static_cast<double>(rows.width)));
  std::vector<float> values;
  values.reserve(count * rows.width);
  size_t at = first;
  for (size_t k = 0; k < count; ++k) {
    const double t = start + static_cast<double>(k) / rate;
    while (at + 2 < last && rows.times[at + 1] <= t) ++at;
    const size_t next = std::min(at + 1, last - 1);
    const double step = rows.times[next] - rows.times[at];
    const double w = step > 0 ? std::clamp((t - rows.times[at]) / step, 0.0, 1.0) : 0;
    for (size_t a = 0; a < rows.width; ++a) {
      const double from = static_cast<double>(rows.values[at * rows.width + a]), to = static_cast<double>(rows.values[next * rows.width + a]);
      values.push_back(static_cast<float>(from + w * (to - from)));
    }
  }
  return values;
}

Steps measure(const Rows& rows) {
  Steps s;
  std::vector<double> steps;
  for (size_t i = 1; i < rows.times.size(); ++i) {
    steps.push_back(rows.times[i] - rows.times[i - 1]);
    if (steps.back() < 0 && s.backward == 0) s.backward = i;
  }
  if (steps.empty() || s.backward != 0) return s;
  std::vector<double> sorted = steps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  // Coarse stamps of a fast sensor: the median may be 0, the mean is not.
  const double usual = rows.interval > 0 ? rows.interval : *middle > 0 ? *middle : (rows.times.back() - rows.times.front()) / static_cast<double>(steps.size());
  s.gap = missing * usual + rows.resolution;
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] >= s.gap) {
      s.gaps.push_back(i + 1);
    } else {
      sum += steps[i];
      ++count;
    }
  }
  if (count == 0 || sum <= 0) {
    s.irregular = true;
    return s;
  }
  const double interval = sum / static_cast<double>(count);
  double deviation = 0;
  for (const double step : steps) {
    if (step >= s.gap) continue;
    deviation += std::fabs(step - interval);
    s.jitter = std::max(s.jitter, std::fabs(step - interval) / interval);
  }
  s.rate = 1 / interval;
  s.rough = s.jitter * interval > std::max(1.5 * rows.resolution, fine * interval);
  s.irregular = deviation / static_cast<double>(count) > std::max(rough_mean * interval, rows.resolution);
  return s;
}

std::vector<Piece> pieces_of(const Rows& rows, const Steps& steps, double rate, Gaps gaps) {
  std::vector<size_t> starts = {0};
  if (gaps == Gaps::split) starts.insert(starts.end(), steps.gaps.begin(), steps.gaps.end());
  starts.insert(starts.end(), rows.cuts.begin(), rows.cuts.end());
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  std::vector<Piece> pieces;
  for (size_t p = 0; p < starts.size(); ++p) {
    const size_t first = starts[p], last = p + 1 < starts.size() ? starts[p + 1] : rows.times.size();
    Piece piece{first, {}, {}};
    const auto within = [&](size_t row) { return row > first && row < last; };
    const auto filled = gaps == Gaps::fill ? std::count_if(steps.gaps.begin(), steps.gaps.end(), within) : 0;
    if (filled > 0) piece.notes.push_back(std::to_string(filled) + (filled == 1 ? " gap filled" : " gaps filled"));
    if (steps.rough) {
      char text[80];
      std::snprintf(text, sizeof text, "steps off by up to %.0f %%, interpolated", steps.jitter * 100);
      piece.notes.emplace_back(text);
    }
    if (filled > 0 || steps.rough) {
      piece.values = interpolated(rows, first, last, rate);
    } else {
      const auto begin = rows.values.begin();
      piece.values.assign(begin + static_cast<std::ptrdiff_t>(first * rows.width), begin + static_cast<std::ptrdiff_t>(last * rows.width));
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace

double meant_rate(double measured, double nominal, double error) {
  if (nominal > 0 && std::fabs(measured / nominal - 1) <= 0.01) return nominal;
  const double power = std::pow(10, std::floor(std::log10(measured)));
  for (double digits = 1; digits <= 1000; digits *= 10) {
    const double unit = power / digits;
    // Rates below the unit's size are written in its reciprocal, so that 62.5 is 62.5 and not 62.50000000000001.
    const double round = unit >= 1 ? std::round(measured / unit) * unit : std::round(measured / unit) / std::round(1 / unit);
    if (std::fabs(round / measured - 1) <= error) return round;
  }
  return measured;
}

Result<Timeline> to_uniform(const Rows& rows, const DecodeOptions& options, const std::function<std::string(size_t)>& place_of) {
  const Steps steps = measure(rows);
  if (steps.backward != 0) {
    return Failure("E1012", place_of(steps.backward), "time goes backwards", "sort the rows by time, or cut the file where a new recording begins");
  }
  if (steps.irregular || !(steps.rate > 0)) {
    return Failure("E1012", place_of(0), "the timestamps keep no rate (several rows share one, or the steps differ wildly)",
                   "where the samples are uniform all the same say --ignore-time --rate HZ");
  }
  if (!steps.gaps.empty() && options.gaps == Gaps::refuse) {
    const size_t row = steps.gaps.front();
    char text[120];
    std::snprintf(text, sizeof text, "a gap of %.4g s in samples that come every %.4g s", rows.times[row] - rows.times[row - 1], 1 / steps.rate);
    const size_t more = steps.gaps.size() - 1;
    return Failure("E1013", place_of(row), text + (more == 0 ? std::string() : ", and " + std::to_string(more) + (more == 1 ? " other gap" : " other gaps")),
                   "--gaps split makes recordings of what lies between gaps, --gaps fill interpolates");
  }
  if (options.gaps == Gaps::fill && (rows.times.back() - rows.times.front()) * steps.rate * static_cast<double>(rows.width) > static_cast<double>(max_values)) {
    return Failure("E1019", place_of(steps.gaps.empty() ? 0 : steps.gaps.front()), "its gaps are too long to be filled", "say --gaps split");
  }
  const double rate = meant_rate(steps.rate, options.rate, std::max(5e-4, 2 * steps.jitter / static_cast<double>(rows.times.size())));
  return Timeline{rate, pieces_of(rows, steps, rate, options.gaps)};
}

}  // namespace smelt::dataset
