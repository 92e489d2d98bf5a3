// The index: one SQLite file that knows every recording. Files stay where they are.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataset/recording.hpp"

struct sqlite3;

namespace smelt::dataset {

/// A file, as it was when it was imported.
struct File {
  std::int64_t id = 0;
  std::string path;
  std::int64_t bytes = 0, modified = 0;
  std::string sha256;
  std::string format;
  std::string options;  ///< how it was read: what reading it again needs, and what tells whether it must be imported again
};

/// Every function that writes is one transaction: after a crash at any moment it has happened, or it has not. Several
/// processes may read while one writes. Fails with E1004.
class Index {
 public:
  /// Makes folder and file where there are none.
  static Result<Index> open(const std::filesystem::path& state);
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  /// The file of this path with its recordings, in place of those that it had. Their ids are new.
  Outcome put(const File& file, const std::vector<Recording>& recordings);
  Result<std::optional<File>> file(const std::string& path) const;
  Result<std::vector<File>> files() const;
  /// By path, then part.
  Result<std::vector<Recording>> recordings() const;
  Outcome assign(const std::vector<std::pair<std::int64_t, Split>>& splits);
  /// Forgets files (the files themselves stay); answers how many were known.
  Result<size_t> remove(const std::vector<std::string>& paths);
  /// What was written survives the loss of power too, from here on.
  Outcome sync();

 private:
  Index(sqlite3* db, std::string place) : db_(db), place_(std::move(place)) {}
  Failure failure() const;
  Outcome run(const char* sql) const;
  sqlite3* db_ = nullptr;
  std::string place_;
};

}  // namespace smelt::dataset
