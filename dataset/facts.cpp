#include <algorithm>
#include <cmath>
#include <set>

#include "dataset/recording.hpp"

namespace smelt::dataset {

namespace {

constexpr size_t slices = 48, bands = 3;   // 144 numbers
constexpr int thumbnail = 12;              // 144 pixels

/// Without its mean, scaled to bytes. Empty where nothing varies: silence is like nothing.
Fingerprint scaled(std::vector<double> values, size_t block) {
  double most = 0;
  for (size_t b = 0; b < values.size(); b += block) {
    double mean = 0;
    for (size_t i = b; i < b + block; ++i) mean += values[i] / static_cast<double>(block);
    for (size_t i = b; i < b + block; ++i) most = std::max(most, std::fabs(values[i] -= mean));
  }
  if (!(most > 1e-6)) return {};
  Fingerprint print;
  for (const double v : values) print.push_back(static_cast<std::int8_t>(std::lround(v / most * 127)));
  return print;
}

AxisFacts facts_of_axis(const Signal& s, size_t axis) {
  AxisFacts f;
  const std::int64_t n = s.samples();
  if (n == 0) return f;
  double sum = 0, squares = 0;
  f.low = f.high = static_cast<double>(s.at(0, axis));
  const double origin = f.low;  // keeps the squares small beside an offset
  std::int64_t run = 0, longest = 0;
  std::set<float> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(s.at(i, axis));
    f.low = std::min(f.low, v);
    f.high = std::max(f.high, v);
    sum += v - origin;
    squares += (v - origin) * (v - origin);
    run = i > 0 && s.at(i, axis) == s.at(i - 1, axis) ? run + 1 : 1;
    longest = std::max(longest, run);
    if (run == 1 && values.size() < 64) values.insert(s.at(i, axis));
  }
  const auto count = static_cast<double>(n);
  f.mean = origin + sum / count;
  f.deviation = std::sqrt(std::max(0.0, squares / count - (sum / count) * (sum / count)));
  f.distinct = static_cast<double>(values.size());
  f.stuck = static_cast<double>(longest) / count;
  std::int64_t clipped = 0;
  for (const double edge : {f.low, f.high}) {
    for (std::int64_t i = 0; i < n && f.high > f.low;) {
      std::int64_t end = i;
      while (end < n && static_cast<double>(s.at(end, axis)) == edge) ++end;
      if (end - i >= 3) clipped += end - i;
      i = end + 1;
    }
  }
  f.clipped = static_cast<double>(clipped) / count;
  return f;
}

}  // namespace

std::vector<AxisFacts> facts_of(const Signal& signal) {
  std::vector<AxisFacts> facts;
  for (size_t a = 0; a < signal.axes.size(); ++a) facts.push_back(facts_of_axis(signal, a));
  return facts;
}

std::vector<AxisFacts> facts_of(const data::Image& image) {
  const std::vector<float> luma = data::resized(image, 32, 32, 1);
  return facts_of(Signal{0, {{"luma", ""}}, luma});
}

Fingerprint fingerprint_of(const Signal& signal) {
  const std::int64_t n = signal.samples();
  if (n < static_cast<std::int64_t>(slices) * 4) return {};
  // The energy of the signal and of its first two differences, slice by slice: envelope and tilt of the spectrum over time.
  std::vector<double> energy(slices * bands, 0.0);
  for (size_t a = 0; a < signal.axes.size(); ++a) {
    double mean = 0;
    for (std::int64_t i = 0; i < n; ++i) mean += static_cast<double>(signal.at(i, a)) / static_cast<double>(n);
    double before = 0, change_before = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto slice = static_cast<size_t>(i * static_cast<std::int64_t>(slices) / n);
      const double v = static_cast<double>(signal.at(i, a)) - mean;
      const double change = i > 0 ? v - before : 0, bend = i > 1 ? change - change_before : 0;
      energy[slice] += v * v;
      energy[slices + slice] += change * change;
      energy[2 * slices + slice] += bend * bend;
      before = v;
      change_before = change;
    }
  }
  for (size_t b = 0; b < bands; ++b) {
    const auto begin = energy.begin() + static_cast<std::ptrdiff_t>(b * slices), end = begin + static_cast<std::ptrdiff_t>(slices);
    const double floor = *std::max_element(begin, end) * 1e-4;  // 40 dB: what is below hardly counts
    if (!(floor > 0)) return {};
    for (auto e = begin; e != end; ++e) *e = std::log(*e + floor);
  }
  return scaled(energy, slices);
}

Fingerprint fingerprint_of(const data::Image& image) {
  const std::vector<float> luma = data::resized(image, thumbnail, thumbnail, 1);
  return scaled({luma.begin(), luma.end()}, luma.size());
}

double likeness(const Fingerprint& a, const Fingerprint& b) {
  if (a.empty() || a.size() != b.size()) return 0;
  int ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa == 0 || bb == 0 ? 0 : ab / std::sqrt(static_cast<double>(aa) * bb);
}

const char* name_of(Split split) {
  switch (split) {
    case Split::train: return "train";
    case Split::validation: return "validation";
    case Split::test: return "test";
    case Split::none: break;
  }
  return "";
}

Split split_of(const std::string& word) {
  if (word == "training") return Split::train;
  if (word == "testing") return Split::test;
  for (const Split s : all_splits) {
    if (word == name_of(s)) return s;
  }
  return Split::none;
}

}  // namespace smelt::dataset
