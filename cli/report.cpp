#include "cli/report.hpp"

#include <algorithm>
#include <map>

#include "ops/ranges.hpp"

namespace smelt::cli {
namespace {

/// What the outputs were compared with.
std::string reference_of(const Report& r) {
  const bool integers = r.comparison && r.comparison->from_file;
  return std::string(integers ? "its quantized layers in integers: " : "") +
         "TensorFlow Lite reference kernels (double rounding), by an independent oracle";
}

template <class T>
Json or_null(const std::optional<T>& value) { return value ? Json(*value) : Json(nullptr); }

/// What passes did, "pass: what" a line: the first ones of each pass.
std::string few_of_each(const std::vector<std::string>& lines) {
  constexpr int shown = 3;
  std::map<std::string, int> count;
  for (const std::string& line : lines) ++count[line.substr(0, line.find(':'))];
  std::map<std::string, int> seen;
  std::string text;
  for (const std::string& line : lines) {
    const std::string pass = line.substr(0, line.find(':'));
    const int n = ++seen[pass];
    if (n <= shown || count[pass] == shown + 1) {
      text += "    " + short_names(line) + "\n";
    } else if (n == count[pass]) {
      text += "    " + pass + ": " + std::to_string(n - shown) + " more, all in --json\n";
    }
  }
  return text;
}

std::string cell(const std::optional<std::uint64_t>& n) { return n ? grouped(*n) : "-"; }

std::uint32_t flash_tables(const Report& r) {
  return r.measured && r.measured->sizes ? r.measured->sizes->weights_bytes : r.weights_bytes;
}

/// The longest call of a kernel, where calls were counted.
const OpReport* worst_step(const Report& r) {
  const auto worst = std::max_element(r.ops.begin(), r.ops.end(), [](const OpReport& a, const OpReport& b) { return a.worst < b.worst; });
  return worst == r.ops.end() || worst->worst == 0 ? nullptr : &*worst;
}

}  // namespace

std::uint32_t table_bytes(const Program& p) {
  // Sizes of the runtime's structs on a core with 32-bit pointers: View 12, Op 16, Model 24. Whole words; a model without
  // constants has a byte of them, as C++ knows no empty objects.
  const auto align = [](size_t n) { return (n + 3) / 4 * 4; };
  size_t bytes = align(std::max<size_t>(p.constants.bytes().size(), 1)) + p.views.size() * 12 + p.operations.size() * 16 +
                 align(p.schedule.size() * 2) + 24;
  for (const Lowered& l : p.operations) bytes += l.params.size() * 4;
  return static_cast<std::uint32_t>(bytes);
}

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string short_names(const std::string& text) {
  std::string result;
  bool quoted = false, skipping = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      skipping = false;
    } else if (quoted && c == ';' && !skipping) {
      skipping = true;
      result += "...";
    }
    if (!skipping) result += c;
  }
  return result;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width;
  const auto columns_of = [](const std::string& s) {  // UTF-8 continuation bytes take no column
    return static_cast<std::size_t>(std::count_if(s.begin(), s.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
  };
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (width.size() <= c) width.push_back(0);
      width[c] = std::max(width[c], columns_of(row[c]));
    }
  }
  std::vector<bool> numeric(width.size(), true);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      if (rows[r][c].find_first_not_of("0123456789,.-% ") != std::string::npos) numeric[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string gap(width[c] - columns_of(row[c]), ' ');
      line += (c == 0 ? "  " : "  ") + (numeric[c] ? gap + row[c] : row[c] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

Report make_report(const std::string& model, const Program& program, const std::string& target) {
  Report r;
  r.model = model;
  r.target = target;
  bool full = true;
  for (std::size_t b = 0; b < program.problem.buffers.size(); ++b) {
    full = full && program.plan.buffers[b].depth == program.problem.buffers[b].rows;
  }
  r.rings = full ? "full" : "shallow";
  r.arena_bytes = program.plan.arena_bytes;
  for (const StateSlot& s : program.states) r.state_bytes += s.bytes;
  r.weights_bytes = table_bytes(program);
  if (program.pushed) r.pushed_rows = program.operations[0].steps;
  const ChannelRanges ranges = channel_ranges(program.graph);
  for (const Node& node : program.graph.nodes) {
    const std::optional<WeightedSum> s = weighted_sum(program.graph, node);
    if (!s) continue;
    // Without the model's path: the report says the same wherever it lies.
    r.proofs.push_back(place(program.graph, node).substr(program.graph.file.size() + 2) + ": " +
                       to_string(prove_sums(program.graph, node, *s, ranges[static_cast<size_t>(node.in(0))])));
  }
  return r;
}

std::vector<OpReport> op_reports(const Program& program, const verify::Traced* traced) {
  std::vector<OpReport> reports;
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Graph& graph = program.graph;
    if (program.operations[i].node < 0) continue;
    const Node& node = graph.nodes[static_cast<std::size_t>(program.operations[i].node)];
    const OpDef* def = find_op(node.op);
    OpReport o;
    o.index = node.source >= 0 ? node.source : program.operations[i].node;
    o.name = graph.at(node.out()).name;
    o.op = def->tflite.empty() ? node.op : def->tflite[0];
    o.shape = to_string(graph.at(node.out()).shape);
    o.macs = def->macs != nullptr ? def->macs(graph, node) : 0;
    if (traced != nullptr && i < traced->ops.size()) {
      if (traced->ops[i].instructions != 0) o.instructions = traced->ops[i].instructions;
      o.firings = traced->ops[i].firings;
      o.worst = traced->ops[i].worst;
    }
    reports.push_back(std::move(o));
  }
  return reports;
}

Json to_json(const Report& r) {
  const bool sized = r.measured && r.measured->sizes;
  const auto size = [&](std::uint32_t n) { return sized ? Json(n) : Json(nullptr); };
  const verify::Sizes sizes = sized ? *r.measured->sizes : verify::Sizes{};
  Json j;
  j["model"] = r.model;
  j["target"] = r.target;
  j["reference"] = reference_of(r);
  j["bit_exact"] = r.comparison ? Json(r.comparison->bit_exact) : Json(nullptr);
  j["outputs_compared"] = r.comparison ? Json(r.comparison->outputs_compared) : Json(nullptr);
  j["distinct_outputs"] = r.comparison ? Json(r.comparison->distinct_outputs) : Json(nullptr);
  j["tensors_compared"] = r.comparison && r.taps ? Json(r.comparison->tensors_compared) : Json(nullptr);
  if (r.comparison) {
    j["within_tolerance"] = r.comparison->within_tolerance;
    j["largest_float_error"] = r.comparison->largest_error;
    j["not_compared"] = r.comparison->not_compared;
    if (const auto& form = r.comparison->from_file) j["from_file"] = {{"largest", form->largest}, {"steps", form->steps}};
    j["mismatches"] = Json::array();
    for (const verify::Mismatch& m : r.comparison->mismatches) {
      j["mismatches"].push_back({{"run", m.run}, {"tensor", m.tensor}, {"against", m.against}, {"detail", m.detail}});
    }
  }
  j["rings"] = r.rings;
  j["passes"] = r.removed;
  j["removed"] = {{"macs_before", r.before.macs},
                  {"macs_after", r.after.macs},
                  {"weights_before", r.before.weights},
                  {"weights_after", r.after.weights},
                  {"tensor_bytes_before", r.before.tensor_bytes},
                  {"tensor_bytes_after", r.after.tensor_bytes}};
  j["proofs"] = r.proofs;
  j["ram"] = {{"arena_bytes", r.arena_bytes},
              {"state_bytes", r.state_bytes},
              {"static_bytes", size(sizes.static_bytes)},
              {"stack_bytes", r.measured ? or_null(r.measured->stack_bytes) : Json(nullptr)},
              {"total_bytes", size(r.arena_bytes + sizes.static_bytes)}};
  j["flash"] = {{"code_bytes", size(sizes.code_bytes)},
                {"weights_bytes", flash_tables(r)},
                {"total_bytes", size(sizes.code_bytes + sizes.weights_bytes)}};
  Json per_op = Json::array();
  for (const OpReport& o : r.ops) {
    per_op.push_back({{"index", o.index},
                      {"name", o.name},
                      {"op", o.op},
                      {"instructions", or_null(o.instructions)},
                      {"macs", o.macs},
                      {"firings", o.firings},
                      {"worst_firing", o.worst}});
  }
  j["instructions"] = {{"total", r.measured ? or_null(r.measured->instructions) : Json(nullptr)},
                       {"per_op", r.ops.empty() ? Json(nullptr) : per_op}};
  if (r.measured && !r.measured->counts.empty()) {
    const auto [least, most] = std::minmax_element(r.measured->counts.begin(), r.measured->counts.end());
    j["instructions"].update({{"inputs", r.measured->counts.size()}, {"least", *least}, {"most", *most}, {"spread", *most - *least}});
  }
  if (const OpReport* o = worst_step(r)) {
    j["instructions"]["worst_step"] = {{"index", o->index}, {"name", o->name}, {"op", o->op}, {"instructions", o->worst}};
  }
  if (r.pushed_rows != 0) {
    j["push"] = {{"rows", r.pushed_rows}, {"worst_instructions", r.worst_push != 0 ? Json(r.worst_push) : Json(nullptr)}};
  }
  if (r.cycles) j["cycles"] = cycles_json(*r.cycles, r.ops);
  if (r.board) j["board"] = board_json(*r.board);
  j["compiler"] = r.measured ? Json(r.measured->compiler) : Json(nullptr);
  j["flags"] = r.measured ? Json(r.measured->flags) : Json(nullptr);
  return j;
}

std::string text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string to_text(const Report& r) {
  const bool sized = r.measured && r.measured->sizes;
  const auto size = [&](std::uint32_t n) { return sized ? grouped(n) : std::string("-"); };
  const verify::Sizes sizes = sized ? *r.measured->sizes : verify::Sizes{};
  std::string text = r.model + " on " + r.target + "\n\n";
  std::vector<std::vector<std::string>> rows = {{"memory", "bytes", ""}};
  rows.push_back({"RAM    arena", grouped(r.arena_bytes), "inputs, outputs and all scratch; " + r.rings + " rings"});
  if (r.state_bytes != 0) rows.push_back({"         state", grouped(r.state_bytes), "of these, kept from one inference to the next"});
  rows.push_back({"       static", size(sizes.static_bytes), ".data and .bss beside the arena"});
  rows.push_back({"       stack", r.measured && r.measured->stack_bytes ? grouped(*r.measured->stack_bytes) : "-", "deepest use, measured"});
  rows.push_back({"flash  code", size(sizes.code_bytes), "kernels and executor"});
  rows.push_back({"       weights", grouped(flash_tables(r)), "weights and all tables"});
  rows.push_back({"       total", size(sizes.code_bytes + sizes.weights_bytes), ""});
  text += table(rows);
  if (r.measured && r.measured->instructions) {
    text += "\n  instructions  " + grouped(*r.measured->instructions) + " for one inference (counted, not cycles)\n";
    const std::vector<std::uint64_t>& counts = r.measured->counts;
    if (counts.size() > 1) {
      const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
      text += "  of " + std::to_string(counts.size()) + " inputs" + std::string(counts.size() < 10 ? 3 : counts.size() < 100 ? 2 : 1, ' ') +
              grouped(*least) + " to " + grouped(*most) + ", a spread of " + grouped(*most - *least) + "\n";
    }
    if (const OpReport* o = worst_step(r)) {
      text += "  worst step    " + grouped(o->worst) + " in one call of a kernel: " + std::to_string(o->index) + " " + o->op + "\n";
    }
  }
  if (r.board) text += board_text(*r.board);
  if (r.worst_push != 0) {
    text += "  worst push    " + grouped(r.worst_push) + " instructions in kernels for one of " + std::to_string(r.pushed_rows) + " rows\n";
  }
  if (!r.ops.empty()) {
    std::vector<std::vector<std::string>> ops = {{"op", "", "output", "MACs", "instructions", "share", "per MAC", "worst step"}};
    std::uint64_t total = 0;
    for (const OpReport& o : r.ops) total += o.instructions.value_or(0);
    const auto fixed = [](double v, const char* unit) {
      char buffer[32];
      std::snprintf(buffer, sizeof buffer, "%.*f%s", *unit == '%' ? 1 : 2, v, unit);
      return std::string(buffer);
    };
    for (const OpReport& o : r.ops) {
      const auto n = static_cast<double>(o.instructions.value_or(0));
      ops.push_back({std::to_string(o.index), o.op, o.shape, grouped(static_cast<std::uint64_t>(o.macs)), cell(o.instructions),
                     total != 0 ? fixed(100.0 * n / static_cast<double>(total), "%") : "-",
                     o.macs > 0 && o.instructions ? fixed(n / static_cast<double>(o.macs), "") : "-", o.worst != 0 ? grouped(o.worst) : "-"});
    }
    text += "\n" + table(ops);
  }
  if (r.cycles) text += cycles_text(*r.cycles, r.ops);
  if (r.comparison) {
    const verify::Comparison& c = *r.comparison;
    text += "\n  compared with " + reference_of(r) + "\n";
    text += "  outputs       " + grouped(c.outputs_compared) + " compared, " + grouped(c.distinct_outputs) + " of them distinct\n";
    if (r.taps) text += "  tensors       " + grouped(c.tensors_compared) + " operator tensors compared, row by row\n";
    for (const std::string& t : c.not_compared) text += "  fused away    " + t + "\n";
    if (c.bit_exact) {
      text += "  result        every bit equal\n";
    } else if (c.ok()) {
      char buffer[96];
      std::snprintf(buffer, sizeof buffer, "  result        within the float tolerance (largest difference %.2e)\n", c.largest_error);
      text += buffer;
    } else {
      text += "  result        DIFFERENT\n";
      for (std::size_t i = 0; i < c.mismatches.size() && i < 10; ++i) {
        const verify::Mismatch& m = c.mismatches[i];
        text += "    run " + std::to_string(m.run) + ", tensor " + m.tensor + " against the " + m.against + ": " + m.detail + "\n";
      }
      if (c.mismatches.size() > 10) text += "    and " + std::to_string(c.mismatches.size() - 10) + " more\n";
    }
  }
  if (r.comparison && r.comparison->from_file) {
    char buffer[128];
    std::snprintf(buffer, sizeof buffer, "  from the file's floats between quantizations at most %.3g, %.3g steps of the output's scale\n",
                  r.comparison->from_file->largest, r.comparison->from_file->steps);
    text += buffer;
  }
  const auto saved = [](const char* what, int64_t before, int64_t after) {
    return before == after ? std::string() : std::string("  ") + what + grouped(static_cast<std::uint64_t>(after)) + " of " +
                                                 grouped(static_cast<std::uint64_t>(before)) + " remain\n";
  };
  const std::string removed = saved("MACs          ", r.before.macs, r.after.macs) +
                              saved("weights       ", r.before.weights, r.after.weights);
  if (!removed.empty()) text += "\n" + removed;
  if (!r.removed.empty()) {
    text += "\n  passes\n";
    text += few_of_each(r.removed);
  }
  return text;
}

}  // namespace smelt::cli
