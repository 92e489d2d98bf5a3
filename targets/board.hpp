// A board is data: one TOML file says which target it carries, its clock, its memories and its current.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::targets {

/// A TCM is coupled to the core, for instructions or for data.
enum class MemoryKind : std::uint8_t { flash, ram, tcm_instruction, tcm_data };
constexpr const char* memory_kind_names[] = {"flash", "ram", "tcm-instruction", "tcm-data"};

/// Bytes in one piece.
struct BoardMemory {
  std::string name;
  MemoryKind kind = MemoryKind::ram;
  std::uint64_t bytes = 0;
  std::optional<double> wait_states;  ///< at the board's clock; absent: unknown, or behind a cache
  std::string source;                 ///< who says so
  bool unverified = false;            ///< the source was not at hand when the file was written or checked
};

/// While the core runs.
struct Power {
  double volts = 0;
  double milliamps = 0;  ///< typical, at the board's clock
  std::string source;
  bool unverified = false;  ///< as of memories
};

struct Board {
  std::string name;
  std::string title;
  std::string target;
  std::uint64_t clock_hz = 0;
  std::string clock_source;
  std::vector<BoardMemory> memories;  ///< in order of preference; exactly one flash
  std::optional<Power> power;         ///< absent: unknown

  const BoardMemory& flash() const;
  /// The first memory that takes `bytes` of data; null where none does.
  const BoardMemory* ram_for(std::uint64_t bytes) const;
  const BoardMemory& largest_ram() const;
};

/// Where the descriptions are: $SMELT_BOARDS_DIR, beside the tool, or here.
std::filesystem::path boards_directory();

/// Names of all boards, sorted.
std::vector<std::string> board_names();

/// Reads a board by name; all mistakes of its file come in one Failure. Its target exists and measures sizes.
Result<Board> load_board(const std::string& name);

/// The same from a file.
Result<Board> read_board(const std::filesystem::path& file);

}  // namespace smelt::targets
