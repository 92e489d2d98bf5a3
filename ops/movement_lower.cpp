// From block copies over whole tensors to the steps and moves of the device's copy kernel.
#include <algorithm>
#include <cstdlib>

#include "ops/movement.hpp"
#include "runtime/ops/copy.hpp"

namespace smelt::movement {
namespace {

/// Beyond these a plan by rows costs more tables than it is worth.
constexpr size_t max_moves = 32;
constexpr int64_t max_row_steps = 65535;
constexpr int64_t max_row_table = int64_t{1} << 20;

struct Loop {
  int64_t count, from, to;
};

/// Rows of either side that one step of a copy connects.
struct RowPair {
  int32_t step, from, to;
};

struct Plan {
  std::vector<CopyMove> moves;
  int32_t steps = 1;
  std::vector<std::vector<RowRange>> needs, makes;  ///< empty: one step over whole tensors
};

int32_t narrow(int64_t v) {
  SMELT_ASSERT(v >= INT32_MIN && v <= INT32_MAX, "a copy's offset is beyond 31 bits");
  return static_cast<int32_t>(v);
}

std::vector<Loop> loops_of(const BlockCopy& c) {
  std::vector<Loop> loops;
  for (size_t d = 0; d < c.extents.size(); ++d) {
    if (c.extents[d] != 1) loops.push_back({c.extents[d], c.from[d], c.to[d]});
  }
  return loops;
}

void set_kernel(Lowering& l, const std::vector<CopyMove>& moves, uint32_t fill) {
  std::vector<int32_t> words;
  for (const CopyMove& m : moves) {
    const auto* first = reinterpret_cast<const int32_t*>(&m);
    words.insert(words.end(), first, first + sizeof m / sizeof *first);
  }
  Copy p{};
  p.moves = static_cast<int32_t>(l.pool.add(l.name("moves"), words));
  p.move_count = static_cast<int32_t>(moves.size());
  p.fill = static_cast<int32_t>(fill);
  l.kernel("ops/copy.hpp", SMELT_KERNEL(copy));
  l.params("smelt::Copy", p, "moves move_count fill");
}

Outcome refuse_i64(const Lowering& l) {
  if (l.output().dtype != DType::i64) return Done{};
  return unsupported(l.graph, l.node, "values of type i64 are computed at run time",
                     "i64 is supported only where it can be computed ahead of time");
}

class CopyLowering {
 public:
  CopyLowering(Lowering& l, const std::vector<BlockCopy>& copies, std::optional<uint32_t> fill, size_t inputs)
      : l_(l), copies_(copies), fill_(fill), inputs_(inputs), size_(size_of(l.output().dtype)) {}

  Outcome run() {
    if (Outcome o = refuse_i64(l_); !o) return o;
    Plan plan;
    if (!by_rows(plan)) {
      plan = Plan();
      whole(plan);
    }
    emit(plan);
    return Done{};
  }

 private:
  int32_t outputs() const { return static_cast<int32_t>(l_.node.outputs.size()); }
  const Tensor& from_tensor(const BlockCopy& c) const { return l_.input(static_cast<size_t>(c.input)); }
  const Tensor& to_tensor(const BlockCopy& c) const { return l_.output(static_cast<size_t>(c.output)); }

  /// The block's loops in bytes, merged where they are contiguous.
  void set_block(CopyMove& m, const BlockCopy& c, const std::vector<Loop>& loops, int64_t from, int64_t to) {
    int64_t run = size_;
    std::vector<Loop> merged;  // innermost first
    for (size_t i = loops.size(); i-- > 0;) {
      const Loop loop{loops[i].count, loops[i].from * size_, loops[i].to * size_};
      if (merged.empty() && loop.from == run && loop.to == run) {
        run *= loop.count;
      } else if (!merged.empty() && loop.from == merged.back().from * merged.back().count &&
                 loop.to == merged.back().to * merged.back().count) {
        merged.back().count *= loop.count;
      } else {
        merged.push_back(loop);
      }
    }
    m.to_view = c.output;
    m.from_view = outputs() + c.input;
    m.to_offset = narrow(to * size_);
    m.from_offset = narrow(from * size_);
    m.run = narrow(run);
    m.count = 1;
    if (merged.empty()) return;
    m.count = narrow(merged[0].count);
    m.from_stride = narrow(merged[0].from);
    m.to_stride = narrow(merged[0].to);
    if (merged.size() == 1) return;
    SMELT_ASSERT(merged.size() - 1 <= static_cast<size_t>(copy_max_loops), "more loops than dimensions");
    std::vector<int32_t> words;
    for (size_t i = merged.size(); i-- > 1;) {
      words.insert(words.end(), {narrow(merged[i].count), narrow(merged[i].from), narrow(merged[i].to)});
    }
    m.outer = static_cast<int32_t>(merged.size() - 1);
    m.loops = static_cast<int32_t>(l_.pool.add(l_.name(("loops" + std::to_string(loop_tables_++)).c_str()), words));
  }

  void whole(Plan& plan) {
    if (fill_) {
      CopyMove m{};
      m.end = 1;
      m.from_view = -1;
      m.run = narrow(l_.output().bytes());
      plan.moves.push_back(m);
    }
    for (const BlockCopy& c : copies_) {
      CopyMove m{};
      m.end = 1;
      set_block(m, c, loops_of(c), c.from_offset, c.to_offset);
      plan.moves.push_back(m);
    }
  }

  /// Splits a copy into loops over rows and loops within them; false when it cannot be.
  bool split(const BlockCopy& c, std::vector<Loop>& rows, std::vector<Loop>& inside) const {
    const int64_t from_row = row_elements(from_tensor(c).shape);
    const int64_t to_row = row_elements(to_tensor(c).shape);
    int64_t from_low = c.from_offset % from_row, from_high = from_low;
    int64_t to_low = c.to_offset % to_row, to_high = to_low;
    for (const Loop& loop : loops_of(c)) {
      if (loop.from % from_row == 0 && loop.to % to_row == 0) {
        rows.push_back(loop);
        continue;
      }
      inside.push_back(loop);
      (loop.from < 0 ? from_low : from_high) += loop.from * (loop.count - 1);
      (loop.to < 0 ? to_low : to_high) += loop.to * (loop.count - 1);
    }
    return from_low >= 0 && from_high < from_row && to_low >= 0 && to_high < to_row;
  }

  /// Every pair of rows that a copy connects, in order of steps: one a row of the output or, where there are several
  /// outputs, one a row of the input.
  std::vector<RowPair> pairs_of(const BlockCopy& c, const std::vector<Loop>& rows) const {
    const int64_t from_row = row_elements(from_tensor(c).shape);
    const int64_t to_row = row_elements(to_tensor(c).shape);
    std::vector<RowPair> pairs = {{0, narrow(c.from_offset / from_row), narrow(c.to_offset / to_row)}};
    for (const Loop& loop : rows) {
      std::vector<RowPair> more;
      for (const RowPair& p : pairs) {
        for (int64_t i = 0; i < loop.count; ++i) {
          more.push_back({0, narrow(p.from + i * (loop.from / from_row)), narrow(p.to + i * (loop.to / to_row))});
        }
      }
      pairs = std::move(more);
    }
    for (RowPair& p : pairs) p.step = outputs() == 1 ? p.to : p.from;
    std::sort(pairs.begin(), pairs.end(), [](const RowPair& a, const RowPair& b) { return a.step < b.step; });
    return pairs;
  }

  /// Appends `m` once for every stretch of steps in which the rows advance evenly.
  static void add_moves(std::vector<CopyMove>& moves, CopyMove m, const std::vector<RowPair>& pairs) {
    for (size_t i = 0; i < pairs.size();) {
      m.first = pairs[i].step;
      m.from_row = pairs[i].from;
      m.to_row = pairs[i].to;
      m.from_step = m.to_step = 0;
      size_t end = i + 1;
      for (; end < pairs.size() && pairs[end].step == pairs[end - 1].step + 1; ++end) {
        const int32_t from_step = pairs[end].from - pairs[end - 1].from;
        const int32_t to_step = pairs[end].to - pairs[end - 1].to;
        if (end == i + 1) {
          m.from_step = from_step;
          m.to_step = to_step;
        } else if (from_step != m.from_step || to_step != m.to_step) {
          break;
        }
      }
      m.end = pairs[end - 1].step + 1;
      moves.push_back(m);
      i = end;
    }
  }

  bool by_rows(Plan& plan) {
    const auto inputs = static_cast<int64_t>(inputs_);
    SMELT_ASSERT(outputs() == 1 || inputs == 1, "copies from several inputs to several outputs");
    plan.steps = outputs() == 1 ? row_count(l_.output().shape) : row_count(l_.input(0).shape);
    if (plan.steps > max_row_steps || plan.steps * (inputs + outputs()) > max_row_table) return false;
    const auto steps = static_cast<size_t>(plan.steps);
    plan.needs.assign(inputs_, std::vector<RowRange>(steps));
    plan.makes.assign(l_.node.outputs.size(), std::vector<RowRange>(steps));

    bool partial = false;  // some row is filled only in part
    for (const BlockCopy& c : copies_) {
      std::vector<Loop> rows, inside;
      if (!split(c, rows, inside)) return false;
      const std::vector<RowPair> pairs = pairs_of(c, rows);
      int64_t elements_inside = 1;
      for (const Loop& loop : inside) elements_inside *= loop.count;
      partial = partial || elements_inside != row_elements(to_tensor(c).shape);
      if (!connect(plan, c, pairs)) return false;
      CopyMove m{};
      set_block(m, c, inside, c.from_offset % row_elements(from_tensor(c).shape),
                c.to_offset % row_elements(to_tensor(c).shape));
      add_moves(plan.moves, m, pairs);
      if (plan.moves.size() > max_moves) return false;
    }
    if (fill_) add_fills(plan, partial);
    if (plan.moves.size() > max_moves) return false;
    if (outputs() == 1) {
      for (int32_t r = 0; r < plan.steps; ++r) plan.makes[0][static_cast<size_t>(r)] = {r, r + 1};
    }
    return ascending(plan);
  }

  /// Notes the rows that the copy needs and makes; false when one step would need two rows of an input.
  static bool connect(Plan& plan, const BlockCopy& c, const std::vector<RowPair>& pairs) {
    for (const RowPair& p : pairs) {
      const auto step = static_cast<size_t>(p.step);
      RowRange& need = plan.needs[static_cast<size_t>(c.input)][step];
      RowRange& make = plan.makes[static_cast<size_t>(c.output)][step];
      const RowRange from{p.from, p.from + 1}, to{p.to, p.to + 1};
      if ((need != RowRange{} && need != from) || (make != RowRange{} && make != to)) return false;
      need = from;
      make = to;
    }
    return true;
  }

  /// Fills first, in every row when some are partial, otherwise only in rows that nothing is copied to.
  void add_fills(Plan& plan, bool partial) const {
    std::vector<RowPair> empty;
    for (int32_t r = 0; r < plan.steps; ++r) {
      if (partial || plan.makes[0][static_cast<size_t>(r)] == RowRange{}) empty.push_back({r, 0, r});
    }
    CopyMove m{};
    m.from_view = -1;
    m.run = narrow(row_elements(l_.output().shape) * size_);
    std::vector<CopyMove> fills;
    add_moves(fills, m, empty);
    plan.moves.insert(plan.moves.begin(), fills.begin(), fills.end());
  }

  /// Inputs are consumed from top to bottom, and every output is made so, a row at a time and completely.
  bool ascending(const Plan& plan) const {
    for (const std::vector<RowRange>& needs : plan.needs) {
      int32_t last = 0;
      for (const RowRange& n : needs) {
        if (n == RowRange{}) continue;
        if (n.first < last) return false;
        last = n.first;
      }
    }
    for (size_t o = 0; o < plan.makes.size(); ++o) {
      int32_t next = 0;
      for (const RowRange& m : plan.makes[o]) {
        if (m == RowRange{}) continue;
        if (m.first != next) return false;
        next = m.end;
      }
      if (next != row_count(l_.output(o).shape)) return false;
    }
    return true;
  }

  void emit(Plan& plan) {
    set_kernel(l_, plan.moves, fill_.value_or(0));
    if (plan.needs.empty()) {
      l_.whole(static_cast<int>(inputs_));
    } else {
      l_.steps(plan.steps, std::move(plan.needs), std::move(plan.makes));
    }
  }

  Lowering& l_;
  const std::vector<BlockCopy>& copies_;
  std::optional<uint32_t> fill_;
  size_t inputs_;
  int64_t size_;
  int loop_tables_ = 0;
};

}  // namespace

Outcome lower_copies(Lowering& l, const std::vector<BlockCopy>& copies, std::optional<uint32_t> fill,
                     std::optional<size_t> inputs) {
  return CopyLowering(l, copies, fill, inputs.value_or(l.node.inputs.size())).run();
}

Outcome lower_constant(Lowering& l, const std::vector<int32_t>& values) {
  if (Outcome o = refuse_i64(l); !o) return o;
  l.steps(1, {}, {{RowRange{0, row_count(l.output().shape)}}});
  Operand content;
  content.row_bytes = narrow(static_cast<int64_t>(values.size() * sizeof(int32_t)));
  content.constant = l.pool.add(l.name("values"), values);
  l.out.inputs.push_back(content);
  CopyMove m{};
  m.end = 1;
  m.from_view = 1;
  m.run = content.row_bytes;
  m.count = 1;
  set_kernel(l, {m}, 0);
  return Done{};
}

}  // namespace smelt::movement
