// Firing order, ring depths and what lives when, by simulating the executor's firings.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/place.hpp"
#include "plan/plan.hpp"

namespace smelt::plan {

struct Order {
  std::vector<Firing> firings;
  std::vector<int32_t> depths;   ///< rows that each buffer's ring must hold
  std::vector<int> rings;        ///< where each buffer's rows lie: in its own ring or, joined, in that of the last of a chain
  std::vector<Block> buffers;    ///< the bytes of each ring, row by row where it is full, with the times they are live
  std::vector<Block> scratches;  ///< of each operation; empty where it has none
};

/// How to fire. Operations are cut into consecutive segments; a segment ends before the next one begins. One segment for
/// all gives line buffers throughout, a segment for each operation gives layer-by-layer execution.
struct Strategy {
  std::vector<bool> cut_after;  ///< of each operation: its segment ends here
  /// Within a segment, either an operation fires only when a later one wants its rows, or the latest operation that can
  /// fire does. They differ where paths join: rows wait before the shorter path, or after it.
  bool on_demand = true;
  /// Where an operation may write over the only rows that it reads, both buffers share one ring: each row lies in its slot
  /// from when the first of them is written to when the last is read. Else only whole tensors may coincide, by placement.
  bool join = false;
  std::vector<bool> in_blocks = {};  ///< of each operation: it fires in blocks within a segment too; empty: none does
};
Strategy layer_by_layer(const Problem& problem);
Strategy line_buffers(const Problem& problem, bool on_demand = true);

/// An operation can fire when every row that its next steps read has been written. Depths are what the simulation saw: the
/// widest window between the oldest row still needed and the newest written. Times are indices into `firings`; inputs are
/// live from -1, outputs until the number of firings.
Order simulate(const Problem& problem, const Strategy& strategy);

}  // namespace smelt::plan
