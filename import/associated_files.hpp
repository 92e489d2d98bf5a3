// Files that TensorFlow Lite Metadata packs behind a model: a zip archive appended to the FlatBuffer. Internal to
// import/.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace smelt {

/// Lines of the one stored (uncompressed) file whose name has "label" in it and ends in ".txt"; empty when there is
/// none, or not exactly one, or the archive is malformed. At most `most` lines, made printable.
std::vector<std::string> packed_labels(std::span<const uint8_t> bytes, size_t most);

}  // namespace smelt
