// Offsets for blocks of memory with lifetimes: knows bytes and times, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smelt::plan {

/// From one time to another, both included.
struct Interval {
  int32_t born = 0;
  int32_t dies = 0;
  bool operator==(const Interval&) const = default;
};

/// Some bytes of a block and when they matter: disjoint intervals in increasing order.
struct Piece {
  uint32_t offset = 0;
  uint32_t bytes = 0;
  std::vector<Interval> live;
};

/// What is placed as one: its pieces keep their distances. No byte may be in two live pieces at one time.
struct Block {
  std::vector<Piece> pieces;
  uint32_t bytes() const { return pieces.empty() ? 0 : pieces.back().offset + pieces.back().bytes; }
};

/// Two blocks that may stand at the very same offset although they meet in time: an operation writes `to` over `from`,
/// element by element. They may meet only at times in `at`, each the last of some bytes of `from` and the first of the
/// bytes of `to` in the same place.
struct Exception {
  size_t from = 0;
  size_t to = 0;
  std::vector<int32_t> at;  ///< increasing
};

struct Layout {
  std::vector<uint32_t> offsets;  ///< as the blocks, multiples of the alignment
  uint32_t bytes = 0;             ///< end of the highest block, aligned
};

/// First fit in several orders (by size, by lifetime, by birth) followed by a short deterministic search of at most
/// `tries` attempts that moves blocks which stand high earlier in the best order. Stops when it reaches the largest number
/// of bytes that are live at one time.
Layout place(const std::vector<Block>& blocks, const std::vector<Exception>& exceptions, uint32_t alignment, int tries);

/// The largest number of bytes live at one time.
uint32_t peak(const std::vector<Block>& blocks);

}  // namespace smelt::plan
