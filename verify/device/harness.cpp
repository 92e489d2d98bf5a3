// The job loop: one inference at a time, so that no machine needs memory for more than one.
#include "harness.hpp"

namespace smelt::verify {
namespace {

constexpr uint32_t paint = 0xc5a3c5a3;
constexpr uint32_t guard_words = 64;  // more than the holes of one frame

/// Text of `value` in hexadecimal, behind `text`.
char* append(char* to, const char* text) {
  while (*text != '\0') *to++ = *text++;
  *to = '\0';
  return to;
}

char* append_hex(char* to, uintptr_t value) {
  to = append(to, "0x");
  for (int shift = sizeof value * 8 - 4; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[value >> shift & 15];
  *to = '\0';
  return to;
}

ResultHeader calibrate() {
  volatile uint32_t few = ResultHeader::spin_short / 2, many = ResultHeader::spin_long / 2;  // one load either
  port::restart_timer();
  ResultHeader h;
  h.magic = result_magic;
  uint32_t start = port::ticks();
  h.empty_ticks = port::ticks() - start;
  start = port::ticks();
  port::spin(few);
  h.short_ticks = port::ticks() - start;
  start = port::ticks();
  port::spin(many);
  h.long_ticks = port::ticks() - start;
  return h;
}

/// Volatile, lest it become a call of memset: what the harness calls would be counted as the model's code. For the same
/// reason nothing here is initialised with {}.
void fill(volatile uint8_t* to, size_t bytes, uint8_t value) {
  for (size_t i = 0; i < bytes; ++i) to[i] = value;
}

/// All of a case's arena but its states.
void fill_arena(const Case& c) {
  uint32_t from = 0;
  for (uint32_t i = 0; i < c.state_count; ++i) {
    fill(arena + from, c.states[i].offset - from, fill_byte);
    from = c.states[i].offset + c.states[i].bytes;
  }
  fill(arena + from, c.arena_bytes - from, fill_byte);
}

void read_inputs(intptr_t job, const Case& c) {
  for (uint32_t i = 0; i < c.input_count; ++i) {
    if (!port::read(job, arena + c.inputs[i].offset, c.inputs[i].bytes)) fail("the job file ends early");
  }
}

/// Runs the case on a freshly painted stack and notes how deep it went.
void run_case(const Case& c, Run& run) {
  const port::Stack stack = port::stack();
  // Everything below this function's own frame is free, and nothing is called while it is being painted.
  const uintptr_t here = port::stack_pointer();
  for (uint32_t* p = stack.limit; reinterpret_cast<uintptr_t>(p) < here && p < stack.top; ++p)
    *const_cast<volatile uint32_t*>(p) = paint;
  c.run(run);
  if (stack.limit == nullptr) return;
  for (uint32_t i = 0; i < guard_words; ++i) {
    if (stack.limit[i] != paint) fail("the stack overflowed");
  }
  uint32_t* deepest = stack.limit;
  while (deepest < stack.top && *deepest == paint) ++deepest;
  const uintptr_t reached = reinterpret_cast<uintptr_t>(deepest);
  run.record.stack_bytes = run.stack_base > reached ? static_cast<uint32_t>(run.stack_base - reached) : 0;
}

void put(intptr_t result, const void* data, size_t bytes) {
  if (bytes != 0 && !port::write(result, data, bytes)) fail("the result file cannot be written");
}

void put_results(intptr_t result, const Case& c, const Run& run) {
  put(result, &run.record, sizeof run.record);
  for (uint32_t i = 0; i < c.output_count; ++i) put(result, arena + c.outputs[i].offset, c.outputs[i].bytes);
  put(result, c.ops, run.record.ops * sizeof(OpRecord));
  put(result, c.rows, run.record.rows * sizeof(uint32_t));
}

void run_batch(intptr_t job, intptr_t result, const Batch& batch, bool filled) {
  if (batch.model >= case_count) fail("the job names a model that is not in this image");
  const Case& c = cases[batch.model];
  for (uint32_t i = 0; i < batch.count; ++i) {
    Run run;
    fill(reinterpret_cast<volatile uint8_t*>(&run), sizeof run, 0);
    run.record.model = batch.model;
    run.record.index = i;
    if (filled) fill_arena(c);
    read_inputs(job, c);
    run_case(c, run);
    put_results(result, c, run);
  }
}

}  // namespace

void fail(const char* reason) {
  port::print("smelt: ");
  port::print(reason);
  port::print("\n");
  port::leave(1);
}

void fail(const char* reason, uintptr_t cause, uintptr_t address) {
  char text[160];
  char* end = append(text, reason);
  end = append_hex(append(end, ", cause "), cause);
  end = append_hex(append(end, ", at "), address);
  fail(text);
}

int run_job() {
  const intptr_t job = port::open(job_file, false);
  const intptr_t result = port::open(result_file, true);
  if (job < 0 || result < 0) fail("the job or the result file cannot be opened");
  JobHeader header;
  if (!port::read(job, &header, sizeof header) || header.magic != job_magic) fail("this is not a job file");
  const ResultHeader calibration = calibrate();
  put(result, &calibration, sizeof calibration);
  for (uint32_t i = 0; i < header.batches; ++i) {
    Batch batch;
    if (!port::read(job, &batch, sizeof batch)) fail("the job file ends early");
    run_batch(job, result, batch, header.fill != 0);
  }
  port::close(job);
  port::close(result);
  return 0;
}

}  // namespace smelt::verify
