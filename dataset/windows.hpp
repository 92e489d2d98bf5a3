// Windows are arithmetic on recordings: nothing of them is stored.
#pragma once

#include <span>
#include <vector>

#include "dataset/recording.hpp"

namespace smelt::dataset {

struct WindowRef {
  std::size_t recording = 0;  ///< index into the list that was asked about
  std::int64_t first = 0;     ///< sample, at the project's rate
};

/// Windows of a recording of so many samples at the project's rate. What is left at the end is no window; a shorter recording
/// is one, of zeros at its end, where the project pads, and none otherwise. A picture is one window.
std::int64_t windows_of(const Recording& recording, const project::Project& project);

/// All windows of these recordings, in order.
std::vector<WindowRef> windows(const std::vector<Recording>& recordings, const project::Project& project);
/// Only of one split.
std::vector<WindowRef> windows(const std::vector<Recording>& recordings, const project::Project& project, Split split);

/// The samples of a window, axes side by side: `length` of them, zeros behind the recording's end.
std::vector<float> cut(const Signal& signal, std::int64_t first, std::int64_t length);

}  // namespace smelt::dataset
