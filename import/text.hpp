// Names out of a file, made safe to show: on a terminal, in a report, in a comment of emitted code.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace smelt {

constexpr size_t max_name_bytes = 1024;

/// The first `limit` bytes of valid UTF-8; control characters and anything else become '?'.
std::string printable(std::string_view text, size_t limit = max_name_bytes);

}  // namespace smelt
