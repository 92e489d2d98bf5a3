// A whole file in memory, or why not.
#pragma once

#include <cstdint>
#include <string>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

constexpr int64_t max_model_bytes = int64_t{1} << 30;

/// The content of a regular file of 1 byte to `limit` bytes.
Result<Bytes> read_file(const std::string& path, int64_t limit = max_model_bytes);

}  // namespace smelt
