// Random layers, whose kernels on the target differ from those of the host, against the oracle: all in one image.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "targets/target.hpp"
#include "tests/kernels/random_layers.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

struct Case {
  Program program;
  Bytes want;
  std::unique_ptr<verify::TempDir> directory;
};

/// Each of the kernels must come up more than ten times among the layers that `make` makes, % in their names being where
/// those for cores without vector instructions say so.
template <class F>
void check(const std::string& target_name, std::initializer_list<const char*> expected, F make) {
  const Result<targets::Target> target = targets::load_target(target_name);
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target->name << ": its compiler or emulator is not installed";
  }
  std::mt19937 random(40);
  std::vector<Case> cases;
  std::map<std::string, int> kernels;
  verify::ImageSpec spec;
  spec.kind = verify::ImageKind::trace;
  verify::Job job;
  while (cases.size() < 100) {
    const test::Layer layer = make(random);
    Graph g = test::graph_of(layer, random);
    const auto types = find_op(layer.op)->infer(g, g.nodes[0]);
    if (!types) continue;
    g.at(g.outputs[0]).shape = types->at(0).shape;
    const Bytes input = test::random_bytes(random, DType::i8, elements(layer.input), layer.extremes);
    Case c;
    c.want = evaluate(g, {input})[static_cast<size_t>(g.outputs[0])].bytes;
    constexpr plan::Rings rings[] = {plan::Rings::minimum, plan::Rings::full, plan::Rings::automatic};
    Result<Program> program = lower(std::move(g), rings[cases.size() % 3], target->vector);
    ASSERT_TRUE(program) << program.failure().to_string();
    c.program = std::move(*program);
    ++kernels[c.program.operations[0].kernel];
    c.directory = std::make_unique<verify::TempDir>();
    const Result<verify::ModelSpec> model =
        verify::emit_model(c.program, "case_" + std::to_string(cases.size()), *c.directory, false);
    ASSERT_TRUE(model) << model.failure().to_string();
    job.batches.push_back({cases.size(), {{input}}});
    spec.models.push_back(*model);
    cases.push_back(std::move(c));
  }
  for (std::string kernel : expected) {
    if (const size_t at = kernel.find('%'); at != std::string::npos) {
      kernel.replace(at, 1, target->vector == Vector::swar ? "_swar_" : target->vector == Vector::helium ? "_helium_" : "_");
    }
    EXPECT_GT(kernels["smelt::" + kernel], 10) << kernel;
  }
  const Result<verify::Image> image = verify::build_image(*target, spec);
  ASSERT_TRUE(image) << image.failure().to_string();
  const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
  ASSERT_TRUE(result) << result.failure().to_string();
  for (size_t c = 0; c < cases.size(); ++c) {
    const Graph& g = cases[c].program.graph;
    EXPECT_EQ(result->batches[c][0].outputs[0], cases[c].want)
        << "case " << c << ": " << to_string(g.at(g.inputs[0]).shape) << " to " << to_string(g.at(g.outputs[0]).shape);
  }
}

class LayersOnTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(LayersOnTarget, DepthwiseConvolutionOf3x3) {
  check(GetParam(), {"depthwise_3x3_s8", "depthwise_3x3_stride_2_s8"},
        [](std::mt19937& random) { return test::random_depthwise_3x3(random, DType::i8); });
}

TEST_P(LayersOnTarget, Convolution) {
  check(GetParam(), {"conv_2d%s8", "conv_2d_small%s8", "pointwise%s8"}, [](std::mt19937& random) {
    return random() % 3 == 0 ? test::random_pointwise(random, DType::i8) : test::random_conv_2d(random, DType::i8);
  });
}

TEST_P(LayersOnTarget, FullyConnected) {
  check(GetParam(), {"fully_connected%s8", "fully_connected_slices%s8"}, [](std::mt19937& random) {
    return random() % 3 != 0 ? test::random_flattened(random, DType::i8) : test::random_fours(random);
  });
}

// helium_test.cpp has the other kernels of Helium; this one is for plans of least RAM.
TEST(LayersOnHelium, ConvolutionInLittleScratch) {
  check("cortex-m55", {"conv_2d_small%s8"}, [](std::mt19937& random) {
    test::Layer layer = test::random_conv_2d(random, DType::i8);
    layer.attrs.set("dilation_w", int64_t{1});
    layer.input[3] = layer.weights[3] = test::between(random, 8, 24);  // more than 64 taps, as a rule
    return layer;
  });
}

std::string name(const ::testing::TestParamInfo<std::string>& info) {
  std::string text = info.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}
INSTANTIATE_TEST_SUITE_P(Default, LayersOnTarget, ::testing::Values("cortex-m4", "cortex-m0plus"), name);
INSTANTIATE_TEST_SUITE_P(Slow, LayersOnTarget,
                         ::testing::Values("cortex-m3", "cortex-m7", "cortex-m33", "rv32imac"), name);

}  // namespace
}  // namespace smelt
