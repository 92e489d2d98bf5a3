// Random layers for Helium in one image: assembly under emulation against the oracle. On the host, tests/kernels holds the
// portable twins to the same.
#include <gtest/gtest.h>

#include <functional>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "targets/target.hpp"
#include "tests/kernels/layer.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

using test::between;
using test::Layer;

Layer layer(std::mt19937& random, const char* op) {
  Layer l;
  l.op = op;
  l.attrs.set("activation", std::string(random() % 3 == 0 ? "relu6" : "none"));
  l.bias = random() % 4 != 0;
  l.per_channel = random() % 2 == 0;
  l.extremes = random() % 4 == 0 ? 1 : 0;
  return l;
}

void set_window(Layer& l, std::mt19937& random, int32_t most_stride, int32_t most_pad) {
  for (const char* name : {"stride_h", "stride_w"}) l.attrs.set(name, int64_t{between(random, 1, most_stride)});
  l.attrs.set("dilation_h", int64_t{between(random, 1, 2)});
  l.attrs.set("dilation_w", int64_t{1});
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"}) {
    l.attrs.set(name, int64_t{between(random, 0, most_pad)});
  }
}

Layer convolution(std::mt19937& random) {
  Layer l = layer(random, "conv_2d");
  set_window(l, random, 3, 2);
  const int32_t depth = between(random, 1, random() % 4 == 0 ? 40 : 8);
  l.input = {random() % 8 == 0 ? 2 : 1, between(random, 3, 8), between(random, 3, 8), depth};
  l.weights = {between(random, 4, 18), between(random, 1, 4), between(random, 1, 4), depth};
  return l;
}

Layer pointwise(std::mt19937& random) {
  Layer l = layer(random, "conv_2d");
  set_window(l, random, 2, 0);
  const int32_t depth = between(random, 1, 100);
  l.input = {1, between(random, 1, 5), between(random, 1, 5), depth};
  l.weights = {random() % 3 == 0 && depth >= 4 ? depth : between(random, 4, 30), 1, 1, depth};
  return l;
}

Layer depthwise(std::mt19937& random) {
  Layer l = layer(random, "depthwise_conv_2d");
  set_window(l, random, 3, 2);
  l.input = {random() % 8 == 0 ? 2 : 1, between(random, 4, 9), between(random, 4, 9), between(random, 4, 30)};
  l.weights = {1, random() % 2 == 0 ? 3 : between(random, 1, 4), between(random, 1, 4), l.input[3]};
  return l;
}

Layer fully_connected(std::mt19937& random) {
  Layer l = layer(random, "fully_connected");
  l.attrs.set("keep_num_dims", int64_t{0});
  l.weights = {between(random, 4, 40), between(random, 1, 300)};
  l.input = {between(random, 1, 3), l.weights[1]};
  return l;
}

/// The layer beside those that `all` has already; false where its operator refuses it.
bool append(Graph& all, Layer l, std::mt19937& random) {
  Graph one = test::graph_of(l, random);
  const auto types = find_op(l.op)->infer(one, one.nodes[0]);
  if (!types) return false;
  one.at(one.outputs[0]).shape = types->at(0).shape;
  const auto base = static_cast<TensorId>(all.tensors.size());
  for (Tensor& t : one.tensors) {
    t.name += std::to_string(base);
    all.add(t);
  }
  Node node = one.nodes[0];
  for (TensorId& id : node.inputs) id += base;
  for (TensorId& id : node.outputs) id += base;
  all.inputs.push_back(node.inputs[0]);
  all.outputs.push_back(node.outputs[0]);
  all.nodes.push_back(node);
  return true;
}

void run(const std::function<Layer(std::mt19937&)>& make, uint32_t seed) {
  const Result<targets::Target> target = targets::load_target("cortex-m55");
  ASSERT_TRUE(target) << target.failure().to_string();
  ASSERT_EQ(target->vector, Vector::helium);
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << "its compiler or emulator is not installed";
  }
  constexpr size_t count = 60;
  std::mt19937 random(seed);
  Graph graph;
  graph.file = "test";
  while (graph.nodes.size() < count) append(graph, make(random), random);
  const Outcome sound = verify_graph(graph);
  ASSERT_TRUE(sound) << sound.failure().to_string();
  std::vector<Bytes> inputs;
  for (TensorId id : graph.inputs) inputs.push_back(test::random_bytes(random, DType::i8, elements(graph.at(id).shape), 0));
  const std::vector<Value> want = evaluate(graph, inputs);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(graph, rings, Vector::helium);
    ASSERT_TRUE(program) << program.failure().to_string();
    const auto vectorized = [](const Lowered& l) { return l.kernel.find("helium") != std::string::npos; };
    EXPECT_GT(std::count_if(program->operations.begin(), program->operations.end(), vectorized), count * 2 / 3);
    const verify::TempDir directory;
    const Result<verify::ModelSpec> model = verify::emit_model(*program, "layers", directory, false);
    ASSERT_TRUE(model) << model.failure().to_string();
    verify::ImageSpec spec;
    spec.kind = verify::ImageKind::trace;
    spec.models.push_back(*model);
    const Result<verify::Image> image = verify::build_image(*target, spec);
    ASSERT_TRUE(image) << image.failure().to_string();
    verify::Job job;
    job.batches.push_back({0, {inputs}});
    const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
    ASSERT_TRUE(result) << result.failure().to_string();
    for (size_t i = 0; i < count; ++i) {
      const Node& node = graph.nodes[i];
      EXPECT_EQ(result->batches[0][0].outputs[i], want[static_cast<size_t>(graph.outputs[i])].bytes)
          << program->operations[i].kernel << " of " << to_string(graph.at(node.in(0)).shape) << " by "
          << to_string(graph.at(node.in(1)).shape);
    }
  }
}

TEST(HeliumOnTarget, Convolution) { run(convolution, 1); }
TEST(HeliumOnTarget, Pointwise) { run(pointwise, 2); }
TEST(HeliumOnTarget, DepthwiseConvolution) { run(depthwise, 3); }
TEST(HeliumOnTarget, FullyConnected) { run(fully_connected, 4); }

}  // namespace
}  // namespace smelt
