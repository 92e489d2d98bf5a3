// Any function of one byte, as passes make them out of several operators in a row: attribute `table` holds 256 bytes, by
// the input's bits. No file has this operator.
#include "runtime/ops/lookup.hpp"

#include <algorithm>
#include <vector>

#include "ops/elementwise.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

bool is_byte(DType type) { return type == DType::i8 || type == DType::u8; }

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  const DType in = graph.at(node.in(0)).dtype;
  const DType out = graph.at(node.out()).dtype;
  if (!is_byte(in)) return elementwise::unsupported_type(graph, node, in, "i8, u8");
  if (!is_byte(out)) return elementwise::unsupported_type(graph, node, out, "i8, u8");
  const std::vector<int64_t> table = node.attrs.ints("table");
  if (table.size() != 256 || std::any_of(table.begin(), table.end(), [](int64_t y) { return y < 0 || y > 255; })) {
    return fail(graph, node, "E0302", "the table must hold 256 numbers from 0 to 255");
  }
  return std::vector<TensorType>{{out, graph.at(node.in(0)).shape}};
}

void evaluate(const Evaluation& e) {
  const std::vector<int64_t> table = e.node.attrs.ints("table");
  for (size_t i = 0; i < e.in[0]->bytes.size(); ++i) e.out[0]->bytes[i] = static_cast<uint8_t>(table[e.in[0]->bytes[i]]);
}

Outcome lower(Lowering& l) {
  const std::vector<int64_t> table = l.node.attrs.ints("table");
  elementwise::lower_bytes(
      l, [&](int32_t value) { return static_cast<int32_t>(table[static_cast<uint8_t>(value)]); });
  return Done{};
}

OpDef lookup() {
  OpDef op{"lookup", {}, nullptr, infer, evaluate, lower};
  op.bytewise = true;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  return op;
}

}  // namespace

extern const OpDef op_lookup = lookup();

}  // namespace smelt
