#include <algorithm>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "compose lookups";

bool changes_nothing(const std::vector<uint8_t>& table) {
  for (size_t x = 0; x < table.size(); ++x) {
    if (table[x] != x) return false;
  }
  return true;
}

/// The only node that reads what the node at `made_by` makes is this one.
bool reads_alone(const Graph& graph, int made_by, const Node& node) {
  return made_by >= 0 && rewrite::uses(graph, node.in(0)) == 1;
}

}  // namespace

void compose_lookups(Graph& graph, PassLog& log) {
  for (size_t i = 0; i < graph.nodes.size();) {
    if (!is_bytewise(graph, graph.nodes[i])) {
      ++i;
      continue;
    }
    Node& node = graph.nodes[i];
    std::vector<uint8_t> table = byte_table(graph, node);
    if (rewrite::same_kind(graph.at(node.in(0)), graph.at(node.out())) && changes_nothing(table)) {
      const std::string what = rewrite::describe(graph, node);
      if (rewrite::bypass(graph, i, node.in(0))) {
        log.note(pass, what + " gives each of the 256 bytes back");
        continue;
      }
    }
    const int made_by = graph.producer(node.in(0));
    if (!reads_alone(graph, made_by, node) || !is_bytewise(graph, graph.nodes[static_cast<size_t>(made_by)])) {
      ++i;
      continue;
    }
    const Node& before = graph.nodes[static_cast<size_t>(made_by)];
    const std::vector<uint8_t> first = byte_table(graph, before);
    std::vector<int64_t> both;
    for (const uint8_t x : first) both.push_back(table[x]);
    log.note(pass, rewrite::describe(graph, before) + " and " + rewrite::describe(graph, node) +
                       " are one table of 256 bytes");
    node.op = "lookup";
    node.inputs = {before.in(0)};
    node.attrs = {};
    node.attrs.set("table", std::move(both));
    graph.nodes.erase(graph.nodes.begin() + made_by);
    --i;  // the same node once more: it may be the identity now
  }
}

}  // namespace smelt
