// Random layers and networks on every emulated target against the oracle, bit by bit: many in one firmware image. What a
// kernel's call frees is overwritten behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "targets/target.hpp"
#include "tests/kernels/random_layers.hpp"
#include "tests/networks/random_network.hpp"
#include "verify/measure.hpp"

namespace smelt {
namespace {

using test::between;

Tensor tensor(const char* name, Shape shape, std::mt19937& random, DType dtype) {
  Tensor t;
  t.name = name;
  t.dtype = dtype;
  t.shape = std::move(shape);
  if (dtype == DType::i16) {
    t.quant = {{test::scale_between(random, 0.00005, 0.002)}, {0}, 0};
    return t;
  }
  t.quant = {{test::scale_between(random, 0.01, 0.5)}, {between(random, -128, 127)}, 0};
  if (random() % 4 == 0) t.quant.zero_point[0] = -128;
  return t;
}

/// A node over its inputs; constant ones are no inputs of the graph. Its output's shape is inferred; nothing where infer
/// refuses it.
std::optional<Graph> graph_of(const std::string& op, std::vector<Tensor> inputs, Tensor output, Attrs attrs) {
  Graph g;
  g.name = g.file = op;
  Node node;
  node.op = op;
  node.attrs = std::move(attrs);
  for (Tensor& t : inputs) {
    node.inputs.push_back(g.add(std::move(t)));
    if (!g.at(node.inputs.back()).constant()) g.inputs.push_back(node.inputs.back());
  }
  node.outputs = {g.add(std::move(output))};
  g.outputs = node.outputs;
  g.nodes.push_back(std::move(node));
  const auto types = find_op(op)->infer(g, g.nodes[0]);
  if (!types) return std::nullopt;
  g.at(g.outputs[0]).shape = types->at(0).shape;
  return g;
}

/// Three of four with an output scale as trained networks have it: wider than a product.
std::optional<Graph> graph_with(const test::Layer& layer, std::mt19937& random) {
  Graph g = test::graph_of(layer, random);
  if (random() % 4 != 0) {
    const std::vector<float>& weights = g.at(g.nodes[0].in(1)).quant.scale;
    const float product = g.at(g.inputs[0]).quant.scale[0] * *std::max_element(weights.begin(), weights.end());
    g.at(g.outputs[0]).quant.scale[0] = product * test::scale_between(random, 2, 2000);
  }
  const auto types = find_op(layer.op)->infer(g, g.nodes[0]);
  if (!types) return std::nullopt;
  g.at(g.outputs[0]).shape = types->at(0).shape;
  return g;
}

/// Of two operands that broadcast, or of one shape; one of them may be a constant.
std::optional<Graph> random_pairwise(std::mt19937& random, DType dtype) {
  static constexpr const char* names[] = {"add", "add", "add", "sub", "sub", "mul", "maximum", "minimum"};
  const std::string op = names[random() % 8];
  Shape shape(random() % 5);
  for (int32_t& d : shape) d = between(random, 1, 9);
  Shape sa = shape, sb = shape;
  if (random() % 2 == 0) {
    for (Shape* s : {&sa, &sb}) {
      for (int32_t& d : *s) d = random() % 4 == 0 ? 1 : d;
    }
    if (!sb.empty() && random() % 3 == 0) sb.erase(sb.begin());
  }
  Tensor a = tensor("a", sa, random, dtype), b = tensor("b", sb, random, dtype), y = tensor("y", {}, random, dtype);
  if (random() % 4 == 0) b.quant = a.quant;
  if (random() % 4 == 0) {
    b.data = std::make_shared<const Bytes>(test::random_bytes(random, dtype, elements(b.shape), 0));
  }
  Attrs attrs;
  if (op != "maximum" && op != "minimum") attrs.set("activation", std::string(test::activations[random() % 4]));
  return graph_of(op, {std::move(a), std::move(b)}, std::move(y), std::move(attrs));
}

std::optional<Graph> random_pool(std::mt19937& random, DType dtype) {
  Tensor x = tensor("x", {1, between(random, 1, 9), between(random, 1, 9), between(random, 1, 13)}, random, dtype);
  Tensor y = x;
  y.name = "y";
  Attrs attrs;
  for (const char* axis : {"h", "w"}) {
    const int64_t filter = between(random, 1, 4);
    attrs.set("filter_" + std::string(axis), filter);
    attrs.set("stride_" + std::string(axis), int64_t{between(random, 1, 3)});
    const bool vertical = axis[0] == 'h';
    for (const char* side : {vertical ? "pad_top" : "pad_left", vertical ? "pad_bottom" : "pad_right"}) {
      attrs.set(side, int64_t{between(random, 0, static_cast<int32_t>(filter) - 1)});
    }
  }
  attrs.set("activation", std::string(test::activations[random() % 4]));
  return graph_of(random() % 2 == 0 ? "average_pool_2d" : "max_pool_2d", {std::move(x)}, std::move(y), std::move(attrs));
}

std::optional<Graph> random_mean(std::mt19937& random, DType dtype) {
  Tensor x = tensor("x", {1, between(random, 1, 9), between(random, 1, 9), between(random, 1, 13)}, random, dtype);
  Attrs attrs;
  attrs.set("axes", random() % 3 == 0 ? std::vector<int64_t>{3} : std::vector<int64_t>{1, 2});
  attrs.set("keep_dims", int64_t{between(random, 0, 1)});
  return graph_of("mean", {std::move(x)}, tensor("y", {}, random, dtype), std::move(attrs));
}

/// Of sizes for which there are kernels apart from those that take any.
bool even(const test::Layer& l) {
  if (l.op == "fully_connected") return l.input.back() % 4 == 0;
  return l.op != "depthwise_conv_2d" || (l.weights[3] == l.input[3] && l.input[3] >= 4);
}

/// One of each kind in turn. Of a layer with weights, three quantizations and sets of weights.
class Draw {
 public:
  Draw(uint32_t seed, DType dtype) : random_(seed), dtype_(dtype) {}

  Graph next() {
    for (;; ++kind_) {
      const std::optional<Graph> g = try_one();
      if (!g || !verify_graph(*g)) continue;
      ++kind_;
      return *g;
    }
  }
  std::mt19937& generator() { return random_; }

 private:
  std::optional<Graph> weighted(int slot, test::Layer (*make)(std::mt19937&, DType)) {
    test::Layer& layer = layers_[static_cast<size_t>(slot)];
    if (uses_[static_cast<size_t>(slot)]++ % 3 == 0) {
      do layer = make(random_, dtype_);
      while (!even(layer) && random_() % 4 != 0);
    }
    const auto g = graph_with(layer, random_);
    if (!g) uses_[static_cast<size_t>(slot)] = 0;
    return g;
  }
  std::optional<Graph> try_one() {
    switch (kind_ % 12) {
      case 0:
        return weighted(0, test::random_conv_2d);
      case 1:
        return weighted(1, test::random_depthwise);
      case 2:
        return weighted(2, test::random_fully_connected);
      case 3:
        return weighted(3, test::random_pointwise);
      case 4:
        return random_() % 4 == 0 ? weighted(4, test::random_deep_convolution) : weighted(0, test::random_conv_2d);
      case 5:
      case 6:
        return random_pairwise(random_, dtype_);
      case 7:
        return random_pool(random_, dtype_);
      case 8:
        return random_mean(random_, dtype_);
      case 9:
        return weighted(5, test::random_depthwise_3x3);
      case 10:
        return random_() % 4 == 0 ? weighted(6, test::random_long_fully_connected) : weighted(7, test::random_flattened);
      default:
        return test::RandomNetwork(random_(), dtype_).make();
    }
  }

  std::mt19937 random_;
  DType dtype_;
  int kind_ = 0;
  test::Layer layers_[8];
  int uses_[8] = {};
};

struct Case {
  Graph original;
  Program program;
  std::vector<std::vector<Bytes>> outputs;  ///< the oracle's, by run
  std::unique_ptr<verify::TempDir> directory;
};

void run_random(const std::string& target_name, uint32_t seed, size_t count, DType dtype) {
  const Result<targets::Target> target = targets::load_target(target_name);
  ASSERT_TRUE(target) << target.failure().to_string();
  if (!verify::find_program(target->compiler.command) || !verify::find_program(target->emulator->command)) {
    GTEST_SKIP() << target_name << ": its compiler or emulator is not installed";
  }
  Draw draw(seed, dtype);
  std::vector<Case> cases;
  verify::ImageSpec spec;
  spec.kind = verify::ImageKind::trace;
  verify::Job job;
  job.deadline = std::chrono::seconds(600);
  while (cases.size() < count) {
    Case c;
    c.original = draw.next();
    Graph graph = c.original;
    PassLog log;
    run_passes(graph, log);
    static constexpr plan::Rings rings[] = {plan::Rings::minimum, plan::Rings::full, plan::Rings::automatic};
    Result<Program> program = lower(std::move(graph), rings[cases.size() % 3], target->vector);
    ASSERT_TRUE(program) << program.failure().to_string();
    if (program->operations.empty()) continue;  // folded completely: nothing to run
    c.program = std::move(*program);
    verify::Batch batch{cases.size(), {}};
    for (int run = 0; run < 2; ++run) {
      std::vector<Bytes> inputs;
      for (TensorId id : c.original.inputs) {
        const Tensor& t = c.original.at(id);
        inputs.push_back(test::random_bytes(draw.generator(), t.dtype, elements(t.shape), run));
      }
      const std::vector<Value> values = evaluate(c.original, inputs);
      c.outputs.emplace_back();
      for (TensorId id : c.original.outputs) c.outputs.back().push_back(values[static_cast<size_t>(id)].bytes);
      batch.inputs.push_back(std::move(inputs));
    }
    job.batches.push_back(std::move(batch));
    c.directory = std::make_unique<verify::TempDir>();
    const auto model = verify::emit_model(c.program, "case_" + std::to_string(cases.size()), *c.directory, false);
    ASSERT_TRUE(model) << model.failure().to_string();
    spec.models.push_back(*model);
    cases.push_back(std::move(c));
  }
  const Result<verify::Image> image = verify::build_image(*target, spec);
  ASSERT_TRUE(image) << image.failure().to_string();
  const Result<verify::RunResult> result = verify::run_image(*target, *image, job);
  ASSERT_TRUE(result) << result.failure().to_string();
  for (size_t c = 0; c < cases.size(); ++c) {
    for (size_t r = 0; r < cases[c].outputs.size(); ++r) {
      for (size_t o = 0; o < cases[c].outputs[r].size(); ++o) {
        if (cases[c].program.outputs[o].constant) continue;
        ASSERT_EQ(result->batches[c][r].outputs[o], cases[c].outputs[r][o])
            << "seed " << seed << ", case " << c << ", run " << r << "\n"
            << print(cases[c].original).substr(0, 4000);
      }
    }
  }
}

class RandomOnTarget : public ::testing::TestWithParam<std::string> {};
TEST_P(RandomOnTarget, LayersAndNetworksEqualTheOracle) { run_random(GetParam(), 10, 60, DType::i8); }

class RandomOfSixteenBits : public ::testing::TestWithParam<std::string> {};
TEST_P(RandomOfSixteenBits, LayersAndNetworksEqualTheOracle) { run_random(GetParam(), 20, 48, DType::i16); }

class SlowRandomOnTarget : public ::testing::TestWithParam<std::string> {};
TEST_P(SlowRandomOnTarget, LayersAndNetworksEqualTheOracle) {
  for (uint32_t seed = 11; seed < 15 && !HasFatalFailure(); ++seed) run_random(GetParam(), seed, 100, DType::i8);
}
TEST_P(SlowRandomOnTarget, LayersAndNetworksOfSixteenBitsEqualTheOracle) {
  for (uint32_t seed = 21; seed < 23 && !HasFatalFailure(); ++seed) run_random(GetParam(), seed, 100, DType::i16);
}

std::string name(const ::testing::TestParamInfo<std::string>& info) {
  std::string text = info.param;
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return text;
}
const auto targets_with_kernels = ::testing::Values("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7",
                                                    "cortex-m33", "cortex-m55", "rv32imac");
INSTANTIATE_TEST_SUITE_P(Default, RandomOnTarget, targets_with_kernels, name);
INSTANTIATE_TEST_SUITE_P(Default, RandomOfSixteenBits, ::testing::Values("cortex-m4", "cortex-m55"), name);
INSTANTIATE_TEST_SUITE_P(Slow, SlowRandomOnTarget, targets_with_kernels, name);

}  // namespace
}  // namespace smelt
