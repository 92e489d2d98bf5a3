// Real models quantized here, against their float originals and the integer models that others published.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "data/dataset.hpp"
#include "import/file.hpp"
#include "import/import.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "quantize/search.hpp"

namespace smelt::quantize {
namespace {

namespace fs = std::filesystem;

class SlowMlperf : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("SMELT_DATA_DIR");
    if (data == nullptr) GTEST_SKIP() << "SMELT_DATA_DIR is not set";
    data_ = data;
  }

  Graph model(const std::string& file) const {
    Result<Graph> graph = read_model((data_ / "models/mlperf_tiny" / file).string());
    EXPECT_TRUE(graph) << graph.failure().to_string();
    PassLog log;
    PipelineOptions options;
    options.writable = true;
    run_passes(*graph, log, options);
    return *graph;
  }

  static data::Dataset dataset(const fs::path& path, const Graph& graph, const data::Source& source) {
    Result<data::Dataset> read = data::load_dataset(path.string(), graph, source);
    EXPECT_TRUE(read) << read.failure().to_string();
    return *read;
  }

  static Quantized quantized(const Graph& graph, const Runs& runs) {
    const Result<Calibration> calibration = calibrate(graph, runs, {false, {}});
    EXPECT_TRUE(calibration) << calibration.failure().to_string();
    Result<Quantized> q = quantize(graph, *calibration, {});
    EXPECT_TRUE(q) << q.failure().to_string();
    return *q;
  }

  static double measured(const Graph& graph, const Graph* quantized, const TestSet& test) {
    const Result<double> value = measure(graph, quantized, test);
    EXPECT_TRUE(value) << value.failure().to_string();
    return *value;
  }

  fs::path data_;
};

TEST_F(SlowMlperf, ImageClassificationLosesNoHalfPoint) {
  const Graph graph = model("ic_float.tflite");
  data::Source source;
  source.white = 255;
  source.limit = 200;
  const Quantized q = quantized(graph, dataset(data_ / "cifar10/train", graph, source).runs);
  source.limit = 0;
  const data::Dataset images = dataset(data_ / "cifar10/test", graph, source);
  const Result<std::vector<int>> labels = data::load_labels("folders", images.names, {});
  ASSERT_TRUE(labels);
  const TestSet test{images.runs, *labels, Metric::accuracy};
  const double of_float = measured(graph, nullptr, test), of_quantized = measured(graph, &q.graph, test);
  RecordProperty("float", std::to_string(of_float));
  RecordProperty("quantized", std::to_string(of_quantized));
  EXPECT_GT(of_float, 70);
  EXPECT_GE(of_quantized, of_float - 0.5);
}

/// Calibrated on one half of the recordings, tested on the other, both ways.
TEST_F(SlowMlperf, KeywordSpottingKeepsItsAccuracy) {
  const Graph graph = model("kws_float.tflite");
  const Graph published = model("kws_int8.tflite");
  const Quantization& in = published.at(published.inputs[0]).quant;
  data::Source source;
  source.raw_type = "i1";
  source.scale = in.scale[0];
  source.zero = in.zero_point[0];
  const data::Dataset all = dataset(data_ / "kws01/features_int8.bin", graph, source);
  const Result<std::vector<int>> labels = data::load_labels((data_ / "kws01/labels.csv").string(), all.names, {});
  ASSERT_TRUE(labels) << labels.failure().to_string();
  ASSERT_EQ(all.runs.size(), 500U);
  double right = 0, right_in_floats = 0;
  for (const size_t half : {0U, 1U}) {
    Runs calibration;
    TestSet test{{}, {}, Metric::accuracy};
    for (size_t r = 0; r < all.runs.size(); ++r) {
      if (r % 2 == half) {
        calibration.push_back(all.runs[r]);
      } else {
        test.runs.push_back(all.runs[r]);
        test.labels.push_back((*labels)[r]);
      }
    }
    const Quantized q = quantized(graph, calibration);
    for (const Layer& layer : q.layers) EXPECT_EQ(layer.form, Form::int8) << layer.name;
    right_in_floats += measured(graph, nullptr, test) / 2;
    right += measured(graph, &q.graph, test) / 2;
  }
  RecordProperty("float", std::to_string(right_in_floats));
  RecordProperty("quantized", std::to_string(right));
  EXPECT_GE(right, 89.5);
}

/// Inputs as the published model's own input tensor would hold them: a quarter of them to test, the others to calibrate.
TEST_F(SlowMlperf, AutoencoderReconstructsWithinOnePercent) {
  const Graph graph = model("ad_float.tflite");
  const Graph published = model("ad_int8.tflite");
  const Quantization& in = published.at(published.inputs[0]).quant;
  Runs runs;
  for (int i = 0; i < 16; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "golden/ad/in_%02d.bin", i);
    const Result<Bytes> bytes = read_file((data_ / name).string());
    ASSERT_TRUE(bytes);
    Bytes real_bytes(bytes->size() * sizeof(float));
    for (size_t k = 0; k < bytes->size(); ++k) {
      reinterpret_cast<float*>(real_bytes.data())[k] = in.scale[0] * static_cast<float>(static_cast<int8_t>((*bytes)[k]) - in.zero_point[0]);
    }
    runs.push_back({real_bytes});
  }
  const Quantized q = quantized(graph, Runs(runs.begin(), runs.begin() + 12));
  const TestSet test{Runs(runs.begin() + 12, runs.end()), {}, Metric::reconstruction};
  const double of_float = measured(graph, nullptr, test), of_quantized = measured(graph, &q.graph, test);
  EXPECT_LT(std::abs(of_quantized / of_float - 1), 0.01);
}

/// Logits: what the last layer before the softmax makes.
TEST_F(SlowMlperf, VisualWakeWordsIsAsNearToFloatAsThePublishedModel) {
  const Graph graph = model("vww_float.tflite");
  const Graph published = model("vww_int8.tflite");
  data::Source source;
  source.limit = 60;
  const Quantized q = quantized(graph, dataset(data_ / "cifar10/train", graph, source).runs);
  source.limit = 50;
  const data::Dataset images = dataset(data_ / "cifar10/test", graph, source);
  const auto logits = [](const Graph& g) { return g.nodes.at(static_cast<size_t>(g.producer(g.outputs[0]))).in(0); };
  const auto values = [&](const Graph& g, const std::vector<Bytes>& run) {
    const TensorId id = logits(g);
    return real(g.at(id), evaluate(g, run)[static_cast<size_t>(id)].bytes);
  };
  double ours = 0, theirs = 0;
  for (const auto& run : images.runs) {
    const std::vector<float> wanted = values(graph, run);
    const std::vector<float> a = values(q.graph, stored_inputs(graph, q.graph, run));
    const std::vector<float> b = values(published, stored_inputs(graph, published, run));
    for (size_t i = 0; i < wanted.size(); ++i) {
      ours += std::pow(static_cast<double>(a[i] - wanted[i]), 2);
      theirs += std::pow(static_cast<double>(b[i] - wanted[i]), 2);
    }
  }
  RecordProperty("ours", std::to_string(ours));
  RecordProperty("published", std::to_string(theirs));
  EXPECT_LE(ours, theirs);
}

}  // namespace
}  // namespace smelt::quantize
