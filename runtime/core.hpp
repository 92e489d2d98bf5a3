// Smelt runtime: tensors as rings of rows, and the executor that walks a constant table of row operations.
//
// Ships to the device. C++17 freestanding: no heap, no libc, no exceptions, no RTTI, nothing initialised at start-up.
// The host tool links this very file: its interpreter is this executor.
#ifndef SMELT_RUNTIME_CORE_HPP
#define SMELT_RUNTIME_CORE_HPP

#include <stddef.h>
#include <stdint.h>

// Keeps a function, and the constants that it is called with, as they are.
#if defined(__clang__)
#define SMELT_APART __attribute__((noinline))
#else
#define SMELT_APART __attribute__((noinline, noclone))
#endif

namespace smelt {

/// Where the rows of one operand live. Row r is at `offset + (r % depth) * pitch` bytes from its base.
struct View {
  enum Base : uint8_t { arena = 0, weights = 1 };
  uint32_t offset;  ///< bytes from the base to slot 0
  uint32_t pitch;   ///< bytes from one slot to the next; 0 repeats one row for ever (broadcast)
  uint16_t depth;   ///< slots in the ring, at least 1
  uint8_t base;     ///< Base
  uint8_t unused;
};

struct Firing;
using Kernel = void (*)(const Firing&);

/// One row operation: a kernel, its parameters, its operands, and how far one call gets.
struct Op {
  Kernel kernel;        ///< null: the caller brings the row (push_row)
  const void* params;   ///< the kernel's own struct of 32-bit words
  uint16_t first_view;  ///< its operands in Model::views: outputs, then inputs, then scratch
  uint16_t block;       ///< most steps (as a rule output rows) of one call; runs begin at a multiple of it
  uint16_t steps;       ///< steps of a whole inference
};

/// An entry of the firing order: `count` consecutive steps of one op. The entry `again` and the two behind it, `back` and
/// `turns`, repeat the `back` entries before it `turns` times more; loops do not nest, and never stand side by side.
struct Run {
  static constexpr uint32_t count_bits = 6;
  static constexpr uint32_t max_count = 1U << count_bits;
  static constexpr uint32_t max_ops = (1U << (16 - count_bits)) - 1;
  static constexpr uint16_t again = 0xffff;
  static constexpr uint16_t pack(uint32_t op, uint32_t count) {
    return static_cast<uint16_t>(op << count_bits | (count - 1));
  }
  static constexpr uint32_t op(uint16_t run) { return run >> count_bits; }
  static constexpr uint32_t count(uint16_t run) { return (run & (max_count - 1)) + 1; }
};

/// A compiled model: constant tables only. The firing order was found, and proven free of deadlock and of overlapping
/// live bytes, by the compiler; the device only follows it.
struct Model {
  const Op* ops;
  const View* views;
  const uint16_t* schedule;  ///< packed Run entries
  const void* weights;       ///< base of every View in weights and of every offset in params
  uint16_t op_count;
  uint16_t run_count;  ///< entries of the schedule
  uint32_t state_offset;  ///< arena bytes at which `op_count` uint16_t step counters live
};

/// One call of a kernel: compute steps [step, step + count).
struct Firing {
  const void* params;
  const View* views;
  uint8_t* arena;
  const uint8_t* weights;
  int32_t step;
  int32_t count;

  template <class P>
  const P& as() const { return *static_cast<const P*>(params); }

  /// Constant array at `offset` bytes into the weights.
  template <class T>
  const T* constant(uint32_t offset) const { return reinterpret_cast<const T*>(weights + offset); }

  /// Row `row` of operand `view`, to read.
  template <class T>
  const T* in(uint32_t view, int32_t row) const {
    const View& v = views[view];
    const void* at = (v.base == View::weights ? weights : arena) + slot(v, row);
    return static_cast<const T*>(at);
  }

  /// Row `row` of operand `view`, to write (outputs and scratch always live in the arena).
  template <class T>
  T* out(uint32_t view, int32_t row) const {
    void* at = arena + slot(views[view], row);
    return static_cast<T*>(at);
  }

 private:
  static uint32_t slot(const View& v, int32_t row) {
    const uint32_t r = static_cast<uint32_t>(row);
    if (v.depth == 0) __builtin_unreachable();
    return v.offset + (r < v.depth ? r : r % v.depth) * v.pitch;
  }
};

/// Where an inference stands between two firings.
struct Cursor {
  uint16_t run;    ///< index into Model::schedule, never of `again`
  uint16_t fired;  ///< steps of that run already done
  uint16_t turns;  ///< done of the loop that it lies in
};

inline uint16_t* step_counters(const Model& m, uint8_t* arena) {
  return reinterpret_cast<uint16_t*>(arena + m.state_offset);
}

/// Starts an inference: every op is back at its first step.
inline void begin(const Model& m, uint8_t* arena, Cursor& cursor) {
  uint16_t* next = step_counters(m, arena);
  for (uint32_t i = 0; i < m.op_count; ++i) next[i] = 0;
  cursor = Cursor{0, 0, 0};
}

inline bool done(const Model& m, const Cursor& cursor) { return cursor.run >= m.run_count; }

/// `count` more steps of the cursor's run are done.
inline void advance(const Model& m, Cursor& cursor, uint32_t count) {
  cursor.fired = static_cast<uint16_t>(cursor.fired + count);
  if (cursor.fired != Run::count(m.schedule[cursor.run])) return;
  cursor.fired = 0;
  const uint16_t* next = m.schedule + ++cursor.run;
  if (done(m, cursor) || *next != Run::again) return;
  if (cursor.turns != next[2]) {
    cursor.run = static_cast<uint16_t>(cursor.run - next[1]);
    ++cursor.turns;
  } else {
    cursor.run = static_cast<uint16_t>(cursor.run + 3);
    cursor.turns = 0;
  }
}

/// Makes up to `rows` steps; true while work is left. One function for all models of a program, apart from its callers:
/// so each table takes exactly the flash that its type says, whatever the compiler knows of its content.
SMELT_APART inline bool step(const Model& m, uint8_t* arena, Cursor& cursor, uint32_t rows) {
  uint16_t* next = step_counters(m, arena);
  while (rows != 0 && !done(m, cursor)) {
    const uint16_t run = m.schedule[cursor.run];
    const uint32_t index = Run::op(run);
    const Op& op = m.ops[index];
    if (op.kernel == nullptr) return true;
    // A call stays inside a block, whatever `rows` cut off before: that is what the plan has proven.
    uint32_t count = Run::count(run) - cursor.fired;
    if (op.block == 1) {
      count = 1;
    } else {
      const uint32_t left = op.block - cursor.fired % op.block;
      if (count > left) count = left;
      if (count > rows) count = rows;
    }
    const uint32_t at = next[index];
    next[index] = static_cast<uint16_t>(at + count);
    op.kernel(Firing{op.params, m.views + op.first_view, arena, static_cast<const uint8_t*>(m.weights),
                     static_cast<int32_t>(at), static_cast<int32_t>(count)});
    rows -= count;
    advance(m, cursor, count);
  }
  return !done(m, cursor);
}

/// Whether the model waits for the caller's next input row.
inline bool waiting(const Model& m, const Cursor& cursor) {
  return !done(m, cursor) && m.ops[Run::op(m.schedule[cursor.run])].kernel == nullptr;
}

/// Takes the input row that the model waits for.
inline void take_row(const Model& m, uint8_t* arena, Cursor& cursor, const void* row) {
  const uint32_t index = Run::op(m.schedule[cursor.run]);
  uint16_t* next = step_counters(m, arena);
  const View& to = m.views[m.ops[index].first_view];
  __builtin_memcpy(arena + to.offset + next[index] % to.depth * to.pitch, row, to.pitch);
  next[index] = static_cast<uint16_t>(next[index] + 1);
  advance(m, cursor, 1);
}

}  // namespace smelt

#endif
