#include "plan/plan.hpp"

#include <algorithm>

#include "plan/order.hpp"
#include "plan/place.hpp"
#include "runtime/core.hpp"

namespace smelt::plan {
namespace {

/// The shortest form of a firing order whose repeated stretches are loops. What follows each entry in that form is found
/// from the end backwards.
std::vector<uint16_t> fold_runs(const std::vector<uint16_t>& runs) {
  constexpr size_t longest_body = 256;
  constexpr size_t loop_entries = 3;
  struct Choice {
    uint32_t entries = 0;  ///< from here to the end
    uint32_t body = 0;     ///< 0: the entry by itself
    uint32_t turns = 0;
  };
  const size_t n = runs.size();
  std::vector<Choice> from(n + 1);
  std::vector<uint32_t> same(longest_body + 1, 0);  // entries from here on that equal those so many places later
  for (size_t i = n; i-- > 0;) {
    from[i] = {from[i + 1].entries + 1, 0, 0};
    for (size_t body = 1; body <= longest_body && i + body < n; ++body) {
      same[body] = runs[i] == runs[i + body] ? same[body] + 1 : 0;
      const auto turns = std::min<uint32_t>(same[body] / static_cast<uint32_t>(body), 0xffff);
      if (turns == 0) continue;
      const size_t after = i + body * (turns + 1);
      const auto entries = static_cast<uint32_t>(body + loop_entries) + from[after].entries;
      if (entries < from[i].entries) from[i] = {entries, static_cast<uint32_t>(body), turns};
    }
  }
  std::vector<uint16_t> folded;
  for (size_t i = 0; i < n;) {
    const size_t body = std::max<size_t>(from[i].body, 1);
    folded.insert(folded.end(), runs.begin() + static_cast<std::ptrdiff_t>(i), runs.begin() + static_cast<std::ptrdiff_t>(i + body));
    if (from[i].body > 0) {
      folded.insert(folded.end(), {Run::again, static_cast<uint16_t>(body), static_cast<uint16_t>(from[i].turns)});
    }
    i += body * (from[i].turns + 1);
  }
  return folded;
}

std::vector<uint16_t> runs_of(const std::vector<Firing>& firings, const std::vector<int32_t>& blocks) {
  std::vector<uint16_t> runs;
  for (size_t i = 0; i < firings.size();) {
    const int32_t operation = firings[i].operation;
    const auto block = static_cast<uint32_t>(blocks[static_cast<size_t>(operation)]);
    const uint32_t longest = Run::max_count / block * block;
    uint32_t steps = 0;
    for (; i < firings.size() && firings[i].operation == operation; ++i) steps += static_cast<uint32_t>(firings[i].count);
    for (uint32_t count = 0; steps > 0; steps -= count) {
      count = std::min(steps, longest);
      runs.push_back(Run::pack(static_cast<uint32_t>(operation), count));
    }
  }
  return runs;
}

/// Of each operation, the most steps of one firing.
std::vector<int32_t> blocks_of(const Problem& problem, const std::vector<Firing>& firings) {
  std::vector<int32_t> blocks(problem.operations.size(), 1);
  for (const Firing& f : firings) {
    int32_t& block = blocks[static_cast<size_t>(f.operation)];
    block = std::max(block, f.count);
  }
  return blocks;
}

/// An order of firings with everything that wants a place: buffers, scratches, the step counters.
struct Candidate {
  Strategy strategy;
  Order order;
  std::vector<Block> blocks;
  uint32_t arena = 0;  ///< bytes that it needs, placed in a hurry
  uint32_t runs = 0;   ///< entries of the firing order, two bytes of flash each; loops are looked for where they are many
};

constexpr uint32_t few_runs = 2048;

/// A firing order that changes often may cost more flash than it saves RAM: allowed are 4 KB, or what it saves.
bool affordable(const Candidate& c, const Candidate& full) {
  const uint32_t flash = 2 * c.runs;
  return flash <= 2 * few_runs || (flash < 100000 && flash + c.arena <= full.arena);
}

/// The search for the curve stops, with what it has, when it has simulated this many steps and rows read: some seconds.
/// Real models need a fraction of it, but a file can hold a thousand operations of thousands of rows.
constexpr int64_t most_work = int64_t{1} << 26;

class Budget {
 public:
  explicit Budget(const Problem& problem) : operations_(static_cast<int64_t>(problem.operations.size())) {
    for (const Operation& op : problem.operations) {
      steps_ += op.steps;
      for (const Access& read : op.reads) {
        for (const RowRange& rows : read.rows) steps_ += rows.empty() ? 0 : rows.end - rows.first;
      }
    }
  }
  /// Counts one simulation; false when it is one too many. Firing the latest that can looks at all operations each time.
  bool spend(const Strategy& strategy) {
    work_ += steps_ * (strategy.on_demand ? 1 : 1 + operations_ / 8);
    return work_ <= most_work;
  }

 private:
  int64_t operations_;
  int64_t steps_ = 0;
  int64_t work_ = 0;
};

/// Operations that may write over an input: the two rings may coincide, meeting only when that operation fires.
std::vector<Exception> in_place(const Problem& problem, const Order& order) {
  std::vector<Exception> exceptions;
  std::vector<std::vector<int32_t>> fired(problem.operations.size());
  for (size_t f = 0; f < order.firings.size(); ++f) {
    fired[static_cast<size_t>(order.firings[f].operation)].push_back(static_cast<int32_t>(f));
  }
  for (size_t o = 0; o < problem.operations.size(); ++o) {
    const Operation& op = problem.operations[o];
    if (op.in_place.empty() || op.writes.size() != 1) continue;
    const auto to = static_cast<size_t>(op.writes[0].buffer);
    const std::vector<int32_t>& at = fired[o];
    for (int index : op.in_place) {
      const Access& read = op.reads[static_cast<size_t>(index)];
      const auto from = static_cast<size_t>(read.buffer);
      const Buffer& a = problem.buffers[from];
      const Buffer& b = problem.buffers[to];
      const bool once = std::count_if(op.reads.begin(), op.reads.end(),
                                      [&](const Access& r) { return r.buffer == read.buffer; }) == 1;
      if (!once || read.rows != op.writes[0].rows || a.rows != b.rows || a.row_bytes != b.row_bytes) continue;
      if (order.depths[from] != order.depths[to] || order.rings[from] == order.rings[to]) continue;
      exceptions.push_back({from, to, at});
    }
  }
  return exceptions;
}

Candidate make_candidate(const Problem& problem, Strategy strategy) {
  Candidate c;
  c.order = simulate(problem, strategy);
  c.strategy = std::move(strategy);
  c.blocks = c.order.buffers;
  c.blocks.insert(c.blocks.end(), c.order.scratches.begin(), c.order.scratches.end());
  const auto end = static_cast<int32_t>(c.order.firings.size());
  c.blocks.push_back({{{0, static_cast<uint32_t>(problem.operations.size()) * 2, {{-1, end}}}}});
  c.arena = place(c.blocks, in_place(problem, c.order), alignment, 0).bytes;
  for (size_t f = 0; f < c.order.firings.size(); ++f) {
    c.runs += f == 0 || c.order.firings[f].operation != c.order.firings[f - 1].operation;
  }
  if (c.runs > few_runs) {
    c.runs = static_cast<uint32_t>(fold_runs(runs_of(c.order.firings, blocks_of(problem, c.order.firings))).size());
  }
  return c;
}

/// Line buffers throughout, in all their forms.
std::vector<Strategy> starts(const Problem& problem) {
  std::vector<Strategy> all;
  for (const bool join : {true, false}) {
    for (const bool on_demand : {true, false}) {
      all.push_back(line_buffers(problem, on_demand));
      all.back().join = join;
    }
  }
  return all;
}

/// Starts from line buffers throughout and cuts the chain of operations where that saves bytes: greedily, one cut at
/// a time. Falls back to full rings where nothing is gained, because whole tensors are faster.
Candidate least_ram(const Problem& problem) {
  Candidate full = make_candidate(problem, layer_by_layer(problem));
  Candidate best = full;
  const size_t n = problem.operations.size();
  // Each try simulates every step; very long tensors get fewer tries.
  int64_t steps = 1;
  for (const Operation& o : problem.operations) steps += o.steps;
  int64_t tries = std::max<int64_t>(2, 2000000 / steps);
  for (const Strategy& start : starts(problem)) {
    Candidate current = make_candidate(problem, start);
    for (int round = 0; round < 4; ++round) {
      Candidate better;
      for (size_t cut = 0; cut + 1 < n && tries > 0; ++cut) {
        if (current.strategy.cut_after[cut]) continue;
        Strategy s = current.strategy;
        s.cut_after[cut] = true;
        --tries;
        Candidate c = make_candidate(problem, std::move(s));
        const bool gain = affordable(c, full) && (c.arena < current.arena || !affordable(current, full));
        if (gain && (better.blocks.empty() || c.arena < better.arena)) better = std::move(c);
      }
      if (better.blocks.empty()) break;
      current = std::move(better);
    }
    if (current.arena < best.arena && affordable(current, full)) best = std::move(current);
  }
  return best;
}

/// From least RAM towards layer by layer: each step takes the change that saves most kernel calls for each byte it costs, a
/// cut or an operation that fires in blocks.
std::vector<Candidate> curve(const Problem& problem) {
  std::vector<Candidate> points;
  points.push_back(least_ram(problem));
  const size_t n = problem.operations.size();
  int64_t steps = 1;
  for (const Operation& o : problem.operations) steps += o.steps;
  if (steps > 20000) return points;  // too long for a search of this kind
  Budget budget(problem);
  for (;;) {
    const Candidate& from = points.back();
    std::vector<Strategy> changes;
    for (size_t cut = 0; cut + 1 < n; ++cut) {
      if (from.strategy.cut_after[cut]) continue;
      Strategy s = from.strategy;
      // A cut pays where it sets an operation free to fire in blocks, so its neighbour's cut may have to come with it.
      for (const size_t also : {cut, cut + 1}) {
        if (also + 1 < n) s.cut_after[also] = true;
        changes.push_back(s);
      }
    }
    for (size_t o = 0; o < n; ++o) {
      if (problem.operations[o].block == 1 || (!from.strategy.in_blocks.empty() && from.strategy.in_blocks[o])) continue;
      Strategy s = from.strategy;
      s.in_blocks.resize(n, false);
      s.in_blocks[o] = true;
      changes.push_back(std::move(s));
    }
    Candidate best;
    double best_price = 0;
    for (Strategy& s : changes) {
      if (!budget.spend(s)) return points;
      Candidate c = make_candidate(problem, std::move(s));
      const auto saved = static_cast<double>(from.order.firings.size()) - static_cast<double>(c.order.firings.size());
      if (saved <= 0) continue;
      const double price = (static_cast<double>(c.arena) - from.arena) / saved;
      if (best.blocks.empty() || price < best_price) {
        best_price = price;
        best = std::move(c);
      }
    }
    if (best.blocks.empty()) return points;
    points.push_back(std::move(best));
  }
}

Plan lay_out(const Problem& problem, const Candidate& c) {
  const size_t buffers = problem.buffers.size();
  const Layout layout = place(c.blocks, in_place(problem, c.order), alignment, 600);
  Plan plan;
  for (size_t b = 0; b < buffers; ++b) {
    plan.buffers.push_back({layout.offsets[static_cast<size_t>(c.order.rings[b])], c.order.depths[b]});
  }
  for (size_t o = 0; o < problem.operations.size(); ++o) plan.scratch.push_back(layout.offsets[buffers + o]);
  plan.state_offset = layout.offsets.back();
  plan.arena_bytes = layout.bytes;
  plan.firings = c.order.firings;
  plan.blocks = blocks_of(problem, plan.firings);
  const std::string wrong = check(problem, plan);
  SMELT_ASSERT(wrong.empty(), "the plan fails its own check: " + wrong);
  return plan;
}

}  // namespace

std::vector<Plan> alternatives(const Problem& problem) {
  std::vector<Plan> plans;
  for (const Candidate& c : curve(problem)) plans.push_back(lay_out(problem, c));
  plans.push_back(lay_out(problem, make_candidate(problem, layer_by_layer(problem))));
  std::stable_sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) {
    return a.firings.size() != b.firings.size() ? a.firings.size() < b.firings.size() : a.arena_bytes < b.arena_bytes;
  });
  std::vector<Plan> kept;  // what no other plan beats in both
  for (Plan& p : plans) {
    if (kept.empty() || p.arena_bytes < kept.back().arena_bytes) kept.push_back(std::move(p));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

Plan solve(const Problem& problem, Rings rings, uint32_t max_arena) {
  const auto fits = [&](const Plan& p) { return max_arena == 0 || p.arena_bytes <= max_arena; };
  switch (rings) {
    case Rings::minimum: return lay_out(problem, make_candidate(problem, line_buffers(problem)));
    case Rings::automatic: {
      // What was placed in a hurry may find a better place.
      Plan least = lay_out(problem, least_ram(problem));
      Plan full = lay_out(problem, make_candidate(problem, layer_by_layer(problem)));
      return full.arena_bytes <= least.arena_bytes ? full : least;
    }
    case Rings::full:
      if (Plan full = lay_out(problem, make_candidate(problem, layer_by_layer(problem))); fits(full)) return full;
      break;
    case Rings::fastest:
    case Rings::balanced: break;
  }
  const std::vector<Plan> curve = alternatives(problem);
  size_t best = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    const bool near = rings != Rings::balanced || curve[i].arena_bytes <= curve[0].arena_bytes + curve[0].arena_bytes / 2;
    if (near && fits(curve[i])) best = i;
  }
  return curve[best];
}

std::vector<uint16_t> pack_schedule(const Plan& plan) {
  return fold_runs(runs_of(plan.firings, plan.blocks));
}

}  // namespace smelt::plan
