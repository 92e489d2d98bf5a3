// The planner: in which order rows are made, how deep each ring is, where it lies. A pure function over buffers, operations
// and rows; it knows no operator, no graph and no file format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::plan {

/// Rows [first, end); empty when first >= end.
struct RowRange {
  int32_t first = 0;
  int32_t end = 0;
  bool empty() const { return first >= end; }
  bool operator==(const RowRange&) const = default;
};

/// Storage of a tensor, cut into rows.
struct Buffer {
  std::string name;
  int32_t rows = 1;
  int32_t row_bytes = 0;
  bool input = false;   ///< filled by the caller before the first firing
  bool output = false;  ///< read by the caller after the last firing
  bool state = false;   ///< kept from one inference to the next; only the one operation that reads it changes it, in place
  bool whole = false;   ///< someone reads it under another row geometry: full depth
  bool at_start() const { return input || state; }  ///< it is there before the first firing
  bool at_end() const { return output || state; }   ///< it is needed behind the last
};

/// The rows of one buffer that each step of an operation reads or writes.
struct Access {
  int buffer = -1;
  std::vector<RowRange> rows;  ///< one a step
};

struct Operation {
  std::string name;
  int32_t steps = 1;
  std::vector<Access> reads;
  std::vector<Access> writes;       ///< rows are written once each, in increasing order
  std::vector<int> in_place;        ///< reads whose row may share its bytes with the row written in the same step
  int32_t scratch_bytes = 0;
  bool scratch_persists = false;    ///< the scratch holds sums from the first step to the last
  int32_t block = 1;                ///< most steps that the kernel takes at once with a gain
};

/// Operations in an order in which each one's inputs come before it.
struct Problem {
  std::vector<Buffer> buffers;
  std::vector<Operation> operations;
};

enum class Rings {
  full,      ///< every ring as deep as its tensor: layer by layer
  minimum,   ///< every ring as shallow as it can be when the latest operation that can fire fires first
  automatic, ///< whatever mix needs least arena: line buffers in segments, full tensors between them
  fastest,   ///< of such mixes and full rings, the one with fewest kernel calls; of several, that with least arena
  balanced   ///< of such mixes, the one with fewest kernel calls that needs at most half as much arena again as the least
};

struct Ring {
  uint32_t offset = 0;  ///< bytes into the arena
  int32_t depth = 1;    ///< rows held
};

/// `count` consecutive steps of an operation, made as one: one call of its kernel.
struct Firing {
  int32_t operation = 0;
  int32_t count = 1;
  bool operator==(const Firing&) const = default;
};

struct Plan {
  std::vector<Ring> buffers;          ///< as Problem::buffers
  std::vector<uint32_t> scratch;      ///< offsets, as Problem::operations; meaningless where no scratch is asked
  std::vector<Firing> firings;
  std::vector<int32_t> blocks;        ///< of each operation: most steps of one firing
  uint32_t state_offset = 0;          ///< one uint16_t a step counter for each operation
  uint32_t arena_bytes = 0;
};

/// Every offset is a multiple of this.
constexpr uint32_t alignment = 4;

/// Solves and checks; aborts as an internal error if its own check fails. Where `max_arena` is given and the plan asked for
/// exceeds it, the plan with fewest kernel calls that fits, else the one with least arena.
Plan solve(const Problem& problem, Rings rings, uint32_t max_arena = 0);

/// Plans from least arena to fewest kernel calls, each better than all before it in calls: the trade-off curve.
std::vector<Plan> alternatives(const Problem& problem);

/// Replays `plan` byte by byte: every row read must still hold what was written to it, no firing may write over bytes that
/// it reads (but for declared in-place rows), outputs must survive, every step must fire exactly once. State must be whole
/// at the end, as the next inference reads it, and nobody may make it anew. Independent of how the plan was found. Empty when all is well, otherwise what is wrong.
std::string check(const Problem& problem, const Plan& plan);

/// The firing order as packed smelt::Run entries, which count steps, stretches that repeat as loops. Each run begins at a
/// multiple of its operation's block.
std::vector<uint16_t> pack_schedule(const Plan& plan);

}  // namespace smelt::plan
