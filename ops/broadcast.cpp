#include "ops/broadcast.hpp"

#include <algorithm>

#include "ops/op.hpp"
#include "runtime/ops/binary.hpp"

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
  Move out, a, b;
};

/// Whether a step of the outer dimension is the inner dimension's extent in steps: the two are one.
bool continues(const Move& outer, const Move& inner, int32_t extent) {
  return int64_t{outer.rows} == int64_t{inner.rows} * extent &&
         int64_t{outer.elements} == int64_t{inner.elements} * extent;
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
std::vector<RowRange> rows_needed(const std::vector<Dimension>& dimensions, Move Dimension::*operand, int32_t rows) {
  std::vector<RowRange> needs;
  int32_t span = 1;
  for (const Dimension& d : dimensions) {
    if (d.out.rows == 0) span += (d.extent - 1) * (d.*operand).rows;
  }
  for (int32_t r = 0; r < rows; ++r) {
    int32_t rest = r;
    int32_t first = 0;
    for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
      if (d->out.rows == 0) continue;
      first += rest % d->extent * ((*d).*operand).rows;
      rest /= d->extent;
    }
    needs.push_back({first, first + span});
  }
  return needs;
}

}  // namespace

BroadcastWalk walk_broadcast(const Shape& a, const Shape& b, int32_t size, int32_t view_a) {
  const Shape out = broadcast(a, b).value();
  const std::vector<Move> out_moves = moves_of(out, out.size());
  const std::vector<Move> a_moves = moves_of(a, out.size());
  const std::vector<Move> b_moves = moves_of(b, out.size());
  std::vector<Dimension> dimensions;
  for (size_t d = 0; d < out.size(); ++d) {
    if (out[d] > 1) dimensions.push_back({out[d], out_moves[d], a_moves[d], b_moves[d]});
  }
  BroadcastWalk walk;
  walk.needs_a = rows_needed(dimensions, &Dimension::a, row_count(out));
  walk.needs_b = rows_needed(dimensions, &Dimension::b, row_count(out));

  // A segment: the innermost dimensions, as many as stay in one row of all three and move alike.
  Dimension segment;
  while (!dimensions.empty()) {
    const Dimension& d = dimensions.back();
    if (d.out.rows != 0 || d.a.rows != 0 || d.b.rows != 0) break;
    if (segment.extent == 1) {
      segment = d;
    } else if (continues(d.a, segment.a, segment.extent) && continues(d.b, segment.b, segment.extent)) {
      segment.extent *= d.extent;
    } else {
      break;
    }
    dimensions.pop_back();
  }

  // What is left counts segments; neighbours that move alike are one dimension.
  std::vector<Dimension> outer;  // innermost first
  for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
    if (!outer.empty() && continues(d->a, outer.back().a, outer.back().extent) &&
        continues(d->b, outer.back().b, outer.back().extent)) {
      outer.back().extent *= d->extent;
    } else {
      outer.push_back(*d);
    }
  }
  walk.words.resize(walk_table);
  walk.words[walk_segments] = row_elements(out) / segment.extent;
  walk.words[walk_inner] = segment.extent;
  walk.words[walk_step_a] = segment.a.elements;
  walk.words[walk_step_b] = segment.b.elements;
  walk.words[walk_view_a] = view_a;
  walk.words[walk_dims] = static_cast<int32_t>(outer.size());
  for (auto d = outer.rbegin(); d != outer.rend(); ++d) {
    walk.words.insert(walk.words.end(), {d->extent, d->a.rows, d->a.elements * size, d->b.rows, d->b.elements * size});
  }
  return walk;
}

}  // namespace smelt
