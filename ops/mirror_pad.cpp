// A border of the tensor's own elements: paddings = [before0, after0, before1, ...]; mode "reflect" (the edge is the mirror),
// "symmetric" (the mirror lies behind the edge), "edge" (the edge is repeated; in no .tflite file).
// Source: TensorFlow Lite, kernels/mirror_pad.cc; ONNX, Pad.
#include <algorithm>

#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const Result<Ints> paddings = constant_ints(graph, node, 1, "paddings");
  if (!paddings) return paddings.failure();
  node.attrs.set("paddings", *paddings);
  const std::string mode = node.attrs.s("mode", "REFLECT");
  node.attrs.set("mode", std::string(mode == "SYMMETRIC" ? "symmetric" : mode == "REFLECT" ? "reflect" : mode));
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints paddings = node.attrs.ints("paddings");
  const std::string mode = node.attrs.s("mode");
  if (mode != "reflect" && mode != "symmetric" && mode != "edge") return mismatch(graph, node, "mode \"" + mode + "\" is unknown");
  if (paddings.size() != 2 * in.shape.size()) {
    return mismatch(graph, node, std::to_string(paddings.size()) + " paddings for shape " + to_string(in.shape));
  }
  Ints shape;
  size_t bordered = 0;
  for (size_t d = 0; d < in.shape.size(); ++d) {
    const int64_t before = paddings[2 * d], after = paddings[2 * d + 1];
    const int64_t most = mode == "reflect" ? in.shape[d] - 1 : mode == "symmetric" ? in.shape[d] : int64_t{INT32_MAX};
    if (before < 0 || after < 0 || before > most || after > most) {
      return mismatch(graph, node, "paddings " + std::to_string(before) + " and " + std::to_string(after) + " of dimension " +
                                       std::to_string(d) + " are out of range: " + std::to_string(most) + " at most");
    }
    bordered += before + after != 0 ? 1 : 0;
    shape.push_back(in.shape[d] + before + after);
  }
  if (bordered > 4) return mismatch(graph, node, "borders in more than 4 dimensions");
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  return std::vector<TensorType>{{in.dtype, *checked}};
}

void evaluate(const Evaluation& e) {
  const Ints paddings = e.node.attrs.ints("paddings");
  const std::string mode = e.node.attrs.s("mode");
  const Shape& shape = e.in[0]->type->shape;
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from = to;
    for (size_t d = 0; d < from.size(); ++d) {
      const int64_t last = shape[d] - 1;
      int64_t at = to[d] - paddings[2 * d];
      if (mode == "edge") at = std::clamp<int64_t>(at, 0, last);
      const int64_t behind = mode == "symmetric" ? 1 : 0;
      if (at < 0) at = -at - behind;
      if (at > last) at = 2 * last - at + behind;
      from[d] = at;
    }
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

/// Of one dimension: `count` output indices from `to` on, made of the input's from `from` on in steps.
struct Piece {
  int64_t to, count, from, step;
};

std::vector<Piece> pieces_of(int64_t size, int64_t before, int64_t after, const std::string& mode) {
  const int64_t step = mode == "edge" ? 0 : -1;
  const int64_t behind = mode == "reflect" ? 1 : 0;
  std::vector<Piece> pieces = {{before, size, 0, 1}};
  if (before > 0) pieces.push_back({0, before, step == 0 ? 0 : before - 1 + behind, step});
  if (after > 0) pieces.push_back({before + size, after, step == 0 ? size - 1 : size - 1 - behind, step});
  return pieces;
}

Outcome lower(Lowering& l) {
  const Ints paddings = l.node.attrs.ints("paddings");
  const Shape& shape = l.input(0).shape;
  const Ints from = strides_of(shape), to = strides_of(l.output().shape);
  std::vector<BlockCopy> copies(1);
  for (size_t d = 0; d < shape.size(); ++d) {
    std::vector<BlockCopy> more;
    for (const Piece& p : pieces_of(shape[d], paddings[2 * d], paddings[2 * d + 1], l.node.attrs.s("mode"))) {
      for (BlockCopy c : copies) {
        c.extents.push_back(p.count);
        c.from.push_back(p.step * from[d]);
        c.to.push_back(to[d]);
        c.from_offset += p.from * from[d];
        c.to_offset += p.to * to[d];
        more.push_back(std::move(c));
      }
    }
    copies = std::move(more);
  }
  return lower_copies(l, copies);
}

Outcome denormalize(Graph& graph, Node& node) {
  const std::string mode = node.attrs.s("mode");
  if (mode == "edge") return fail(graph, node, "E0310", "a .tflite file knows no border that repeats the edge");
  const Ints paddings = node.attrs.ints("paddings");
  raw::put_ints(graph, node, paddings, "paddings");
  graph.at(node.inputs.back()).shape = {static_cast<int32_t>(paddings.size() / 2), 2};
  node.attrs.erase("paddings");
  node.attrs.set("mode", std::string(mode == "symmetric" ? "SYMMETRIC" : "REFLECT"));
  raw::name(node, "MIRROR_PAD", "MirrorPadOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_mirror_pad;
const OpDef op_mirror_pad = {.name = "mirror_pad",
                             .tflite = {"MIRROR_PAD"},
                             .normalize = normalize,
                             .infer = infer,
                             .evaluate = evaluate,
                             .lower = lower,
                             .channels = each_kept_channel,
                             .denormalize = denormalize};

}  // namespace smelt
