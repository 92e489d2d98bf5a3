#include "dataset/store.hpp"

#include <algorithm>
#include <set>

namespace smelt::dataset {

Result<Store> Store::open(const project::Project& project) {
  Result<Index> index = Index::open(project.state());
  if (!index) return index.failure();
  Store store(project, std::move(*index));
  if (Outcome o = store.refresh(); !o) return o.failure();
  return store;
}

Outcome Store::refresh() {
  Result<std::vector<Recording>> all = index_.recordings();
  if (!all) return all.failure();
  recordings_ = std::move(*all);
  last_path_.clear();
  last_.reset();
  return Done{};
}

Result<const Recording*> Store::find(const std::string& word) const {
  const Recording* found = nullptr;
  for (const Recording& r : recordings_) {
    if (std::to_string(r.id) == word || r.name() == word) return &r;
  }
  for (const Recording& r : recordings_) {
    const bool meant = r.path == word || std::filesystem::path(r.name()).filename() == word;
    if (!meant) continue;
    if (found != nullptr) {
      return Failure(ExitCode::usage, {"E1023", word, "means several recordings, " + found->name() + " among them", "say its number, as `smelt data list` shows it"});
    }
    found = &r;
  }
  if (found != nullptr) return found;
  return Failure(ExitCode::usage, {"E1023", word, "there is no such recording", "`smelt data list` shows them all"});
}

std::vector<std::string> Store::labels() const {
  if (!project_.data.labels.empty()) return project_.data.labels;
  std::set<std::string> labels;
  for (const Recording& r : recordings_) {
    if (!r.label.empty()) labels.insert(r.label);
  }
  return {labels.begin(), labels.end()};
}

Result<const Decoded*> Store::content(const Recording& recording) {
  if (!last_ || last_path_ != recording.path) {
    const Result<std::optional<File>> file = index_.file(recording.path);
    if (!file) return file.failure();
    if (!*file) return Failure("E1023", recording.name(), "is no longer in the index", "list the recordings anew");
    Result<Decoded> decoded = read_again(project_, **file, recording.kind);
    if (!decoded) return decoded.failure();
    last_ = std::move(*decoded);
    last_path_ = recording.path;
  }
  const size_t parts = last_->kind == Kind::image ? 1 : last_->parts.size();
  if (static_cast<size_t>(recording.part) >= parts) {
    return Failure("E1024", recording.name(), "the file no longer has this part", "import it again");
  }
  return &*last_;
}

Result<Signal> Store::signal(const Recording& recording) {
  if (recording.kind == Kind::image) return Failure("E1023", recording.name(), "is a picture, not a signal");
  const Result<const Decoded*> decoded = content(recording);
  if (!decoded) return decoded.failure();
  return at_project_rate(project_, (*decoded)->parts[static_cast<size_t>(recording.part)].signal);
}

Result<data::Image> Store::image(const Recording& recording) {
  if (recording.kind != Kind::image) return Failure("E1023", recording.name(), "is a signal, not a picture");
  const Result<const Decoded*> decoded = content(recording);
  if (!decoded) return decoded.failure();
  return (*decoded)->image;
}

Signal at_project_rate(const project::Project& project, const Signal& signal) {
  return project.data.rate > 0 ? resampled(signal, project.data.rate) : signal;
}

}  // namespace smelt::dataset
