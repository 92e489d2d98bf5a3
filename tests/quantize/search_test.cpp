// The search for the cheapest mix, and the metrics that it goes by.
#include "quantize/search.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "tests/golden.hpp"

namespace smelt::quantize {
namespace {

class Mix : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<Graph> read = read_model(std::string(SMELT_SOURCE_DIR) + "/tests/models/ds_cnn_float.tflite");
    ASSERT_TRUE(read) << read.failure().to_string();
    graph_ = *read;
    test_.runs = test::known_answers(graph_).inputs;
    PassLog log;
    PipelineOptions options;
    options.writable = true;
    run_passes(graph_, log, options);
    Result<Calibration> calibration = calibrate(graph_, test_.runs);
    ASSERT_TRUE(calibration);
    calibration_ = *calibration;
  }

  Found found(double max_drop, const Settings& settings = {}) {
    const Result<double> of_float = measure(graph_, nullptr, test_);
    EXPECT_TRUE(of_float);
    Result<Found> f = search(graph_, calibration_, settings, test_, *of_float, max_drop);
    EXPECT_TRUE(f) << f.failure().to_string();
    return *f;
  }

  Graph graph_;
  Calibration calibration_;
  TestSet test_;
};

TEST_F(Mix, WithoutALimitNothingIsRaised) {
  const Found f = found(1e9);
  EXPECT_TRUE(f.within);
  EXPECT_EQ(f.trials.size(), 1U);
  EXPECT_TRUE(f.settings.forms.empty());
}

TEST_F(Mix, ATighterLimitTakesMoreBitsAndHolds) {
  Settings coarse;
  coarse.powers_of_two = true;
  const double loose = found(1e9, coarse).trials[0].drop;
  ASSERT_GT(loose, 0);
  const Found f = found(loose * 0.8, coarse);
  EXPECT_TRUE(f.within);
  EXPECT_FALSE(f.settings.forms.empty());
  const Result<double> again = measure(graph_, &f.quantized.graph, test_);
  ASSERT_TRUE(again);
  EXPECT_LE(drop(test_.metric, 0, *again), loose * 0.8);
  // What was raised is needed: without any of it the limit is broken.
  for (const auto& [name, form] : f.settings.forms) {
    Settings without = f.settings;
    without.forms.erase(name);
    const Result<Quantized> q = quantize(graph_, calibration_, without);
    ASSERT_TRUE(q);
    const Result<double> value = measure(graph_, &q->graph, test_);
    ASSERT_TRUE(value);
    EXPECT_GT(drop(test_.metric, 0, *value), loose * 0.8) << name;
  }
}

TEST_F(Mix, WhatCannotBeReachedIsSaid) {
  Settings settings;
  settings.io = Form::int8;  // the outputs stay rounded, whatever the layers do
  EXPECT_FALSE(found(1e-9, settings).within);
}

TEST_F(Mix, AccuracyCountsLabels) {
  test_.metric = Metric::accuracy;
  const TensorId out = graph_.outputs[0];
  for (const auto& run : test_.runs) {
    const std::vector<float> scores = real(graph_.at(out), evaluate(graph_, run)[static_cast<size_t>(out)].bytes);
    test_.labels.push_back(static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  test_.labels[0] += 1;  // one of them wrong
  const Result<double> value = measure(graph_, nullptr, test_);
  ASSERT_TRUE(value);
  const auto n = static_cast<double>(test_.runs.size());
  EXPECT_DOUBLE_EQ(*value, 100 * (n - 1) / n);
}

}  // namespace
}  // namespace smelt::quantize
