// What of a model goes from a board's flash into faster memories: functions and weights that wait for flash most.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/board.hpp"
#include "profile/profile.hpp"

namespace smelt::profile {

/// A function, or all weights, that start-up code is to copy from flash.
struct Placed {
  std::string symbol;  ///< as linked, without what compilers append to clones; empty: the weights
  std::string memory;  ///< of the board
  std::uint64_t bytes = 0;
  double saved = 0;  ///< nominal cycles that it waits for flash otherwise
};

/// By most cycles saved a byte, first into a TCM of its kind, then into RAM; only where wait states are known and fewer
/// than the flash's. Weights go as a whole or not at all. What saves less than a thousandth of `cycles` stays in flash.
/// `budget` bounds the sum of bytes.
std::vector<Placed> place(const targets::Board& board, const Needs& needs, const FlashWaits& waits, double cycles,
                          std::optional<std::uint64_t> budget = {});

struct Placement {
  std::string data_memory;  ///< arena, static data and stack
  std::vector<Placed> items;
  verify::Measured measured;       ///< with everything in flash
  std::optional<Estimate> linked;  ///< cycles of that; no wait states where they are unknown
  std::optional<Estimate> cycles;  ///< of the model placed so; absent where nothing is, or wait states are unknown
};

/// Measures what waits, places it, and measures again with it copied to RAM. Without a cycle model, or where flash does not
/// wait, nothing is placed.
Result<Placement> find_placement(const Program& program, const std::string& name, const targets::Target& target,
                                 const targets::Board& board, const verify::Runs& inputs,
                                 std::optional<std::uint64_t> budget = {});

}  // namespace smelt::profile
