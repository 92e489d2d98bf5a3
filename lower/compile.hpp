// A verified graph becomes a Program: everything that the device will hold, as data. The emitter prints a Program, the
// interpreter runs it with the same executor and the same kernels.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "lower/lowering.hpp"
#include "plan/plan.hpp"
#include "runtime/core.hpp"

namespace smelt {

/// An input or output of the model.
struct Port {
  TensorId tensor = no_tensor;
  bool constant = false;  ///< an output known at compile time; `offset` is then into the constants
  uint32_t offset = 0;    ///< bytes into the arena
  uint32_t bytes = 0;
};

/// A state: where it lies, and the byte that fills it before the first inference.
struct StateSlot {
  TensorId tensor = no_tensor;
  uint32_t offset = 0;
  uint32_t bytes = 0;
  uint8_t initial = 0;
};

/// The rows of one tensor of the graph, as the operation that makes it stores them.
struct Tap {
  TensorId tensor = no_tensor;
  int operation = -1;      ///< index in Program::operations
  uint32_t view = 0;       ///< index in Program::views
  int32_t rows = 1;
  int32_t row_bytes = 0;
  std::vector<RowRange> made;  ///< by each step
};

struct Program {
  Graph graph;                      ///< what was compiled, after the passes
  std::vector<Lowered> operations;  ///< in execution order; aliases (reshapes) are none
  ConstantPool constants;
  plan::Problem problem;
  plan::Plan plan;
  std::vector<View> views;             ///< operands of all operations
  std::vector<uint16_t> first_view;    ///< of each operation
  std::vector<uint16_t> schedule;      ///< packed Run entries
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<StateSlot> states;       ///< kept in the arena from one inference to the next
  std::vector<Tap> taps;               ///< every tensor that an operation makes
  bool pushed = false;                 ///< operation 0 is the caller, who pushes input rows; `inputs` lie in no arena
};

struct LowerOptions {
  plan::Rings rings = plan::Rings::automatic;
  uint32_t max_arena = 0;  ///< bytes; 0: no limit. A plan that exceeds it gives way to the fastest that does not
  bool push = false;       ///< the input comes row by row and never stands in the arena as a whole
  Vector vector = Vector::none;  ///< of the target
};

/// The graph must be verified. Fails where an operator cannot be lowered, or where a model exceeds the tables' limits
/// (1,024 operations, 65,535 rows, 4 GB), or where the input cannot be pushed.
Result<Program> lower(Graph graph, const LowerOptions& options);
Result<Program> lower(Graph graph, plan::Rings rings, Vector vector = Vector::none);

/// Runs a Program on the host.
class Interpreter {
 public:
  explicit Interpreter(const Program& program);
  /// Called after each firing, for each step that it made, with the operation; `arena` is as the device's would be.
  using Hook = std::function<void(int operation, int32_t step, const uint8_t* arena)>;
  /// Inputs in the order of the graph's, each of exactly its tensor's size. The arena is filled with 0xA5 beforehand, but
  /// for the states: they go on from run to run.
  std::vector<Bytes> run(const std::vector<Bytes>& inputs, const Hook& hook = {});
  /// States are again as before the first run.
  void reset();

 private:
  void fill_between_states();
  const Program& program_;
  std::vector<Op> ops_;
  Model model_{};
  std::vector<uint32_t> constants_;  // 32-bit words, so that they are aligned
  std::vector<uint32_t> arena_;
};

/// Collects whole tensors from an arena, row by row, as they are made: use `firing` as the Interpreter's hook.
class TapRecorder {
 public:
  explicit TapRecorder(const Program& program);
  void firing(int operation, int32_t step, const uint8_t* arena);
  /// By tensor id; empty where no operation makes the tensor.
  const std::vector<Bytes>& tensors() const { return tensors_; }

 private:
  const Program& program_;
  std::vector<Bytes> tensors_;
};

}  // namespace smelt
