// Operators promise by their traits what passes rely on. Each golden case of an operator with such a promise is changed
// so that the pass has something to fuse, and must compute the same bytes when it has.
#include <map>

#include "passes/rewrite.hpp"
#include "tests/golden.hpp"
#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

/// Golden cases of one node whose operator has the trait.
template <class F>
void for_each_case(bool OpDef::*trait, F visit) {
  std::map<std::string, int> visited;
  for (const std::string& file : test::golden_files("ops")) {
    const Result<Graph> g = read_model(file);
    if (!g || g->nodes.size() != 1 || !(find_op(g->nodes[0].op)->*trait)) continue;
    SCOPED_TRACE(file);
    visited[g->nodes[0].op] += visit(*g) ? 1 : 0;
  }
  for (const OpDef* op : operators()) {
    const bool tried = !(op->*trait) || visited[op->name] > 0;
    EXPECT_TRUE(tried) << op->name << " has no golden case to try";
  }
}

/// Behind the node, a clamp with the same type as the node's output, which stays the graph's output.
Graph with_clamp(const Graph& original, const char* clamp) {
  Graph g = original;
  Tensor between = g.at(g.outputs[0]);
  between.name = "between";
  Node node;
  node.op = clamp;
  node.inputs = {g.add(between)};
  node.outputs = {g.outputs[0]};
  g.nodes[0].outputs = node.inputs;
  g.nodes.push_back(node);
  return g;
}

TEST(Traits, WhatFusesActivationsClampsLikeTheActivation) {
  for_each_case(&OpDef::fuses_activation, [](const Graph& original) {
    if (original.nodes[0].attrs.s("activation") != "none") return false;
    for (const char* clamp : {"relu", "relu6", "relu_n1_to_1"}) {
      const Graph g = with_clamp(original, clamp);
      const Outcome o = verify_graph(g);
      EXPECT_TRUE(o) << (o ? "" : o.failure().to_string());
      Graph fused = g;
      PassLog log;
      fuse_activations(fused, log);
      EXPECT_EQ(fused.nodes.size(), 1U) << clamp;
      if (o) test::expect_same_function(g, fused, 2);
    }
    return true;
  });
}

/// In front of the node, `pads` rows above, rows below, columns left and columns right of real zeros, on an input as
/// much smaller.
bool put_padding_in_front(Graph& g, const std::vector<int32_t>& pads) {
  const TensorId padded = g.nodes[0].in(0);
  if (!g.is_input(padded) || g.inputs.size() != 1) return false;
  Tensor in = g.at(padded);
  in.name = "smaller";
  in.shape[1] -= pads[0] + pads[1];
  in.shape[2] -= pads[2] + pads[3];
  if (in.shape[1] < 1 || in.shape[2] < 1) return false;
  Node node;
  node.op = "pad";
  node.attrs.set("paddings", std::vector<int64_t>{0, 0, pads[0], pads[1], pads[2], pads[3], 0, 0});
  if (in.dtype == DType::f32) node.attrs.set("value", 0.0);
  if (in.dtype != DType::f32) node.attrs.set("value", int64_t{in.quant.zero_point.at(0)});
  node.outputs = {padded};
  node.inputs = {g.add(in)};
  g.inputs = node.inputs;
  g.nodes.insert(g.nodes.begin(), node);
  return true;
}

TEST(Traits, WhatFusesPaddingCountsItAsZeros) {
  for_each_case(&OpDef::fuses_padding, [](const Graph& original) {
    bool tried = false;
    for (const std::vector<int32_t>& pads :
         {std::vector<int32_t>{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {2, 1, 3, 2}, {1, 1, 1, 1}}) {
      Graph g = original;
      if (!put_padding_in_front(g, pads)) continue;
      const Outcome o = verify_graph(g);
      EXPECT_TRUE(o) << (o ? "" : o.failure().to_string());
      Graph fused = g;
      PassLog log;
      fuse_padding(fused, log);
      EXPECT_EQ(fused.nodes.size(), 1U);
      if (o) test::expect_same_function(g, fused, 2);
      tried = true;
    }
    return tried;
  });
}

TEST(Traits, WhatFlattensItsInputDoesNotCareForItsShape) {
  for_each_case(&OpDef::flattens_input, [](const Graph& original) {
    Graph g = original;
    const TensorId flat = g.nodes[0].in(0);
    if (!g.is_input(flat) || g.inputs.size() != 1) return false;
    Tensor in = g.at(flat);
    in.name = "other shape";
    in.shape.insert(in.shape.begin(), 1);
    Node node;
    node.op = "reshape";
    node.outputs = {flat};
    node.inputs = {g.add(in)};
    g.inputs = node.inputs;
    g.nodes.insert(g.nodes.begin(), node);
    const Outcome o = verify_graph(g);
    EXPECT_TRUE(o) << (o ? "" : o.failure().to_string());
    Graph direct = g;
    PassLog log;
    remove_reshapes(direct, log);
    if (o) test::expect_same_function(g, direct, 2);
    return direct.nodes[1].in(0) == g.inputs[0];  // the dimensions of some are kept, so the reshape matters
  });
}

}  // namespace
}  // namespace smelt
