#include "dataset/split.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "dataset/sha256.hpp"

namespace smelt::dataset {

namespace {

using Weights = std::map<std::string, double>;  // of each label

/// Recordings that go the same way.
struct Unit {
  std::string key;    ///< what is hashed: independent of the machine and of other recordings
  Digest order{};
  Weights weights;
  std::vector<const Recording*> members;
  Split fixed = Split::none;
};

bool fits(const std::string& pattern, const Recording& r) {
  const std::string name = std::filesystem::path(r.path).filename().string();
  return fnmatch(pattern.c_str(), r.path.c_str(), 0) == 0 || fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

double weight_of(const Recording& r) { return r.kind == Kind::image ? 1 : r.seconds() > 0 ? r.seconds() : static_cast<double>(r.samples); }

Digest hash(std::uint64_t seed, const std::string& key) {
  const std::string text = std::to_string(seed) + ":" + key;
  return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::vector<Unit> units_of(const std::vector<Recording>& recordings, const project::Split& how) {
  std::map<std::string, Unit> units;
  for (const Recording& r : recordings) {
    const bool grouped = how.by_group && !r.group.empty();
    const std::string key = grouped ? "group:" + r.group : "content:" + r.sha256 + "#" + std::to_string(r.part);
    Unit& unit = units[key];
    unit.key = key;
    unit.weights[r.label] += weight_of(r);
    unit.members.push_back(&r);
  }
  std::vector<Unit> list;
  for (auto& [key, unit] : units) {
    unit.order = hash(how.seed, key);
    list.push_back(std::move(unit));
  }
  std::sort(list.begin(), list.end(), [](const Unit& a, const Unit& b) { return a.order < b.order; });
  return list;
}

/// The split that patterns or, with `keep`, the index give a recording. E1025 where patterns disagree.
Result<Split> fixed_split(const Recording& r, const project::Split& how, bool keep) {
  Split fixed = Split::none;
  size_t i = 0;
  for (const Split split : all_splits) {
    for (const std::string& pattern : how.fixed[i++]) {
      if (!fits(pattern, r) || fixed == split) continue;
      if (fixed != Split::none) {
        return Failure(ExitCode::usage, {"E1025", r.path, std::string("is meant for ") + name_of(fixed) + " and for " + name_of(split),
                                         "patterns of different splits must not overlap"});
      }
      fixed = split;
    }
  }
  return fixed == Split::none && keep ? r.split : fixed;
}

Outcome check_patterns(const std::vector<Recording>& recordings, const project::Split& how) {
  for (const auto& patterns : how.fixed) {
    for (const std::string& pattern : patterns) {
      if (std::any_of(recordings.begin(), recordings.end(), [&](const Recording& r) { return fits(pattern, r); })) continue;
      return Failure(ExitCode::usage, {"E1025", pattern, "fits no recording", "patterns are held against paths and file names, with * and ?"});
    }
  }
  return Done{};
}

}  // namespace

Result<std::vector<std::pair<std::int64_t, Split>>> assign_splits(const std::vector<Recording>& recordings, const project::Split& how, bool keep) {
  if (how.by_group && std::all_of(recordings.begin(), recordings.end(), [](const Recording& r) { return r.group.empty(); })) {
    return Failure(ExitCode::usage, {"E1025", "[split]", "is by group, but no recording has one",
                                     "import with a pattern that has {group}, or with --group-from, or split by recording"});
  }
  if (Outcome o = check_patterns(recordings, how); !o) return o.failure();
  std::vector<Unit> units = units_of(recordings, how);
  std::vector<std::pair<std::int64_t, Split>> result;
  // What a pattern names does not count toward the proportions of its split: `test = ["*-vd2-*"]` leaves all others to
  // training and validation, in their proportions.
  bool by_pattern[3];
  double sum = 0;
  for (size_t s = 0; s < 3; ++s) {
    by_pattern[s] = !how.fixed[s].empty();
    sum += by_pattern[s] ? 0 : how.proportions[s];
  }
  Weights total, have[3];
  for (Unit& unit : units) {
    for (const Recording* r : unit.members) {
      const Result<Split> fixed = fixed_split(*r, how, keep);
      if (!fixed) return fixed.failure();
      if (*fixed != Split::none) result.emplace_back(r->id, *fixed);
      if (unit.fixed == Split::none) unit.fixed = *fixed;  // the others of the unit go with it
    }
    const bool counted = unit.fixed == Split::none || !by_pattern[static_cast<size_t>(unit.fixed) - 1];
    for (const auto& [label, w] : unit.weights) {
      if (counted) total[label] += w;
      if (counted && unit.fixed != Split::none) have[static_cast<size_t>(unit.fixed) - 1][label] += w;
    }
  }
  std::set<std::int64_t> placed;
  for (const auto& [id, split] : result) placed.insert(id);
  for (const Unit& unit : units) {
    Split chosen = unit.fixed;
    if (chosen == Split::none) {
      double best = -1e300, slack = 0;
      for (const auto& [label, w] : unit.weights) slack += 0.02 * w * w;
      for (size_t s = 0; s < 3; ++s) {
        // The one that lacks most of what the unit has; of equals the last, so that a test comes before a second recording for
        // training.
        double lack = 0;
        for (const auto& [label, w] : unit.weights) {
          const double share = sum > 0 ? how.proportions[s] / sum : s == 0 ? 1 : 0;
          lack += w * (share * total[label] - have[s][label]);
        }
        const bool open = sum > 0 ? !by_pattern[s] && how.proportions[s] > 0 : s == 0;
        if (!open || lack < best - slack) continue;
        best = lack;
        chosen = all_splits[s];
      }
      for (const auto& [label, w] : unit.weights) have[static_cast<size_t>(chosen) - 1][label] += w;
    }
    for (const Recording* r : unit.members) {
      if (placed.count(r->id) == 0) result.emplace_back(r->id, chosen);
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace smelt::dataset
