#include "dataset/check.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "dataset/stats.hpp"

namespace smelt::dataset {

namespace {

namespace fs = std::filesystem;

constexpr double clipped_share = 0.001;  // of samples in runs at the ends of the range
constexpr double stuck_share = 0.25;     // of a recording in one value
constexpr double imbalance = 4;          // times as many windows
constexpr double same_rate = 0.005;      // relative: crystals differ by less

std::string number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

std::string counted(size_t n, const std::string& one, const std::string& many) { return std::to_string(n) + " " + (n == 1 ? one : many); }

class Check {
 public:
  Check(const Store& store, const CheckOptions& options) : store_(store), options_(options), all_(store.recordings()), project_(store.project()) {}

  std::vector<Finding> run() {
    if (all_.empty()) {
      add({Level::error, "empty", "there are no recordings", "smelt data import FOLDER", {}, 0});
      return findings_;
    }
    files();
    splits();
    labels();
    copies();
    rates();
    lengths();
    sensors();
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) { return a.level < b.level; });
    return findings_;
  }

 private:
  void add(Finding f) {
    f.count = std::max(f.count, f.examples.size());
    if (f.examples.size() > options_.examples) f.examples.resize(options_.examples);
    findings_.push_back(std::move(f));
  }

  void files() {
    std::vector<std::string> gone, changed;
    std::string last;
    for (const Recording& r : all_) {
      if (r.path == last) continue;
      last = r.path;
      const fs::path path = fs::path(r.path).is_absolute() ? fs::path(r.path) : project_.root / r.path;
      std::error_code error;
      const auto bytes = fs::file_size(path, error);
      if (error) {
        gone.push_back(r.path);
      } else if (static_cast<std::int64_t>(bytes) != r.bytes) {
        changed.push_back(r.path);
      }
    }
    if (!gone.empty()) {
      add({Level::error, "missing", counted(gone.size(), "file is", "files are") + " no longer there", "put them back, or `smelt data forget PATH`", gone, 0});
    }
    if (!changed.empty()) {
      add({Level::error, "changed", counted(changed.size(), "file has", "files have") + " changed since the import", "import again", changed, 0});
    }
  }

  void splits() {
    const Statistics s = statistics(all_, project_);
    const auto none = s.by_split.find(Split::none);
    if (none != s.by_split.end()) {
      std::vector<std::string> examples;
      for (const Recording& r : all_) {
        if (r.split == Split::none) examples.push_back(r.name());
      }
      add({Level::error, "unsplit", counted(examples.size(), "recording belongs", "recordings belong") + " to no split", "smelt data split", examples, 0});
      if (none->second.recordings == all_.size()) return;
    }
    for (const auto& [label, by_split] : s.by_label) {
      if (label.empty()) continue;
      for (const Split split : all_splits) {
        if (by_split.count(split) != 0) continue;
        add({split == Split::validation ? Level::warning : Level::error, "absent",
             std::string("no recording for ") + (split == Split::test ? "the test" : split == Split::train ? "training" : "validation") + " has the label \"" + label + "\"",
             "record more of it, or change `by`, `proportions` or patterns in [split], then `smelt data split`", {}, 0});
      }
    }
  }

  void labels() {
    std::vector<std::string> unlabelled;
    std::map<std::string, std::int64_t> windows;
    std::map<std::string, std::set<std::string>> groups;
    const std::vector<std::string> known = store_.labels();
    std::map<std::string, std::vector<std::string>> unknown;
    for (const Recording& r : all_) {
      if (r.label.empty()) unlabelled.push_back(r.name());
      if (!r.label.empty() && std::find(known.begin(), known.end(), r.label) == known.end()) unknown[r.label].push_back(r.name());
      if (!r.label.empty()) windows[r.label] += windows_of(r, project_);
      if (!r.label.empty() && !r.group.empty()) groups[r.label].insert(r.group);
    }
    const bool classes = project_.task == "classification";
    if (!unlabelled.empty() && classes) {
      add({Level::error, "unlabelled", counted(unlabelled.size(), "recording has", "recordings have") + " no label",
           "import again with --label-from or --label; `smelt data import --help` shows how", unlabelled, 0});
    }
    for (const auto& [label, examples] : unknown) {
      add({Level::error, "unknown-label", "the label \"" + label + "\" is none of `labels` in smelt.toml", "add it there, or forget these recordings", examples, 0});
    }
    if (classes && windows.size() == 1) {
      add({Level::error, "one-label", "all recordings have the same label", "import recordings of another one, or set task = \"anomaly\"", {}, 0});
    }
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    if (classes && windows.size() > 1) {
      const auto [fewest, most] = std::minmax_element(windows.begin(), windows.end(), less);
      if (most->second > 0 && static_cast<double>(most->second) > imbalance * static_cast<double>(std::max<std::int64_t>(fewest->second, 1))) {
        add({Level::warning, "imbalance",
             "\"" + most->first + "\" has " + std::to_string(most->second) + " windows, \"" + fewest->first + "\" " + std::to_string(fewest->second),
             "record more of the rare one, or train with class weights", {}, 0});
      }
    }
    size_t grouped = 0;
    for (const auto& [label, of] : groups) grouped = std::max(grouped, of.size());
    for (const auto& [label, of] : groups) {
      if (grouped > 1 && of.size() == 1) {
        add({Level::warning, "one-group", "all recordings of \"" + label + "\" are of the group \"" + *of.begin() + "\"",
             "the network may learn the group instead of the label: record it in others too", {}, 0});
      }
    }
  }

  /// Of one content, or so alike that they must be copies: in another format, of another loudness.
  void copies() {
    std::vector<std::string> leaks, twins, conflicts;
    size_t leak_count = 0, twin_count = 0;
    for (size_t i = 0; i < all_.size(); ++i) {
      const Recording& a = all_[i];
      for (size_t j = i + 1; j < all_.size(); ++j) {
        const Recording& b = all_[j];
        const bool same = a.sha256 == b.sha256 && a.part == b.part;
        if (!same && !alike(a, b)) continue;
        const std::string pair = a.name() + " and " + b.name();
        const bool apart = a.split != b.split && a.split != Split::none && b.split != Split::none;
        ++(apart ? leak_count : twin_count);
        if (apart && leaks.size() < options_.examples) leaks.push_back(pair + " (" + name_of(a.split) + ", " + name_of(b.split) + ")");
        if (!apart && twins.size() < options_.examples) twins.push_back(pair);
        if (same && a.label != b.label) conflicts.push_back(pair + " (" + a.label + ", " + b.label + ")");
      }
    }
    if (leak_count != 0) {
      add({Level::error, "leak", counted(leak_count, "pair of copies lies", "pairs of copies lie") + " in different splits: the test would know them",
           "`smelt data forget` one of each, or give both one group and split by group", leaks, leak_count});
    }
    if (!conflicts.empty()) {
      add({Level::error, "conflict", counted(conflicts.size(), "pair of files has", "pairs of files have") + " the same content and different labels",
           "`smelt data forget` the wrong one", conflicts, 0});
    }
    if (twin_count != 0) {
      add({Level::warning, "copies", counted(twin_count, "pair", "pairs") + " of recordings are copies of each other", "`smelt data forget` one of each", twins, twin_count});
    }
  }

  bool alike(const Recording& a, const Recording& b) const {
    if (a.print.empty() || b.print.empty() || a.kind != b.kind) return false;
    const double x = a.kind == Kind::image ? a.width : a.seconds(), y = b.kind == Kind::image ? b.width : b.seconds();
    if (std::fabs(x - y) > 0.005 * std::max(x, y)) return false;
    return likeness(a.print, b.print) >= options_.alike;
  }

  void rates() {
    const double rate = project_.data.rate;
    std::map<std::string, std::vector<std::string>> slower, faster;
    for (const Recording& r : all_) {
      if (r.kind == Kind::image || rate <= 0 || std::fabs(r.rate / rate - 1) <= same_rate) continue;
      (r.rate < rate ? slower : faster)[number(r.rate)].push_back(r.name());
    }
    for (const auto& [of, examples] : slower) {
      add({Level::error, "rate", counted(examples.size(), "recording is", "recordings are") + " of " + of + " Hz, the project of " + number(rate) + " Hz",
           "what lies above " + of + " / 2 Hz is missing in them, and the network would learn that: record anew, or lower `rate` in smelt.toml", examples, 0});
    }
    for (const auto& [of, examples] : faster) {
      add({Level::warning, "rate", counted(examples.size(), "recording is", "recordings are") + " of " + of + " Hz and brought down to the project's " + number(rate) + " Hz",
           "nothing, if the device samples at that rate", examples, 0});
    }
  }

  void lengths() {
    std::vector<std::string> empty;
    size_t signals = 0;
    for (const Recording& r : all_) {
      if (r.kind == Kind::image) continue;
      ++signals;
      if (windows_of(r, project_) == 0) empty.push_back(r.name());
    }
    if (empty.empty()) return;
    if (project_.window.length(project_.data.rate) == 0) {
      add({Level::error, "window", "smelt.toml gives no length of windows", "set length_ms or length_samples in [window]", {}, 0});
      return;
    }
    add({empty.size() == signals ? Level::error : Level::warning, "short",
         counted(empty.size(), "recording is", "recordings are") + " shorter than a window and not used", "set pad = true in [window], or a shorter length", empty, 0});
  }

  void sensors() {
    std::map<std::string, std::vector<std::string>> clipped, stuck;
    for (const Recording& r : all_) {
      if (r.kind == Kind::image) continue;
      for (size_t a = 0; a < r.facts.size() && a < r.axes.size(); ++a) {
        const std::string& axis = r.axes[a].name;
        const bool used = project_.data.axes.empty() || std::find(project_.data.axes.begin(), project_.data.axes.end(), axis) != project_.data.axes.end();
        const AxisFacts& f = r.facts[a];
        if (!used) continue;
        if (f.stuck >= stuck_share) stuck[axis].push_back(r.name());
        const bool fine = f.distinct >= 64 && f.stuck < stuck_share;  // coarse sensors stand at their extremes without clipping
        const bool full_scale = r.kind == Kind::audio && std::max(std::fabs(f.low), std::fabs(f.high)) >= 0.99;
        if (f.clipped >= clipped_share && (r.kind == Kind::audio ? full_scale : fine)) clipped[axis].push_back(r.name());
      }
    }
    for (const auto& [axis, examples] : clipped) {
      add({Level::warning, "clipped", "axis " + axis + " is clipped in " + counted(examples.size(), "recording", "recordings"),
           "lower the gain or widen the sensor's range, and record anew; the device must have the same range", examples, 0});
    }
    for (const auto& [axis, examples] : stuck) {
      add({Level::warning, "stuck", "axis " + axis + " stands still for a quarter or more of " + counted(examples.size(), "recording", "recordings"),
           "check the sensor and its wiring; leave a dead axis out of `axes` in smelt.toml", examples, 0});
    }
  }

  const Store& store_;
  const CheckOptions& options_;
  const std::vector<Recording>& all_;
  const project::Project& project_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check(const Store& store, const CheckOptions& options) { return Check(store, options).run(); }

}  // namespace smelt::dataset
