// A project: a folder with smelt.toml, which people write, and .smelt/, which the tool keeps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::project {

/// What recordings are of. Named as in smelt.toml: "sensor", "audio", "image"; unknown until the first import.
enum class Kind { unknown, sensor, audio, image };
const char* name_of(Kind kind);
/// `unknown` for other words.
Kind kind_of(const std::string& word);

/// [data]: what the network will see, so what every recording is brought to.
struct Data {
  Kind kind = Kind::unknown;
  double rate = 0;                  ///< Hz; 0: not known yet
  std::vector<std::string> axes;    ///< taken from each recording, in this order; empty: not known yet
  std::vector<std::string> labels;  ///< the classes, in the order of the network's outputs; empty: those there are, sorted
};

/// [window]: lengths are given in milliseconds or in samples.
struct Window {
  double length_ms = 0, stride_ms = 0;
  std::int64_t length_samples = 0, stride_samples = 0;  ///< 0: given in milliseconds
  bool pad = false;                                     ///< recordings shorter than a window get zeros at their end

  /// In samples at `rate`; 0 where rate or length are unknown. A stride is at least 1, and a whole window where none is given.
  std::int64_t length(double rate) const;
  std::int64_t stride(double rate) const;
};

/// [split]: see dataset/split.hpp.
struct Split {
  bool by_group = false;
  std::uint64_t seed = 1;
  double proportions[3] = {60, 20, 20};  ///< train, validation, test; of any sum
  std::vector<std::string> fixed[3];     ///< patterns of paths that always go there
};

struct Project {
  std::filesystem::path root;
  std::string name;
  std::string task;  ///< "classification" or "anomaly"
  Data data;
  Window window;
  Split split;

  std::filesystem::path file() const { return root / "smelt.toml"; }
  std::filesystem::path state() const { return root / ".smelt"; }
};

const std::vector<std::string>& tasks();

/// Makes the folder, with a commented smelt.toml. Fails with E1003 where there is a project already.
Result<Project> create(const std::filesystem::path& folder, const std::string& task, Kind kind = Kind::unknown);

/// The folder itself, or the nearest one above it, that has a smelt.toml. Fails with E1001 where there is none.
Result<std::filesystem::path> find_root(const std::filesystem::path& from);

/// Reads smelt.toml. Sections that this page does not name belong to others and are left alone; mistakes in those that it
/// does are E1002, all at once, each with its line.
Result<Project> load(const std::filesystem::path& root);

/// Writes into [data] what the first import found out, where the file leaves it open; comments and the rest stay. The file
/// is replaced at once: whoever reads it sees the old or the new one.
Outcome complete(Project& project, Kind kind, double rate, const std::vector<std::string>& axes);

}  // namespace smelt::project
