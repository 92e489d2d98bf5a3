// Sizes of output sections in a linked 32-bit little-endian ELF file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace smelt::verify {

/// Name to size of every section; empty where the file is not such a file.
std::map<std::string, std::uint32_t> section_sizes(const std::filesystem::path& file);

}  // namespace smelt::verify
