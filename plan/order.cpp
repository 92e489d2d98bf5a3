#include "plan/order.hpp"

#include <algorithm>
#include <limits>

namespace smelt::plan {
namespace {

constexpr int32_t nothing = std::numeric_limits<int32_t>::max();

/// For each step s, the lowest row that steps s, s+1, ... still read.
std::vector<int32_t> oldest_needed(const Access& access) {
  std::vector<int32_t> oldest(access.rows.size() + 1, nothing);
  for (size_t s = access.rows.size(); s-- > 0;) {
    oldest[s] = std::min(oldest[s + 1], access.rows[s].empty() ? nothing : access.rows[s].first);
  }
  return oldest;
}

class Simulation {
 public:
  explicit Simulation(const Problem& problem)
      : problem_(problem), next_(problem.operations.size(), 0), written_(problem.buffers.size(), 0) {
    order_.depths.assign(problem.buffers.size(), 1);
    order_.lifetimes.assign(problem.buffers.size(), Lifetime{-1, -1});
    order_.spans.assign(problem.operations.size(), Lifetime{-1, -1});
    readers_.resize(problem.buffers.size());
    for (size_t b = 0; b < problem.buffers.size(); ++b) {
      if (!problem.buffers[b].input) continue;
      written_[b] = problem.buffers[b].rows;
      order_.lifetimes[b] = {0, 0};
    }
    for (size_t o = 0; o < problem.operations.size(); ++o) {
      for (const Access& read : problem.operations[o].reads) {
        readers_[static_cast<size_t>(read.buffer)].push_back({o, oldest_needed(read)});
      }
    }
  }

  bool finished(size_t o) const { return next_[o] == problem_.operations[o].steps; }

  bool ready(size_t o) const {
    if (finished(o)) return false;
    const auto step = static_cast<size_t>(next_[o]);
    return std::all_of(problem_.operations[o].reads.begin(), problem_.operations[o].reads.end(), [&](const Access& a) {
      return a.rows[step].empty() || a.rows[step].end <= written_[static_cast<size_t>(a.buffer)];
    });
  }

  void fire(size_t o) {
    const Operation& op = problem_.operations[o];
    const auto step = static_cast<size_t>(next_[o]);
    const auto now = static_cast<int64_t>(order_.firings.size());
    for (const Access& read : op.reads) {
      if (!read.rows[step].empty()) order_.lifetimes[static_cast<size_t>(read.buffer)].dies = now;
    }
    for (const Access& write : op.writes) {
      const auto b = static_cast<size_t>(write.buffer);
      const RowRange& made = write.rows[step];
      if (made.empty()) continue;
      SMELT_ASSERT(made.first == written_[b], "rows are written once each, in increasing order");
      order_.depths[b] = std::max(order_.depths[b], made.end - std::min(oldest_live(b), made.first));
      written_[b] = made.end;
      Lifetime& life = order_.lifetimes[b];
      if (life.born < 0) life.born = now;
      life.dies = now;
    }
    Lifetime& span = order_.spans[o];
    if (span.born < 0) span.born = now;
    span.dies = now;
    ++next_[o];
    order_.firings.push_back(static_cast<int32_t>(o));
  }

  Order finish() {
    const int64_t end = std::max<int64_t>(static_cast<int64_t>(order_.firings.size()) - 1, 0);
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      const Buffer& buffer = problem_.buffers[b];
      if (buffer.input || buffer.output || buffer.whole) order_.depths[b] = buffer.rows;
      if (buffer.output) order_.lifetimes[b].dies = end;
    }
    return std::move(order_);
  }

 private:
  /// The oldest row of buffer b that some step still to come reads.
  int32_t oldest_live(size_t b) const {
    int32_t oldest = problem_.buffers[b].output ? 0 : nothing;
    for (const Reader& r : readers_[b]) oldest = std::min(oldest, r.oldest[static_cast<size_t>(next_[r.operation])]);
    return oldest;
  }

  struct Reader {
    size_t operation;
    std::vector<int32_t> oldest;
  };
  const Problem& problem_;
  std::vector<int32_t> next_;     // of each operation
  std::vector<int32_t> written_;  // rows so far, of each buffer
  std::vector<std::vector<Reader>> readers_;
  Order order_;
};

}  // namespace

Order simulate(const Problem& problem, Rings rings) {
  Simulation simulation(problem);
  const size_t n = problem.operations.size();
  if (rings == Rings::full) {
    for (size_t o = 0; o < n; ++o) {
      while (!simulation.finished(o)) {
        SMELT_ASSERT(simulation.ready(o), "deadlock: an operation reads rows that nothing before it writes");
        simulation.fire(o);
      }
    }
    return simulation.finish();
  }
  for (;;) {
    size_t o = n;
    while (o > 0 && !simulation.ready(o - 1)) --o;
    if (o == 0) break;
    simulation.fire(o - 1);
  }
  for (size_t o = 0; o < n; ++o) SMELT_ASSERT(simulation.finished(o), "deadlock in the firing order");
  return simulation.finish();
}

}  // namespace smelt::plan
