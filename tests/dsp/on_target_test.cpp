// Blocks of features on emulated targets: bit by bit as on the host, where dsp_test holds them to their definitions.
#include <gtest/gtest.h>

#include "tests/dsp/cases.hpp"
#include "tests/on_target.hpp"

namespace smelt {
namespace {

void run_blocks(const std::string& target) {
  std::vector<test::TargetCase> cases;
  std::vector<Bytes> want;
  for (const test::Frames& f : test::all_frames()) {
    const std::vector<float> x = test::signal(static_cast<size_t>(f.rows * f.hop), 0.4, f.rate);
    for (const DType type : {DType::f32, DType::i16}) {
      if (f.fft > 1024) continue;  // twiddle factors for these fill the flash
      const Bytes input = type == DType::f32 ? test::as_bytes(x) : test::as_bytes(test::as_int16(x));
      cases.push_back({test::log_mel(f, type), {input}});
      const Result<Program> program = lower(cases.back().graph, plan::Rings::minimum);
      ASSERT_TRUE(program);
      want.push_back(Interpreter(*program).run({input})[0]);
    }
  }
  for (const DType type : {DType::f32, DType::i16}) {
    const std::vector<float> x = test::signal(5 * 40, 0.9, 16000);
    const Bytes input = type == DType::f32 ? test::as_bytes(x) : test::as_bytes(test::as_int16(x));
    cases.push_back({test::dct(5, 40, 13, type), {input}});
    const Result<Program> program = lower(cases.back().graph, plan::Rings::minimum);
    ASSERT_TRUE(program);
    want.push_back(Interpreter(*program).run({input})[0]);
  }
  std::vector<std::vector<Bytes>> results;
  test::run_on_target(target, cases, results);
  for (size_t c = 0; c < results.size(); ++c) EXPECT_EQ(want[c], results[c].at(0)) << c;
}

class BlocksOnTarget : public ::testing::TestWithParam<std::string> {};
TEST_P(BlocksOnTarget, ComputeWhatTheHostDoes) { run_blocks(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Dsp, BlocksOnTarget, ::testing::Values("cortex-m4"), test::target_name);

class SlowBlocksOnTarget : public ::testing::TestWithParam<std::string> {};
TEST_P(SlowBlocksOnTarget, ComputeWhatTheHostDoes) { run_blocks(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Slow, SlowBlocksOnTarget, ::testing::Values("cortex-m0plus", "cortex-m55", "rv32imac"), test::target_name);

}  // namespace
}  // namespace smelt
