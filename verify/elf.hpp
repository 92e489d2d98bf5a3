// What is read from a linked 32-bit little-endian ELF file: sizes of output sections, functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace smelt::verify {

/// Name to size of every section; empty where the file is not such a file.
std::map<std::string, std::uint32_t> section_sizes(const std::filesystem::path& file);

/// A function, or a variable, of the symbol table. Thumb's mark in the lowest bit of addresses is gone.
struct Function {
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;  ///< 0 where the symbol table does not say: hand-written code
  std::string name;         ///< as linked
};

/// Sorted by address, one for each; empty where the file is not such a file.
std::vector<Function> functions(const std::filesystem::path& file);
/// The same of variables.
std::vector<Function> variables(const std::filesystem::path& file);

}  // namespace smelt::verify
