#include <algorithm>
#include <cstring>

#include "lower/compile.hpp"

namespace smelt {

Interpreter::Interpreter(const Program& program) : program_(program) {
  for (size_t i = 0; i < program.operations.size(); ++i) {
    const Lowered& l = program.operations[i];
    ops_.push_back({l.function, l.params.data(), program.first_view[i], static_cast<uint16_t>(program.plan.blocks[i]),
                    static_cast<uint16_t>(l.steps)});
  }
  const Bytes& bytes = program.constants.bytes();
  constants_.resize((bytes.size() + 3) / 4 + 1);
  if (!bytes.empty()) std::memcpy(constants_.data(), bytes.data(), bytes.size());
  arena_.resize((program.plan.arena_bytes + 3) / 4 + 1);
  model_ = Model{ops_.data(),
                 program.views.data(),
                 program.schedule.data(),
                 constants_.data(),
                 static_cast<uint16_t>(ops_.size()),
                 static_cast<uint16_t>(program.schedule.size()),
                 program.plan.state_offset};
  reset();
}

void Interpreter::reset() {
  auto* arena = reinterpret_cast<uint8_t*>(arena_.data());
  for (const StateSlot& s : program_.states) std::fill_n(arena + s.offset, s.bytes, s.initial);
}

void Interpreter::fill_between_states() {
  auto* arena = reinterpret_cast<uint8_t*>(arena_.data());
  uint32_t from = 0;
  for (const StateSlot& s : program_.states) {
    std::fill(arena + from, arena + s.offset, uint8_t{0xA5});
    from = s.offset + s.bytes;
  }
  std::fill(arena + from, arena + 4 * arena_.size(), uint8_t{0xA5});
}

std::vector<Bytes> Interpreter::run(const std::vector<Bytes>& inputs, const Hook& hook) {
  SMELT_ASSERT(inputs.size() == program_.inputs.size(), "as many inputs as the model has");
  auto* arena = reinterpret_cast<uint8_t*>(arena_.data());
  fill_between_states();
  for (size_t i = 0; i < inputs.size(); ++i) {
    SMELT_ASSERT(inputs[i].size() == program_.inputs[i].bytes, "an input of its tensor's size");
    if (!program_.pushed) std::copy(inputs[i].begin(), inputs[i].end(), arena + program_.inputs[i].offset);
  }
  Cursor cursor{};
  begin(model_, arena, cursor);
  while (!done(model_, cursor)) {
    const uint32_t op = Run::op(model_.schedule[cursor.run]);
    const int32_t at = step_counters(model_, arena)[op];
    if (waiting(model_, cursor)) {
      take_row(model_, arena, cursor, inputs[0].data() + int64_t{at} * program_.operations[op].outputs[0].row_bytes);
      continue;
    }
    // No further than this run: the steps of the next one would go unseen by the hook.
    const uint32_t left = Run::count(model_.schedule[cursor.run]) - cursor.fired;
    step(model_, arena, cursor, std::min<uint32_t>(model_.ops[op].block, left));
    const int32_t end = step_counters(model_, arena)[op];
    for (int32_t s = at; hook && s < end; ++s) hook(static_cast<int>(op), s, arena);
  }
  std::vector<Bytes> outputs;
  for (const Port& p : program_.outputs) {
    const uint8_t* from = p.constant ? program_.constants.bytes().data() : arena;
    outputs.emplace_back(from + p.offset, from + p.offset + p.bytes);
  }
  return outputs;
}

TapRecorder::TapRecorder(const Program& program) : program_(program), tensors_(program.graph.tensors.size()) {
  for (const Tap& tap : program.taps) {
    tensors_[static_cast<size_t>(tap.tensor)].resize(static_cast<size_t>(tap.rows) * static_cast<size_t>(tap.row_bytes));
  }
}

void TapRecorder::firing(int operation, int32_t step, const uint8_t* arena) {
  for (const Tap& tap : program_.taps) {
    if (tap.operation != operation) continue;
    const View& v = program_.views[tap.view];
    const RowRange rows = tap.made[static_cast<size_t>(step)];
    for (int32_t r = rows.first; r < rows.end; ++r) {
      const uint8_t* from = arena + v.offset + static_cast<uint32_t>(r % v.depth) * v.pitch;
      std::copy(from, from + tap.row_bytes, tensors_[static_cast<size_t>(tap.tensor)].begin() + int64_t{r} * tap.row_bytes);
    }
  }
}

}  // namespace smelt
