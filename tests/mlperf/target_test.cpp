// The four models on emulated cores: outputs, tensors, and the bounds on code and instructions.
#include <algorithm>
#include <cstdio>
#include <map>

#include "targets/target.hpp"
#include "tests/mlperf/support.hpp"
#include "verify/compare.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

using namespace test;

using Where = std::tuple<std::string, std::string>;
std::string where(const ::testing::TestParamInfo<Where>& info) {
  std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
const auto models = ::testing::Values("kws", "vww", "ic", "ad");

class OnTarget : public ::testing::TestWithParam<Where> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_DATA();
    Result<targets::Target> t = targets::load_target(std::get<0>(GetParam()));
    ASSERT_TRUE(t) << t.failure().to_string();
    target = std::move(*t);
    if (!verify::find_program(target.compiler.command) || (target.emulator && !verify::find_program(target.emulator->command))) {
      GTEST_SKIP() << target.name << ": its compiler or emulator is not installed";
    }
  }
  const std::string& name() const { return std::get<1>(GetParam()); }
  targets::Target target;
};

TEST_P(OnTarget, AllOutputs) {
  const Golden g = golden(name());
  const Program program = compiled(name(), plan::Rings::automatic, false, target.vector);
  const Result<verify::Measured> measured = verify::measure(program, name(), target, g.inputs);
  ASSERT_TRUE(measured) << measured.failure().to_string();
  ASSERT_EQ(measured->outputs.size(), g.outputs.size());
  for (size_t r = 0; r < g.outputs.size(); ++r) EXPECT_EQ(measured->outputs[r].at(0), g.outputs[r]) << "run " << r;
  if (!measured->sizes) return;
  std::printf("%s on %s: code %u, static %u, stack %u bytes, %llu instructions\n", name().c_str(), target.name.c_str(),
              measured->sizes->code_bytes, measured->sizes->static_bytes, measured->stack_bytes.value_or(0),
              static_cast<unsigned long long>(measured->instructions.value_or(0)));
  EXPECT_EQ(measured->sizes->static_bytes, 0U);
  if (target.name != "cortex-m4") return;
  const std::map<std::string, uint64_t> bounds = {{"kws", 20'000'000}, {"vww", 50'000'000}, {"ic", 60'000'000}, {"ad", 1'000'000}};
  EXPECT_LE(measured->sizes->code_bytes, 16U * 1024);
  EXPECT_LE(measured->instructions.value(), bounds.at(name()));
}
INSTANTIATE_TEST_SUITE_P(Default, OnTarget, ::testing::Combine(::testing::Values("cortex-m4"), models), where);
INSTANTIATE_TEST_SUITE_P(Slow, OnTarget,
                         ::testing::Combine(::testing::Values("host", "cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55",
                                                              "rv32imac"),
                                            models),
                         where);

class EveryTensor : public OnTarget {};

/// The target's rows are compared with the oracle's (compare_tensors), which host_test.cpp holds to the reference.
TEST_P(EveryTensor, EqualsTheOracles) {
  const Golden g = golden(name());
  const Graph graph = original(name());
  const Program program = compiled(name(), plan::Rings::automatic, true, target.vector);
  const Result<verify::Traced> traced = verify::trace(program, name(), target, g.inputs, true);
  ASSERT_TRUE(traced) << traced.failure().to_string();
  verify::Comparison comparison;
  verify::compare_tensors(graph, program, g.inputs, *traced, comparison);
  EXPECT_TRUE(comparison.bit_exact);
  for (const verify::Mismatch& m : comparison.mismatches) ADD_FAILURE() << "run " << m.run << ", " << m.tensor << ": " << m.detail;
  EXPECT_EQ(comparison.not_compared, std::vector<std::string>{});
  EXPECT_EQ(comparison.tensors_compared, g.inputs.size() * graph.nodes.size());
}
INSTANTIATE_TEST_SUITE_P(Default, EveryTensor, ::testing::Combine(::testing::Values("cortex-m4"), models), where);
INSTANTIATE_TEST_SUITE_P(Slow, EveryTensor, ::testing::Combine(::testing::Values("cortex-m55"), models), where);

// No initialisation work: NAME_init sets the step counters, two bytes an operation, and nothing else of the arena.
TEST(Initialisation, TouchesTheStepCountersOnly) {
  SKIP_WITHOUT_DATA();
  for (const char* name : {"kws", "vww", "ic", "ad"}) {
    const Program program = compiled(name, plan::Rings::automatic);
    std::vector<uint32_t> arena((program.plan.arena_bytes + 3) / 4, 0xA5A5A5A5U);
    auto* bytes = reinterpret_cast<uint8_t*>(arena.data());
    Cursor cursor{};
    const Model model{nullptr, nullptr, nullptr, nullptr, static_cast<uint16_t>(program.operations.size()),
                      static_cast<uint16_t>(program.schedule.size()), program.plan.state_offset};
    begin(model, bytes, cursor);
    size_t touched = 0;
    for (size_t i = 0; i < program.plan.arena_bytes; ++i) touched += bytes[i] != 0xA5 ? 1 : 0;
    EXPECT_EQ(touched, program.operations.size() * 2) << name;
  }
}

}  // namespace
}  // namespace smelt
