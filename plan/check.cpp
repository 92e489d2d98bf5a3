// The proof that a plan is sound: an independent replay that tracks who last wrote every byte of the arena.
#include <algorithm>
#include <vector>

#include "plan/plan.hpp"

namespace smelt::plan {
namespace {

struct Span {
  uint32_t first = 0;
  uint32_t end = 0;
  bool meets(const Span& other) const { return first < other.end && other.first < end; }
  bool operator==(const Span&) const = default;
};

class Replay {
 public:
  Replay(const Problem& problem, const Plan& plan)
      : problem_(problem), plan_(plan), owner_(plan.arena_bytes, free_), next_(problem.operations.size(), 0) {
    uint32_t tag = 1;
    for (const Buffer& b : problem.buffers) {
      first_tag_.push_back(tag);
      tag += static_cast<uint32_t>(b.rows);
    }
    scratch_tag_ = tag;
  }

  std::string run() {
    const uint32_t state_tag = scratch_tag_ + static_cast<uint32_t>(problem_.operations.size());
    const Span state{plan_.state_offset, plan_.state_offset + 2 * static_cast<uint32_t>(problem_.operations.size())};
    if (plan_.state_offset % alignment != 0 || !claim(state, state_tag)) return "the step counters leave the arena";
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      const Ring& ring = plan_.buffers[b];
      if (ring.offset % alignment != 0) return "a ring is misaligned";
      if (ring.depth < 1 || ring.depth > problem_.buffers[b].rows) return "a ring's depth is out of range";
      if (!problem_.buffers[b].at_start()) continue;
      if (!claim_rows(b, {0, problem_.buffers[b].rows})) return "an input or a state leaves the arena";
    }
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      if (problem_.buffers[b].at_start() && !holds(b, {0, problem_.buffers[b].rows})) return "inputs or states overlap";
    }
    for (const Firing& f : plan_.firings) {
      const std::string wrong = fire(static_cast<size_t>(f.operation), f.count);
      if (!wrong.empty()) return problem_.operations[static_cast<size_t>(f.operation)].name + ": " + wrong;
    }
    for (size_t o = 0; o < next_.size(); ++o) {
      if (next_[o] != problem_.operations[o].steps) return problem_.operations[o].name + ": steps are missing";
    }
    for (size_t b = 0; b < problem_.buffers.size(); ++b) {
      if (problem_.buffers[b].at_end() && !holds(b, {0, problem_.buffers[b].rows})) {
        return problem_.buffers[b].state ? "a state was overwritten" : "an output was overwritten";
      }
    }
    if (!owned(state, state_tag)) return "the step counters were overwritten";
    return {};
  }

 private:
  static constexpr uint32_t free_ = 0;

  Span row(size_t b, int32_t r) const {
    const auto bytes = static_cast<uint32_t>(problem_.buffers[b].row_bytes);
    const uint32_t at = plan_.buffers[b].offset + static_cast<uint32_t>(r % plan_.buffers[b].depth) * bytes;
    return {at, at + bytes};
  }
  bool claim(const Span& s, uint32_t tag) {
    if (s.end > owner_.size()) return false;
    std::fill(owner_.begin() + s.first, owner_.begin() + s.end, tag);
    return true;
  }
  bool owned(const Span& s, uint32_t tag) const {
    return s.end <= owner_.size() &&
           std::all_of(owner_.begin() + s.first, owner_.begin() + s.end, [&](uint32_t o) { return o == tag; });
  }
  uint32_t tag(size_t b, int32_t r) const { return first_tag_[b] + static_cast<uint32_t>(r); }
  bool claim_rows(size_t b, RowRange rows) {
    for (int32_t r = rows.first; r < rows.end; ++r) {
      if (!claim(row(b, r), tag(b, r))) return false;
    }
    return true;
  }
  bool holds(size_t b, RowRange rows) const {
    for (int32_t r = rows.first; r < rows.end; ++r) {
      if (!owned(row(b, r), tag(b, r))) return false;
    }
    return true;
  }

  /// All that the steps of one firing read must be there before it, and none of it may be written over by it (but for
  /// in-place rows, each by its own step); all that it writes must be there after it.
  std::string fire(size_t o, int32_t count) {
    const Operation& op = problem_.operations[o];
    const int32_t from = next_[o];
    next_[o] += count;
    if (count < 1 || next_[o] > op.steps) return "fires too often";
    struct Touched { Span span; int32_t step; bool may_share; };
    std::vector<Touched> reading;
    for (int32_t s = from; s < next_[o]; ++s) {
      for (size_t i = 0; i < op.reads.size(); ++i) {
        const auto b = static_cast<size_t>(op.reads[i].buffer);
        const RowRange rows = op.reads[i].rows[static_cast<size_t>(s)];
        if (rows.empty()) continue;
        if (!holds(b, rows)) return "reads a row of " + problem_.buffers[b].name + " that is not (or no longer) there";
        const bool may_share = std::find(op.in_place.begin(), op.in_place.end(), static_cast<int>(i)) != op.in_place.end();
        for (int32_t r = rows.first; r < rows.end; ++r) reading.push_back({row(b, r), s, may_share});
      }
    }
    const Span scratch{plan_.scratch[o], plan_.scratch[o] + static_cast<uint32_t>(op.scratch_bytes)};
    const uint32_t scratch_tag = scratch_tag_ + static_cast<uint32_t>(o);
    if (op.scratch_bytes > 0) {
      if (scratch.first % alignment != 0) return "its scratch is misaligned";
      if (op.scratch_persists && from > 0 && !owned(scratch, scratch_tag)) return "its sums were overwritten";
      for (const Touched& t : reading) {
        if (t.span.meets(scratch)) return "its scratch lies over a row that it reads";
      }
      if (!claim(scratch, scratch_tag)) return "its scratch leaves the arena";
    }
    for (const Access& write : op.writes) {
      const auto b = static_cast<size_t>(write.buffer);
      if (problem_.buffers[b].state) return "makes the state " + problem_.buffers[b].name + " anew";
      for (int32_t s = from; s < next_[o]; ++s) {
        const RowRange rows = write.rows[static_cast<size_t>(s)];
        for (int32_t r = rows.first; r < rows.end; ++r) {
          const Span target = row(b, r);
          for (const Touched& t : reading) {
            if (t.span.meets(target) && !(t.may_share && t.step == s && t.span == target)) {
              return "writes " + problem_.buffers[b].name + " over a row that it reads";
            }
          }
          if (!claim(target, tag(b, r))) return "a row leaves the arena";
        }
      }
    }
    // Two outputs, two rows of one, or an output and the scratch, must not share bytes either.
    for (const Access& write : op.writes) {
      for (int32_t s = from; s < next_[o]; ++s) {
        if (!holds(static_cast<size_t>(write.buffer), write.rows[static_cast<size_t>(s)])) return "its outputs overlap";
      }
    }
    if (op.scratch_bytes > 0 && !owned(scratch, scratch_tag)) return "its scratch lies over a row that it writes";
    return {};
  }

  const Problem& problem_;
  const Plan& plan_;
  std::vector<uint32_t> owner_;  // of each byte: the tag of a row, of a scratch, of the counters, or free
  std::vector<int32_t> next_;
  std::vector<uint32_t> first_tag_;
  uint32_t scratch_tag_ = 0;
};

}  // namespace

std::string check(const Problem& problem, const Plan& plan) { return Replay(problem, plan).run(); }

}  // namespace smelt::plan
