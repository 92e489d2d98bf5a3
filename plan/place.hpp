// Offsets for blocks of memory with lifetimes: knows bytes and times, nothing else.
#pragma once

#include <cstdint>
#include <vector>

namespace smelt::plan {

/// A block that must not share bytes with any other whose time span meets its own (both ends inclusive).
struct Block {
  uint32_t bytes = 0;
  int64_t born = 0;
  int64_t dies = 0;
};

struct Layout {
  std::vector<uint32_t> offsets;  ///< as the blocks, multiples of the alignment
  uint32_t bytes = 0;             ///< end of the highest block
};

/// First fit in several orders (by size, by lifetime, by birth) followed by a short deterministic search that moves the
/// blocks that stand highest earlier in the best order. Never below the largest sum of blocks alive at one time, and it
/// stops as soon as it reaches that bound.
Layout place(const std::vector<Block>& blocks, uint32_t alignment);

/// The bound: the largest sum of (aligned) sizes alive at one time.
uint32_t lower_bound(const std::vector<Block>& blocks, uint32_t alignment);

}  // namespace smelt::plan
