#include "dataset/stats.hpp"

#include <set>

namespace smelt::dataset {

namespace {

void add(Amount& a, const Amount& b) {
  a.recordings += b.recordings;
  a.seconds += b.seconds;
  a.windows += b.windows;
}

}  // namespace

Amount sum(const std::map<Split, Amount>& amounts) {
  Amount all;
  for (const auto& [split, amount] : amounts) add(all, amount);
  return all;
}

Statistics statistics(const std::vector<Recording>& recordings, const project::Project& project) {
  Statistics s;
  std::set<std::string> groups;
  for (const Recording& r : recordings) {
    const Amount one{1, r.seconds(), windows_of(r, project)};
    add(s.by_label[r.label][r.split], one);
    add(s.by_split[r.split], one);
    add(s.all, one);
    if (!r.group.empty()) groups.insert(r.group);
  }
  s.groups = groups.size();
  return s;
}

}  // namespace smelt::dataset
