#include "plan/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "plan/order.hpp"
#include "plan/place.hpp"
#include "runtime/core.hpp"

namespace smelt::plan {
namespace {

/// out row r reads rows [r*stride - pad, r*stride - pad + span) of `have`.
std::vector<RowRange> window(int32_t rows, int32_t have, int32_t stride, int32_t pad, int32_t span) {
  std::vector<RowRange> ranges;
  for (int32_t r = 0; r < rows; ++r) {
    ranges.push_back({std::clamp(r * stride - pad, 0, have), std::clamp(r * stride - pad + span, 0, have)});
  }
  return ranges;
}
std::vector<RowRange> each(int32_t rows) { return window(rows, rows, 1, 0, 1); }

/// A chain of same-padded windows over `rows` rows of `bytes` bytes.
Problem chain(const std::vector<int32_t>& spans, int32_t rows, int32_t bytes) {
  Problem p;
  p.buffers.push_back({"in", rows, bytes, true, false, false});
  for (size_t i = 0; i < spans.size(); ++i) {
    p.buffers.push_back({"t" + std::to_string(i), rows, bytes, false, i + 1 == spans.size(), false});
    Operation op;
    op.name = "op" + std::to_string(i);
    op.steps = rows;
    op.reads.push_back({static_cast<int>(i), window(rows, rows, 1, spans[i] / 2, spans[i])});
    op.writes.push_back({static_cast<int>(i) + 1, each(rows)});
    p.operations.push_back(op);
  }
  return p;
}

TEST(Order, MinimumDepthIsTheConsumersWindow) {
  const Problem p = chain({1, 3, 5, 1}, 20, 8);
  const Order order = simulate(p, line_buffers(p));
  EXPECT_EQ(order.depths[1], 3);   // read by a window of 3
  EXPECT_EQ(order.depths[2], 5);   // read by a window of 5
  EXPECT_EQ(order.depths[3], 1);   // read by a window of 1
  EXPECT_EQ(order.depths[0], 20);  // the caller's frame
  EXPECT_EQ(order.depths[4], 20);  // the output
}

TEST(Order, FullDepthGoesLayerByLayer) {
  const Problem p = chain({3, 3}, 6, 8);
  const Order order = simulate(p, layer_by_layer(p));
  EXPECT_EQ(order.depths[1], 6);
  std::vector<int32_t> operations;
  for (const Firing& f : order.firings) operations.insert(operations.end(), static_cast<size_t>(f.count), f.operation);
  EXPECT_EQ(operations, (std::vector<int32_t>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}));
}

TEST(Order, StrideSkipsRowsButKeepsTheWindow) {
  Problem p = chain({1}, 12, 4);
  p.buffers[1].output = false;
  p.buffers.push_back({"out", 5, 4, false, true, false});
  p.operations.push_back({"stride2", 5, {{1, window(5, 12, 2, 0, 3)}}, {{2, each(5)}}, {}, 0, false, 1});
  EXPECT_EQ(simulate(p, line_buffers(p)).depths[1], 3);
}

TEST(Order, ResidualSkipWaitsInADelayRing) {
  // x -> a(1) -> b(3) -> c(3) -> add(a, c): when c makes row r, b has come to r+1 and a to r+2, so a holds rows r..r+2.
  Problem p = chain({1, 3, 3}, 16, 4);
  p.buffers[3].output = false;
  p.buffers.push_back({"sum", 16, 4, false, true, false});
  p.operations.push_back({"add", 16, {{1, each(16)}, {3, each(16)}}, {{4, each(16)}}, {}, 0, false, 1});
  const Order order = simulate(p, line_buffers(p));
  EXPECT_EQ(order.depths[1], 3);
  EXPECT_EQ(order.depths[2], 3);
  EXPECT_EQ(order.depths[3], 1);
}

TEST(Plan, InPlaceChainNeedsOneBuffer) {
  Problem p = chain({1, 1, 1}, 10, 16);
  for (Operation& op : p.operations) op.in_place = {0};
  const Plan plan = solve(p, Rings::full);
  EXPECT_EQ(plan.arena_bytes, 160U + 8U);  // 3 counters of 2 bytes, aligned
}

TEST(Plan, InPlaceIsRefusedWhereAnotherStillReads) {
  Problem p = chain({1, 1}, 10, 16);
  for (Operation& op : p.operations) op.in_place = {0};
  // A later operation reads t0, which op1 would have overwritten.
  p.buffers[2].output = false;
  p.buffers.push_back({"late", 10, 16, false, true, false});
  p.operations.push_back({"late", 10, {{1, each(10)}, {2, each(10)}}, {{3, each(10)}}, {}, 0, false, 1});
  const Plan plan = solve(p, Rings::full);
  EXPECT_NE(plan.buffers[1].offset, plan.buffers[2].offset);
  EXPECT_EQ(check(p, plan), "");
}

TEST(Plan, CheckFindsEveryKindOfMistake) {
  Problem p = chain({3, 3, 3}, 9, 8);
  p.operations[1].scratch_bytes = 12;
  const Plan good = solve(p, Rings::minimum);
  ASSERT_EQ(check(p, good), "");
  Plan bad = good;
  bad.buffers[1].depth = 2;
  EXPECT_NE(check(p, bad), "");
  bad = good;
  bad.buffers[2].offset = bad.buffers[1].offset;
  EXPECT_NE(check(p, bad), "");
  bad = good;
  bad.firings.pop_back();
  EXPECT_NE(check(p, bad), "");
  bad = good;
  std::swap(bad.firings.front(), bad.firings.back());
  EXPECT_NE(check(p, bad), "");
  bad = good;
  bad.arena_bytes -= 4;
  EXPECT_NE(check(p, bad), "");
  bad = good;
  bad.scratch[1] = bad.buffers[2].offset;
  EXPECT_NE(check(p, bad), "");
  bad = good;
  bad.state_offset = bad.buffers[0].offset;
  EXPECT_NE(check(p, bad), "");
}

/// Blocks of several pieces with lives of their own: a staircase, as a full ring is.
std::vector<Block> random_blocks(std::mt19937& random, int count, int pieces) {
  std::vector<Block> blocks;
  for (int i = 0; i < count; ++i) {
    Block b;
    uint32_t offset = 0;
    auto born = static_cast<int32_t>(random() % 8);
    for (unsigned p = 0; p < 1 + random() % static_cast<unsigned>(pieces); ++p) {
      const auto bytes = static_cast<uint32_t>(4 + 4 * (random() % 16));
      b.pieces.push_back({offset, bytes, {{born, born + static_cast<int32_t>(random() % 4)}}});
      offset += bytes;
      born += static_cast<int32_t>(random() % 2);
    }
    blocks.push_back(b);
  }
  return blocks;
}

TEST(Place, NoTwoLiveBytesOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const std::vector<Block> blocks = random_blocks(random, 8, 5);
    const Layout layout = place(blocks, {}, 4, 50);
    ASSERT_GE(layout.bytes, peak(blocks));
    for (int32_t time = 0; time < 20; ++time) {
      std::vector<int> owners(layout.bytes, 0);
      for (size_t b = 0; b < blocks.size(); ++b) {
        for (const Piece& p : blocks[b].pieces) {
          if (time < p.live[0].born || time > p.live[0].dies) continue;
          for (uint32_t i = 0; i < p.bytes; ++i) ASSERT_EQ(owners.at(layout.offsets[b] + p.offset + i)++, 0);
        }
      }
    }
  }
}

TEST(Place, NearlyAlwaysReachesTheLowerBoundOnSmallProblems) {
  std::mt19937 random(7);
  int at_bound = 0;
  for (int round = 0; round < 200; ++round) {
    const std::vector<Block> blocks = random_blocks(random, 6, 1);
    at_bound += place(blocks, {}, 4, 400).bytes == peak(blocks);
  }
  EXPECT_GE(at_bound, 195);  // an optimum above the bound exists for very few sets of six blocks
}

TEST(Place, BlocksCoincideOnlyWhereTheyAreAllowedTo) {
  // b is written over a at time 3.
  const std::vector<Block> blocks = {{{{0, 16, {{0, 3}}}}}, {{{0, 16, {{3, 5}}}}}};
  EXPECT_EQ(place(blocks, {}, 4, 10).bytes, 32U);
  EXPECT_EQ(place(blocks, {{0, 1, {3}}}, 4, 10).bytes, 16U);
  EXPECT_EQ(place(blocks, {{0, 1, {2}}}, 4, 10).bytes, 32U);
  const std::vector<Block> longer = {{{{0, 16, {{0, 4}}}}}, {{{0, 16, {{3, 5}}}}}};
  EXPECT_EQ(place(longer, {{0, 1, {3, 4}}}, 4, 10).bytes, 32U);
}

/// A random graph: windows, strides, fan-out, joins, whole-tensor operations, scratch.
Problem random_problem(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int32_t>(random() % static_cast<unsigned>(n)); };
  Problem p;
  p.buffers.push_back({"in", 4 + below(20), 1 + below(40), true, false, false});
  const int operations = 1 + below(10);
  for (int o = 0; o < operations; ++o) {
    Operation op;
    op.name = "op" + std::to_string(o);
    op.scratch_bytes = below(3) == 0 ? 1 + below(30) : 0;
    const auto source = static_cast<int>(below(3) == 0 ? below(static_cast<int>(p.buffers.size()))
                                                       : static_cast<int>(p.buffers.size()) - 1);
    const int32_t have = p.buffers[static_cast<size_t>(source)].rows;
    const int32_t bytes = p.buffers[static_cast<size_t>(source)].row_bytes;
    int32_t rows = have;
    if (below(6) == 0) {  // whole
      rows = 1 + below(8);
      op.reads.push_back({source, {RowRange{0, have}}});
      op.steps = 1;
      p.buffers.push_back({"w", rows, 1 + below(40), false, false, false});
      op.writes.push_back({static_cast<int>(p.buffers.size()) - 1, {RowRange{0, rows}}});
    } else {
      const int32_t span = 1 + below(4), stride = 1 + below(3), pad = below(span);
      rows = std::max(1, (have + 2 * pad - span) / stride + 1);
      op.steps = rows;
      op.reads.push_back({source, window(rows, have, stride, pad, span)});
      int joined = -1;
      for (size_t b = 0; b < p.buffers.size() && joined < 0; ++b) {
        if (p.buffers[b].rows == rows && static_cast<int>(b) != source && below(2) == 0) joined = static_cast<int>(b);
      }
      if (joined >= 0) op.reads.push_back({joined, each(rows)});
      const bool elementwise = span == 1 && stride == 1;
      p.buffers.push_back({"t", rows, elementwise ? bytes : 1 + below(40), false, false, false});
      op.writes.push_back({static_cast<int>(p.buffers.size()) - 1, each(rows)});
      if (elementwise) op.in_place = {0};
    }
    op.block = 1 + below(9);
    p.operations.push_back(op);
  }
  p.buffers.back().output = true;
  if (below(3) == 0) p.buffers[static_cast<size_t>(below(static_cast<int>(p.buffers.size())))].output = true;
  return p;
}

TEST(Plan, RandomGraphsAreSoundAndNeverWorseThanNaive) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    const Problem p = random_problem(random);
    uint32_t naive = static_cast<uint32_t>(p.operations.size()) * 2 + 4;
    for (const Buffer& b : p.buffers) naive += (static_cast<uint32_t>(b.rows * b.row_bytes) + 3) / 4 * 4;
    for (const Operation& o : p.operations) naive += (static_cast<uint32_t>(o.scratch_bytes) + 3) / 4 * 4;
    for (const Rings rings : {Rings::full, Rings::minimum, Rings::automatic, Rings::fastest, Rings::balanced}) {
      const Plan plan = solve(p, rings);  // aborts if its own check fails
      ASSERT_LE(plan.arena_bytes, naive) << "round " << round;
    }
    if (round % 10 != 0) continue;
    const Plan full = solve(p, Rings::full), fastest = solve(p, Rings::fastest);
    ASSERT_LE(fastest.firings.size(), full.firings.size());
    ASSERT_TRUE(fastest.arena_bytes <= full.arena_bytes || fastest.firings.size() < full.firings.size());
    const std::vector<Plan> curve = alternatives(p);
    for (size_t i = 1; i < curve.size(); ++i) {
      ASSERT_GT(curve[i].arena_bytes, curve[i - 1].arena_bytes);
      ASSERT_LT(curve[i].firings.size(), curve[i - 1].firings.size());
    }
    const uint32_t limit = curve.back().arena_bytes - 1;
    if (curve.size() > 1) {
      ASSERT_LE(solve(p, Rings::full, limit).arena_bytes, limit);
    }
  }
}

/// What the executor makes of a schedule: runs in order, loops turned.
std::vector<uint16_t> unfolded(const std::vector<uint16_t>& schedule) {
  std::vector<uint16_t> runs;
  Model model{};
  model.schedule = schedule.data();
  model.run_count = static_cast<uint16_t>(schedule.size());
  for (Cursor cursor{}; !done(model, cursor);) {
    const uint16_t run = schedule[cursor.run];
    runs.push_back(run);
    advance(model, cursor, Run::count(run));
  }
  return runs;
}

TEST(Plan, ScheduleUnpacksToTheFirings) {
  Plan plan;
  plan.blocks.assign(1023, 1);
  plan.blocks[7] = 40;
  for (int i = 0; i < 200; ++i) plan.firings.push_back({3, 1});
  plan.firings.push_back({1, 1});
  plan.firings.insert(plan.firings.end(), {{7, 40}, {7, 40}, {7, 20}});
  for (int i = 0; i < 64; ++i) plan.firings.push_back({1022, 1});
  std::vector<int32_t> expected, unpacked;
  for (const Firing& f : plan.firings) expected.insert(expected.end(), static_cast<size_t>(f.count), f.operation);
  uint32_t sevens = 0;
  for (uint16_t run : unfolded(pack_schedule(plan))) {
    unpacked.insert(unpacked.end(), Run::count(run), static_cast<int32_t>(Run::op(run)));
    if (Run::op(run) == 7) {
      EXPECT_EQ(sevens % 40, 0U);  // no run begins inside a block
      sevens += Run::count(run);
    }
  }
  EXPECT_EQ(unpacked, expected);
}

TEST(Plan, WhatRepeatsInAScheduleBecomesALoop) {
  Plan plan;
  plan.blocks.assign(4, 1);
  plan.firings = {{0, 1}, {1, 1}, {0, 1}};
  for (int i = 0; i < 50; ++i) plan.firings.insert(plan.firings.end(), {{1, 1}, {2, 1}, {0, 1}});
  for (int i = 0; i < 20; ++i) plan.firings.insert(plan.firings.end(), {{2, 1}, {3, 1}});
  const std::vector<uint16_t> schedule = pack_schedule(plan);
  EXPECT_LE(schedule.size(), 3U + (3 + 3) + (2 + 3));
  std::vector<int32_t> expected, unpacked;
  for (const Firing& f : plan.firings) expected.push_back(f.operation);
  for (uint16_t run : unfolded(schedule)) unpacked.push_back(static_cast<int32_t>(Run::op(run)));
  EXPECT_EQ(unpacked, expected);
}

// Random orders of few operations repeat in every way there is.
TEST(Plan, RandomSchedulesUnpackToTheFirings) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 500; ++trial) {
    Plan plan;
    plan.blocks.assign(3, 1);
    std::vector<int32_t> expected, unpacked;
    while (expected.size() < 300) {
      std::vector<int32_t> body(1 + random() % 6);
      for (int32_t& o : body) o = static_cast<int32_t>(random() % 3);
      for (uint32_t turns = 1 + random() % 9; turns > 0; --turns) expected.insert(expected.end(), body.begin(), body.end());
    }
    for (int32_t o : expected) plan.firings.push_back({o, 1});
    const std::vector<uint16_t> schedule = pack_schedule(plan);
    for (uint16_t run : unfolded(schedule)) unpacked.insert(unpacked.end(), Run::count(run), static_cast<int32_t>(Run::op(run)));
    ASSERT_EQ(unpacked, expected) << "trial " << trial;
    ASSERT_LT(schedule.size(), 200U);
  }
}

}  // namespace
}  // namespace smelt::plan
