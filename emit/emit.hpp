// A Program as C++ text: constant tables, a small API by name, and the runtime headers that it uses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lower/compile.hpp"

namespace smelt {

/// Something that start-up code is to copy from flash to a faster memory.
struct PlacedSection {
  std::string symbol;  ///< of a function, as linked; empty: the weights
  std::string memory;  ///< of the board
  std::uint64_t bytes = 0;
};

struct EmitOptions {
  std::string name;                 ///< identifier that every emitted name begins with, e.g. "kws"
  bool single_file = false;         ///< NAME.hpp and NAME.cpp only, the runtime inside
  std::string target;               ///< for the README: the core it was compiled for
  std::vector<std::string> flags;   ///< for the README: compiler flags that fit it
  std::string board{};              ///< for the README, with what follows
  std::string data_memory{};        ///< of the board: arena and stack
  std::vector<PlacedSection> placed{};
};

/// Relative path to content; what `write_package` puts into a folder.
using Package = std::map<std::string, std::string>;

/// The whole package but report.json. A pure function of its arguments: the same in, the same bytes out.
Package emit(const Program& program, const EmitOptions& options);

/// Writes each file beside its place and renames it there, so that a reader never sees half a file. What a link points to
/// takes the place of the link; devices and pipes are written to as they are.
Outcome write_package(const Package& package, const std::string& directory);
Outcome write_file(const std::string& path, const std::string& content);

/// "DS-CNN v2.tflite" becomes "ds_cnn_v2": an identifier that is no C++ keyword.
std::string identifier(const std::string& text);

}  // namespace smelt
