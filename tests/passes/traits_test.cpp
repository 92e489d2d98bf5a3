// Operators promise by their traits what passes rely on. Each golden case of an operator with such a promise is changed
// so that the pass has something to fuse, and must compute the same bytes when it has.
#include <map>

#include "ops/weighted_sum.hpp"
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
    const DType type = original.at(original.outputs[0]).dtype;
    if (type != DType::i8 && type != DType::f32) return false;  // clamps are of these only
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

/// `t` with channel `c` of the last dimension left out, its content as well.
Tensor without_channel(const Tensor& t, int32_t c) {
  Tensor less = t;
  const int32_t channels = less.shape.back()--;
  if (!t.constant()) return less;
  Bytes bytes;
  for (size_t at = 0; at < t.data->size(); ++at) {
    if (static_cast<int32_t>(at / static_cast<size_t>(size_of(t.dtype)) % static_cast<size_t>(channels)) != c) {
      bytes.push_back((*t.data)[at]);
    }
  }
  less.data = std::make_shared<const Bytes>(std::move(bytes));
  return less;
}

Bytes without_channel(const Tensor& t, const Bytes& content, int32_t c) {
  Tensor whole = t;
  whole.data = std::make_shared<const Bytes>(content);
  return *without_channel(whole, c).data;
}

TEST(Traits, ChannelsThatStandAloneAreComputedWithoutTheOthers) {
  std::map<std::string, int> tried;
  for (const std::string& file : test::golden_files("ops")) {
    const Result<Graph> g = read_model(file);
    if (!g || g->nodes.size() != 1 || channel_flow(*g, g->nodes[0]) != ChannelFlow::each) continue;
    const Node& node = g->nodes[0];
    const int32_t channels = g->at(node.out()).shape.back();
    if (channels < 2 || g->at(node.out()).quant.per_channel()) continue;
    SCOPED_TRACE(file);
    ++tried[node.op];
    std::mt19937 random(3);
    std::vector<Bytes> inputs;
    for (TensorId id : g->inputs) inputs.push_back(test::random_content(g->at(id), random));
    const Bytes whole = evaluate(*g, inputs)[static_cast<size_t>(node.out())].bytes;
    for (const int32_t c : {0, channels - 1}) {
      Graph less = *g;
      std::vector<Bytes> fewer = inputs;
      for (size_t i = 0; i < g->inputs.size(); ++i) {
        if (g->at(g->inputs[i]).shape.back() == channels) {
          fewer[i] = without_channel(g->at(g->inputs[i]), inputs[i], c);
        }
      }
      for (TensorId id : node.inputs) {
        if (!g->at(id).shape.empty() && g->at(id).shape.back() == channels) less.at(id) = without_channel(g->at(id), c);
      }
      less.at(node.out()) = without_channel(g->at(node.out()), c);
      const Outcome o = verify_graph(less);
      EXPECT_TRUE(o) << (o ? "" : o.failure().to_string());
      if (!o) continue;
      EXPECT_EQ(evaluate(less, fewer)[static_cast<size_t>(node.out())].bytes,
                without_channel(g->at(node.out()), whole, c));
    }
  }
  for (const OpDef* op : operators()) {
    const bool promised = op->channels != nullptr && !op->tflite.empty();  // others are in no file
    EXPECT_TRUE(!promised || tried[op->name] > 0) << op->name << " has no golden case to try";
  }
}

TEST(Traits, FunctionsOfAByteAreTheirTables) {
  std::map<std::string, int> tried;
  for (const std::string& file : test::golden_files("ops")) {
    const Result<Graph> g = read_model(file);
    if (!g || g->nodes.size() != 1 || !is_bytewise(*g, g->nodes[0])) continue;
    SCOPED_TRACE(file);
    const Node& node = g->nodes[0];
    ++tried[node.op];
    std::mt19937 random(6);
    const Bytes in = test::random_content(g->at(node.in(0)), random);
    const std::vector<uint8_t> table = byte_table(*g, node);
    Bytes expected;
    for (const uint8_t x : in) expected.push_back(table.at(x));
    EXPECT_EQ(evaluate(*g, {in})[static_cast<size_t>(node.out())].bytes, expected);
  }
  for (const OpDef* op : operators()) {
    const bool promised = op->bytewise && !op->tflite.empty();
    EXPECT_TRUE(!promised || tried[op->name] > 0) << op->name << " has no golden case to try";
  }
}

TEST(Traits, JoinedChannelsAreThoseOfTheInputs) {
  int tried = 0;
  for (const std::string& file : test::golden_files("ops")) {
    const Result<Graph> g = read_model(file);
    if (!g || g->nodes.size() != 1 || channel_flow(*g, g->nodes[0]) != ChannelFlow::joined) continue;
    SCOPED_TRACE(file);
    ++tried;
    const Node& node = g->nodes[0];
    std::mt19937 random(4);
    std::vector<Bytes> inputs;
    for (TensorId id : g->inputs) inputs.push_back(test::random_content(g->at(id), random));
    const std::vector<Value> values = evaluate(*g, inputs);
    const auto size = static_cast<size_t>(size_of(g->at(node.out()).dtype));
    const auto pixels = static_cast<size_t>(elements(g->at(node.out()).shape) / g->at(node.out()).shape.back());
    Bytes joined;
    for (size_t p = 0; p < pixels; ++p) {
      for (TensorId id : node.inputs) {
        const size_t row = static_cast<size_t>(g->at(id).shape.back()) * size;
        const Bytes& bytes = values[static_cast<size_t>(id)].bytes;
        joined.insert(joined.end(), bytes.begin() + static_cast<std::ptrdiff_t>(p * row),
                      bytes.begin() + static_cast<std::ptrdiff_t>((p + 1) * row));
      }
    }
    EXPECT_EQ(values[static_cast<size_t>(node.out())].bytes, joined);
  }
  EXPECT_GT(tried, 0);
}

/// The formula of ops/weighted_sum.hpp, written out over images with pixels outside of them.
TEST(Traits, WeightedSumsAreTheirFormula) {
  std::map<std::string, int> tried;
  for (const std::string& file : test::golden_files("ops")) {
    const Result<Graph> g = read_model(file);
    if (!g || g->nodes.size() != 1) continue;
    const Node& node = g->nodes[0];
    const std::optional<WeightedSum> s = weighted_sum(*g, node);
    if (!s) continue;
    SCOPED_TRACE(file);
    const Tensor& in = g->at(node.in(0));
    const Tensor& out = g->at(node.out());
    const auto* w = g->at(node.in(1)).as<int8_t>();
    std::mt19937 random(5);
    // Channels of one value each everywhere: no geometry is needed to tell what an output is whose taps never leave.
    std::vector<int8_t> values(static_cast<size_t>(s->inputs()));
    for (int8_t& v : values) v = static_cast<int8_t>(random() >> 8);
    Bytes content(static_cast<size_t>(in.bytes()));
    for (size_t k = 0; k < content.size(); ++k) content[k] = static_cast<uint8_t>(values[k % values.size()]);
    const Value y = evaluate(*g, {content})[static_cast<size_t>(node.out())];
    for (int32_t o = 0; o < s->outputs; ++o) {
      int64_t sum = bias_of(*g, node, o);
      bool leaves = false;
      for (int32_t tap = 0; tap < s->taps; ++tap) {
        for (int32_t i = 0; i < s->depth; ++i) {
          sum += (values[static_cast<size_t>(s->channel(o, i))] - in.quant.zero_point[0]) * w[s->at(o, tap, i)];
        }
        leaves = leaves || s->tap_leaves[static_cast<size_t>(tap)] != 0;
      }
      if (leaves) continue;
      ++tried[node.op];
      for (int64_t k = o; k < elements(out.shape); k += s->outputs) {
        ASSERT_EQ(y.as<int8_t>()[k], stored(*s, out, o, static_cast<int32_t>(sum)));
      }
    }
  }
  for (const OpDef* op : operators()) {
    const bool promised = op->weighted_sum != nullptr;
    EXPECT_TRUE(!promised || tried[op->name] > 0) << op->name << " has no golden case to try";
  }
}

}  // namespace
}  // namespace smelt
