#include "ops/broadcast.hpp"

#include <algorithm>

#include "ops/op.hpp"
#include "runtime/ops/pairs.hpp"

namespace smelt {

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (size_t back = 1; back <= out.size(); ++back) {
    const int32_t da = back <= a.size() ? a[a.size() - back] : 1;
    const int32_t db = back <= b.size() ? b[b.size() - back] : 1;
    if (da != db && da != 1 && db != 1) return std::nullopt;
    out[out.size() - back] = da == 1 ? db : da;
  }
  return out;
}

int64_t broadcast_index(int64_t index, const Shape& out, const Shape& operand) {
  int64_t from = 0;
  int64_t stride = 1;
  for (size_t back = 1; back <= operand.size(); ++back) {
    const int32_t extent = operand[operand.size() - back];
    const int64_t coordinate = index % out[out.size() - back];
    index /= out[out.size() - back];
    if (extent > 1) from += coordinate * stride;
    stride *= extent;
  }
  return from;
}

namespace {

/// By how many rows, and by how many elements within a row, a tensor moves along one dimension.
struct Move {
  int32_t rows = 0;
  int32_t elements = 0;
};

struct Dimension {
  int32_t extent = 1;
  Move out;
  std::vector<Move> operands;
};

/// Whether a step of the outer dimension is the inner dimension's extent in steps: the two are one.
bool continues(const Move& outer, const Move& inner, int32_t extent) {
  return int64_t{outer.rows} == int64_t{inner.rows} * extent &&
         int64_t{outer.elements} == int64_t{inner.elements} * extent;
}

bool continues(const std::vector<Move>& outer, const std::vector<Move>& inner, int32_t extent) {
  for (size_t i = 0; i < outer.size(); ++i) {
    if (!continues(outer[i], inner[i], extent)) return false;
  }
  return true;
}

/// Moves of a tensor of shape `shape` in each dimension of a shape of rank `rank`; none where it repeats.
std::vector<Move> moves_of(const Shape& shape, size_t rank) {
  std::vector<Move> moves(rank);
  const int32_t row = row_elements(shape);
  int64_t stride = 1;
  for (size_t back = 1; back <= shape.size(); ++back) {
    const int32_t extent = shape[shape.size() - back];
    // Of dimensions larger than 1, those inside a row have strides below the row's length, the others multiples of it.
    if (extent > 1) {
      moves[rank - back] = {static_cast<int32_t>(stride / row), static_cast<int32_t>(stride % row)};
    }
    stride *= extent;
  }
  return moves;
}

/// For each row of the output, the rows of the operand from the first to the last that it touches.
std::vector<RowRange> rows_needed(const std::vector<Dimension>& dimensions, size_t operand, int32_t rows) {
  std::vector<RowRange> needs;
  int32_t span = 1;
  for (const Dimension& d : dimensions) {
    if (d.out.rows == 0) span += (d.extent - 1) * d.operands[operand].rows;
  }
  for (int32_t r = 0; r < rows; ++r) {
    int32_t rest = r;
    int32_t first = 0;
    for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
      if (d->out.rows == 0) continue;
      first += rest % d->extent * d->operands[operand].rows;
      rest /= d->extent;
    }
    needs.push_back({first, first + span});
  }
  return needs;
}

bool within_rows(const Dimension& d) {
  return d.out.rows == 0 && std::all_of(d.operands.begin(), d.operands.end(), [](const Move& m) { return m.rows == 0; });
}

}  // namespace

BroadcastLoops loops_of_broadcast(const std::vector<BroadcastOperand>& operands, const Shape& out) {
  const std::vector<Move> out_moves = moves_of(out, out.size());
  std::vector<std::vector<Move>> moves;
  for (const BroadcastOperand& o : operands) moves.push_back(moves_of(o.shape, out.size()));
  std::vector<Dimension> dimensions;
  for (size_t d = 0; d < out.size(); ++d) {
    if (out[d] == 1) continue;
    dimensions.push_back({out[d], out_moves[d], {}});
    for (const std::vector<Move>& m : moves) dimensions.back().operands.push_back(m[d]);
  }
  BroadcastLoops result;
  for (size_t i = 0; i < operands.size(); ++i) result.needs.push_back(rows_needed(dimensions, i, row_count(out)));

  // A segment: the innermost dimensions, as many as stay in one row of all tensors and move alike.
  Dimension segment{1, {}, std::vector<Move>(operands.size())};
  while (!dimensions.empty() && within_rows(dimensions.back())) {
    const Dimension& d = dimensions.back();
    if (segment.extent == 1) {
      segment = d;
    } else if (continues(d.operands, segment.operands, segment.extent)) {
      segment.extent *= d.extent;
    } else {
      break;
    }
    dimensions.pop_back();
  }
  result.segments = row_elements(out) / segment.extent;
  result.inner = segment.extent;
  for (const Move& m : segment.operands) result.steps.push_back(m.elements);

  // What is left counts segments; neighbours that move alike are one dimension.
  std::vector<Dimension> outer;  // innermost first
  for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
    if (!outer.empty() && continues(d->operands, outer.back().operands, outer.back().extent)) {
      outer.back().extent *= d->extent;
    } else {
      outer.push_back(*d);
    }
  }
  for (auto d = outer.rbegin(); d != outer.rend(); ++d) {
    result.loops.push_back({d->extent, {}});
    for (size_t i = 0; i < operands.size(); ++i) {
      result.loops.back().moves.push_back({d->operands[i].rows, d->operands[i].elements * operands[i].size});
    }
  }
  return result;
}

BroadcastWalk walk_broadcast(const Shape& a, const Shape& b, int32_t size, int32_t view_a) {
  BroadcastLoops loops = loops_of_broadcast({{a, size}, {b, size}}, broadcast(a, b).value());
  BroadcastWalk walk;
  walk.words.resize(walk_table);
  walk.words[walk_segments] = loops.segments;
  walk.words[walk_inner] = loops.inner;
  walk.words[walk_step_a] = loops.steps[0];
  walk.words[walk_step_b] = loops.steps[1];
  walk.words[walk_view_a] = view_a;
  walk.words[walk_dims] = static_cast<int32_t>(loops.loops.size());
  for (const BroadcastLoops::Loop& loop : loops.loops) {
    walk.words.push_back(loop.extent);
    for (const BroadcastMove& m : loop.moves) walk.words.insert(walk.words.end(), {m.rows, m.bytes});
  }
  walk.needs_a = std::move(loops.needs[0]);
  walk.needs_b = std::move(loops.needs[1]);
  return walk;
}

}  // namespace smelt
