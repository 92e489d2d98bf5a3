#include "lower/compile.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace smelt {
namespace {

/// Which tensors share storage because an alias (a reshape) joins them.
class Storage {
 public:
  explicit Storage(const Graph& graph) : root_(graph.tensors.size()) {
    std::iota(root_.begin(), root_.end(), 0);
    for (const Node& node : graph.nodes) {
      if (find_op(node.op)->alias) root_[static_cast<size_t>(node.outputs[0])] = root_[static_cast<size_t>(node.inputs[0])];
    }
  }
  TensorId root(TensorId id) const { return root_[static_cast<size_t>(id)]; }

 private:
  std::vector<TensorId> root_;  // producers come first, so one step always reaches the end
};

/// Rows of `from` (as `rows` rows of `row_bytes`) that hold the bytes of rows `r` of another geometry of `bytes` a row.
RowRange regroup(RowRange r, int64_t bytes, const plan::Buffer& to) {
  if (r.empty()) return r;
  const int64_t first = r.first * bytes / to.row_bytes;
  const int64_t end = (r.end * bytes + to.row_bytes - 1) / to.row_bytes;
  return {static_cast<int32_t>(first), static_cast<int32_t>(end)};
}

class Lowerer {
 public:
  Lowerer(Graph graph, const LowerOptions& options, bool small) : storage_(graph), options_(options), small_(small) {
    program_.graph = std::move(graph);
  }
  bool has_small() const { return has_small_; }

  Result<Program> run() {
    if (options_.push) {
      if (Outcome o = push_input(); !o) return o.failure();
    }
    if (Outcome o = check_size(); !o) return o.failure();
    if (Outcome o = lower_nodes(); !o) return o.failure();
    if (Outcome o = check_limits(); !o) return o.failure();
    make_buffers();
    make_operations();
    program_.plan = plan::solve(program_.problem, options_.rings, options_.max_arena);
    program_.plan.arena_bytes = std::max(program_.plan.arena_bytes, plan::alignment);  // a C array is never empty
    program_.schedule = plan::pack_schedule(program_.plan);
    if (program_.schedule.size() > 65535) return too_large("its firing order has more than 65535 runs");
    make_views();
    make_ports();
    program_.constants.finish();
    return std::move(program_);
  }

 private:
  Failure too_large(const std::string& why) const {
    return Failure("E0501", program_.graph.file, "the model is too large for the device tables: " + why,
                   "split the model or reduce its resolution");
  }

  /// Operation 0 stands for the caller: it makes the input's rows, and has no kernel.
  Outcome push_input() {
    const Graph& graph = program_.graph;
    const auto cannot = [&](const std::string& why) {
      return Failure("E0502", graph.file, "its input cannot be pushed row by row: " + why, "compile it without --push");
    };
    if (graph.inputs.size() != 1) return cannot("it has " + std::to_string(graph.inputs.size()) + " inputs");
    const TensorId input = graph.inputs[0];
    if (graph.is_output(storage_.root(input))) return cannot("it is an output as well");
    for (const Node& node : graph.nodes) {
      if (find_op(node.op)->alias && graph.is_output(node.outputs[0]) && storage_.root(node.outputs[0]) == input) {
        return cannot("an output is the input under another shape");
      }
    }
    const Tensor& t = graph.at(input);
    Lowered caller;
    caller.kernel = "nullptr";
    caller.steps = row_count(t.shape);
    Operand rows;
    rows.tensor = input;
    rows.rows = caller.steps;
    rows.row_bytes = row_elements(t.shape) * size_of(t.dtype);
    for (int32_t r = 0; r < rows.rows; ++r) rows.needs.push_back({r, r + 1});
    caller.outputs.push_back(std::move(rows));
    program_.operations.push_back(std::move(caller));
    program_.pushed = true;
    return Done{};
  }

  /// Before anything is made of the nodes: which rows each step needs is listed row by row.
  Outcome check_size() const {
    const Graph& graph = program_.graph;
    constexpr int64_t most_rows = int64_t{1} << 20;
    constexpr double most_macs = 1e11;  // minutes on the host, which computes the known answer; hours on a device
    int64_t rows = 0;
    double macs = 0;
    for (const Node& node : graph.nodes) {
      for (const auto* ids : {&node.inputs, &node.outputs}) {
        for (TensorId id : *ids) {
          if (id != no_tensor && !graph.at(id).constant()) rows += row_count(graph.at(id).shape);
        }
      }
      const OpDef* op = find_op(node.op);
      macs += op->macs != nullptr ? static_cast<double>(op->macs(graph, node)) : 0;
      if (rows > most_rows) return too_large("its tensors have more than " + std::to_string(most_rows) + " rows in all");
      if (macs > most_macs) return too_large("it takes more than 100,000,000,000 multiply-accumulates");
    }
    return Done{};
  }

  Outcome lower_nodes() {
    Failure all;
    const Graph& graph = program_.graph;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const OpDef* op = find_op(graph.nodes[n].op);
      if (op->alias) continue;
      Lowering lowering(graph, static_cast<int>(n), program_.constants, options_.vector);
      lowering.small_wanted = small_;
      if (Outcome o = op->lower(lowering); !o) {
        for (const Diagnostic& d : o.failure().diagnostics) all.diagnostics.push_back(d);
        continue;
      }
      has_small_ |= lowering.small_asked;
      program_.operations.push_back(std::move(lowering.out));
    }
    if (!all.diagnostics.empty()) return all;
    return Done{};
  }

  Outcome check_limits() const {
    if (program_.operations.size() > Run::max_ops) return too_large("more than 1024 operations");
    constexpr int64_t most_reads = int64_t{1} << 27;  // windows that cover a long tensor again and again
    int64_t reads = 0;
    size_t views = 0;
    for (const Lowered& l : program_.operations) {
      views += l.outputs.size() + l.inputs.size() + 1;
      if (l.steps > 65535) return too_large("a tensor has more than 65535 rows");
      for (const auto* operands : {&l.outputs, &l.inputs}) {
        for (const Operand& o : *operands) {
          if (o.rows > 65535) return too_large("a tensor has more than 65535 rows");
          for (const RowRange& r : o.needs) reads += std::max(r.end - r.first, 0);
        }
      }
    }
    if (reads > most_reads) return too_large("its operations read more than " + std::to_string(most_reads) + " rows");
    if (views > 65535) return too_large("more than 65535 operands");
    return Done{};
  }

  /// The buffer that stores a tensor.
  int buffer(TensorId id) const { return buffer_of_[static_cast<size_t>(storage_.root(id))]; }

  void make_buffers() {
    const Graph& graph = program_.graph;
    buffer_of_.assign(graph.tensors.size(), -1);
    std::vector<bool> used(graph.tensors.size(), false);
    for (const Lowered& l : program_.operations) {
      for (const auto* operands : {&l.outputs, &l.inputs}) {
        for (const Operand& o : *operands) {
          if (o.tensor != no_tensor) used[static_cast<size_t>(storage_.root(o.tensor))] = true;
        }
      }
    }
    for (TensorId id : graph.inputs) used[static_cast<size_t>(storage_.root(id))] = true;
    for (size_t t = 0; t < graph.tensors.size(); ++t) {
      if (!used[t] || graph.tensors[t].constant()) continue;
      const Tensor& tensor = graph.tensors[t];
      buffer_of_[t] = static_cast<int>(program_.problem.buffers.size());
      plan::Buffer b;
      b.name = tensor.name;
      b.rows = row_count(tensor.shape);
      b.row_bytes = row_elements(tensor.shape) * size_of(tensor.dtype);
      program_.problem.buffers.push_back(b);
    }
    for (TensorId id : graph.inputs) program_.problem.buffers[static_cast<size_t>(buffer(id))].input = !program_.pushed;
    for (size_t t = 0; t < graph.tensors.size(); ++t) {
      if (buffer_of_[t] >= 0) program_.problem.buffers[static_cast<size_t>(buffer_of_[t])].state = graph.tensors[t].state;
    }
    for (TensorId id : graph.outputs) {
      if (buffer(id) >= 0) program_.problem.buffers[static_cast<size_t>(buffer(id))].output = true;
    }
  }

  plan::Access access(const Operand& o) {
    plan::Buffer& b = program_.problem.buffers[static_cast<size_t>(buffer(o.tensor))];
    plan::Access a{buffer(o.tensor), o.needs};
    if (o.rows != b.rows || o.row_bytes != b.row_bytes) {
      b.whole = true;
      for (RowRange& r : a.rows) r = regroup(r, o.row_bytes, b);
    }
    return a;
  }

  void make_operations() {
    for (Lowered& l : program_.operations) {
      plan::Operation op;
      op.name = l.node < 0 ? "the caller" : place(program_.graph, program_.graph.nodes[static_cast<size_t>(l.node)]);
      op.steps = l.steps;
      l.scratch_bytes = (l.scratch_bytes + 3) / 4 * 4;
      op.scratch_bytes = l.scratch_bytes;
      op.scratch_persists = l.scratch_persists;
      op.block = l.block;
      for (const Operand& o : l.outputs) op.writes.push_back(access(o));
      for (size_t i = 0; i < l.inputs.size(); ++i) {
        if (l.inputs[i].tensor == no_tensor) continue;
        if (std::find(l.in_place.begin(), l.in_place.end(), static_cast<int>(i)) != l.in_place.end()) {
          op.in_place.push_back(static_cast<int>(op.reads.size()));
        }
        op.reads.push_back(access(l.inputs[i]));
      }
      program_.problem.operations.push_back(std::move(op));
    }
  }

  View view(const Operand& o) const {
    const auto rows = static_cast<uint16_t>(o.rows);
    const auto pitch = static_cast<uint32_t>(o.row_bytes);
    if (o.tensor == no_tensor) return {static_cast<uint32_t>(o.constant), pitch, rows, View::weights, 0};
    const auto b = static_cast<size_t>(buffer(o.tensor));
    const plan::Ring& ring = program_.plan.buffers[b];
    const bool whole = program_.problem.buffers[b].whole;
    return {ring.offset, pitch, whole ? rows : static_cast<uint16_t>(ring.depth), View::arena, 0};
  }

  void make_views() {
    for (size_t i = 0; i < program_.operations.size(); ++i) {
      const Lowered& l = program_.operations[i];
      program_.first_view.push_back(static_cast<uint16_t>(program_.views.size()));
      for (const Operand& o : l.outputs) {
        if (l.node >= 0) program_.taps.push_back({o.tensor, static_cast<int>(i), static_cast<uint32_t>(program_.views.size()), o.rows,
                                 o.row_bytes, o.needs});
        program_.views.push_back(view(o));
      }
      for (const Operand& o : l.inputs) program_.views.push_back(view(o));
      if (l.scratch_bytes > 0) {
        program_.views.push_back({program_.plan.scratch[i], static_cast<uint32_t>(l.scratch_bytes), 1, View::arena, 0});
      }
    }
  }

  void make_ports() {
    const Graph& graph = program_.graph;
    const auto port = [&](TensorId id) {
      const Tensor& root = graph.at(storage_.root(id));
      Port p{id, false, 0, static_cast<uint32_t>(graph.at(id).bytes())};
      if (root.constant()) {
        p.constant = true;
        p.offset = program_.constants.add("output" + std::to_string(program_.outputs.size()), "uint8_t",
                                          root.data->data(), root.data->size(), 1, 4);
      } else {
        p.offset = program_.plan.buffers[static_cast<size_t>(buffer(id))].offset;
      }
      return p;
    };
    for (TensorId id : graph.inputs) program_.inputs.push_back(port(id));
    for (TensorId id : graph.outputs) program_.outputs.push_back(port(id));
    for (TensorId id : graph.states()) {
      const Bytes initial = initial_state(graph.at(id));
      const uint32_t offset = program_.plan.buffers[static_cast<size_t>(buffer(id))].offset;
      program_.states.push_back({id, offset, static_cast<uint32_t>(initial.size()), initial[0]});
    }
    std::sort(program_.states.begin(), program_.states.end(), [](const StateSlot& a, const StateSlot& b) { return a.offset < b.offset; });
  }

  Program program_;
  Storage storage_;
  LowerOptions options_;
  bool small_;              ///< kernels of less scratch, see Lowering::small
  bool has_small_ = false;  ///< there are such
  std::vector<int> buffer_of_;  // by root tensor; -1 where none is needed
};

}  // namespace

Result<Program> lower(Graph graph, const LowerOptions& options) {
  Lowerer fast(graph, options, false);
  Result<Program> program = fast.run();
  if (!program || !fast.has_small()) return program;
  const uint32_t arena = program->plan.arena_bytes;
  if (options.rings != plan::Rings::automatic && (options.max_arena == 0 || arena <= options.max_arena)) return program;
  Result<Program> small = Lowerer(std::move(graph), options, true).run();
  if (!small) return program;
  const uint32_t less = small->plan.arena_bytes;
  const bool decides = options.max_arena != 0 && arena > options.max_arena && less <= options.max_arena;
  return decides || less < arena - arena / 32 ? std::move(small) : std::move(program);  // time and code for so little: no
}

Result<Program> lower(Graph graph, plan::Rings rings, Vector vector) {
  LowerOptions options;
  options.rings = rings;
  options.vector = vector;
  return lower(std::move(graph), options);
}

}  // namespace smelt
