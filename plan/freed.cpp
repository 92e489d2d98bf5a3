#include "plan/freed.hpp"

#include <algorithm>

#include "plan/chart.hpp"

namespace smelt::plan {
namespace {

ByteRange bytes_of(const Problem& problem, const Plan& plan, const RowLife& life) {
  const auto b = static_cast<size_t>(life.buffer);
  const auto bytes = static_cast<uint32_t>(problem.buffers[b].row_bytes);
  const Ring& ring = plan.buffers[b];
  return {ring.offset + static_cast<uint32_t>(life.row % ring.depth) * bytes, bytes};
}

}  // namespace

std::vector<std::vector<ByteRange>> freed_bytes(const Problem& problem, const Plan& plan) {
  const auto end = static_cast<int32_t>(plan.firings.size());
  std::vector<std::vector<RowLife>> born(plan.firings.size()), died(plan.firings.size());
  std::vector<int32_t> owners(plan.arena_bytes);  // of each byte, how many need it
  const auto own = [&](const ByteRange& r, int32_t change) {
    for (uint32_t i = r.offset; i < r.offset + r.bytes; ++i) owners.at(i) += change;
  };
  for (const RowLife& life : row_lives(problem, plan)) {
    if (life.born < 0) {
      own(bytes_of(problem, plan, life), 1);
    } else if (life.born < end) {
      born[static_cast<size_t>(life.born)].push_back(life);
    }
    if (life.dies >= 0 && life.dies < end) died[static_cast<size_t>(life.dies)].push_back(life);
  }
  own({plan.state_offset, static_cast<uint32_t>(2 * problem.operations.size())}, 1);
  const auto scratch = [&](size_t o) {
    return ByteRange{plan.scratch[o], static_cast<uint32_t>(problem.operations[o].scratch_bytes)};
  };
  for (size_t o = 0; o < problem.operations.size(); ++o) {
    if (problem.operations[o].scratch_persists) own(scratch(o), 1);
  }
  std::vector<std::vector<ByteRange>> freed(plan.firings.size());
  for (size_t f = 0; f < freed.size(); ++f) {
    std::vector<ByteRange> left;
    for (const RowLife& life : born[f]) own(bytes_of(problem, plan, life), 1);
    for (const RowLife& life : died[f]) {
      left.push_back(bytes_of(problem, plan, life));
      own(left.back(), -1);
    }
    const auto o = static_cast<size_t>(plan.firings[f].operation);
    if (problem.operations[o].scratch_bytes > 0) left.push_back(scratch(o));
    std::vector<uint32_t> bytes;
    for (const ByteRange& r : left) {
      for (uint32_t i = r.offset; i < r.offset + r.bytes; ++i) {
        if (owners.at(i) == 0) bytes.push_back(i);
      }
    }
    std::sort(bytes.begin(), bytes.end());
    bytes.erase(std::unique(bytes.begin(), bytes.end()), bytes.end());
    for (const uint32_t i : bytes) {
      if (freed[f].empty() || freed[f].back().offset + freed[f].back().bytes != i) freed[f].push_back({i, 0});
      ++freed[f].back().bytes;
    }
  }
  return freed;
}

}  // namespace smelt::plan
