// Every target builds and runs images of the hand-written models, and measures them.
#include <algorithm>

#include "tests/verify/support.hpp"

namespace smelt::verify {
namespace {

class OnTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto loaded = targets::load_target(GetParam());
    ASSERT_TRUE(loaded) << loaded.failure().to_string();
    target = *loaded;
    if (!installed(target)) GTEST_SKIP() << "not installed: " << target.compiler.command << " or its emulator";
  }

  Image build(const ImageSpec& spec) const {
    auto image = build_image(target, spec);
    EXPECT_TRUE(image) << image.failure().to_string();
    return image ? *image : Image{};
  }

  RunResult run(const Image& image, const Job& job) const {
    auto result = run_image(target, image, job);
    EXPECT_TRUE(result) << result.failure().to_string();
    if (result) return *result;
    RunResult none;
    for (const Batch& b : job.batches) none.batches.emplace_back(b.inputs.size());
    return none;
  }

  targets::Target target;
};

Bytes ramp(std::uint8_t start) {
  Bytes bytes(32);
  for (std::uint8_t& b : bytes) b = start++;
  return bytes;
}

Bytes hidden_of(Bytes in) {
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(in[i] + 1 + i % 4);
  return in;
}

Bytes output_of(Bytes in) {
  in = hidden_of(std::move(in));
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(in[i] + 10 * (1 + i % 4));
  return in;
}

TEST_P(OnTarget, MeasuresAWholeInference) {
  const Image image = build(image_of(ImageKind::measure, {tiny()}));
  const Job job{{{0, {{ramp(0)}, {ramp(100)}}}}};
  const RunResult result = run(image, job);
  for (std::size_t i = 0; i < 2; ++i) {
    const Inference& inference = result.batches[0][i];
    EXPECT_EQ(inference.status, 0);
    EXPECT_EQ(inference.outputs, std::vector<Bytes>{output_of(job.batches[0].inputs[i][0])});
    EXPECT_EQ(inference.instructions.has_value(), target.timer.has_value());
    EXPECT_EQ(inference.stack_bytes.has_value(), target.emulator.has_value());
    if (inference.instructions) {
      EXPECT_GT(*inference.instructions, 400U);
      EXPECT_LT(*inference.instructions, target.name == "cortex-m0plus" ? 4000U : 3000U);  // M0+ divides in software
      EXPECT_EQ(*inference.instructions, *result.batches[0][0].instructions);
    }
    if (inference.stack_bytes) {
      EXPECT_GE(*inference.stack_bytes, 16U);
      EXPECT_LT(*inference.stack_bytes, 400U);
    }
  }
  ASSERT_EQ(image.sizes.has_value(), !target.memories.empty());
  if (!image.sizes) return;
  EXPECT_EQ(image.sizes->weights_bytes, 144U);  // weights 8, params 16, views 48, ops 32, schedule 16, model 24
  EXPECT_GT(image.sizes->code_bytes, 80U);
  EXPECT_LT(image.sizes->code_bytes, 1200U);  // with a division where the core has none
  EXPECT_EQ(image.sizes->static_bytes, 0U);
}

// Else sizes would not be the model's: neither libgcc nor the memory functions are called by the harness.
TEST_P(OnTarget, HarnessPullsInNothing) {
  if (target.memories.empty()) GTEST_SKIP() << "no sizes";
  const Image image = build(image_of(ImageKind::measure, {still()}));
  const auto compiler = find_program(target.compiler.command);
  const TempDir here;
  const std::chrono::seconds deadline(60);
  std::string nm = run_program({*compiler, "-print-prog-name=nm"}, here.path(), deadline).output;
  const auto program = find_program(nm.substr(0, nm.find('\n')));
  ASSERT_TRUE(program) << nm;
  const std::string symbols = run_program({*program, image.file}, here.path(), deadline).output;
  EXPECT_NE(symbols.find("still_invoke"), std::string::npos);
  for (const char* name : {"memset", "memcpy", "memmove", "memcmp", "__aeabi", "__udivsi3", "__mul"})
    EXPECT_EQ(symbols.find(name), std::string::npos) << name << " in\n" << symbols;
  ASSERT_TRUE(image.sizes);
  EXPECT_LE(image.sizes->code_bytes, 16U);
  EXPECT_EQ(image.sizes->weights_bytes, 16U);
  EXPECT_EQ(image.sizes->static_bytes, 8U);
}

TEST_P(OnTarget, TracesSeveralModelsInOneImage) {
  const Image image = build(image_of(ImageKind::trace, {odd(), tiny()}));
  const Job job{{{1, {{ramp(7)}, {ramp(90)}}}, {0, {{order(9, 0)}}}}};
  const RunResult first = run(image, job);
  const RunResult second = run(image, job);
  for (std::size_t i = 0; i < 2; ++i) {
    const Inference& inference = first.batches[0][i];
    const Bytes in = job.batches[0].inputs[i][0];
    EXPECT_EQ(inference.outputs, std::vector<Bytes>{output_of(in)});
    ASSERT_EQ(inference.checksums.size(), 3U);
    for (std::size_t row = 0; row < 8; ++row) {
      const Bytes out = output_of(in);
      const Bytes pieces = {out[row * 4], out[row * 4 + 3]};
      EXPECT_EQ(inference.checksums[0].at(row), row_checksum(hidden_of(in).data() + row * 4, 4)) << row;
      EXPECT_EQ(inference.checksums[1].at(row), row_checksum(out.data() + row * 4, 4)) << row;
      EXPECT_EQ(inference.checksums[2].at(row), row_checksum(pieces.data(), 2)) << row;
    }
    ASSERT_EQ(inference.ops.size(), 2U);
    EXPECT_EQ(inference.ops[0].firings, 8U);
    EXPECT_EQ(inference.ops[0].steps, 8U);
    EXPECT_EQ(inference.ops[1].firings, 4U);
    EXPECT_EQ(inference.ops[1].steps, 8U);
    for (std::size_t op = 0; op < 2; ++op) {
      EXPECT_EQ(inference.ops[op].instructions, second.batches[0][i].ops.at(op).instructions);
      EXPECT_EQ(inference.ops[op].instructions > 0, target.timer.has_value());
      EXPECT_GE(inference.ops[op].worst * inference.ops[op].firings, inference.ops[op].instructions);
      EXPECT_LE(inference.ops[op].worst, inference.ops[op].instructions / 2);
    }
  }
  EXPECT_EQ(first.batches[1][0].outputs, (std::vector<Bytes>{{0, 0, 0, 0}}));
}

// The proof of exactness: a kernel costs what it has, and n instructions more take n instructions more.
TEST_P(OnTarget, CountsInstructions) {
  if (!target.timer) GTEST_SKIP() << "no timer";
  const std::vector<std::uint32_t> loops = {1, 2, 3, 10, 500, 12345, 5000000};
  Job job{{{0, {}}}};
  for (const std::uint32_t n : loops) job.batches[0].inputs.push_back({order(0, n)});
  const RunResult traced = run(build(image_of(ImageKind::trace, {odd()})), job);
  const RunResult measured = run(build(image_of(ImageKind::measure, {odd()})), job);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    EXPECT_EQ(traced.batches[0][i].ops.at(1).instructions, 203U);  // as odd.cpp says
    const std::uint64_t op = traced.batches[0][i].ops.at(0).instructions;
    const std::uint64_t base_op = traced.batches[0][0].ops.at(0).instructions;
    EXPECT_EQ(op - base_op, 2 * (loops[i] - loops[0])) << loops[i];
    const std::uint64_t base = measured.batches[0][0].instructions.value();
    EXPECT_EQ(measured.batches[0][i].instructions.value() - base, 2 * (loops[i] - loops[0])) << loops[i];
  }
}

TEST_P(OnTarget, MeasuresTheStack) {
  if (target.memories.empty()) GTEST_SKIP() << "no painted stack";
  const RunResult r =
      run(build(image_of(ImageKind::measure, {odd()})), {{{0, {{order(6, 0)}, {order(6, 10)}, {order(6, 20)}}}}});
  const auto depth = [&](std::size_t i) { return r.batches[0][i].stack_bytes.value(); };
  EXPECT_EQ(depth(2) - depth(1), depth(1) - depth(0));
  EXPECT_GE(depth(1) - depth(0), 10U * 64);
}

TEST_P(OnTarget, CrashesBecomeFailures) {
  const Image image = build(image_of(ImageKind::measure, {odd()}));
  const auto trap = run_image(target, image, {{{0, {{order(1, 0)}}}}});
  ASSERT_FALSE(trap);
  EXPECT_EQ(trap.failure().exit, ExitCode::mismatch);
  EXPECT_EQ(trap.failure().diagnostics[0].code, "E0721");
  const auto wild = run_image(target, image, {{{0, {{order(5, 0)}}}}});
  ASSERT_FALSE(wild);
  EXPECT_EQ(wild.failure().diagnostics[0].code, "E0721") << wild.failure().to_string();
  if (target.memories.empty()) return;
  const auto overflow = run_image(target, image, {{{0, {{order(6, 100000)}}}}});
  EXPECT_FALSE(overflow);
}

TEST_P(OnTarget, EndlessLoopsEnd) {
  const Image image = build(image_of(ImageKind::measure, {odd()}));
  const auto hang = run_image(target, image, {{{0, {{order(2, 0)}}}}, true, true, "", std::chrono::seconds(1)});
  ASSERT_FALSE(hang);
  EXPECT_EQ(hang.failure().diagnostics[0].code, "E0722");
}

TEST_P(OnTarget, UnalignedAccessesAreCaught) {
  if (!target.strict_alignment && target.emulator) GTEST_SKIP() << "the core may access unaligned words";
  ImageSpec spec = image_of(ImageKind::measure, {odd()});
  spec.sanitize = true;  // means something to native targets only
  const Image image = build(spec);
  for (const std::uint32_t action : {3, 4}) {
    EXPECT_TRUE(run_image(target, image, {{{0, {{order(action, 16)}}}}})) << action;
    for (const std::uint32_t offset : {17, 18, 19}) {
      const auto caught = run_image(target, image, {{{0, {{order(action, offset)}}}}});
      ASSERT_FALSE(caught) << action << " " << offset;
      EXPECT_EQ(caught.failure().diagnostics[0].code, target.emulator ? "E0724" : "E0721")
          << caught.failure().to_string();
      EXPECT_EQ(caught.failure().exit, ExitCode::mismatch);
    }
  }
}

// Watching alignment must not change what is counted.
TEST_P(OnTarget, WatchingCostsNoInstructions) {
  if (!target.strict_alignment) GTEST_SKIP() << "the core may access unaligned words";
  const Image image = build(image_of(ImageKind::measure, {tiny()}));
  Job job{{{0, {{ramp(0)}}}}};
  const RunResult watched = run(image, job);
  job.watch_alignment = false;
  EXPECT_EQ(watched.batches[0][0].instructions, run(image, job).batches[0][0].instructions);
}

// Beyond 2^32 ticks of the counter, too. Takes seconds, so on one machine of each kind.
TEST(LongInvocations, AreCounted) {
  for (const char* name : {"cortex-m4", "rv32imac"}) {
    const auto target = targets::load_target(name);
    ASSERT_TRUE(target);
    if (!installed(*target)) GTEST_SKIP() << "not installed: " << target->compiler.command << " or its emulator";
    const auto image = build_image(*target, image_of(ImageKind::measure, {odd()}));
    ASSERT_TRUE(image);
    const auto r = run_image(*target, *image, {{{0, {{order(0, 1)}, {order(0, 900000001)}}}}});
    ASSERT_TRUE(r) << r.failure().to_string();
    const auto& inferences = r->batches[0];
    EXPECT_EQ(inferences[1].instructions.value() - inferences[0].instructions.value(), 1800000000U) << name;
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, OnTarget, testing::ValuesIn(targets::target_names()), test_name);

}  // namespace
}  // namespace smelt::verify
