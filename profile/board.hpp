// What a measured model means on a board: whether it fits, milliseconds, millijoules.
#pragma once

#include <optional>

#include "profile/observation.hpp"
#include "targets/board.hpp"
#include "verify/measure.hpp"

namespace smelt::profile {

/// Bytes that a model takes of a board.
struct Needs {
  std::uint64_t ram = 0;    ///< arena, static data, deepest stack
  std::uint64_t flash = 0;  ///< code, weights and all tables
};
Needs needs_of(std::uint64_t arena_bytes, const verify::Measured& measured);

struct OnBoard {
  Needs needs;
  targets::BoardMemory ram;  ///< the board's first that takes it, else its largest
  bool ram_fits = false;
  bool flash_fits = false;
  std::optional<Estimate> milliseconds;  ///< where cycles are estimated
  std::optional<Estimate> millijoules;   ///< and the board's current is known
  bool fits() const { return ram_fits && flash_fits; }
};

/// Cycles by the clock.
Estimate milliseconds(const targets::Board& board, const Estimate& cycles);

/// Time is cycles by the clock, energy is volts by current by time.
OnBoard on_board(const targets::Board& board, const Needs& needs, const std::optional<Estimate>& cycles);

}  // namespace smelt::profile
