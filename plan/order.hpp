// Firing order and ring depths, by simulating the executor's firings.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"

namespace smelt::plan {

/// First and last firing (inclusive) at which a buffer holds something that matters.
struct Lifetime {
  int64_t born = 0;
  int64_t dies = 0;
};

struct Order {
  std::vector<int32_t> firings;     ///< operation of each firing
  std::vector<int32_t> depths;      ///< rows that each buffer's ring must hold
  std::vector<Lifetime> lifetimes;  ///< of each buffer
  std::vector<Lifetime> spans;      ///< first and last firing of each operation
};

/// An operation can fire when every row that its next step reads has been written. `full` fires operations one after the
/// other; `minimum` always fires the latest operation that can, so that rows are consumed as soon as they exist. Depths
/// are what the simulation saw: the widest window between the oldest row still needed and the newest written.
Order simulate(const Problem& problem, Rings rings);

}  // namespace smelt::plan
