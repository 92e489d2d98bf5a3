// Log-mel spectrograms: the compiled program against the oracle, the integers against the floats, both against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "lower/compile.hpp"
#include "ops/op.hpp"
#include "tests/dsp/cases.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

using test::Frames;

std::vector<Bytes> outputs_of(const Graph& graph, const Bytes& input) {
  std::vector<Bytes> all;
  const Outcome sound = verify_graph(graph);
  EXPECT_TRUE(sound) << sound.failure().to_string();
  if (!sound) return all;
  all.push_back(evaluate(graph, {input})[1].bytes);
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
    const Result<Program> program = lower(graph, rings);
    EXPECT_TRUE(program) << program.failure().to_string();
    if (program) all.push_back(Interpreter(*program).run({input})[0]);
  }
  return all;
}

template <class T>
std::vector<T> values(const Bytes& bytes) {
  std::vector<T> v(bytes.size() / sizeof(T));
  std::memcpy(v.data(), bytes.data(), bytes.size());
  return v;
}

/// The same in every frame, up to what floats lose: a millionth of the amplitude of its loudest output.
void expect_same_power(const std::vector<float>& want, const std::vector<float>& got, size_t width) {
  ASSERT_EQ(want.size(), got.size());
  const auto amplitude = [](float db) { return std::pow(10.0, static_cast<double>(db) / 20); };
  for (size_t row = 0; row < want.size(); row += width) {
    double loudest = 0;
    for (size_t i = row; i < row + width; ++i) loudest = std::max(loudest, amplitude(want[i]));
    for (size_t i = row; i < row + width; ++i) {
      EXPECT_NEAR(amplitude(got[i]), amplitude(want[i]), 1e-6 * loudest + 1e-5 * amplitude(want[i])) << row / width << ", " << i - row;
    }
  }
}

class LogMel : public ::testing::TestWithParam<Frames> {};

TEST_P(LogMel, FloatsAreThoseOfTheDefinition) {
  const Frames& f = GetParam();
  const Graph graph = test::log_mel(f, DType::f32);
  const std::vector<Bytes> made = outputs_of(graph, test::as_bytes(test::signal(static_cast<size_t>(f.rows * f.hop), 0.9, f.rate)));
  ASSERT_EQ(made.size(), 3U);
  expect_same_power(values<float>(made[0]), values<float>(made[1]), static_cast<size_t>(graph.at(1).shape[1]));
  EXPECT_EQ(made[1], made[2]);
}

TEST_P(LogMel, IntegersAreBitExactAtEveryLevel) {
  const Frames& f = GetParam();
  const Graph graph = test::log_mel(f, DType::i16);
  for (const double level : {1.0, 0.7, 0.1, 1e-3, 1e-4, 0.0}) {
    const auto x = test::as_int16(test::signal(static_cast<size_t>(f.rows * f.hop), level, f.rate));
    const std::vector<Bytes> made = outputs_of(graph, test::as_bytes(x));
    ASSERT_EQ(made.size(), 3U);
    EXPECT_EQ(made[0], made[1]) << level;
    EXPECT_EQ(made[1], made[2]) << level;
  }
  for (const int16_t extreme : {int16_t{-32768}, int16_t{32767}}) {  // constant, and alternating with its opposite
    for (const int other : {0, 1}) {
      std::vector<int16_t> x(static_cast<size_t>(f.rows * f.hop), extreme);
      for (size_t i = 1; i < x.size(); i += 2) x[i] = other == 0 ? extreme : static_cast<int16_t>(~extreme);
      const std::vector<Bytes> made = outputs_of(graph, test::as_bytes(x));
      EXPECT_EQ(made[0], made[1]);
      EXPECT_EQ(made[1], made[2]);
    }
  }
}

// What is within 40 dB of a frame's loudest output differs by less than half a decibel, at any level; a twentieth on average.
TEST_P(LogMel, IntegersAreNearTheFloats) {
  const Frames& f = GetParam();
  for (const double level : {0.95, 0.02}) {
    const std::vector<int16_t> x = test::as_int16(test::signal(static_cast<size_t>(f.rows * f.hop), level, f.rate));
    std::vector<float> real;
    for (const int16_t v : x) real.push_back(static_cast<float>(v) / 32768);
    const std::vector<float> want = values<float>(evaluate(test::log_mel(f, DType::f32), {test::as_bytes(real)})[1].bytes);
    const std::vector<int16_t> got = values<int16_t>(evaluate(test::log_mel(f, DType::i16), {test::as_bytes(x)})[1].bytes);
    ASSERT_EQ(want.size(), got.size());
    const size_t width = static_cast<size_t>(f.bands != 0 ? f.bands : f.fft / 2 + 1);
    double sum = 0, most = 0;
    size_t count = 0;
    for (size_t row = 0; row < want.size(); row += width) {
      const auto first = want.begin() + static_cast<std::ptrdiff_t>(row);
      const float loudest = *std::max_element(first, first + static_cast<std::ptrdiff_t>(width));
      for (size_t i = row; i < row + width; ++i) {
        if (want[i] < loudest - 40) continue;
        const double off = std::abs(got[i] / 256.0 - static_cast<double>(want[i]));
        most = std::max(most, off);
        sum += off;
        ++count;
      }
    }
    EXPECT_LT(most, 0.5) << level;
    EXPECT_LT(sum / static_cast<double>(count), 0.05) << level;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, LogMel, ::testing::ValuesIn(test::all_frames()), [](const auto& info) { return test::name_of(info.param); });

// A cosine in the middle between nothing: power A^2 N / 4 at its own frequency.
TEST(LogMelClosedForm, ACosineHasItsPowerAtItsFrequency) {
  const Frames f{1, 256, 256, 256, 0};
  std::vector<float> x;
  for (int i = 0; i < 256; ++i) x.push_back(static_cast<float>(0.5 * std::cos(test::tau * 20 * i / 256)));
  const std::vector<float> y = values<float>(outputs_of(test::log_mel(f, DType::f32), test::as_bytes(x)).at(1));
  EXPECT_NEAR(y[20], 10 * std::log10(0.25 * 256 / 4), 1e-4);
  for (size_t k = 0; k < y.size(); ++k) {
    if (k == 20) continue;
    EXPECT_LT(y[k], -90) << k;
  }
}

// ---- against SciPy and python_speech_features (tools/dsp/make_goldens.py) ----

std::vector<float> golden(const std::string& name) {
  std::ifstream file(std::string(SMELT_SOURCE_DIR) + "/tests/dsp/goldens/" + name + ".txt");
  std::vector<float> all;
  for (float v = 0; file >> v;) all.push_back(v);
  return all;
}

/// The signal of the script.
std::vector<float> tones(int samples) {
  std::vector<float> x;
  for (int i = 0; i < samples; ++i) {
    const double t = i / 16000.0;
    x.push_back(static_cast<float>(0.5 * std::sin(test::tau * (480 * t + 200 * t * t)) + 0.2 * std::cos(test::tau * 3360 * t) +
                                   0.05 * std::sin(static_cast<double>(i) * i * 0.7)));
  }
  return x;
}

void expect_golden(const std::string& name, const Frames& f, double low, double high) {
  Graph graph = test::log_mel(f, DType::f32);
  graph.nodes[0].attrs.set("low_frequency", low);
  graph.nodes[0].attrs.set("high_frequency", high);
  const std::vector<float> want = golden(name);
  const std::vector<Bytes> made = outputs_of(graph, test::as_bytes(tones(f.rows * f.hop)));
  ASSERT_EQ(made.size(), 3U);
  for (const Bytes& got : made) {
    const std::vector<float> y = values<float>(got);
    ASSERT_EQ(y.size(), want.size());
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i], 2e-3) << i;
  }
}

TEST(LogMelGolden, AsPythonSpeechFeatures) {
  expect_golden("mel_32_fft512", {5, 320, 320, 512, 32}, 0, 0);
  expect_golden("mel_20_fft512_300_4000", {5, 320, 320, 512, 20}, 300, 4000);
}

TEST(LogMelGolden, AsSciPy) { expect_golden("spectrogram_hann_fft256", {5, 128, 256, 256, 0, 0, "hann"}, 0, 0); }

TEST(LogMelClosedForm, SilenceIsTheFloor) {
  const Frames f{3, 64, 64, 64, 4};
  for (const float v : values<float>(outputs_of(test::log_mel(f, DType::f32), Bytes(3 * 64 * 4)).at(1))) EXPECT_NEAR(v, -100, 1e-4);
  for (const int16_t v : values<int16_t>(outputs_of(test::log_mel(f, DType::i16), Bytes(3 * 64 * 2)).at(1))) EXPECT_EQ(v, -25600);
}

// Rows that are cosines themselves have one coefficient: the root of half as many as there are values; of a constant, of all.
TEST(Dct, ACosineHasOneCoefficient) {
  constexpr int32_t n = 32;
  std::vector<float> x;
  for (int k = 0; k < n; ++k) {
    for (int i = 0; i < n; ++i) x.push_back(static_cast<float>(20 * std::cos(test::tau / 2 * k * (2 * i + 1) / (2 * n))));
  }
  std::vector<int16_t> stored;
  for (const float v : x) stored.push_back(static_cast<int16_t>(std::lround(v * 256)));
  const auto want = [](int k, int j) { return k != j ? 0.0 : 20 * std::sqrt(k == 0 ? n : n / 2); };
  const std::vector<Bytes> floats = outputs_of(test::dct(n, n, 13, DType::f32), test::as_bytes(x));
  const std::vector<Bytes> integers = outputs_of(test::dct(n, n, 13, DType::i16), test::as_bytes(stored));
  ASSERT_EQ(floats.size(), 3U);
  ASSERT_EQ(integers.size(), 3U);
  EXPECT_EQ(integers[0], integers[1]);
  EXPECT_EQ(integers[1], integers[2]);
  for (int k = 0; k < n; ++k) {
    for (int j = 0; j < 13; ++j) {
      const size_t at = static_cast<size_t>(k * 13 + j);
      for (const Bytes& y : floats) EXPECT_NEAR(values<float>(y)[at], want(k, j), 1e-4) << k << ", " << j;
      EXPECT_NEAR(values<int16_t>(integers[1])[at] / 64.0, want(k, j), 0.03) << k << ", " << j;
    }
  }
}

TEST(Dct, SaturatesAndRefuses) {
  const std::vector<int16_t> extreme(64, 32767), lowest(64, -32768);
  for (const std::vector<int16_t>& x : {extreme, lowest}) {
    Graph g = test::dct(1, 64, 64, DType::i16);
    g.tensors[1].quant.scale = {1.0F / 4096};
    const std::vector<Bytes> made = outputs_of(g, test::as_bytes(x));
    ASSERT_EQ(made.size(), 3U);
    EXPECT_EQ(values<int16_t>(made[1])[0], x[0]);
    EXPECT_EQ(made[0], made[1]);
  }
  for (const int64_t coefficients : {int64_t{0}, int64_t{65}, int64_t{1} << 40}) {
    Graph g = test::dct(1, 64, 64, DType::f32);
    g.nodes[0].attrs.set("coefficients", coefficients);
    EXPECT_FALSE(verify_graph(g)) << coefficients;
  }
}

TEST(LogMelRefusals, WhatCannotBeComputed) {
  const auto sound = [](const char* name, auto value, Frames f = {4, 64, 64, 64, 13}) {
    Graph g = test::log_mel(f, DType::f32);
    if (name != nullptr) g.nodes[0].attrs.set(name, value);
    return verify_graph(g).ok();
  };
  EXPECT_TRUE(sound("unit", std::string("ln")));
  EXPECT_FALSE(sound("unit", std::string("bel")));
  EXPECT_FALSE(sound("window", std::string("kaiser")));
  EXPECT_FALSE(sound("fft_length", int64_t{100}));
  EXPECT_FALSE(sound("fft_length", int64_t{32}));
  EXPECT_FALSE(sound("fft_length", int64_t{8192}));
  EXPECT_FALSE(sound("frame_length", int64_t{0}));
  EXPECT_FALSE(sound("frame_length", int64_t{1} << 40));
  EXPECT_FALSE(sound("num_filters", int64_t{-1}));
  EXPECT_FALSE(sound("sample_rate", 0.0));
  EXPECT_FALSE(sound("sample_rate", double{NAN}));
  EXPECT_FALSE(sound("low_frequency", 9000.0));
  EXPECT_FALSE(sound("high_frequency", 9000.0));
  EXPECT_FALSE(sound("pre_emphasis", 1.0));
  EXPECT_FALSE(sound("floor", double{INFINITY}));
}

}  // namespace
}  // namespace smelt
