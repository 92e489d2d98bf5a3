// What is wrong with the data, and what to do about it.
#pragma once

#include "dataset/store.hpp"

namespace smelt::dataset {

enum class Level { error, warning };

struct Finding {
  Level level = Level::warning;
  std::string kind;                   ///< stable, for programs: "leak", "clipped", ...
  std::string text;                   ///< one sentence, no full stop
  std::string remedy;
  std::vector<std::string> examples;  ///< recordings, or pairs of them
  std::size_t count = 0;              ///< of what `examples` has the first few
};

struct CheckOptions {
  double alike = 0.995;               ///< likeness of fingerprints from which recordings count as copies
  std::size_t examples = 5;           ///< at most, of each finding
};

/// Errors first. Reads no recording again; looks at the files' sizes and times.
std::vector<Finding> check(const Store& store, const CheckOptions& options = {});

}  // namespace smelt::dataset
