// Estimates of a real model's inference: consistent with themselves and with the timer.
#include <gtest/gtest.h>

#include <cmath>

#include "import/import.hpp"
#include "passes/pipeline.hpp"
#include "profile/placement.hpp"

namespace smelt::profile {
namespace {

class CyclesOnTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto loaded = targets::load_target(GetParam());
    ASSERT_TRUE(loaded) << loaded.failure().to_string();
    target = *loaded;
    if (!verify::find_program(target.compiler.command) || !verify::find_program(target.emulator->command))
      GTEST_SKIP() << "not installed: " << target.compiler.command << " or its emulator";
    Result<Graph> graph = read_model(SMELT_SOURCE_DIR "/examples/tones/tones.tflite");
    ASSERT_TRUE(graph) << graph.failure().to_string();
    PassLog log;
    run_passes(*graph, log);
    Result<Program> lowered = lower(std::move(*graph), plan::Rings::automatic);
    ASSERT_TRUE(lowered) << lowered.failure().to_string();
    program = std::move(*lowered);
  }

  Profile run(const CycleOptions* options) const {
    verify::Runs inputs(1);
    for (const Port& p : program.inputs) inputs[0].emplace_back(p.bytes, std::uint8_t{37});
    Result<Profile> p = profile(program, "tones", target, inputs, options);
    EXPECT_TRUE(p) << p.failure().to_string();
    return p ? std::move(*p) : Profile{};
  }

  targets::Target target;
  Program program;
};

void expect_ordered(const Estimate& e, const std::string& what) {
  EXPECT_LE(e.low, e.nominal) << what;
  EXPECT_LE(e.nominal, e.high) << what;
}

TEST_P(CyclesOnTarget, AgreeWithTheTimerAndWithThemselves) {
  const CycleOptions options;
  const Profile p = run(&options);
  ASSERT_TRUE(p.cycles);
  const Cycles& c = *p.cycles;
  EXPECT_EQ(c.instructions, p.measured.instructions);
  expect_ordered(c.total, "total");
  EXPECT_GT(c.total.low, 0.4 * static_cast<double>(c.instructions));  // two instructions a cycle at most
  EXPECT_LT(c.total.nominal, 2.5 * static_cast<double>(c.instructions));
  const double most = target.name == "cortex-m0plus" ? 10.0 : 3.0;  // a multiplier of 32 cycles
  EXPECT_LT(c.total.high, most * static_cast<double>(c.instructions));

  ASSERT_EQ(c.per_op.size(), program.operations.size());
  Estimate sum = c.executor;
  for (const Estimate& e : c.per_op) {
    expect_ordered(e, "an operation");
    EXPECT_GT(e.low, 0);
    sum += e;
  }
  EXPECT_NEAR(sum.nominal, c.total.nominal, 0.5);
  EXPECT_GT(c.executor.nominal, 0);  // it does something, and little
  EXPECT_LT(c.executor.nominal, 0.05 * c.total.nominal);

  // Both sums contain the few instructions around the call that the total does not.
  for (const std::vector<Share>* shares : {&c.per_function, &c.mix}) {
    Estimate all;
    std::uint64_t instructions = 0;
    for (const Share& s : *shares) {
      all += s.cycles;
      instructions += s.instructions;
    }
    EXPECT_NEAR(all.nominal, c.total.nominal, 20);
    EXPECT_NEAR(static_cast<double>(instructions), static_cast<double>(c.instructions), 10);
  }
}

TEST_P(CyclesOnTarget, DoNotChangeWhatIsMeasured) {
  const CycleOptions options;
  const Profile with = run(&options), without = run(nullptr);
  EXPECT_FALSE(without.cycles);
  EXPECT_EQ(with.measured.instructions, without.measured.instructions);
  EXPECT_EQ(with.measured.outputs, without.measured.outputs);
}

TEST_P(CyclesOnTarget, WaitStatesOnlyAdd) {
  const CycleOptions none, five{5.0};
  const Profile fast = run(&none), slow = run(&five);
  ASSERT_TRUE(fast.cycles && slow.cycles);
  EXPECT_EQ(slow.cycles->wait_states, 5);
  EXPECT_EQ(fast.cycles->total.low, slow.cycles->total.low);  // all hidden
  EXPECT_GT(slow.cycles->total.nominal, fast.cycles->total.nominal);
  EXPECT_GT(slow.cycles->total.high, fast.cycles->total.high);
  expect_ordered(slow.cycles->total, "with wait states");
}

// Code and weights stand in flash and work in RAM, and nothing but the time changes.
TEST_P(CyclesOnTarget, WhatIsPlacedInRamComputesTheSame) {
  verify::Runs inputs(1);
  for (const Port& p : program.inputs) inputs[0].emplace_back(p.bytes, std::uint8_t{37});
  const Result<Totals> linked = totals(program, "tones", target, inputs, {5.0, 0.0});
  ASSERT_TRUE(linked) << linked.failure().to_string();
  targets::Board board;
  board.memories = {{"flash", targets::MemoryKind::flash, 1 << 20, 5, "s"},
                    {"ram", targets::MemoryKind::ram, 1 << 20, 0, "s"}};
  const std::vector<Placed> placed = place(board, {}, linked->waits[0], linked->cycles[0].nominal);
  verify::Fast fast;
  for (const Placed& p : placed) {
    if (p.symbol.empty()) fast.weights = true;
    else fast.functions.push_back(p.symbol);
  }
  ASSERT_TRUE(fast.weights);
  ASSERT_GT(fast.functions.size(), 2U);

  const auto holds_data = [&](std::uint32_t address) {
    for (const targets::Memory& m : target.memories) {
      if (address - m.origin < m.length) return std::find(m.holds.begin(), m.holds.end(), "data") != m.holds.end();
    }
    return false;
  };
  std::size_t moved = 0;
  const verify::Watch look{"", [&](const verify::Image& image) -> Outcome {
                             std::vector<verify::Function> all = verify::functions(image.file);
                             for (const verify::Function& v : verify::variables(image.file)) all.push_back(v);
                             for (const verify::Function& f : all) {
                               const bool harness = f.name.find("smelt6verify") != std::string::npos;
                               if (holds_data(f.address) && f.name.find("smelt") != std::string::npos && !harness) ++moved;
                             }
                             return Done{};
                           }};
  const Result<verify::Measured> so = verify::measure(program, "tones", target, inputs, std::span(&look, 1), fast);
  ASSERT_TRUE(so) << so.failure().to_string();
  EXPECT_GE(moved, placed.size());
  EXPECT_EQ(so->outputs, linked->measured.outputs);
  EXPECT_EQ(so->outputs[0], Interpreter(program).run(inputs[0]));

  const Result<Totals> waits = totals(program, "tones", target, inputs, {5.0}, fast);
  ASSERT_TRUE(waits) << waits.failure().to_string();
  EXPECT_LT(waits->cycles[0].nominal, linked->cycles[0].nominal);
  EXPECT_GT(waits->cycles[0].nominal, linked->cycles[1].nominal);  // tables and cold code still wait
}

INSTANTIATE_TEST_SUITE_P(Targets, CyclesOnTarget, testing::Values("cortex-m0plus", "cortex-m3", "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7", "hazard3"), [](const auto& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
});

TEST(CyclesWithoutModel, AreRefused) {
  auto target = targets::load_target("rv32imac");
  ASSERT_TRUE(target);
  const CycleOptions options;
  const auto p = profile(Program{}, "x", *target, {}, &options);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.failure().diagnostics.at(0).code, "E0703");
}

}  // namespace
}  // namespace smelt::profile
