// Running other programs: no shell, output captured, a deadline; and directories that vanish with their owner.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::verify {

/// A fresh directory below the system's temporary one, removed with everything in it by the destructor.
class TempDir {
 public:
  /// Throws std::filesystem::filesystem_error where no directory can be made, of which the command line tells.
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// How a program ended.
struct Ended {
  int status = 0;          ///< exit status, or 128 + signal
  bool timed_out = false;  ///< it was killed at the deadline
  std::string output;      ///< stdout and stderr, in order, at most 1 MiB
};

/// Full path of `command` on the PATH (or itself where it contains a slash), if it is there and executable.
std::optional<std::filesystem::path> find_program(const std::string& command);

/// The Failure for a command that find_program does not find.
Failure missing_tool(const std::string& command, const std::string& package);

/// Runs arguments[0], a path, in `directory` with an empty standard input.
Ended run_program(const std::vector<std::string>& arguments, const std::filesystem::path& directory,
                  std::chrono::milliseconds deadline);

}  // namespace smelt::verify
