#include "ops/sequences.hpp"

#include <string>

namespace smelt {

Shape Sequences::shape(int32_t units) const {
  if (!every) return states(units);
  return time_major ? Shape{time, sequences, units} : Shape{sequences, time, units};
}

Result<Sequences> sequences_of(const Graph& graph, const Node& node) {
  const Shape& x = graph.at(node.in(0)).shape;
  if (node.op == "rnn" && x.size() == 2 && node.attrs.i("sequence") == 0) return Sequences{x[0], 1, false, false, false};
  if (x.size() != 3) {
    return fail(graph, node, "E0303", "an input of " + to_string(x) + " is not [sequences, time, inputs]");
  }
  const bool time_major = node.attrs.i("time_major") != 0;
  if (time_major && x[1] != 1) {
    return fail(graph, node, "E0303", "time as the first dimension of several sequences is not supported",
                "export the layer with the sequences first");
  }
  const Sequences s{time_major ? x[1] : x[0], time_major ? x[0] : x[1], node.attrs.i("sequence") != 0,
                    node.attrs.i("reverse") != 0, time_major};
  if (int64_t{s.sequences} * s.time >= 1 << 28) {
    return fail(graph, node, "E0303", "sequences of " + std::to_string(s.time) + " steps are too long");
  }
  return s;
}

void declare_steps(Lowering& l, const Sequences& s, int32_t initial, bool cell_output, bool kept) {
  if (s.reverse) return l.whole(1 + initial);
  std::vector<RowRange> each, first, last;
  for (int32_t i = 0; i < s.sequences * s.time; ++i) {
    const int32_t n = i / s.time, t = i % s.time;
    each.push_back({i, i + 1});
    first.push_back(t == 0 ? RowRange{n, n + 1} : RowRange{});
    last.push_back(t + 1 == s.time ? RowRange{n, n + 1} : RowRange{});
  }
  std::vector<std::vector<RowRange>> needs = {each}, makes = {s.every ? each : last};
  for (size_t i = 0; kept && i < first.size(); ++i) {
    if (first[i].empty()) first[i] = last[i];
  }
  needs.resize(1 + static_cast<size_t>(initial), first);
  if (cell_output) makes.push_back(last);
  l.steps(s.sequences * s.time, std::move(needs), std::move(makes));
}

}  // namespace smelt
