#include "profile/board.hpp"

namespace smelt::profile {
namespace {

Estimate scaled(const Estimate& e, double by) { return {e.low * by, e.nominal * by, e.high * by}; }

}  // namespace

Needs needs_of(std::uint64_t arena_bytes, const verify::Measured& measured) {
  const verify::Sizes sizes = measured.sizes.value_or(verify::Sizes{});
  return {arena_bytes + sizes.static_bytes + measured.stack_bytes.value_or(0),
          std::uint64_t{sizes.code_bytes} + sizes.weights_bytes};
}

Estimate milliseconds(const targets::Board& board, const Estimate& cycles) {
  return scaled(cycles, 1e3 / static_cast<double>(board.clock_hz));
}

OnBoard on_board(const targets::Board& board, const Needs& needs, const std::optional<Estimate>& cycles) {
  OnBoard result;
  result.needs = needs;
  const targets::BoardMemory* ram = board.ram_for(needs.ram);
  result.ram_fits = ram != nullptr;
  result.ram = result.ram_fits ? *ram : board.largest_ram();
  result.flash_fits = needs.flash <= board.flash().bytes;
  if (cycles) result.milliseconds = milliseconds(board, *cycles);
  if (result.milliseconds && board.power)
    result.millijoules = scaled(*result.milliseconds, board.power->volts * board.power->milliamps / 1e3);
  return result;
}

}  // namespace smelt::profile
