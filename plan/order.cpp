#include "plan/order.hpp"

#include <algorithm>
#include <limits>

#include "runtime/core.hpp"

namespace smelt::plan {
namespace {

constexpr size_t most_pieces = 128;  ///< of a full ring
constexpr size_t most_slots = 32;    ///< of a shallow ring that are told apart
constexpr int32_t nothing = std::numeric_limits<int32_t>::max();

/// For each step s, the lowest row that steps s, s+1, ... still read.
std::vector<int32_t> oldest_needed(const Access& access) {
  std::vector<int32_t> oldest(access.rows.size() + 1, nothing);
  for (size_t s = access.rows.size(); s-- > 0;) {
    oldest[s] = std::min(oldest[s + 1], access.rows[s].empty() ? nothing : access.rows[s].first);
  }
  return oldest;
}

/// For each buffer the one that is written over it, row by row, by its only reader; -1 where there is none.
std::vector<int> overwritten_by(const Problem& problem) {
  std::vector<int> readers(problem.buffers.size(), 0);
  for (const Operation& op : problem.operations) {
    for (const Access& read : op.reads) ++readers[static_cast<size_t>(read.buffer)];
  }
  std::vector<int> next(problem.buffers.size(), -1);
  for (const Operation& op : problem.operations) {
    if (op.writes.size() != 1) continue;
    const Access& write = op.writes[0];
    const Buffer& to = problem.buffers[static_cast<size_t>(write.buffer)];
    for (const int index : op.in_place) {
      const Access& read = op.reads[static_cast<size_t>(index)];
      const auto b = static_cast<size_t>(read.buffer);
      const Buffer& from = problem.buffers[b];
      if (from.at_start() || from.at_end() || from.whole || to.whole || readers[b] != 1) continue;
      if (read.rows != write.rows || from.rows != to.rows || from.row_bytes != to.row_bytes) continue;
      next[b] = write.buffer;
      break;  // one input only: two would have to lie in one place
    }
  }
  return next;
}

class Simulation {
 public:
  Simulation(const Problem& problem, const Strategy& strategy)
      : problem_(problem), strategy_(strategy), next_(problem.operations.size(), 0), written_(problem.buffers.size(), 0) {
    order_.depths.assign(problem.buffers.size(), 1);
    order_.scratches.resize(problem.operations.size());
    next_in_ring_ = strategy.join ? overwritten_by(problem) : std::vector<int>(problem.buffers.size(), -1);
    joined_.assign(problem.buffers.size(), false);
    for (const int to : next_in_ring_) {
      if (to >= 0) joined_[static_cast<size_t>(to)] = true;
    }
    readers_.resize(problem.buffers.size());
    writer_.assign(problem.buffers.size(), -1);
    for (size_t b = 0; b < problem.buffers.size(); ++b) {
      rows_.emplace_back(static_cast<size_t>(problem.buffers[b].rows), Interval{unborn, unborn});
      if (!problem.buffers[b].at_start()) continue;
      written_[b] = problem.buffers[b].rows;
      std::fill(rows_[b].begin(), rows_[b].end(), Interval{-1, -1});
    }
    for (size_t o = 0; o < problem.operations.size(); ++o) {
      for (const Access& write : problem.operations[o].writes) writer_[static_cast<size_t>(write.buffer)] = static_cast<int>(o);
      for (const Access& read : problem.operations[o].reads) {
        readers_[static_cast<size_t>(read.buffer)].push_back({o, oldest_needed(read)});
      }
    }
  }

  bool finished(size_t o) const { return next_[o] == problem_.operations[o].steps; }

  /// Whether everything is there that the next `count` steps read.
  bool ready(size_t o, int32_t count) const {
    return std::all_of(problem_.operations[o].reads.begin(), problem_.operations[o].reads.end(), [&](const Access& a) {
      for (int32_t s = next_[o]; s < next_[o] + count; ++s) {
        const RowRange& rows = a.rows[static_cast<size_t>(s)];
        if (!rows.empty() && rows.end > written_[static_cast<size_t>(a.buffer)]) return false;
      }
      return true;
    });
  }

  /// Steps of the next firing of an operation that has any left.
  int32_t block(size_t o, bool alone) const {
    const Operation& op = problem_.operations[o];
    const bool together = alone || (!strategy_.in_blocks.empty() && strategy_.in_blocks[o]);
    return std::min({op.steps - next_[o], together ? op.block : 1, static_cast<int32_t>(Run::max_count)});
  }

  /// Fires `count` steps at once: what any of them reads stays until all are done, what any of them writes is taken from
  /// the beginning.
  void fire(size_t o, int32_t count) {
    SMELT_ASSERT(ready(o, count), "deadlock in the firing order");
    const Operation& op = problem_.operations[o];
    const auto now = static_cast<int32_t>(order_.firings.size());
    const int32_t first_step = next_[o];
    while (next_[o] < first_step + count) {
      const auto step = static_cast<size_t>(next_[o]++);
      for (const Access& read : op.reads) {
        for (int32_t r = read.rows[step].first; r < read.rows[step].end; ++r) row(read.buffer, r).dies = now;
      }
    }
    for (const Access& write : op.writes) {
      const auto b = static_cast<size_t>(write.buffer);
      const int32_t before = written_[b];
      for (int32_t s = first_step; s < first_step + count; ++s) {
        const RowRange& made = write.rows[static_cast<size_t>(s)];
        if (made.empty()) continue;
        SMELT_ASSERT(made.first == written_[b], "rows are written once each, in increasing order");
        if (!joined_[b]) {  // else the rows have their slots
          order_.depths[b] = std::max(order_.depths[b], made.end - std::min(oldest_live(b, o, first_step), before));
        }
        written_[b] = made.end;
        for (int32_t r = made.first; r < made.end; ++r) row(write.buffer, r) = {now, now};
      }
    }
    if (op.scratch_bytes > 0) {
      std::vector<Piece>& pieces = order_.scratches[o].pieces;
      if (pieces.empty()) pieces.push_back({0, static_cast<uint32_t>(op.scratch_bytes), {}});
      std::vector<Interval>& live = pieces[0].live;
      if (live.empty() || !op.scratch_persists) live.push_back({now, now});
      live.back().dies = now;
    }
    order_.firings.push_back({static_cast<int32_t>(o), count});
  }

  void fire_all(size_t o) {
    while (!finished(o)) fire(o, block(o, true));
  }

  /// Fires o once, after whatever must fire before it.
  void demand(size_t o) {
    const int32_t count = block(o, false);
    for (const Access& read : problem_.operations[o].reads) {
      const auto b = static_cast<size_t>(read.buffer);
      for (int32_t s = next_[o]; s < next_[o] + count; ++s) {
        const RowRange& rows = read.rows[static_cast<size_t>(s)];
        while (!rows.empty() && written_[b] < rows.end) {
          SMELT_ASSERT(writer_[b] >= 0 && !finished(static_cast<size_t>(writer_[b])), "deadlock: nobody writes a row");
          demand(static_cast<size_t>(writer_[b]));
        }
      }
    }
    fire(o, count);
  }

  /// Fires the latest operation of [first, end) that can.
  bool fire_latest(size_t first, size_t end) {
    while (end > first && (finished(end - 1) || !ready(end - 1, block(end - 1, false)))) --end;
    if (end > first) fire(end - 1, block(end - 1, false));
    return end > first;
  }

  Order finish() {
    const auto end = static_cast<int32_t>(order_.firings.size());
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      const Buffer& buffer = problem_.buffers[b];
      if (buffer.at_start() || buffer.at_end() || buffer.whole) order_.depths[b] = buffer.rows;
      if (buffer.at_end()) {
        for (Interval& life : rows_[b]) life.dies = end;
      }
    }
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      if (!joined_[b]) join(b);
    }
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      order_.rings.push_back(static_cast<int>(ring(b)));
      order_.buffers.push_back(ring(b) == b ? life(b) : Block{});
    }
    return std::move(order_);
  }

 private:
  static constexpr int32_t unborn = std::numeric_limits<int32_t>::min();

  Interval& row(int buffer, int32_t r) { return rows_[static_cast<size_t>(buffer)][static_cast<size_t>(r)]; }

  /// A full ring row by row, a shallow one slot by slot; a deep one of many rows as a whole, live while any of them is.
  Block life(size_t b) const {
    Block block;
    const auto bytes = static_cast<uint32_t>(problem_.buffers[b].row_bytes);
    if (order_.depths[b] == problem_.buffers[b].rows) {
      // Of a very long tensor, several rows make a piece, so that placement stays quick.
      const size_t together = rows_[b].size() / most_pieces + 1;
      for (size_t r = 0; r < rows_[b].size(); r += together) {
        const size_t end = std::min(r + together, rows_[b].size());
        Interval life{std::numeric_limits<int32_t>::max(), unborn};
        for (size_t i = r; i < end; ++i) {
          if (rows_[b][i].born == unborn) continue;
          life.born = std::min(life.born, rows_[b][i].born);
          life.dies = std::max(life.dies, rows_[b][i].dies);
        }
        if (life.dies == unborn) continue;
        Piece* last = block.pieces.empty() ? nullptr : &block.pieces.back();
        const auto at = static_cast<uint32_t>(r) * bytes;
        const auto size = static_cast<uint32_t>(end - r) * bytes;
        if (last != nullptr && last->offset + last->bytes == at && last->live[0] == life) {
          last->bytes += size;
        } else {
          block.pieces.push_back({at, size, {life}});
        }
      }
      return block;
    }
    // Slot by slot: while a later stage runs, few rows of the rings before it are still needed.
    const auto depth = static_cast<size_t>(order_.depths[b]);
    const size_t slots = depth <= most_slots ? depth : 1;
    for (size_t s = 0; s < slots; ++s) {
      const auto size = static_cast<uint32_t>(depth / slots) * bytes;
      Piece slot{static_cast<uint32_t>(s) * size, size, {}};
      for (size_t r = s; r < rows_[b].size(); r += slots) {  // rows are born in order
        const Interval& life = rows_[b][r];
        if (life.born == unborn) continue;
        if (!slot.live.empty() && life.born <= slot.live.back().dies) {
          slot.live.back().dies = std::max(slot.live.back().dies, life.dies);
        } else {
          slot.live.push_back(life);
        }
      }
      block.pieces.push_back(std::move(slot));
    }
    return block;
  }

  /// The oldest row of buffer b, or of those behind it in its ring, that some step still to come reads, counting operation
  /// `firing` from step `from`.
  int32_t oldest_live(size_t b, size_t firing, int32_t from) const {
    int32_t oldest = problem_.buffers[b].at_end() ? 0 : nothing;
    for (const Reader& r : readers_[b]) {
      oldest = std::min(oldest, r.oldest[static_cast<size_t>(r.operation == firing ? from : next_[r.operation])]);
    }
    const int next = next_in_ring_[b];
    return next < 0 ? oldest : std::min(oldest, oldest_live(static_cast<size_t>(next), firing, from));
  }

  size_t ring(size_t b) const {
    while (next_in_ring_[b] >= 0) b = static_cast<size_t>(next_in_ring_[b]);
    return b;
  }

  /// Gives all buffers of the ring that begins with b its depth, and the last one the lives of all.
  void join(size_t b) {
    const size_t last = ring(b);
    if (last == b) return;
    int32_t depth = 0;
    for (int m = static_cast<int>(b); m >= 0; m = next_in_ring_[static_cast<size_t>(m)]) {
      depth = std::max(depth, order_.depths[static_cast<size_t>(m)]);
    }
    for (int m = static_cast<int>(b); m >= 0; m = next_in_ring_[static_cast<size_t>(m)]) {
      order_.depths[static_cast<size_t>(m)] = depth;
      for (size_t r = 0; r < rows_[b].size(); ++r) {
        const Interval& one = rows_[static_cast<size_t>(m)][r];
        Interval& all = rows_[last][r];
        if (one.born == unborn) continue;
        all = all.born == unborn ? one : Interval{std::min(all.born, one.born), std::max(all.dies, one.dies)};
      }
    }
  }

  struct Reader {
    size_t operation;
    std::vector<int32_t> oldest;
  };
  const Problem& problem_;
  const Strategy& strategy_;
  std::vector<int32_t> next_;                // of each operation
  std::vector<int32_t> written_;             // rows so far, of each buffer
  std::vector<std::vector<Interval>> rows_;  // life of each row of each buffer
  std::vector<std::vector<Reader>> readers_;
  std::vector<int> next_in_ring_;            // of each buffer, see overwritten_by
  std::vector<bool> joined_;                 // whether a buffer's rows lie where those of another one did
  std::vector<int> writer_;                  // operation that writes a buffer; -1: the caller
  Order order_;
};

}  // namespace

Strategy layer_by_layer(const Problem& problem) { return {std::vector<bool>(problem.operations.size(), true)}; }
Strategy line_buffers(const Problem& problem, bool on_demand) {
  return {std::vector<bool>(problem.operations.size(), false), on_demand};
}

Order simulate(const Problem& problem, const Strategy& strategy) {
  Simulation simulation(problem, strategy);
  const size_t n = problem.operations.size();
  for (size_t first = 0, end = 0; first < n; first = end) {
    while (end < n && !strategy.cut_after[end]) ++end;
    end = std::min(end + 1, n);
    if (end == first + 1) {  // nobody waits for single rows: fire as many at once as the kernel likes
      simulation.fire_all(first);
    } else if (strategy.on_demand) {
      for (size_t o = end; o-- > first;) {
        while (!simulation.finished(o)) simulation.demand(o);
      }
    } else {
      while (simulation.fire_latest(first, end)) {
      }
    }
    for (size_t o = first; o < end; ++o) SMELT_ASSERT(simulation.finished(o), "deadlock in the firing order");
  }
  return simulation.finish();
}

}  // namespace smelt::plan
