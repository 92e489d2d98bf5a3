// RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR.
#include "runtime/ops/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "runtime/ops/resize_s16.hpp"

namespace smelt {
namespace {

constexpr int32_t largest = 32767;  // height or width: positions in 1/1024 and tables of 16 bits suffice

// ---- attributes: `size` = [height, width], `align_corners`, `half_pixel_centers` ----

Outcome normalize_resize(Graph& graph, Node& node) {
  if (Outcome o = checks::operands(graph, node, 2); !o) return o;
  auto size = checks::constant_ints(graph, node, 1, "sizes");
  if (!size) return size.failure();
  node.attrs.set("size", *size);
  for (const char* flag : {"align_corners", "half_pixel_centers"}) {
    node.attrs.set(flag, node.attrs.i(flag) != 0 ? int64_t{1} : int64_t{0});
  }
  node.inputs.resize(1);
  return Done{};
}

Outcome check_resize(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o;
  if (Outcome o = checks::same_quantization(graph, node); !o) return o;
  const Shape& shape = graph.at(node.inputs[0]).shape;
  if (shape.size() != 4)
    return fail(graph, node, "E0301", "the input must have rank 4 (NHWC), it is " + to_string(shape));
  const std::vector<int64_t> size = node.attrs.ints("size");
  if (size.size() != 2) return fail(graph, node, "E0303", "the size must be a height and a width");
  for (int64_t s : {size[0], size[1], int64_t{shape[1]}, int64_t{shape[2]}}) {
    if (s < 1 || s > largest) {
      return fail(graph, node, "E0303", "heights and widths must be from 1 to " + std::to_string(largest));
    }
  }
  return Done{};
}

std::vector<TensorType> resized(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.inputs[0]);
  const std::vector<int64_t> size = node.attrs.ints("size");
  return {{in.dtype, {in.shape[0], static_cast<int32_t>(size[0]), static_cast<int32_t>(size[1]), in.shape[3]}}};
}

Result<std::vector<TensorType>> infer_nearest(const Graph& graph, const Node& node) {
  if (Outcome o = check_resize(graph, node); !o) return o.failure();
  if (Outcome o = checks::dtype(graph, node, {DType::i8, DType::u8, DType::i16, DType::f32}); !o) return o.failure();
  return resized(graph, node);
}

Result<std::vector<TensorType>> infer_bilinear(const Graph& graph, const Node& node) {
  if (Outcome o = check_resize(graph, node); !o) return o.failure();
  if (Outcome o = checks::dtype(graph, node, {DType::i8, DType::i16, DType::f32}); !o) return o.failure();
  if (node.attrs.i("align_corners") != 0 && node.attrs.i("half_pixel_centers") != 0) {
    return fail(graph, node, "E0303", "align_corners and half_pixel_centers exclude each other");
  }
  return resized(graph, node);
}

// ---- nearest neighbour: which input position each output position takes, as kernels/internal/reference/
// resize_nearest_neighbor.h computes it in single precision ----

std::vector<int32_t> nearest(int32_t in, int32_t out, const Node& node) {
  const bool corners = node.attrs.i("align_corners") != 0;
  const bool centers = node.attrs.i("half_pixel_centers") != 0;
  const float scale = corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                         : static_cast<float>(in) / static_cast<float>(out);
  std::vector<int32_t> positions;
  for (int32_t i = 0; i < out; ++i) {
    const float at = (static_cast<float>(i) + (centers ? 0.5F : 0.0F)) * scale;
    positions.push_back(std::clamp(static_cast<int32_t>(corners ? std::round(at) : std::floor(at)), 0, in - 1));
  }
  return positions;
}

void evaluate_nearest(const Evaluation& e) {
  const Shape& in = e.in[0]->type->shape;
  const Shape& out = e.out[0]->type->shape;
  const std::vector<int32_t> rows = nearest(in[1], out[1], e.node);
  const std::vector<int32_t> columns = nearest(in[2], out[2], e.node);
  const auto pixel = static_cast<size_t>(in[3] * size_of(e.in[0]->type->dtype));
  uint8_t* to = e.out[0]->bytes.data();
  for (int32_t n = 0; n < out[0]; ++n) {
    for (int32_t row : rows) {
      for (int32_t column : columns) {
        const size_t from = (static_cast<size_t>(n) * static_cast<size_t>(in[1]) + static_cast<size_t>(row)) *
                                static_cast<size_t>(in[2]) +
                            static_cast<size_t>(column);
        std::memcpy(to, e.in[0]->bytes.data() + from * pixel, pixel);
        to += pixel;
      }
    }
  }
}

/// Declares one step an output row, which needs the input rows that `range` names for a row of its batch.
template <class Range>
void lower_rows(Lowering& l, Range range) {
  const int32_t in_h = l.input(0).shape[1];
  const int32_t out_h = l.output().shape[1];
  std::vector<RowRange> needs, makes;
  for (int32_t row = 0; row < l.output().shape[0] * out_h; ++row) {
    const RowRange r = range(row % out_h);
    const int32_t base = row / out_h * in_h;
    needs.push_back({base + r.first, base + r.end});
    makes.push_back({row, row + 1});
  }
  l.steps(static_cast<int32_t>(makes.size()), {needs}, {makes});
}

Outcome lower_nearest(Lowering& l) {
  const Tensor& in = l.input(0);
  const Shape& out = l.output().shape;
  const std::vector<int32_t> rows = nearest(in.shape[1], out[1], l.node);
  const std::vector<int32_t> columns = nearest(in.shape[2], out[2], l.node);
  const auto table = [&](const char* name, const std::vector<int32_t>& values) {
    return static_cast<int32_t>(l.pool.add(l.name(name), std::vector<int16_t>(values.begin(), values.end())));
  };
  ResizeNearest p{in.shape[1], out[1], out[2], in.shape[3], table("rows", rows), table("columns", columns)};
  if (in.dtype == DType::f32) {
    l.kernel("ops/resize.hpp", SMELT_KERNEL(resize_nearest_f32));
  } else {
    p.channels *= size_of(in.dtype);
    l.kernel("ops/resize.hpp", SMELT_KERNEL(resize_nearest_8));
  }
  l.params("smelt::ResizeNearest", p, "in_h out_h out_w channels rows columns");
  lower_rows(l, [&](int32_t y) {
    const int32_t row = rows[static_cast<size_t>(y)];
    return RowRange{row, row + 1};
  });
  return Done{};
}

// ---- bilinear: kernels/internal/reference/resize_bilinear.h ----

bool aligned(const Node& node, int32_t out) { return node.attrs.i("align_corners") != 0 && out > 1; }

/// Integers: a position is i * scale + offset, in 1/1024.
struct Line {
  int32_t scale;
  int32_t offset;
};
Line line(int32_t in, int32_t out, const Node& node) {
  const int32_t scale =
      aligned(node, out) ? (1024 * (in - 1) + (out - 1) / 2) / (out - 1) : (1024 * in + out / 2) / out;
  return {scale, node.attrs.i("half_pixel_centers") != 0 ? scale / 2 - 512 : 0};
}

/// Floats.
float position(int32_t i, int32_t in, int32_t out, const Node& node) {
  const float scale = aligned(node, out) ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                         : static_cast<float>(in) / static_cast<float>(out);
  const auto at = static_cast<float>(i);
  return node.attrs.i("half_pixel_centers") != 0 ? (at + 0.5F) * scale - 0.5F : at * scale;
}

/// The two neighbours of an output position, and where between them it stands. At the edges both are the same, and the
/// distance, which may then be anything, has no effect. (A rounded scale can lead the reference past the last row,
/// where it reads beyond its input; here it stays on the last.)
template <class W>
struct Neighbours {
  int32_t low, high;
  W distance;
};

Neighbours<int64_t> neighbours(int32_t i, int32_t in, int32_t out, const Node& node, int64_t) {
  const Line l = line(in, out, node);
  const int32_t at = i * l.scale + l.offset;
  const int32_t low = std::min(std::max(at / 1024, 0), in - 1);
  return {low, std::min((at + 1023) / 1024, in - 1), at - 1024 * low};
}

Neighbours<float> neighbours(int32_t i, int32_t in, int32_t out, const Node& node, float) {
  const float at = position(i, in, out, node);
  const int32_t low = std::min(std::max(static_cast<int32_t>(std::floor(at)), 0), in - 1);
  return {low, std::min(static_cast<int32_t>(std::ceil(at)), in - 1), at - static_cast<float>(low)};
}

/// `round` turns a sum of products with weights of `one` an axis into an element.
template <class T, class W, class Round>
void evaluate_bilinear_of(const Evaluation& e, W one, Round round) {
  const Shape& in = e.in[0]->type->shape;
  const Shape& out = e.out[0]->type->shape;
  T* y = e.out[0]->as<T>();
  for (int32_t n = 0; n < out[0]; ++n) {
    for (int32_t oy = 0; oy < out[1]; ++oy) {
      const Neighbours<W> v = neighbours(oy, in[1], out[1], e.node, W{});
      for (int32_t ox = 0; ox < out[2]; ++ox) {
        const Neighbours<W> h = neighbours(ox, in[2], out[2], e.node, W{});
        for (int32_t c = 0; c < out[3]; ++c) {
          const auto x = [&](int32_t row, int32_t column) {
            return static_cast<W>(e.in[0]->as<T>()[((int64_t{n} * in[1] + row) * in[2] + column) * in[3] + c]);
          };
          *y++ =
              round(x(v.low, h.low) * (one - v.distance) * (one - h.distance) +
                    x(v.high, h.low) * v.distance * (one - h.distance) +
                    x(v.low, h.high) * (one - v.distance) * h.distance + x(v.high, h.high) * v.distance * h.distance);
        }
      }
    }
  }
}

void evaluate_bilinear(const Evaluation& e) {
  if (e.in[0]->type->dtype == DType::f32) return evaluate_bilinear_of<float, float>(e, 1.0F, [](float s) { return s; });
  const auto rounded = [](int64_t s) { return (s + (s > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20); };
  if (e.in[0]->type->dtype == DType::i16) {
    return evaluate_bilinear_of<int16_t, int64_t>(e, 1024, [&](int64_t s) { return static_cast<int16_t>(rounded(s)); });
  }
  evaluate_bilinear_of<int8_t, int64_t>(e, 1024, [&](int64_t s) { return static_cast<int8_t>(rounded(s)); });
}

Outcome lower_bilinear(Lowering& l) {
  const Tensor& in = l.input(0);
  const Shape& out = l.output().shape;
  ResizeBilinear p{};
  p.in_h = in.shape[1];
  p.out_h = out[1];
  p.out_w = out[2];
  p.channels = in.shape[3];
  constexpr const char* fields = "in_h out_h out_w channels scale_y offset_y last_y scale_x offset_x last_x";
  if (in.dtype == DType::f32) {
    const auto positions = [&](size_t axis) {
      std::vector<float> at;
      for (int32_t i = 0; i < out[axis]; ++i) {
        at.push_back(
            std::clamp(position(i, in.shape[axis], out[axis], l.node), 0.0F, static_cast<float>(in.shape[axis] - 1)));
      }
      return at;
    };
    const std::vector<float> rows = positions(1);
    p.scale_y = static_cast<int32_t>(l.pool.add(l.name("rows"), rows));
    p.scale_x = static_cast<int32_t>(l.pool.add(l.name("columns"), positions(2)));
    l.kernel("ops/resize.hpp", SMELT_KERNEL(resize_bilinear_f32));
    l.params("smelt::ResizeBilinear", p, fields);
    lower_rows(l, [&](int32_t y) {
      const float at = rows[static_cast<size_t>(y)];
      const auto low = static_cast<int32_t>(at);
      return RowRange{low, low + (at > static_cast<float>(low) ? 2 : 1)};
    });
    return Done{};
  }
  // Clamping the position equals clamping both neighbours: where they coincide, the distance has no effect.
  const Line v = line(in.shape[1], out[1], l.node);
  const Line h = line(in.shape[2], out[2], l.node);
  p.scale_y = v.scale;
  p.offset_y = v.offset;
  p.last_y = (in.shape[1] - 1) * 1024;
  p.scale_x = h.scale;
  p.offset_x = h.offset;
  p.last_x = (in.shape[2] - 1) * 1024;
  in.dtype == DType::i16 ? l.kernel("ops/resize_s16.hpp", SMELT_KERNEL(resize_bilinear_s16))
                         : l.kernel("ops/resize.hpp", SMELT_KERNEL(resize_bilinear_s8));
  l.params("smelt::ResizeBilinear", p, fields);
  lower_rows(l, [&](int32_t y) {
    const int32_t at = std::clamp(y * p.scale_y + p.offset_y, 0, p.last_y);
    return RowRange{at / 1024, at / 1024 + (at % 1024 != 0 ? 2 : 1)};
  });
  return Done{};
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("size"), "size");
  node.attrs.erase("size");
  const bool bilinear = node.op == "resize_bilinear";
  raw::name(node, bilinear ? "RESIZE_BILINEAR" : "RESIZE_NEAREST_NEIGHBOR",
            bilinear ? "ResizeBilinearOptions" : "ResizeNearestNeighborOptions");
  return Done{};
}

OpDef resize(const char* name, const char* tflite, decltype(OpDef::infer) infer, decltype(OpDef::evaluate) evaluate,
             decltype(OpDef::lower) lower) {
  OpDef op{name, {tflite}, normalize_resize, infer, evaluate, lower};
  op.channels = each_channel;
  op.denormalize = denormalize;
  return op;
}

}  // namespace

extern const OpDef op_resize_bilinear =
    resize("resize_bilinear", "RESIZE_BILINEAR", infer_bilinear, evaluate_bilinear, lower_bilinear);
extern const OpDef op_resize_nearest_neighbor =
    resize("resize_nearest_neighbor", "RESIZE_NEAREST_NEIGHBOR", infer_nearest, evaluate_nearest, lower_nearest);

}  // namespace smelt
