#include "plan/freed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/chart.hpp"

namespace smelt::plan {
namespace {

/// A chain of same-padded windows over `rows` rows of 8 bytes.
Problem chain(const std::vector<int32_t>& spans, int32_t rows) {
  Problem p;
  p.buffers.push_back({"in", rows, 8, true, false, false});
  for (size_t i = 0; i < spans.size(); ++i) {
    p.buffers.push_back({"t" + std::to_string(i), rows, 8, false, i + 1 == spans.size(), false});
    Operation op;
    op.steps = rows;
    std::vector<RowRange> reads, writes;
    for (int32_t r = 0; r < rows; ++r) {
      reads.push_back({std::max(r - spans[i] / 2, 0), std::min(r + spans[i] / 2 + 1, rows)});
      writes.push_back({r, r + 1});
    }
    op.reads.push_back({static_cast<int>(i), reads});
    op.writes.push_back({static_cast<int>(i) + 1, writes});
    p.operations.push_back(op);
  }
  return p;
}

TEST(Freed, IsWhatWasNeededBeforeAFiringAndIsNotBehindIt) {
  for (const Rings rings : {Rings::full, Rings::minimum}) {
    Problem p = chain({3, 1, 5, 1}, 12);
    p.operations[1].in_place = {0};
    p.operations[2].scratch_bytes = 16;
    const Plan plan = solve(p, rings);
    const auto freed = freed_bytes(p, plan);
    ASSERT_EQ(freed.size(), plan.firings.size());
    const auto live = [&](int32_t firing) {
      std::vector<bool> bytes(plan.arena_bytes);
      for (const RowLife& l : row_lives(p, plan)) {
        const Ring& ring = plan.buffers[static_cast<size_t>(l.buffer)];
        if (l.born > firing || l.dies <= firing) continue;
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(ring.offset) + l.row % ring.depth * 8, 8, true);
      }
      return bytes;
    };
    size_t total = 0;
    for (int32_t f = 0; f < static_cast<int32_t>(freed.size()); ++f) {
      const std::vector<bool> before = live(f - 1), behind = live(f);
      std::vector<bool> bytes(plan.arena_bytes);
      for (const ByteRange& r : freed[static_cast<size_t>(f)]) {
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(r.offset), r.bytes, true);
        total += r.bytes;
      }
      for (size_t i = 0; i < bytes.size(); ++i) {
        EXPECT_FALSE(bytes[i] && behind[i]) << "byte " << i << " is needed behind firing " << f;
        EXPECT_TRUE(bytes[i] || !before[i] || behind[i]) << "byte " << i << " is left by firing " << f;
      }
    }
    EXPECT_GE(total, 12U * 8 + 16) << "all rows of the input, and the scratch";
  }
}

}  // namespace
}  // namespace smelt::plan
