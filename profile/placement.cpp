#include "profile/placement.hpp"

#include <algorithm>
#include <map>

namespace smelt::profile {
namespace {

using targets::Board;
using targets::BoardMemory;
using targets::MemoryKind;

/// Flash of unknown wait states (serial, behind a cache) counts as one wait state, for the order alone.
double flash_waits_of(const Board& board) { return board.flash().wait_states.value_or(1); }

/// Memories that are faster than flash, best first.
std::vector<const BoardMemory*> candidates(const Board& board, bool code) {
  const auto rank = [&](const BoardMemory& m) {
    if (m.kind == MemoryKind::ram) return 1;
    const bool fits = (m.kind == MemoryKind::tcm_instruction) == code;
    return fits ? 0 : code ? -1 : 2;  // no code in a TCM for data; weights in one for instructions, if need be
  };
  std::vector<const BoardMemory*> found;
  for (const BoardMemory& m : board.memories) {
    if (m.kind != MemoryKind::flash && m.wait_states && *m.wait_states < flash_waits_of(board) && rank(m) >= 0)
      found.push_back(&m);
  }
  std::stable_sort(found.begin(), found.end(),
                   [&](const BoardMemory* a, const BoardMemory* b) { return rank(*a) < rank(*b); });
  return found;
}

}  // namespace

std::vector<Placed> place(const Board& board, const Needs& needs, const FlashWaits& waits, double cycles,
                          std::optional<std::uint64_t> budget) {
  std::vector<Placed> wanted;
  for (const FunctionWait& f : waits.code) wanted.push_back({f.symbol, "", f.bytes, f.cycles});
  if (waits.weights_bytes != 0) wanted.push_back({"", "", waits.weights_bytes, waits.weights});
  std::erase_if(wanted, [&](const Placed& p) { return p.bytes == 0 || p.saved <= 0 || p.saved * 1000 < cycles; });
  std::stable_sort(wanted.begin(), wanted.end(), [](const Placed& a, const Placed& b) {
    return a.saved * static_cast<double>(b.bytes) > b.saved * static_cast<double>(a.bytes);
  });
  std::map<std::string, std::uint64_t> taken;
  if (const BoardMemory* ram = board.ram_for(needs.ram)) taken[ram->name] = needs.ram;
  std::uint64_t sum = 0;
  std::vector<Placed> placed;
  for (Placed& p : wanted) {
    const std::uint64_t room = (p.bytes + 15) / 16 * 16;
    if (budget && sum + room > *budget) continue;
    for (const BoardMemory* m : candidates(board, !p.symbol.empty())) {
      if (taken[m->name] + room > m->bytes) continue;
      taken[m->name] += room;
      sum += room;
      p.memory = m->name;
      p.saved *= 1 - *m->wait_states / flash_waits_of(board);
      placed.push_back(std::move(p));
      break;
    }
  }
  return placed;
}

Result<Placement> find_placement(const Program& program, const std::string& name, const targets::Target& target,
                                 const Board& board, const verify::Runs& inputs, std::optional<std::uint64_t> budget) {
  const double waits = flash_waits_of(board);
  std::vector<double> runs;
  if (target.cycles) runs = {waits, board.flash().wait_states.value_or(0)};
  Result<Totals> linked = totals(program, name, target, inputs, runs);
  if (!linked) return linked.failure();
  const Needs needs = needs_of(program.plan.arena_bytes, linked->measured);
  Placement result;
  result.data_memory = on_board(board, needs, {}).ram.name;
  result.measured = std::move(linked->measured);
  if (linked->waits.empty()) return result;
  result.linked = linked->cycles[1];
  result.items = place(board, needs, linked->waits[0], linked->cycles[0].nominal, budget);
  if (result.items.empty() || !board.flash().wait_states) return result;
  verify::Fast fast;
  for (const Placed& p : result.items) {
    if (p.symbol.empty()) {
      fast.weights = true;
    } else {
      fast.functions.push_back(p.symbol);
    }
  }
  const Result<Totals> moved = totals(program, name, target, inputs, {waits}, fast);
  if (!moved) return moved.failure();
  result.cycles = moved->cycles[0];
  return result;
}

}  // namespace smelt::profile
