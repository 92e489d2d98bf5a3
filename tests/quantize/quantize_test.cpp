// Ranges, scales, equalization and bias correction against their definitions.
#include "quantize/quantize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "export/tflite.hpp"
#include "import/tflite.hpp"
#include "ir/half.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "quantize/compare.hpp"
#include "tests/golden.hpp"

namespace smelt::quantize {
namespace {

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse(text);
  EXPECT_TRUE(graph) << graph.failure().to_string();
  const Outcome sound = verify_graph(*graph);
  EXPECT_TRUE(sound) << sound.failure().to_string();
  return *graph;
}

Runs normal_runs(const Graph& graph, size_t count, float spread = 1) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.3F, spread);
  Runs runs(count);
  for (auto& run : runs) {
    for (const TensorId id : graph.inputs) {
      std::vector<float> values(static_cast<size_t>(elements(graph.at(id).shape)));
      for (float& v : values) v = normal(random);
      run.push_back(floats(values));
    }
  }
  return runs;
}

/// A float model of the tests, fused, with the inputs that it carries.
struct Model {
  Graph graph;
  Runs runs;
};
Model model(const std::string& name) {
  const std::string file = std::string(SMELT_SOURCE_DIR) + "/tests/models/" + name + ".tflite";
  Result<Graph> graph = read_model(file);
  EXPECT_TRUE(graph) << graph.failure().to_string();
  Model m{*graph, test::known_answers(*graph).inputs};
  PassLog log;
  PipelineOptions options;
  options.writable = true;
  run_passes(m.graph, log, options);
  return m;
}

Quantized quantized(const Graph& graph, const Runs& runs, const Settings& settings = {}) {
  const Result<Calibration> calibration = calibrate(graph, runs);
  EXPECT_TRUE(calibration) << calibration.failure().to_string();
  Result<Quantized> q = quantize(graph, *calibration, settings);
  EXPECT_TRUE(q) << q.failure().to_string();
  return *q;
}

TEST(Parameters, ZeroIsExactAndTheRangeIsHeld) {
  for (const Range range : {Range{-1, 3}, Range{0, 6}, Range{-5, 0}, Range{-0.01F, 100}}) {
    const Quantization q = parameters(range, Form::int8, false);
    EXPECT_EQ(stored(0, q, DType::i8), q.zero_point[0]);
    const float low = q.scale[0] * static_cast<float>(-128 - q.zero_point[0]), high = q.scale[0] * static_cast<float>(127 - q.zero_point[0]);
    EXPECT_NEAR(low, range.low, q.scale[0] / 2 * 1.001F);
    EXPECT_NEAR(high, range.high, q.scale[0] / 2 * 1.001F);
  }
  EXPECT_EQ(parameters({-2, 1}, Form::int16x8, false).scale[0], 2.0F / 32767);
  EXPECT_EQ(parameters({-2, 1}, Form::int16x8, false).zero_point[0], 0);
  const Quantization power = parameters({-3, 1}, Form::int8, true);
  EXPECT_EQ(power.scale[0], 1.0F / 32) << "the least power of two by 127 steps of which 3 is reached";
  EXPECT_EQ(power.zero_point[0], 0);
}

TEST(Calibration, SeesMinimumMaximumMeansAndEveryElement) {
  const Graph graph = parsed(R"(graph "g"
    tensor %0 "in" f32[1, 2, 2]
    tensor %1 "out" f32[1, 2, 2]
    inputs (%0) outputs (%1)
    node %1 = relu(%0))");
  const Result<Calibration> c = calibrate(graph, {{floats({-1, 2, 3, -4})}, {floats({5, 0, 1, 2})}});
  ASSERT_TRUE(c);
  EXPECT_EQ(c->tensors[0].low, -4);
  EXPECT_EQ(c->tensors[0].high, 5);
  EXPECT_EQ(c->tensors[1].low, 0);
  ASSERT_EQ(c->tensors[0].means.size(), 2U);
  EXPECT_DOUBLE_EQ(c->tensors[0].means[0], (-1 + 3 + 5 + 1) / 4.0);
  EXPECT_DOUBLE_EQ(c->tensors[0].means[1], (2 - 4 + 0 + 2) / 4.0);
  int64_t all = 0;
  for (const int64_t n : c->tensors[0].histogram) all += n;
  EXPECT_EQ(all, 8);
  const Result<Calibration> bad = calibrate(graph, {{floats({1, NAN, 0, 0})}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.failure().diagnostics[0].code, "E0901");
  EXPECT_FALSE(calibrate(graph, {}));
}

/// Mean squared error of rounding every sample to the range's grid.
double error_of(const std::vector<float>& values, Range range) {
  const Quantization q = parameters(range, Form::int8, false);
  double error = 0;
  for (const float v : values) {
    const double d = static_cast<double>(q.scale[0]) * (stored(v, q, DType::i8) - q.zero_point[0]) - static_cast<double>(v);
    error += d * d;
  }
  return error;
}

TEST(Ranges, LeastErrorIsLessThanThatOfTheFullRange) {
  const Graph graph = parsed(R"(graph "g"
    tensor %0 "in" f32[1, 400000]
    tensor %1 "out" f32[1, 400000]
    inputs (%0) outputs (%1)
    node %1 = relu(%0))");
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(400000);
  for (float& v : values) v = normal(random);
  values[17] = 40;  // an outlier, by which the full range is ten times too wide
  const Result<Calibration> c = calibrate(graph, {{floats(values)}});
  ASSERT_TRUE(c);
  const Observed& seen = c->tensors[0];
  const Range full = choose_range(seen, RangeMethod::minmax, 256, false);
  EXPECT_EQ(full.high, 40);
  const Range least = choose_range(seen, RangeMethod::mse, 256, false);
  EXPECT_LT(error_of(values, least), 0.8 * error_of(values, full));
  const Range most = choose_range(seen, RangeMethod::percentile, 256, false);
  EXPECT_LT(most.high, 5);
  EXPECT_GT(most.high, 3);  // the normal distribution's one in ten thousand lies at 3.72
}

TEST(Quantize, EveryFloatModelOfTheTestsBecomesIntegers) {
  for (const char* name : {"ds_cnn_float", "conv1d_float"}) {
    SCOPED_TRACE(name);
    const Model m = model(name);
    const Quantized q = quantized(m.graph, m.runs);
    for (const Layer& layer : q.layers) EXPECT_EQ(layer.form, Form::int8) << layer.name << layer.why;
    EXPECT_EQ(q.graph.at(q.graph.inputs[0]).dtype, DType::i8);
    EXPECT_EQ(q.graph.at(q.graph.outputs[0]).dtype, DType::i8);
    for (const LayerNoise& noise : compare(m.graph, q, m.runs).layers) {
      EXPECT_GT(noise.own.decibels(), 25) << "8 bits of a well-used range are worth 40 to 50 dB";
    }
  }
}

TEST(Quantize, StoredValuesPassThroughWhatOnlyMovesThem) {
  const Graph graph = parsed(R"(graph "g"
    tensor %0 "a" f32[1, 4, 4, 2]
    tensor %1 "b" f32[1, 4, 4, 2]
    tensor %2 "relu" f32[1, 4, 4, 2]
    tensor %3 "joined" f32[1, 4, 4, 4]
    tensor %4 "pooled" f32[1, 2, 2, 4]
    tensor %5 "soft" f32[1, 2, 2, 4]
    inputs (%0, %1) outputs (%5)
    node %2 = relu(%1)
    node %3 = concatenation(%0, %2) {axis=3}
    node %4 = max_pool_2d(%3) {activation="none", filter_h=2, filter_w=2, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0, stride_h=2, stride_w=2}
    node %5 = softmax(%4) {beta=1.0})");
  const Quantized q = quantized(graph, normal_runs(graph, 4));
  const auto find = [&](const std::string& name) {
    for (const Tensor& t : q.graph.tensors) {
      if (t.name == name) return t.quant;
    }
    ADD_FAILURE() << name;
    return Quantization{};
  };
  EXPECT_EQ(find("a"), find("joined"));
  EXPECT_EQ(find("relu"), find("joined"));
  EXPECT_EQ(find("pooled"), find("joined"));
  EXPECT_NE(find("b"), find("joined")) << "a RELU may rescale";
  EXPECT_EQ(find("soft").scale[0], 1.0F / 256);
  EXPECT_EQ(find("soft").zero_point[0], -128);
}

TEST(Quantize, WhatHasNoIntegerFormStaysFloatBetweenConversions) {
  const Model m = model("ds_cnn_float");
  Settings settings;
  settings.io = Form::float32;
  settings.forms[m.graph.at(m.graph.nodes[1].out()).name] = Form::float32;
  const Quantized q = quantized(m.graph, m.runs, settings);
  EXPECT_EQ(q.graph.at(q.graph.inputs[0]).dtype, DType::f32);
  EXPECT_EQ(q.graph.at(q.graph.outputs[0]).dtype, DType::f32);
  EXPECT_EQ(q.layers[1].form, Form::float32);
  const auto count = [&](const char* op) {
    return std::count_if(q.graph.nodes.begin(), q.graph.nodes.end(), [&](const Node& n) { return n.op == op; });
  };
  EXPECT_EQ(count("quantize"), 2) << "at the input, and behind the layer in floats";
  EXPECT_EQ(count("dequantize"), 2);
}

/// QUANTIZE from int8 is to int8 alone, DEQUANTIZE is from either (TensorFlow Lite, kernels/quantize.cc, Prepare).
TEST(Quantize, MixedFormsMeetByConversionsThatTheFormatHas) {
  const Model m = model("ds_cnn_float");
  Settings settings;
  for (size_t n : {0U, 2U}) settings.forms[m.graph.at(m.graph.nodes[n].out()).name] = Form::int16x8;
  const Quantized q = quantized(m.graph, m.runs, settings);
  EXPECT_EQ(q.layers[0].form, Form::int16x8);
  EXPECT_EQ(q.layers[1].form, Form::int8);
  EXPECT_EQ(q.layers[2].form, Form::int16x8);
  size_t from_words = 0, to_words = 0;
  for (const Node& node : q.graph.nodes) {
    if (node.op != "quantize") continue;
    const DType in = q.graph.at(node.in(0)).dtype, out = q.graph.at(node.out()).dtype;
    EXPECT_FALSE(in == DType::i8 && out == DType::i16);
    from_words += in == DType::i16 && out == DType::i8 ? 1 : 0;
    to_words += in == DType::f32 && out == DType::i16 ? 1 : 0;
  }
  EXPECT_EQ(from_words, 2U);
  EXPECT_EQ(to_words, 1U);
  EXPECT_GT(compare(m.graph, q, m.runs).layers.back().whole.decibels(), 25);
}

TEST(Quantize, PowersOfTwoThroughout) {
  const Model m = model("ds_cnn_float");
  Settings settings;
  settings.powers_of_two = true;
  const Quantized q = quantized(m.graph, m.runs, settings);
  for (const Tensor& t : q.graph.tensors) {
    if (t.quant.zero_point == std::vector<int32_t>{-128}) continue;  // softmax: as its operator wants it
    for (const float scale : t.quant.scale) EXPECT_EQ(std::exp2(std::round(std::log2(scale))), scale) << t.name;
    for (const int32_t zero : t.quant.zero_point) EXPECT_EQ(zero, 0) << t.name;
    EXPECT_LE(t.quant.scale.size(), 1U) << t.name;
  }
}

TEST(Quantize, HalvesAreTheNearest) {
  EXPECT_EQ(to_half(1), 0x3c00);
  EXPECT_EQ(to_half(-2), 0xc000);
  EXPECT_EQ(to_half(65504), 0x7bff);
  EXPECT_EQ(to_half(65519.9F), 0x7bff);
  EXPECT_EQ(to_half(65520), 0x7c00);
  EXPECT_EQ(to_half(std::ldexp(1.0F, -24)), 1);
  EXPECT_EQ(to_half(std::ldexp(1.0F, -25)), 0) << "a tie, to even";
  EXPECT_EQ(to_half(std::ldexp(1023.7F, -24)), 0x0400) << "up into the normal numbers";
  EXPECT_EQ(to_half(2049), to_half(2048)) << "a tie, to even";
  EXPECT_EQ(to_half(2051), to_half(2052));
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) EXPECT_EQ(to_half(from_half(static_cast<uint16_t>(bits))), bits);
}

TEST(Quantize, WeightsOfHalfPrecisionInTheFile) {
  const Model m = model("ds_cnn_float");
  Settings settings;
  settings.form = Form::float32;
  settings.half_weights = true;
  const Quantized q = quantized(m.graph, m.runs, settings);
  const Result<Bytes> whole = to_tflite(q.graph), halved = to_tflite(q.graph, {true});
  ASSERT_TRUE(whole && halved);
  EXPECT_LT(halved->size(), whole->size());
  const Result<Graph> again = parse_tflite(*halved, "half.tflite");
  ASSERT_TRUE(again) << again.failure().to_string();
  for (const auto& run : m.runs) {  // reading loses nothing: the weights were rounded before
    EXPECT_EQ(evaluate(*again, run)[static_cast<size_t>(again->outputs[0])].bytes,
              evaluate(q.graph, run)[static_cast<size_t>(q.graph.outputs[0])].bytes);
  }
  EXPECT_GT(compare(m.graph, q, m.runs).layers.back().whole.decibels(), 50) << "11 bits";
}

/// Two 1x1 convolutions with a RELU between; the first one's channels differ a hundredfold in size.
Graph uneven() {
  return parsed(R"(graph "g"
    tensor %0 "in" f32[1, 3, 3, 2]
    tensor %1 "w1" f32[4, 1, 1, 2] data=[1.25, -0.5, 0.01, 0.02, 3.0, 0.75, -0.03, 0.04]
    tensor %2 "b1" f32[4] data=[0.5, 0.01, -0.25, 0.03]
    tensor %3 "mid" f32[1, 3, 3, 4]
    tensor %4 "w2" f32[2, 1, 1, 4] data=[0.03, 1.5, 0.01, -1.0, -0.02, 0.8, 0.03, 1.2]
    tensor %5 "b2" f32[2] data=[0.1, -0.2]
    tensor %6 "out" f32[1, 3, 3, 2]
    inputs (%0) outputs (%6)
    node %3 = conv_2d(%0, %1, %2) {activation="relu", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0, stride_h=1, stride_w=1}
    node %6 = conv_2d(%3, %4, %5) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0, stride_h=1, stride_w=1})");
}

TEST(Equalize, KeepsTheFunctionAndBringsRangesTogether) {
  const Graph before = uneven();
  Graph after = before;
  EXPECT_EQ(equalize(after), 1U);
  const Runs runs = normal_runs(before, 8);
  for (const auto& run : runs) {
    EXPECT_EQ(evaluate(before, run)[6].bytes, evaluate(after, run)[static_cast<size_t>(after.outputs[0])].bytes) << "to the last bit";
  }
  Settings settings;
  settings.per_channel = false;  // where uneven channels hurt
  const double without = compare(before, quantized(before, runs, settings), runs).layers.back().whole.decibels();
  const double with = compare(after, quantized(after, runs, settings), runs).layers.back().whole.decibels();
  EXPECT_GT(with, without + 3);
}

TEST(BiasCorrection, TakesTheMeanErrorOfRoundedWeightsAway) {
  const Graph graph = uneven();
  const Runs runs = normal_runs(graph, 64, 0.2F);
  const auto mean_error = [&](bool correct) {
    Settings settings;
    settings.per_channel = false;  // coarse weights
    settings.correct_bias = correct;
    const Quantized q = quantized(graph, runs, settings);
    double error = 0;
    for (const auto& run : runs) {
      const std::vector<float> wanted = real(graph.at(6), evaluate(graph, run)[6].bytes);
      const TensorId out = q.graph.outputs[0];
      const std::vector<float> got = real(q.graph.at(out), evaluate(q.graph, stored_inputs(graph, q.graph, run))[static_cast<size_t>(out)].bytes);
      for (size_t i = 0; i < got.size(); i += 2) error += got[i] - wanted[i];  // channel 0
    }
    return std::abs(error);
  };
  EXPECT_LT(mean_error(true), mean_error(false));
}

TEST(Lstm, BecomesIntegersThatTheFileHolds) {
  for (const bool power : {false, true}) {
    const Model m = model("lstm_stacked_float");
    Settings settings;
    settings.powers_of_two = power;
    const Quantized q = quantized(m.graph, normal_runs(m.graph, 20), settings);
    for (const Layer& layer : q.layers) EXPECT_EQ(layer.form, Form::int8) << layer.name;
    const Runs test = normal_runs(m.graph, 30);
    for (const LayerNoise& noise : compare(m.graph, q, test).layers) EXPECT_GT(noise.whole.decibels(), 20);
    const Result<Bytes> written = to_tflite(q.graph);
    ASSERT_TRUE(written) << written.failure().to_string();
    const Result<Graph> again = parse_tflite(*written, "written.tflite");
    ASSERT_TRUE(again) << again.failure().to_string();
    for (const std::vector<Bytes>& run : test) {
      const std::vector<Bytes> in = stored_inputs(m.graph, q.graph, run);
      const auto out = [&](const Graph& g) { return evaluate(g, in)[static_cast<size_t>(g.outputs[0])].bytes; };
      ASSERT_EQ(out(*again), out(q.graph));
    }
  }
}

/// One unit that only adds up: its cell state after n steps is near n, its output near 1.
TEST(Lstm, TheCellStateGetsThePowerOfTwoThatHoldsIt) {
  const Graph g = parsed(R"(graph "g"
tensor %0 "x" f32[1, 40, 1]
tensor %1 "w" f32[4, 1] data=[0, 0, 0, 0]
tensor %2 "r" f32[4, 1] data=[0, 0, 0, 0]
tensor %3 "b" f32[4] data=[9, 9, 9, 9]
tensor %4 "y" f32[1, 40, 1]
inputs (%0) outputs (%4)
node %4 = lstm(%0, _, _, %1, %2, %3) {sequence=1})");
  const Calibration c = *calibrate(g, normal_runs(g, 2));
  EXPECT_NEAR(c.internals.at(0), 40, 0.2);
  const Quantized q = quantized(g, normal_runs(g, 2));
  EXPECT_EQ(q.graph.nodes.at(0).attrs.f("cell_scale"), std::ldexp(1, -9)) << "32767 * 2^-10 is less than 40";
}

TEST(Ties, WhatOnlyMovesValuesKeepsTheirScale) {
  const Model m = model("lstm_last_float");
  const Quantized q = quantized(m.graph, normal_runs(m.graph, 5));
  size_t moved = 0;
  for (const Node& node : q.graph.nodes) {
    if (node.op != "strided_slice") continue;
    EXPECT_EQ(q.graph.at(node.in(0)).quant, q.graph.at(node.out()).quant);
    ++moved;
  }
  EXPECT_EQ(moved, 1u);
}

}  // namespace
}  // namespace smelt::quantize
