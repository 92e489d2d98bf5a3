// Every stride-th element from a begin on, for each dimension; dimensions may be dropped and added.
//
// The masks of the file are resolved once, in normalize: `begin`, `extent` (how many) and `strides` for each dimension
// of the input, and `shape`, the result's after dropping and adding dimensions. Source: TensorFlow Lite,
// kernels/strided_slice.cc (BuildStridedSliceParams, ResizeOutputTensor) and kernels/internal/strided_slice_logic.h
// (StridedSliceStartForAxis, StridedSliceEndForAxis).
#include <algorithm>

#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

struct Range {
  int64_t begin = 0, extent = 0, stride = 1;
};

struct Operands {
  Ints begin, end, strides;
  int64_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
};

bool bit(int64_t mask, size_t i) { return i < 32 && (mask >> i & 1) != 0; }

/// One dimension of `size` elements under entry `i`. Begin and end count from the back when negative and are clamped.
Result<Range> resolve(const Graph& graph, const Node& node, const Operands& o, size_t i, int64_t size) {
  Range r;
  r.stride = o.strides[i];
  const bool shrink = bit(o.shrink_axis_mask, i);
  if (size < 1) return mismatch(graph, node, "the input has a dimension of " + std::to_string(size));
  if (r.stride == 0) return mismatch(graph, node, "stride 0 in entry " + std::to_string(i));
  if (shrink && r.stride < 0) {
    return unsupported(graph, node, "a dimension is dropped with the negative stride " + std::to_string(r.stride),
                       "use stride 1 for an index");
  }
  // Forwards positions lie in [0, size], backwards in [-1, size - 1].
  const int64_t low = r.stride > 0 ? 0 : -1;
  const int64_t high = r.stride > 0 ? size : size - 1;
  const auto clamped = [&](int64_t v) { return std::clamp(v < 0 ? v + size : v, low, high); };
  r.begin = bit(o.begin_mask, i) ? (r.stride > 0 ? 0 : size - 1) : clamped(o.begin[i]);
  const int64_t end = bit(o.end_mask, i) ? (r.stride > 0 ? size : -1) : clamped(o.end[i]);
  if (shrink) {
    r.extent = 1;
    if (r.begin >= size)
      return mismatch(graph, node,
                      "index " + std::to_string(o.begin[i]) + " is outside a dimension of " + std::to_string(size));
    return r;
  }
  const int64_t distance = r.stride > 0 ? end - r.begin : r.begin - end;
  const int64_t step = r.stride > 0 ? r.stride : -r.stride;
  r.extent = distance <= 0 ? 0 : (distance - 1) / step + 1;
  if (r.extent == 0) return mismatch(graph, node, "entry " + std::to_string(i) + " selects nothing");
  return r;
}

Result<Operands> operands(const Graph& graph, const Node& node) {
  Operands o;
  const char* names[] = {"begin", "end", "strides"};
  Ints* lists[] = {&o.begin, &o.end, &o.strides};
  for (size_t i = 0; i < 3; ++i) {
    Result<Ints> list = constant_ints(graph, node, i + 1, names[i]);
    if (!list) return list.failure();
    for (int64_t& v : *list) v = std::clamp<int64_t>(v, INT32_MIN, INT32_MAX);
    *lists[i] = *list;
  }
  o.begin_mask = node.attrs.i("begin_mask");
  o.end_mask = node.attrs.i("end_mask");
  o.ellipsis_mask = node.attrs.i("ellipsis_mask");
  o.new_axis_mask = node.attrs.i("new_axis_mask") & ~o.ellipsis_mask;
  o.shrink_axis_mask = node.attrs.i("shrink_axis_mask");
  if (o.begin.size() != o.end.size() || o.begin.size() != o.strides.size()) {
    return mismatch(graph, node, "begin, end and strides have different lengths");
  }
  if (node.attrs.i("offset") != 0) return unsupported(graph, node, "end is given as an offset from begin");
  return o;
}

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome c = check_operands(graph, node, 4, 4); !c) return c;
  const Result<Operands> o = operands(graph, node);
  if (!o) return o.failure();
  const Shape& in = graph.at(node.in(0)).shape;
  const size_t entries = o->begin.size();

  size_t added = 0, ellipses = 0;
  for (size_t i = 0; i < entries; ++i) {
    added += bit(o->new_axis_mask, i) ? 1 : 0;
    ellipses += bit(o->ellipsis_mask, i) ? 1 : 0;
  }
  // An ellipsis stands for at least one dimension; dimensions without an entry are taken whole.
  const size_t named = entries - added - ellipses;
  if (ellipses > 1 || named + ellipses > in.size()) {
    return unsupported(graph, node, std::to_string(entries) + " entries do not fit the dimensions of " + to_string(in),
                       "at most one ellipsis, and at least one dimension for it");
  }
  Ints begin, extent, strides, shape;
  const auto take = [&](const Range& r, bool shrink) {
    begin.push_back(r.begin);
    extent.push_back(r.extent);
    strides.push_back(r.stride);
    if (!shrink) shape.push_back(r.extent);
  };
  const auto take_whole = [&](size_t count) {
    while (count-- > 0) take(Range{0, in[begin.size()], 1}, false);
  };
  for (size_t i = 0; i < entries; ++i) {
    if (bit(o->ellipsis_mask, i)) {
      take_whole(in.size() - named);
    } else if (bit(o->new_axis_mask, i)) {
      shape.push_back(1);
    } else {
      const Result<Range> r = resolve(graph, node, *o, i, in[begin.size()]);
      if (!r) return r.failure();
      take(*r, bit(o->shrink_axis_mask, i));
    }
  }
  take_whole(in.size() - begin.size());
  for (const char* raw : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "offset"}) {
    node.attrs.erase(raw);
  }
  node.attrs.set("begin", begin);
  node.attrs.set("extent", extent);
  node.attrs.set("strides", strides);
  node.attrs.set("shape", shape);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints begin = node.attrs.ints("begin"), extent = node.attrs.ints("extent"), strides = node.attrs.ints("strides");
  const size_t rank = in.shape.size();
  if (begin.size() != rank || extent.size() != rank || strides.size() != rank) {
    return mismatch(graph, node,
                    "begin, extent and strides must have as many numbers as " + to_string(in.shape) + " dimensions");
  }
  int64_t taken = 1;
  for (size_t d = 0; d < rank; ++d) {
    const int64_t size = in.shape[d];
    bool inside = begin[d] >= 0 && begin[d] < size && extent[d] >= 1 && extent[d] <= size && strides[d] != 0;
    if (inside && extent[d] > 1) {
      inside = strides[d] > -size && strides[d] < size;
      const int64_t last = begin[d] + (extent[d] - 1) * (inside ? strides[d] : 0);
      inside = inside && last >= 0 && last < size;
    }
    if (!inside) {
      return mismatch(graph, node,
                      std::to_string(extent[d]) + " elements from " + std::to_string(begin[d]) + " by " +
                          std::to_string(strides[d]) + " in dimension " + std::to_string(d) + " of " +
                          to_string(in.shape));
    }
    taken *= extent[d];
  }
  const Ints given = node.attrs.ints("shape");
  const Result<Shape> shape = checked_shape(graph, node, given);
  if (!shape) return shape.failure();
  int64_t left = taken;
  for (int32_t d : *shape) left = left % d == 0 ? left / d : 0;
  if (left != 1 || shape->size() > max_rank) {
    return mismatch(graph, node, std::to_string(taken) + " elements do not fill shape " + to_string(*shape));
  }
  return std::vector<TensorType>{{in.dtype, *shape}};
}

void evaluate(const Evaluation& e) {
  const Ints begin = e.node.attrs.ints("begin"), extent = e.node.attrs.ints("extent"),
             strides = e.node.attrs.ints("strides");
  const Tensor boxed{.name = {},
                     .dtype = e.out[0]->type->dtype,
                     .shape = Shape(extent.begin(), extent.end()),
                     .quant = {},
                     .data = nullptr};
  Value box{&boxed, std::move(e.out[0]->bytes)};  // the output before dimensions are dropped and added
  for_each_index(boxed.shape, [&](const Ints& to) {
    Ints from = to;
    for (size_t d = 0; d < from.size(); ++d) from[d] = begin[d] + to[d] * strides[d];
    copy_element(*e.in[0], from, box, to);
  });
  e.out[0]->bytes = std::move(box.bytes);
}

Outcome lower(Lowering& l) {
  const Ints begin = l.node.attrs.ints("begin"), strides = l.node.attrs.ints("strides");
  BlockCopy c;
  c.extents = l.node.attrs.ints("extent");
  c.from = strides_of(l.input(0).shape);
  c.to = strides_of(Shape(c.extents.begin(), c.extents.end()));
  for (size_t d = 0; d < begin.size(); ++d) {
    c.from_offset += begin[d] * c.from[d];
    c.from[d] *= strides[d];
  }
  return lower_copies(l, {c});
}

bool is_identity(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  const Ints strides = node.attrs.ints("strides");
  return in.shape == out.shape && in.quant == out.quant &&
         std::all_of(strides.begin(), strides.end(), [](int64_t s) { return s > 0; });
}

/// One entry for each dimension of the input, and one for each that the result adds. Of the ways to tell which dimensions
/// of 1 went and which came, the first from the left is as good as any. A range that runs backwards to the first element
/// has no end that could be written as a number: its mask bit says so.
Outcome denormalize(Graph& graph, Node& node) {
  const Ints extent = node.attrs.ints("extent"), shape = node.attrs.ints("shape");
  const Ints from = node.attrs.ints("begin"), steps = node.attrs.ints("strides");
  Ints begin, end, strides;
  int64_t end_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  for (size_t d = 0, s = 0; d < extent.size() || s < shape.size();) {
    const int64_t bit = int64_t{1} << begin.size();
    const bool keep = d < extent.size() && s < shape.size() && extent[d] == shape[s];
    if (!keep && !(d < extent.size() && extent[d] == 1)) {
      new_axis_mask |= bit;
      begin.push_back(0);
      end.push_back(1);
      strides.push_back(1);
      ++s;
      continue;
    }
    begin.push_back(from[d]);
    end.push_back(keep ? from[d] + extent[d] * steps[d] : from[d] + 1);
    strides.push_back(keep ? steps[d] : 1);
    if (end.back() < 0) end_mask |= bit;
    if (!keep) shrink_axis_mask |= bit;
    if (keep) ++s;
    ++d;
  }
  raw::put_ints(graph, node, begin, "begin");
  raw::put_ints(graph, node, end, "end");
  raw::put_ints(graph, node, strides, "strides");
  for (const char* ours : {"begin", "extent", "strides", "shape"}) node.attrs.erase(ours);
  node.attrs.set("end_mask", end_mask);
  node.attrs.set("new_axis_mask", new_axis_mask);
  node.attrs.set("shrink_axis_mask", shrink_axis_mask);
  raw::name(node, "STRIDED_SLICE", "StridedSliceOptions");
  return Done{};
}

std::optional<Attrs> under_view(const Graph&, const Node& node, const DimOrder& order) {
  if (node.attrs.ints("shape") != node.attrs.ints("extent")) return std::nullopt;  // dimensions are dropped or added
  return view::with_lists(node, order, {{"begin", 0}, {"extent", 1}, {"strides", 1}, {"shape", 1}});
}

}  // namespace

extern const OpDef op_strided_slice;
const OpDef op_strided_slice = {.name = "strided_slice",
                                .tflite = {"STRIDED_SLICE"},
                                .normalize = normalize,
                                .infer = infer,
                                .evaluate = evaluate,
                                .lower = lower,
                                .is_identity = is_identity,
                                .under_view = under_view,
                                .denormalize = denormalize};

}  // namespace smelt
