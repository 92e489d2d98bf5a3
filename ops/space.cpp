// Blocks of pixels to channels or to batches, and back: SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND,
// BATCH_TO_SPACE_ND.
// Source: TensorFlow Lite, kernels/internal/reference/{space_to_depth,depth_to_space,space_to_batch_nd,
// batch_to_space_nd}.h; ONNX, DepthToSpace, for mode "CRD".
#include <algorithm>

#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

// ---- depth: pixel (h*b + i, w*b + j), channel c <-> pixel (h, w), channel (i*b + j)*C + c, or c*b*b + i*b + j in "CRD" ----

struct Depth {
  Shape space, depth;  ///< rank 4
  int64_t block;
  bool channels_first;  ///< "CRD"
};

bool to_depth(const Node& node) { return node.op == "space_to_depth"; }

Depth depth_of(const Graph& graph, const Node& node) {
  const Shape& in = graph.at(node.in(0)).shape;
  const Shape& out = graph.at(node.out()).shape;
  return {to_depth(node) ? in : out, to_depth(node) ? out : in, node.attrs.i("block_size"), node.attrs.s("mode") == "CRD"};
}

Result<std::vector<TensorType>> infer_depth(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const int64_t b = node.attrs.i("block_size");
  const std::string mode = node.attrs.s("mode", "DCR");
  if (in.shape.size() != 4) return mismatch(graph, node, "an input of rank " + std::to_string(in.shape.size()) + ", not 4");
  if (b < 1 || b > 32767) return mismatch(graph, node, "a block size of " + std::to_string(b));
  if (mode != "DCR" && mode != "CRD") return mismatch(graph, node, "mode \"" + mode + "\" is unknown");
  const Shape& s = in.shape;
  const bool whole = to_depth(node) ? s[1] % b == 0 && s[2] % b == 0 : s[3] % (b * b) == 0;
  if (!whole) return mismatch(graph, node, to_string(s) + " has no whole number of blocks of " + std::to_string(b));
  const Ints shape = to_depth(node) ? Ints{s[0], s[1] / b, s[2] / b, s[3] * b * b} : Ints{s[0], s[1] * b, s[2] * b, s[3] / (b * b)};
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  return std::vector<TensorType>{{in.dtype, *checked}};
}

void evaluate_depth(const Evaluation& e) {
  const Depth d = depth_of(e.graph, e.node);
  const int64_t b = d.block, channels = d.space[3];
  for_each_index(d.space, [&](const Ints& at) {
    const int64_t part = at[1] % b * b + at[2] % b;
    const int64_t channel = d.channels_first ? at[3] * b * b + part : part * channels + at[3];
    const Ints deep = {at[0], at[1] / b, at[2] / b, channel};
    if (to_depth(e.node)) copy_element(*e.in[0], at, *e.out[0], deep);
    else copy_element(*e.in[0], deep, *e.out[0], at);
  });
}

Outcome lower_depth(Lowering& l) {
  const Depth d = depth_of(l.graph, l.node);
  const int64_t b = d.block;
  const Ints s = strides_of(d.space), t = strides_of(d.depth);
  const int64_t channels = d.space[3];
  const int64_t part = d.channels_first ? 1 : channels, channel = d.channels_first ? b * b : 1;
  BlockCopy c;
  c.extents = {d.space[0], d.depth[1], b, d.depth[2], b, channels};
  c.from = {s[0], s[1] * b, s[1], s[2] * b, s[2], 1};
  c.to = {t[0], t[1], part * b, t[2], part, channel};
  if (!to_depth(l.node)) std::swap(c.from, c.to);
  return lower_copies(l, {c});
}

Outcome denormalize_depth(Graph& graph, Node& node) {
  if (node.attrs.s("mode") == "CRD") return fail(graph, node, "E0310", "a .tflite file knows no blocks behind channels (CRD)");
  node.attrs.erase("mode");
  raw::name(node, to_depth(node) ? "SPACE_TO_DEPTH" : "DEPTH_TO_SPACE",
            to_depth(node) ? "SpaceToDepthOptions" : "DepthToSpaceOptions");
  return Done{};
}

// ---- batch: `block` = [b1, ...] for the dimensions behind the batch; image n, index s*b + i - before <-> image i*N + n,
// index s; `border` = [before, after, ...], added on the way there (zeros), cut off on the way back ----

bool to_batch(const Node& node) { return node.op == "space_to_batch_nd"; }

Outcome normalize_batch(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 3, 3); !o) return o;
  const Result<Ints> block = constant_ints(graph, node, 1, "block shape");
  if (!block) return block.failure();
  const Result<Ints> border = constant_ints(graph, node, 2, to_batch(node) ? "paddings" : "crops");
  if (!border) return border.failure();
  node.attrs.set("block", *block);
  node.attrs.set("border", *border);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer_batch(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints block = node.attrs.ints("block"), border = node.attrs.ints("border");
  const size_t n = block.size();
  if (n < 1 || n > 2 || border.size() != 2 * n || in.shape.size() < n + 1 || in.shape.size() > 4) {
    return mismatch(graph, node, std::to_string(n) + " blocks and " + std::to_string(border.size()) + " paddings or crops for shape " +
                                     to_string(in.shape),
                    "rank 3 with one block, or rank 4 with one or two, are supported");
  }
  Ints shape(in.shape.begin(), in.shape.end());
  int64_t images = 1;
  for (size_t i = 0; i < n; ++i) {
    const int64_t b = block[i], before = border[2 * i], after = border[2 * i + 1];
    constexpr int64_t most = 32767;
    if (b < 1 || b > most || before < 0 || before > most || after < 0 || after > most) {
      return mismatch(graph, node, "a block of " + std::to_string(b) + " with " + std::to_string(before) + " and " + std::to_string(after));
    }
    images *= b;
    int64_t& size = shape[1 + i];
    size = to_batch(node) ? size + before + after : size * b - before - after;
    if (to_batch(node) && size % b != 0) {
      return mismatch(graph, node, std::to_string(size) + " is no multiple of the block, " + std::to_string(b));
    }
    if (to_batch(node)) size /= b;
  }
  if (images > 1024) return mismatch(graph, node, "more than 1024 images out of one");
  if (!to_batch(node) && shape[0] % images != 0) {
    return mismatch(graph, node, std::to_string(shape[0]) + " images are no multiple of " + std::to_string(images));
  }
  shape[0] = to_batch(node) ? shape[0] * images : shape[0] / images;
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  return std::vector<TensorType>{{in.dtype, *checked}};
}

/// What stands for zero in the output.
uint8_t zero_byte(const Tensor& out) {
  const bool quantized = (out.dtype == DType::i8 || out.dtype == DType::u8) && out.quant.present();
  return quantized ? static_cast<uint8_t>(out.quant.zero_point.at(0)) : 0;
}

void evaluate_batch(const Evaluation& e) {
  const Ints block = e.node.attrs.ints("block"), border = e.node.attrs.ints("border");
  const Tensor& out = *e.out[0]->type;
  if (to_batch(e.node)) std::fill(e.out[0]->bytes.begin(), e.out[0]->bytes.end(), zero_byte(out));
  const Shape& space = to_batch(e.node) ? e.in[0]->type->shape : out.shape;
  const int64_t images = space[0];
  for_each_index(space, [&](const Ints& at) {
    Ints apart = at;
    int64_t part = 0;
    for (size_t i = 0; i < block.size(); ++i) {
      const int64_t position = at[1 + i] + border[2 * i];
      part = part * block[i] + position % block[i];
      apart[1 + i] = position / block[i];
    }
    apart[0] = part * images + at[0];
    if (to_batch(e.node)) copy_element(*e.in[0], at, *e.out[0], apart);
    else copy_element(*e.in[0], apart, *e.out[0], at);
  });
}

Outcome lower_batch(Lowering& l) {
  const Shape& space = to_batch(l.node) ? l.input(0).shape : l.output().shape;
  const Shape& batch = to_batch(l.node) ? l.output().shape : l.input(0).shape;
  const Ints s = strides_of(space), t = strides_of(batch);
  Ints block = l.node.attrs.ints("block"), border = l.node.attrs.ints("border");
  std::vector<BlockCopy> copies(1);
  copies[0].extents.assign(space.begin(), space.end());
  copies[0].from = s;
  copies[0].to = t;
  int64_t images = space[0];  // that one step of the part, of the last dimension first, lies apart
  for (size_t i = block.size(); i-- > 0;) {
    std::vector<BlockCopy> more;
    for (const BlockCopy& part : copies) {
      for (int64_t k = 0; k < block[i]; ++k) {
        // Indices h of the batch's images for which h*b + k - before lies within the space.
        const int64_t b = block[i], before = border[2 * i];
        const int64_t first = std::max<int64_t>(0, (before - k + b - 1) / b);
        const int64_t end = std::min<int64_t>(batch[1 + i], (space[1 + i] + before - k + b - 1) / b);
        if (first >= end) continue;
        BlockCopy c = part;
        c.extents[1 + i] = end - first;
        c.from[1 + i] = s[1 + i] * b;
        c.from_offset += (first * b + k - before) * s[1 + i];
        c.to_offset += first * t[1 + i] + k * images * t[0];
        more.push_back(std::move(c));
      }
    }
    copies = std::move(more);
    images *= block[i];
  }
  if (!to_batch(l.node)) {
    for (BlockCopy& c : copies) {
      std::swap(c.from, c.to);
      std::swap(c.from_offset, c.to_offset);
    }
    return lower_copies(l, copies);
  }
  if (std::all_of(border.begin(), border.end(), [](int64_t b) { return b == 0; })) return lower_copies(l, copies);
  return lower_copies(l, copies, zero_byte(l.output()) * 0x01010101U);
}

Outcome denormalize_batch(Graph& graph, Node& node) {
  const Ints border = node.attrs.ints("border");
  raw::put_ints(graph, node, node.attrs.ints("block"), "block");
  raw::put_ints(graph, node, border, "border");
  graph.at(node.inputs.back()).shape = {static_cast<int32_t>(border.size() / 2), 2};
  for (const char* ours : {"block", "border"}) node.attrs.erase(ours);
  raw::name(node, to_batch(node) ? "SPACE_TO_BATCH_ND" : "BATCH_TO_SPACE_ND",
            to_batch(node) ? "SpaceToBatchNDOptions" : "BatchToSpaceNDOptions");
  return Done{};
}

OpDef depth(const char* name, const char* tflite) {
  OpDef op{name, {tflite}, nullptr, infer_depth, evaluate_depth, lower_depth};
  op.denormalize = denormalize_depth;
  return op;
}

OpDef batch(const char* name, const char* tflite) {
  OpDef op{name, {tflite}, normalize_batch, infer_batch, evaluate_batch, lower_batch};
  op.denormalize = denormalize_batch;
  return op;
}

}  // namespace

extern const OpDef op_space_to_depth = depth("space_to_depth", "SPACE_TO_DEPTH");
extern const OpDef op_depth_to_space = depth("depth_to_space", "DEPTH_TO_SPACE");
extern const OpDef op_space_to_batch_nd = batch("space_to_batch_nd", "SPACE_TO_BATCH_ND");
extern const OpDef op_batch_to_space_nd = batch("batch_to_space_nd", "BATCH_TO_SPACE_ND");

}  // namespace smelt
