#include "plan/place.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace smelt::plan {
namespace {

uint32_t align_up(uint32_t n, uint32_t alignment) { return (n + alignment - 1) / alignment * alignment; }

bool meet(const Block& a, const Block& b) { return a.born <= b.dies && b.born <= a.dies; }

/// Puts each block, in the given order, at the lowest offset that is free for its whole life.
Layout first_fit(const std::vector<Block>& blocks, const std::vector<size_t>& order, uint32_t alignment) {
  Layout layout;
  layout.offsets.assign(blocks.size(), 0);
  std::vector<size_t> placed;  // by offset
  for (size_t i : order) {
    uint32_t at = 0;
    for (size_t j : placed) {
      if (!meet(blocks[i], blocks[j])) continue;
      if (layout.offsets[j] >= at + blocks[i].bytes) break;
      at = std::max(at, align_up(layout.offsets[j] + blocks[j].bytes, alignment));
    }
    layout.offsets[i] = at;
    layout.bytes = std::max(layout.bytes, at + blocks[i].bytes);
    const auto by_offset = [&](size_t a, size_t b) { return layout.offsets[a] < layout.offsets[b]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i, by_offset), i);
  }
  return layout;
}

}  // namespace

uint32_t lower_bound(const std::vector<Block>& blocks, uint32_t alignment) {
  // The sum alive changes only where a block is born.
  uint32_t most = 0;
  for (const Block& at : blocks) {
    uint32_t sum = 0;
    for (const Block& b : blocks) {
      if (b.born <= at.born && at.born <= b.dies) sum += align_up(b.bytes, alignment);
    }
    most = std::max(most, sum);
  }
  return most;
}

Layout place(const std::vector<Block>& blocks, uint32_t alignment) {
  std::vector<size_t> order(blocks.size());
  const uint32_t bound = lower_bound(blocks, alignment);
  Layout best;
  std::vector<size_t> best_order;
  const auto attempt = [&](const std::vector<size_t>& o) {
    Layout layout = first_fit(blocks, o, alignment);
    const bool better = best_order.empty() || layout.bytes < best.bytes;
    if (better) {
      best = std::move(layout);
      best_order = o;
    }
    return better;
  };
  const std::vector<std::function<bool(size_t, size_t)>> keys = {
      [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; },
      [&](size_t a, size_t b) { return blocks[a].dies - blocks[a].born > blocks[b].dies - blocks[b].born; },
      [&](size_t a, size_t b) { return blocks[a].born < blocks[b].born; },
      [&](size_t a, size_t b) { return blocks[a].dies > blocks[b].dies; },
  };
  for (const auto& key : keys) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), key);
    attempt(order);
  }
  // Move the blocks that reach the top towards the front of the order; xorshift keeps the search repeatable.
  uint32_t random = 0x9E3779B9U;
  const size_t tries = blocks.empty() ? 0 : std::min<size_t>(400, 2000000 / (blocks.size() * blocks.size() + 1));
  for (size_t n = 0; n < tries && best.bytes > bound; ++n) {
    order = best_order;
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    size_t from = random % order.size();
    if (n % 2 == 0) {
      from = static_cast<size_t>(std::max_element(order.begin(), order.end(),
                                                  [&](size_t a, size_t b) {
                                                    return best.offsets[a] + blocks[a].bytes <
                                                           best.offsets[b] + blocks[b].bytes;
                                                  }) -
                                 order.begin());
    }
    const size_t to = (random >> 8) % (from + 1);
    std::rotate(order.begin() + static_cast<int64_t>(to), order.begin() + static_cast<int64_t>(from),
                order.begin() + static_cast<int64_t>(from) + 1);
    attempt(order);
  }
  best.bytes = align_up(best.bytes, alignment);
  return best;
}

}  // namespace smelt::plan
