// The constant tables of a model.
#include <cstring>
#include <map>

#include "emit/text.hpp"

namespace smelt::emit_detail {
namespace {

template <class T>
std::vector<std::string> numbers(const Bytes& bytes, uint32_t offset, size_t count) {
  std::vector<std::string> items;
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + offset + i * sizeof(T), sizeof(T));
    if constexpr (std::is_same_v<T, float>) {
      items.push_back(number(value));
    } else if constexpr (std::is_same_v<T, int32_t>) {
      items.push_back(value == INT32_MIN ? "-2147483647 - 1" : std::to_string(value));
    } else {
      items.push_back(std::to_string(value));
    }
  }
  return items;
}

/// One struct with a typed member for each array: kernels address members by their offset, people by their name.
std::string weights(const ConstantPool& pool) {
  std::string type = "struct Weights {\n";
  std::string values;
  uint32_t end = 0;
  int pads = 0;
  for (const ConstantPool::Entry& e : pool.entries()) {
    if (e.count == 0) continue;
    if (e.offset > end) {
      type += "  uint8_t pad" + std::to_string(pads++) + "[" + std::to_string(e.offset - end) + "];\n";
      values += "  {},\n";
    }
    type += "  " + e.type + " " + e.name + "[" + std::to_string(e.count) + "];\n";
    std::vector<std::string> items;
    size_t element = 1;
    if (e.type == "int8_t") {
      items = numbers<int8_t>(pool.bytes(), e.offset, e.count);
    } else if (e.type == "uint8_t") {
      items = numbers<uint8_t>(pool.bytes(), e.offset, e.count);
    } else if (e.type == "int16_t") {
      items = numbers<int16_t>(pool.bytes(), e.offset, e.count);
      element = 2;
    } else if (e.type == "int32_t") {
      items = numbers<int32_t>(pool.bytes(), e.offset, e.count);
      element = 4;
    } else {
      items = numbers<float>(pool.bytes(), e.offset, e.count);
      element = 4;
    }
    values += "  {  // " + e.name + "\n" + wrap(items) + "  },\n";
    end = e.offset + static_cast<uint32_t>(e.count * element);
  }
  if (end == 0) {
    type += "  uint8_t none[1];\n";
    values = "  {0},\n";
  }
  return type + "};\n\nalignas(16) SMELT_SECTION_WEIGHTS constexpr Weights weights = {\n" + values + "};\n";
}

std::string operation_name(const Program& program, size_t i) {
  const Graph& graph = program.graph;
  if (program.operations[i].node < 0) return "the caller pushes a row";
  const Node& node = graph.nodes[static_cast<size_t>(program.operations[i].node)];
  std::string text = node.op;
  for (TensorId id : node.outputs) text += " -> " + to_string(graph.at(id).shape);
  return text;
}

/// "to" for "to.low": the member of the parameters that is a struct itself.
std::string member_of(const std::string& field) {
  const size_t dot = field.find('.');
  return dot == std::string::npos ? "" : field.substr(0, dot);
}

std::string table(const std::string& head, const std::vector<std::string>& rows) {
  std::string text = "constexpr " + head + " = {\n";
  for (const std::string& row : rows) text += "  " + row + "\n";
  return text + "};\n";
}

}  // namespace

std::string tables(const Program& program) {
  std::string text =
      "// Where the weights go, e.g. __attribute__((section(\".smelt_weights\"))).\n#ifndef SMELT_SECTION_WEIGHTS\n"
      "#define SMELT_SECTION_WEIGHTS\n#endif\n\nnamespace {\n\n" + weights(program.constants) + "\n";

  std::vector<std::string> ops;
  for (size_t i = 0; i < program.operations.size(); ++i) {
    const Lowered& l = program.operations[i];
    std::string params = "nullptr";
    if (!l.params.empty()) {
      std::vector<std::string> items;
      for (size_t w = 0; w < l.params.size(); ++w) {
        const std::string inside = member_of(l.fields[w]);
        const bool first = !inside.empty() && (w == 0 || member_of(l.fields[w - 1]) != inside);
        const bool last = !inside.empty() && (w + 1 == l.params.size() || member_of(l.fields[w + 1]) != inside);
        items.push_back((first ? "{/*" : "/*") + l.fields[w] + "*/ " +
                        (l.params[w] == INT32_MIN ? "-2147483647 - 1" : std::to_string(l.params[w])) + (last ? "}" : ""));
      }
      const std::string name = "op" + std::string(i < 10 ? "0" : "") + std::to_string(i);
      text += "// " + operation_name(program, i) + "\nconstexpr " + l.params_type + " " + name + " = {\n" + wrap(items) + "};\n";
      params = "&" + name;
    }
    ops.push_back("{" + l.kernel + ", " + params + ", " + std::to_string(program.first_view[i]) + ", " + std::to_string(program.plan.blocks[i]) + ", " +
                  std::to_string(l.steps) + "},  // " + operation_name(program, i));
  }
  std::vector<std::string> views;
  for (const View& v : program.views) {
    views.push_back("{" + std::to_string(v.offset) + ", " + std::to_string(v.pitch) + ", " + std::to_string(v.depth) + ", " +
                    (v.base == View::weights ? "smelt::View::weights" : "smelt::View::arena") + ", 0},");
  }
  std::vector<std::string> runs;
  for (uint16_t run : program.schedule) runs.push_back(std::to_string(run));
  if (runs.size() % 2 != 0) runs.push_back("0");  // whole words, so that the tables take the same flash in any order
  const bool fires = !ops.empty();  // not where all outputs are inputs or constants
  if (fires) {
    text += "\n// Operands: offset, pitch, depth, base.\n" + table("smelt::View views[]", views);
    text += "\n// Operations: kernel, parameters, first operand, most steps of a call, steps of an inference.\n" +
            table("smelt::Op ops[]", ops);
    text += "\n// Firing order: operation * 64 + steps - 1; 65535, entries to repeat, times more. An even number of entries.\nalignas(4) constexpr uint16_t schedule[] = {\n" +
            wrap(runs) + "};\n";
  }
  text += "\n}  // namespace\n\nconstexpr smelt::Model model = {" +
          std::string(fires ? "ops, views, schedule" : "nullptr, nullptr, nullptr") + ", &weights, " +
          std::to_string(program.operations.size()) + ", " + std::to_string(program.schedule.size()) + ", " +
          std::to_string(program.plan.state_offset) + "};\n";
  return text;
}

}  // namespace smelt::emit_detail
