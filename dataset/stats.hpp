// What there is: recordings, seconds and windows of each label and split.
#pragma once

#include <map>

#include "dataset/store.hpp"

namespace smelt::dataset {

struct Amount {
  std::size_t recordings = 0;
  double seconds = 0;
  std::int64_t windows = 0;
};

struct Statistics {
  std::map<std::string, std::map<Split, Amount>> by_label;  ///< "" : unlabelled
  std::map<Split, Amount> by_split;
  Amount all;
  std::size_t groups = 0;
};

Statistics statistics(const std::vector<Recording>& recordings, const project::Project& project);
/// Sums over splits.
Amount sum(const std::map<Split, Amount>& amounts);

}  // namespace smelt::dataset
