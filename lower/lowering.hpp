// From a node to what the device executes: a kernel, its parameter words, its packed constants, and the rows of each
// operand that each step needs. Pure data, so that the same object feeds the planner, the host interpreter and the emitter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "ir/graph.hpp"
#include "ops/op.hpp"
#include "plan/plan.hpp"
#include "runtime/core.hpp"

namespace smelt {

/// Vector instructions that kernels are chosen and constants packed for, `swar` where there are none and words must do. The
/// result runs everywhere, just not as fast.
enum class Vector { none, helium, swar };

using RowRange = plan::RowRange;  ///< rows [first, end) of a tensor

/// All constants of a model, one block with typed, named members; kernels address them by byte offset.
class ConstantPool {
 public:
  struct Entry {
    std::string name;
    std::string type;  ///< "int8_t", "int16_t", "int32_t", "float", "uint8_t"
    size_t count = 0;
    uint32_t offset = 0;
  };

  /// Appends an array (or finds an identical one of the same type) and returns its byte offset.
  template <class T>
  uint32_t add(const std::string& name, const std::vector<T>& values, uint32_t align = alignof(T)) {
    return add(name, type_name<T>(), values.data(), values.size(), sizeof(T), align);
  }
  uint32_t add(const std::string& name, const char* type, const void* data, size_t count, size_t element, uint32_t align);

  const Bytes& bytes() const { return bytes_; }
  const std::vector<Entry>& entries() const { return entries_; }

  /// Kernels may read bytes up to `end`, whatever they are.
  void reach(uint32_t end) { reach_ = std::max(reach_, end); }
  /// To be called once, after all arrays were added: makes those bytes part of the block.
  void finish();

 private:
  template <class T>
  static const char* type_name() {
    if constexpr (std::is_same_v<T, int8_t>) return "int8_t";
    else if constexpr (std::is_same_v<T, uint8_t>) return "uint8_t";
    else if constexpr (std::is_same_v<T, int16_t>) return "int16_t";
    else if constexpr (std::is_same_v<T, int32_t>) return "int32_t";
    else { static_assert(std::is_same_v<T, float>); return "float"; }
  }
  Bytes bytes_;
  std::vector<Entry> entries_;
  uint32_t reach_ = 0;
};

/// An operand of a device operation, in the order of the kernel's views: outputs, inputs, then scratch.
struct Operand {
  TensorId tensor = no_tensor;   ///< a tensor in the arena, or
  int64_t constant = -1;         ///< a byte offset in the constant pool
  int32_t rows = 1;
  int32_t row_bytes = 0;
  std::vector<RowRange> needs;   ///< inputs in the arena: rows needed by each step; outputs: rows made by each step
};

/// One node as a device operation.
struct Lowered {
  int node = -1;               ///< index in the graph
  std::string kernel;          ///< "smelt::conv_2d_s8"
  std::string header;          ///< "ops/conv_2d.hpp", in runtime/
  Kernel function = nullptr;   ///< the same kernel, linked into the tool
  std::string params_type;     ///< "smelt::Conv2D"
  std::vector<int32_t> params; ///< the struct's words, in order
  std::vector<std::string> fields;
  std::vector<Operand> outputs;
  std::vector<Operand> inputs;
  int32_t steps = 1;
  int32_t block = 1;               ///< most steps that the kernel takes at once with a gain; all their inputs and outputs
                                   ///< are then there together
  int32_t scratch_bytes = 0;       ///< one more view at the end; aligned to 4
  bool scratch_persists = false;   ///< the scratch carries sums from one step to the next
  std::vector<int> in_place;       ///< inputs (indices into `inputs`) whose row r may share its bytes with output row r
};

/// The interface that OpDef::lower writes through.
class Lowering {
 public:
  Lowering(const Graph& graph, int node_index, ConstantPool& pool, Vector vector = Vector::none);

  const Graph& graph;
  const Node& node;
  ConstantPool& pool;
  const Vector vector;
  Lowered out;
  bool small_wanted = false, small_asked = false;

  const Tensor& input(size_t i) const { return graph.at(node.inputs.at(i)); }
  const Tensor& output(size_t i = 0) const { return graph.at(node.outputs.at(i)); }
  bool has_input(size_t i) const { return node.in(i) != no_tensor; }

  /// Use as `l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(conv_2d_s8))`.
  void kernel(const char* header, const char* symbol, Kernel function);

  /// P: a trivially copyable struct of int32_t members only (floats as their bits, arrays through the pool).
  /// `fields`: its members' names, separated by spaces, in order; they become comments in the emitted tables.
  template <class P>
  void params(const char* type, const P& p, const char* fields) {
    static_assert(std::is_trivially_copyable_v<P> && sizeof(P) % 4 == 0 && alignof(P) <= 4);
    out.params.resize(sizeof(P) / 4);
    std::memcpy(out.params.data(), &p, sizeof(P));
    set_params(type, fields);
  }

  /// Name for a constant of this node, e.g. "op03_bias".
  std::string name(const char* what) const;

  // ---- which rows: call exactly one of these. Views stand in this order: outputs, declared inputs, scratch. A declared
  // input that is constant goes to the pool as it is, cut into the rows of its shape; in(view, r) reads it alike. ----

  /// Output row r is made from row r of every input; an input of one row serves all. Declares all inputs.
  void rowwise();
  /// Output row r needs input 0's rows [r*stride - pad, r*stride - pad + span), clamped. Declares input 0 only: weights
  /// and biases are packed through `pool` and named in the params. Batches (N > 1) fall back to `whole(1)`.
  void windowed(int32_t stride, int32_t pad, int32_t span);
  /// One step that reads and writes complete tensors. Declares the first `inputs` inputs (-1: all).
  void whole(int inputs = -1);
  /// The general form, declaring the first needs.size() inputs: `needs[i][step]`, `makes[o][step]`.
  void steps(int32_t count, std::vector<std::vector<RowRange>> needs, std::vector<std::vector<RowRange>> makes);

  void scratch(int32_t bytes, bool persists = false);
  /// Whether to choose what takes less scratch and more time. Who asks may be lowered again the other way.
  bool small() {
    small_asked = true;
    return small_wanted;
  }
  void in_place(int input) { out.in_place.push_back(input); }

 private:
  void set_params(const char* type, const char* fields);
  Operand declare(TensorId id);
};

#define SMELT_KERNEL(symbol) "smelt::" #symbol, &::smelt::symbol

}  // namespace smelt
