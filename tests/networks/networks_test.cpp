// Thousands of random networks, compiled in every mode, against the oracle bit by bit.
#include <gtest/gtest.h>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "plan/chart.hpp"
#include "tests/networks/random_network.hpp"

namespace smelt {
namespace {

struct Mode {
  const char* name;
  LowerOptions options;
};
const std::vector<Mode> modes = {{"full rings", {plan::Rings::full, 0, false}},   {"speed", {plan::Rings::fastest, 0, false}},
                                 {"balanced", {plan::Rings::balanced, 0, false}}, {"ram", {plan::Rings::automatic, 0, false}},
                                 {"line buffers", {plan::Rings::minimum, 0, false}},
                                 {"pushed", {plan::Rings::automatic, 0, true}},   {"pushed, speed", {plan::Rings::fastest, 0, true}}};

Bytes random_bytes(std::mt19937& random, int64_t count) {
  Bytes bytes(static_cast<size_t>(count));
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

/// Runs after every firing over the arena: whatever no live row, scratch or counter owns is overwritten, as a stranger would.
class Poison {
 public:
  explicit Poison(const Program& program) : program_(program) {
    for (const plan::RowLife& life : plan::row_lives(program.problem, program.plan)) lives_.push_back(life);
    for (const plan::Firing& f : program.plan.firings) {
      for (int32_t n = 0; n < f.count; ++n) last_of_firing_.push_back(n + 1 == f.count);
    }
  }
  void after(uint8_t* arena) {
    const bool last = last_of_firing_.at(step_++);
    if (!last) return;
    std::vector<bool> live(program_.plan.arena_bytes, false);
    const auto keep = [&](uint32_t at, uint32_t bytes) { std::fill_n(live.begin() + at, bytes, true); };
    for (const plan::RowLife& l : lives_) {
      if (l.born > firing_ || l.dies <= firing_) continue;
      const auto b = static_cast<size_t>(l.buffer);
      const auto bytes = static_cast<uint32_t>(program_.problem.buffers[b].row_bytes);
      keep(program_.plan.buffers[b].offset + static_cast<uint32_t>(l.row % program_.plan.buffers[b].depth) * bytes, bytes);
    }
    for (size_t o = 0; o < program_.operations.size(); ++o) {
      if (program_.operations[o].scratch_persists) keep(program_.plan.scratch[o], static_cast<uint32_t>(program_.operations[o].scratch_bytes));
    }
    keep(program_.plan.state_offset, static_cast<uint32_t>(program_.operations.size()) * 2);
    for (size_t i = 0; i < live.size(); ++i) {
      if (!live[i]) arena[i] = 0xA5;
    }
    ++firing_;
  }

 private:
  const Program& program_;
  std::vector<plan::RowLife> lives_;
  std::vector<bool> last_of_firing_;
  size_t step_ = 0;
  int32_t firing_ = 0;
};

void check(uint32_t seed, DType dtype = DType::i8) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Graph original = test::RandomNetwork(seed, dtype).make();
  const Outcome sound = verify_graph(original);
  ASSERT_TRUE(sound) << sound.failure().to_string();
  std::mt19937 random(seed);
  std::vector<Bytes> inputs = {random_bytes(random, original.at(original.inputs[0]).bytes())};
  const std::vector<Value> expected = evaluate(original, inputs);
  Graph graph = original;
  PassLog log;
  run_passes(graph, log);
  uint32_t full = 0;
  for (const Mode& mode : modes) {
    const Result<Program> program = lower(graph, mode.options);
    if (!program && mode.options.push) continue;  // an input that is an output as well, or of one row only
    ASSERT_TRUE(program) << mode.name << ": " << program.failure().to_string();
    if (mode.options.rings == plan::Rings::full && !mode.options.push) full = program->plan.arena_bytes;
    if (!mode.options.push && mode.options.rings == plan::Rings::automatic) {
      EXPECT_LE(program->plan.arena_bytes, full);
    }
    Interpreter interpreter(*program);
    Poison poison(*program);
    const std::vector<Bytes> outputs =
        program->pushed ? interpreter.run(inputs) : interpreter.run(inputs, [&](int, int32_t, const uint8_t* arena) {
          poison.after(const_cast<uint8_t*>(arena));
        });
    for (size_t o = 0; o < outputs.size(); ++o) {
      ASSERT_EQ(outputs[o], expected[static_cast<size_t>(original.outputs[o])].bytes) << mode.name << ", output " << o;
    }
  }
}

TEST(Networks, EveryModeEqualsTheOracle) {
  for (uint32_t seed = 1; seed <= 1500 && !::testing::Test::HasFatalFailure(); ++seed) check(seed);
}

TEST(Networks, OfSixteenBitsEqualTheOracleInEveryMode) {
  for (uint32_t seed = 1; seed <= 600 && !::testing::Test::HasFatalFailure(); ++seed) check(seed, DType::i16);
}

TEST(SlowNetworks, OfSixteenBitsEqualTheOracleInEveryMode) {
  for (uint32_t seed = 601; seed <= 5000 && !::testing::Test::HasFatalFailure(); ++seed) check(seed, DType::i16);
}

TEST(SlowNetworks, EveryModeEqualsTheOracle) {
  for (uint32_t seed = 1501; seed <= 12000 && !::testing::Test::HasFatalFailure(); ++seed) check(seed);
}

}  // namespace
}  // namespace smelt
