// A project's recordings, as whoever learns from them wants them.
#pragma once

#include <optional>

#include "dataset/import.hpp"
#include "dataset/windows.hpp"

namespace smelt::dataset {

class Store {
 public:
  /// Opens the index of a project, and makes it where there is none.
  static Result<Store> open(const project::Project& project);

  const project::Project& project() const { return project_; }
  Index& index() { return index_; }

  /// All of them, by path. What the index said when this store was opened or refreshed.
  const std::vector<Recording>& recordings() const { return recordings_; }
  Outcome refresh();
  /// By number (`id`), name, path or file name; E1023 where there is none, or more than one.
  Result<const Recording*> find(const std::string& word) const;
  /// The classes: those of smelt.toml, else those there are, sorted.
  std::vector<std::string> labels() const;

  /// A recording at the project's rate and axes. The file is read anew; that of the last call is kept, so parts of one file
  /// in a row cost one reading. E1024 where it has changed, E1023 for a picture.
  Result<Signal> signal(const Recording& recording);
  Result<data::Image> image(const Recording& recording);

 private:
  Store(project::Project project, Index index) : project_(std::move(project)), index_(std::move(index)) {}
  Result<const Decoded*> content(const Recording& recording);
  project::Project project_;
  Index index_;
  std::vector<Recording> recordings_;
  std::string last_path_;
  std::optional<Decoded> last_;
};

/// Content of a recording that is in no index, brought to the project's rate.
Signal at_project_rate(const project::Project& project, const Signal& signal);

}  // namespace smelt::dataset
