// Dimensions in another order: output dimension d is input dimension perm[d].
// Source: TensorFlow Lite, kernels/transpose.cc and kernels/internal/reference/transpose.h.
#include <algorithm>

#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  Result<Ints> perm = constant_ints(graph, node, 1, "permutation");
  if (!perm) return perm.failure();
  for (int64_t& p : *perm) {
    if (p < 0) p += static_cast<int64_t>(perm->size());
  }
  node.attrs.set("perm", *perm);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints perm = node.attrs.ints("perm");
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool complete = perm.size() == in.shape.size();
  for (size_t d = 0; complete && d < sorted.size(); ++d) complete = sorted[d] == static_cast<int64_t>(d);
  if (!complete) return mismatch(graph, node, "perm is no permutation of the dimensions of " + to_string(in.shape));
  TensorType out{in.dtype, {}};
  for (int64_t p : perm) out.shape.push_back(in.shape[static_cast<size_t>(p)]);
  return std::vector<TensorType>{out};
}

void evaluate(const Evaluation& e) {
  const Ints perm = e.node.attrs.ints("perm");
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from(to.size());
    for (size_t d = 0; d < to.size(); ++d) from[static_cast<size_t>(perm[d])] = to[d];
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

Outcome lower(Lowering& l) {
  const Ints from = strides_of(l.input(0).shape);
  BlockCopy c;
  c.to = strides_of(l.output().shape);
  c.extents.assign(l.output().shape.begin(), l.output().shape.end());
  for (int64_t p : l.node.attrs.ints("perm")) c.from.push_back(from[static_cast<size_t>(p)]);
  return lower_copies(l, {c});
}

bool is_identity(const Graph& graph, const Node& node) {
  const Ints perm = node.attrs.ints("perm");
  return std::is_sorted(perm.begin(), perm.end()) && graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

bool undoes(const Graph& graph, const Node& before, const Node& self) {
  if (before.op != self.op || graph.at(before.in(0)).quant != graph.at(self.out()).quant) return false;
  const Ints first = before.attrs.ints("perm");
  const Ints second = self.attrs.ints("perm");
  if (first.size() != second.size()) return false;
  for (size_t d = 0; d < second.size(); ++d) {
    if (first[static_cast<size_t>(second[d])] != static_cast<int64_t>(d)) return false;
  }
  return true;
}

ChannelFlow channels(const Graph&, const Node& node) {
  const Ints perm = node.attrs.ints("perm");
  const bool last_stays = !perm.empty() && perm.back() + 1 == static_cast<int64_t>(perm.size());
  return last_stays ? ChannelFlow::each : ChannelFlow::mixed;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("perm"), "permutation");
  node.attrs.erase("perm");
  raw::name(node, "TRANSPOSE", "TransposeOptions");
  return Done{};
}

std::optional<DimOrder> order(const Graph&, const Node& node) {
  const Ints perm = node.attrs.ints("perm");
  return DimOrder(perm.begin(), perm.end());
}

}  // namespace

extern const OpDef op_transpose;
const OpDef op_transpose = {.name = "transpose",
                            .tflite = {"TRANSPOSE"},
                            .normalize = normalize,
                            .infer = infer,
                            .evaluate = evaluate,
                            .lower = lower,
                            .is_identity = is_identity,
                            .undoes = undoes,
                            .channels = channels,
                            .view = order,
                            .denormalize = denormalize};

}  // namespace smelt
