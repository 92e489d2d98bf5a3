#include "plan/plan.hpp"

#include <algorithm>
#include <numeric>

#include "plan/order.hpp"
#include "plan/place.hpp"
#include "runtime/core.hpp"

namespace smelt::plan {
namespace {

/// True when operation o may write its output over input `read`, byte for byte: both rings full, equal rows, and in every
/// step the row written was last read in that step.
bool can_share(const Problem& problem, const Order& order, size_t o, const Access& read) {
  const Operation& op = problem.operations[o];
  if (op.writes.size() != 1) return false;
  const Access& write = op.writes[0];
  const Buffer& from = problem.buffers[static_cast<size_t>(read.buffer)];
  const Buffer& to = problem.buffers[static_cast<size_t>(write.buffer)];
  if (from.output || from.rows != to.rows || from.row_bytes != to.row_bytes) return false;
  if (order.depths[static_cast<size_t>(read.buffer)] != from.rows) return false;
  if (order.depths[static_cast<size_t>(write.buffer)] != to.rows) return false;
  for (int32_t s = 0; s < op.steps; ++s) {
    const auto step = static_cast<size_t>(s);
    if (read.rows[step] != write.rows[step]) return false;
  }
  // Nobody else reads the input once this operation has begun, and it is read as one operand only.
  for (size_t other = 0; other < problem.operations.size(); ++other) {
    for (const Access& a : problem.operations[other].reads) {
      if (a.buffer != read.buffer || &a == &read) continue;
      if (other == o || order.spans[other].dies > order.spans[o].born) return false;
    }
  }
  return true;
}

/// Groups of buffers that share one place: each buffer's representative.
std::vector<size_t> share(const Problem& problem, const Order& order) {
  std::vector<size_t> group(problem.buffers.size());
  std::iota(group.begin(), group.end(), size_t{0});
  for (size_t o = 0; o < problem.operations.size(); ++o) {
    const Operation& op = problem.operations[o];
    for (int index : op.in_place) {
      const Access& read = op.reads.at(static_cast<size_t>(index));
      if (!can_share(problem, order, o, read)) continue;
      group[static_cast<size_t>(op.writes[0].buffer)] = group[static_cast<size_t>(read.buffer)];
      break;
    }
  }
  return group;
}

Plan lay_out(const Problem& problem, Rings rings) {
  Order order = simulate(problem, rings);
  const std::vector<size_t> group = share(problem, order);
  const auto end = static_cast<int64_t>(order.firings.size());

  // Blocks: one a group of buffers, one an operation's scratch, one for the step counters.
  std::vector<Block> blocks;
  std::vector<size_t> block_of(problem.buffers.size(), 0);
  for (size_t b = 0; b < problem.buffers.size(); ++b) {
    const Lifetime& life = order.lifetimes[b];
    if (group[b] == b) {
      block_of[b] = blocks.size();
      blocks.push_back({static_cast<uint32_t>(order.depths[b]) * static_cast<uint32_t>(problem.buffers[b].row_bytes),
                        std::max<int64_t>(life.born, 0), std::max<int64_t>(life.dies, 0)});
    } else {
      Block& shared = blocks[block_of[b] = block_of[group[b]]];
      shared.born = std::min(shared.born, life.born);
      shared.dies = std::max(shared.dies, life.dies);
    }
  }
  const size_t first_scratch = blocks.size();
  for (size_t o = 0; o < problem.operations.size(); ++o) {
    const Lifetime& span = order.spans[o];
    blocks.push_back({static_cast<uint32_t>(problem.operations[o].scratch_bytes), span.born, span.dies});
  }
  blocks.push_back({static_cast<uint32_t>(problem.operations.size()) * 2, 0, end});

  const Layout layout = place(blocks, alignment);
  Plan plan;
  plan.rings = rings;
  for (size_t b = 0; b < problem.buffers.size(); ++b) {
    plan.buffers.push_back({layout.offsets[block_of[b]], order.depths[b]});
  }
  for (size_t o = 0; o < problem.operations.size(); ++o) plan.scratch.push_back(layout.offsets[first_scratch + o]);
  plan.state_offset = layout.offsets.back();
  plan.arena_bytes = layout.bytes;
  plan.firings = std::move(order.firings);
  const std::string wrong = check(problem, plan);
  SMELT_ASSERT(wrong.empty(), "the plan fails its own check: " + wrong);
  return plan;
}

}  // namespace

Plan solve(const Problem& problem, Rings rings) {
  if (rings != Rings::automatic) return lay_out(problem, rings);
  Plan shallow = lay_out(problem, Rings::minimum);
  Plan full = lay_out(problem, Rings::full);
  return full.arena_bytes <= shallow.arena_bytes ? full : shallow;
}

std::vector<uint16_t> pack_schedule(const std::vector<int32_t>& firings) {
  std::vector<uint16_t> runs;
  for (size_t i = 0; i < firings.size();) {
    uint32_t count = 1;
    while (count < Run::max_count && i + count < firings.size() && firings[i + count] == firings[i]) ++count;
    runs.push_back(Run::pack(static_cast<uint32_t>(firings[i]), count));
    i += count;
  }
  return runs;
}

}  // namespace smelt::plan
