// Where labels and groups come from.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataset/recording.hpp"

namespace smelt::dataset {

struct LabelOptions {
  /// "auto", "folder", "column", "column:NAME", "none", a pattern such as "{_}-{label}.csv", or a file: labels.csv, info.labels.
  std::string label_from = "auto";
  std::string group_from;  ///< "folder", "column:NAME" or a pattern with {group}; empty: what label_from says of groups
  std::string label;       ///< the same for all; wins
};

struct Named {
  std::string label, group;
  Split split = Split::none;  ///< where a labels file says it
};

/// `{label}`, `{group}` and `{_}` stand for any text without a slash, as short as what follows allows; the rest is literal.
/// A pattern with slashes is held against as many of the path's last parts. E1021 where it is malformed or does not fit.
Result<Named> match(const std::string& pattern, const std::filesystem::path& path);

class Labeller {
 public:
  /// `roots`: the folders and files that are looked through. Reads the labels file, if one is named or found. Fails with E1021.
  static Result<Labeller> make(const LabelOptions& options, const std::vector<std::filesystem::path>& roots);
  Result<Named> of(const std::filesystem::path& file) const;
  /// For DecodeOptions.
  const std::string& label_column() const { return label_column_; }
  const std::string& group_column() const { return group_column_; }
  /// Which rule was chosen, for people: "labels.csv", "folder", "auto" where each file is asked.
  const std::string& rule() const { return rule_; }

 private:
  Outcome read_table(const std::filesystem::path& file);
  Outcome read_info(const std::filesystem::path& file);

  LabelOptions options_;
  std::vector<std::filesystem::path> roots_;
  std::string rule_, label_column_, group_column_;
  std::map<std::string, Named> by_path_;  ///< of a labels file: absolute paths
  std::map<std::string, Named> by_name_;
  bool table_ = false;
};

}  // namespace smelt::dataset
