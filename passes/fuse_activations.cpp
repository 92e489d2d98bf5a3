#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

struct Clamp {
  const char* word;
  double low;
  double high;
};
constexpr std::array<Clamp, 4> clamps = {
    {{"none", -HUGE_VAL, HUGE_VAL}, {"relu", 0, HUGE_VAL}, {"relu6", 0, 6}, {"relu_n1_to_1", -1, 1}}};

const Clamp* find_clamp(const std::string& word) {
  for (const Clamp& c : clamps) {
    if (word == c.word) return &c;
  }
  return nullptr;
}

/// The word for clamping twice: the intersection, where there is a word for it.
const char* both(const std::string& first, const std::string& second) {
  const Clamp* a = find_clamp(first);
  const Clamp* b = find_clamp(second);
  if (a == nullptr || b == nullptr) return nullptr;
  for (const Clamp& c : clamps) {
    if (c.low == std::max(a->low, b->low) && c.high == std::min(a->high, b->high)) return c.word;
  }
  return nullptr;
}

}  // namespace

void fuse_activations(Graph& graph, PassLog& log) {
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node& clamp = graph.nodes[i++];
    const OpDef& op = rewrite::op_of(clamp);
    const char* word = op.as_activation != nullptr ? op.as_activation(clamp) : nullptr;
    if (word == nullptr || clamp.outputs.size() != 1) continue;
    const TensorId between = clamp.in(0);
    const int made_by = graph.producer(between);
    if (made_by < 0 || rewrite::uses(graph, between) != 1) continue;
    Node& producer = graph.nodes[static_cast<size_t>(made_by)];
    if (!rewrite::op_of(producer).fuses_activation || producer.outputs.size() != 1) continue;
    // Integers clamp after rounding to the output's scale: the same numbers only if both tensors have that scale.
    if (!rewrite::same_kind(graph.at(between), graph.at(clamp.out()))) continue;
    const char* together = both(producer.attrs.s("activation", "none"), word);
    if (together == nullptr) continue;
    log.note("fuse activations",
             rewrite::describe(graph, clamp) + " became a part of " + rewrite::describe(graph, producer));
    producer.attrs.set("activation", std::string(together));
    producer.outputs[0] = clamp.out();
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(--i));
  }
}

}  // namespace smelt
