// Zip archives made for tests.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::testing {

struct ArchiveEntry {
  std::string name, content;
  bool deflate = true;
};

/// Names ending in '/' are folders.
Bytes archive(const std::vector<ArchiveEntry>& entries);

}  // namespace smelt::testing
