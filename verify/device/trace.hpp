// Runs a model firing by firing: instructions per op, and checksums of the rows that each firing wrote.
//
// Included by the glue behind the models, so that smelt::Model and the executor are exactly those of the emitted
// folder. The executor itself walks a copy of the op table whose kernels are replaced by `probe`; hence only kernels
// are counted.
#ifndef SMELT_VERIFY_TRACE_HPP
#define SMELT_VERIFY_TRACE_HPP

#include "harness.hpp"

namespace smelt::verify {

/// The rows of one view that one op writes. A row is `pieces` runs of piece_bytes, `stride` bytes apart.
struct Tap {
  uint16_t op;
  uint16_t view;   ///< index into Model::views
  uint16_t whole;  ///< not 0: all rows are there only after the op's last firing
  uint16_t rows;
  uint32_t piece_bytes;
  uint32_t pieces;
  uint32_t stride;
  uint32_t first;  ///< of its checksums among those of the model
};

struct Tracer {
  const smelt::Model* model;
  const Tap* taps;
  uint32_t tap_count;
  uint32_t row_count;
  smelt::Op* ops;    ///< room for a copy of the model's table
  uint32_t op_room;  ///< ops and counts that there is room for
  OpRecord* counts;  ///< one per op
  uint32_t* rows;    ///< row_count checksums
  uint32_t op;       ///< the op that is about to fire
  uint32_t empty;    ///< instructions of a timed call of nothing
  const Slot* inputs;    ///< where rows to be pushed come from
  uint32_t since_push;   ///< instructions of kernels since the last row was pushed
  const Slot* freed;           ///< what calls of kernels leave behind that nobody may need, and
  const uint32_t* freed_ends;  ///< for each call, the end of its part
  uint32_t freed_calls;        ///< 0: nothing is filled
};
extern Tracer tracer;

inline uint32_t instructions(uint32_t ticks) {
  return static_cast<uint32_t>((uint64_t{ticks} * SMELT_TICK_NUMERATOR + SMELT_TICK_DENOMINATOR / 2) /
                               SMELT_TICK_DENOMINATOR);
}

inline void tap_row(const Tap& tap, uint32_t row, uint8_t* base) {
  const smelt::View& v = tracer.model->views[tap.view];
  const uint8_t* at = base + v.offset + (row % v.depth) * v.pitch;
  uint32_t hash = checksum_start;
  for (uint32_t i = 0; i < tap.pieces; ++i) hash = checksum(at + i * tap.stride, tap.piece_bytes, hash);
  tracer.rows[tap.first + row] = hash;
}

inline void tap_firing(const smelt::Firing& f) {
  const smelt::Op& op = tracer.model->ops[tracer.op];
  const uint32_t end = static_cast<uint32_t>(f.step + f.count);
  for (uint32_t i = 0; i < tracer.tap_count; ++i) {
    const Tap& tap = tracer.taps[i];
    if (tap.op != tracer.op || (tap.whole != 0 && end < op.steps)) continue;
    const uint32_t last = tap.whole != 0 || end > tap.rows ? tap.rows : end;
    for (uint32_t row = tap.whole != 0 ? 0 : static_cast<uint32_t>(f.step); row < last; ++row)
      tap_row(tap, row, f.arena);
  }
}

/// Ticks of a call. A function of its own, so that the same few instructions surround the call wherever it is made.
[[gnu::noinline]] inline uint32_t timed(smelt::Kernel kernel, const smelt::Firing& f) {
  const uint32_t start = port::ticks();
  kernel(f);
  return port::ticks() - start;
}

/// Takes one instruction, its return, on every core with a timer.
[[gnu::noinline]] inline void nothing(const smelt::Firing&) {}

/// Stands in for every kernel. Counts from the kernel's first instruction to its return.
inline void probe(const smelt::Firing& f) {
  const uint32_t spent = instructions(timed(tracer.model->ops[tracer.op].kernel, f)) + 1;
  const uint32_t own = spent > tracer.empty ? spent - tracer.empty : 0;
  OpRecord& count = tracer.counts[tracer.op];
  count.instructions += own;
  if (own > count.worst) count.worst = own;
  ++count.firings;
  count.steps += static_cast<uint32_t>(f.count);
  tracer.since_push += own;
  tap_firing(f);
}

/// Ends the account of one pushed row: op 0's `worst` is the most that the kernels spent on any row.
inline void close_push() {
  OpRecord& count = tracer.counts[0];
  if (tracer.since_push > count.worst) count.worst = tracer.since_push;
  tracer.since_push = 0;
}

/// Overwrites what nobody may need behind this call, as a stranger would.
inline void fill_freed(const Tracer& setup, uint32_t call) {
  if (call >= setup.freed_calls) fail("more calls of kernels than its description says");
  for (uint32_t i = call == 0 ? 0 : setup.freed_ends[call - 1]; i < setup.freed_ends[call]; ++i) {
    volatile uint8_t* at = arena + setup.freed[i].offset;
    for (uint32_t n = setup.freed[i].bytes; n != 0; --n) *at++ = fill_byte;
  }
}

/// One inference, one firing at a time. The caller has set the states.
inline void trace(Run& run, const Tracer& setup) {
  tracer = setup;
  tracer.empty = instructions(timed(nothing, smelt::Firing{}));
  smelt::Model model = *setup.model;
  if (model.op_count > setup.op_room) fail("the model has more ops than its description says");
  for (uint32_t i = 0; i < model.op_count; ++i) {
    setup.ops[i] = model.ops[i];
    if (model.ops[i].kernel != nullptr) setup.ops[i].kernel = probe;
    setup.counts[i] = OpRecord{};
  }
  model.ops = setup.ops;
  for (uint32_t i = 0; i < setup.row_count; ++i) setup.rows[i] = 0;
  smelt::Cursor cursor{};
  smelt::begin(model, arena, cursor);
  bool more = !smelt::done(model, cursor);
  for (uint32_t call = 0; more; ++call) {
    tracer.op = smelt::Run::op(model.schedule[cursor.run]);
    if (smelt::waiting(model, cursor)) {
      const uint32_t row = smelt::step_counters(model, arena)[tracer.op];
      const smelt::View& to = model.views[model.ops[tracer.op].first_view];
      close_push();
      smelt::take_row(model, arena, cursor, arena + tracer.inputs[0].offset + row * to.pitch);
      ++tracer.counts[tracer.op].firings;
      more = !smelt::done(model, cursor);
      continue;
    }
    // No further than this call of the kernel gets: the next one may be another op's.
    const uint32_t block = model.ops[tracer.op].block;
    const uint32_t left = smelt::Run::count(model.schedule[cursor.run]) - cursor.fired;
    const uint32_t rows = block - cursor.fired % block;
    more = smelt::step(model, arena, cursor, rows < left ? rows : left);
    if (setup.freed_calls != 0) fill_freed(setup, call);
  }
  if (tracer.since_push != 0 && model.op_count > 0 && model.ops[0].kernel == nullptr) close_push();
  run.record.ops = model.op_count;
  run.record.rows = setup.row_count;
}

}  // namespace smelt::verify

#endif
