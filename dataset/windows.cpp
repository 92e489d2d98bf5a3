#include "dataset/windows.hpp"

#include <algorithm>

namespace smelt::dataset {

namespace {

template <class Wanted>
std::vector<WindowRef> list(const std::vector<Recording>& recordings, const project::Project& project, const Wanted& wanted) {
  std::vector<WindowRef> all;
  for (size_t i = 0; i < recordings.size(); ++i) {
    if (!wanted(recordings[i])) continue;
    const double rate = project.data.rate > 0 ? project.data.rate : recordings[i].rate;
    const std::int64_t stride = project.window.stride(rate), count = windows_of(recordings[i], project);
    for (std::int64_t w = 0; w < count; ++w) all.push_back({i, w * stride});
  }
  return all;
}

}  // namespace

std::int64_t windows_of(const Recording& r, const project::Project& project) {
  if (r.kind == Kind::image) return 1;
  const double rate = project.data.rate > 0 ? project.data.rate : r.rate;
  const std::int64_t length = project.window.length(rate), samples = samples_at(r.samples, r.rate, rate);
  if (length <= 0 || samples <= 0) return 0;
  if (samples < length) return project.window.pad ? 1 : 0;
  return (samples - length) / project.window.stride(rate) + 1;
}

std::vector<WindowRef> windows(const std::vector<Recording>& recordings, const project::Project& project) {
  return list(recordings, project, [](const Recording&) { return true; });
}

std::vector<WindowRef> windows(const std::vector<Recording>& recordings, const project::Project& project, Split split) {
  return list(recordings, project, [split](const Recording& r) { return r.split == split; });
}

std::vector<float> cut(const Signal& signal, std::int64_t first, std::int64_t length) {
  const size_t width = signal.axes.size();
  std::vector<float> window(static_cast<size_t>(length) * width, 0.0F);
  const std::int64_t from = std::clamp<std::int64_t>(first, 0, signal.samples());
  const std::int64_t to = std::clamp<std::int64_t>(first + length, from, signal.samples());
  std::copy(signal.values.begin() + from * static_cast<std::int64_t>(width), signal.values.begin() + to * static_cast<std::int64_t>(width),
            window.begin() + (from - first) * static_cast<std::int64_t>(width));
  return window;
}

}  // namespace smelt::dataset
