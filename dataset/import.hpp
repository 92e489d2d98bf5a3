// From folders of files to recordings, with an index or without.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "dataset/index.hpp"
#include "dataset/labels.hpp"

namespace smelt::dataset {

struct ImportOptions {
  std::vector<std::string> paths;  ///< files, and folders to look through
  LabelOptions labels;
  DecodeOptions decode;            ///< kind, rate and axes: where open, the project's
  std::string hmac_key;            ///< recordings in Edge Impulse's format must be signed with it; empty: not looked at
  bool again = false;              ///< also files that have not changed
};

/// One file, read and described; nothing of it is stored.
struct Examined {
  File file;
  std::vector<Recording> recordings;  ///< one for each part
  Decoded content;
};

/// Reads files the way a project wants them: import does, and so does whatever works on files that are not in the index.
class Examiner {
 public:
  /// Finds the files, in the order of their paths; names and labels are looked at when a file is. Fails with E1022 where
  /// there is none.
  static Result<Examiner> make(const project::Project& project, const ImportOptions& options);
  const std::vector<std::filesystem::path>& files() const { return files_; }
  const std::string& label_rule() const { return labeller_.rule(); }
  Result<Examined> examine(const std::filesystem::path& file) const;
  /// As it was stored, if size, time and options are still the same.
  bool unchanged(const std::filesystem::path& file, const File& stored) const;
  /// What the index calls it.
  std::string stored_path(const std::filesystem::path& file) const;
  /// What File::options holds of a file read now.
  std::string options_text() const;
  /// After the project has learnt its kind, rate and axes.
  void take(const project::Project& project);

 private:
  Examiner(const project::Project& project, const ImportOptions& options) : project_(project), options_(options) { take(project); }
  project::Project project_;
  ImportOptions options_;
  DecodeOptions decode_;
  Labeller labeller_;
  std::vector<std::filesystem::path> files_;
};

struct ImportReport {
  size_t added = 0, replaced = 0, unchanged = 0;  ///< files
  size_t recordings = 0, unlabelled = 0;          ///< of those added or replaced
  double seconds = 0;
  std::string label_rule;
  std::vector<Diagnostic> refused;                ///< files that were not taken, and why
};

/// After each file: how many are done, of how many, and what became of this one ("added", "replaced", "unchanged", "refused").
using ImportProgress = std::function<void(size_t done, size_t all, const std::string& path, const std::string& what)>;

/// Files that fail are refused by name and do not stop the others. Each file is stored in a transaction of its own, before
/// its progress is told. The first file settles what smelt.toml leaves open.
Result<ImportReport> import(project::Project& project, Index& index, const ImportOptions& options, const ImportProgress& progress = {});

/// Reads a file as it was read at its import. Its recordings are the parts. E1024 where it is no longer the same file.
Result<Decoded> read_again(const project::Project& project, const File& file, Kind kind);

}  // namespace smelt::dataset
