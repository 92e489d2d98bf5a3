// What the reader refuses, and how it says so; models written here as Keras describes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "import/file.hpp"
#include "import/import.hpp"
#include "import/keras.hpp"
#include "ops/op.hpp"
#include "tests/import/archive.hpp"
#include "tests/keras/models.hpp"

namespace smelt {
namespace {

using namespace test;
using testing::archive;

/// An HDF5 file without weights.
std::string no_weights() {
  const Result<Bytes> bytes = read_file(std::string(SMELT_SOURCE_DIR) + "/tests/import/hdf5/cycle.h5");
  return {bytes->begin(), bytes->end()};
}

Bytes keras_of(const std::string& config, const std::string& version = "3.15.0") {
  return archive({{"config.json", config},
                  {"metadata.json", R"({"keras_version": ")" + version + R"("})"},
                  {"model.weights.h5", no_weights()}});
}

std::string layer(const std::string& cls, const std::string& config,
                  const std::string& more = R"("module": "keras.layers", "registered_name": null)") {
  return R"({"class_name": ")" + cls + R"(", "config": )" + config + ", " + more + "}";
}

std::string sequential(const std::vector<std::string>& layers, const std::string& shape = "[null, 4, 3]") {
  std::string list = layer("InputLayer", R"({"batch_shape": )" + shape + R"(, "dtype": "float32", "name": "x"})");
  for (const std::string& l : layers) list += ", " + l;
  return R"({"class_name": "Sequential", "config": {"name": "s", "layers": [)" + list + "]}}";
}

Result<Graph> parse(const Bytes& bytes, const std::map<std::string, Shape>& shapes = {}) {
  return parse_keras(bytes, "some.keras", shapes);
}

std::vector<std::string> codes(const Result<Graph>& graph) {
  std::vector<std::string> all;
  if (graph) return all;
  for (const Diagnostic& d : graph.failure().diagnostics) all.push_back(d.code);
  return all;
}

using Codes = std::vector<std::string>;

TEST(KerasReader, TakesAnHonestDescription) {
  const Result<Graph> graph = parse(keras_of(
      sequential({layer("ReLU", R"({"name": "r", "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0})")})));
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(graph->nodes.size(), 1u);
  EXPECT_EQ(graph->nodes[0].op, "relu6");
  EXPECT_EQ(graph->at(graph->inputs[0]).name, "x");
  EXPECT_EQ(graph->at(graph->inputs[0]).shape, (Shape{1, 4, 3}));
}

TEST(KerasReader, IsChosenByContent) {
  for (const char* name : {"dense.h5", "states.keras"}) {
    const std::string path = std::string(SMELT_SOURCE_DIR) + "/tests/keras/" + name;
    const Result<Graph> graph = read_model(path);
    ASSERT_TRUE(graph) << graph.failure().to_string();
    EXPECT_GT(graph->outputs.size(), 1u);
    const Result<Graph> other = read_model(path, {{{"nobody", {1}}}});
    EXPECT_EQ(codes(other), Codes{"E0002"});
  }
}

TEST(KerasReader, NamesEveryCustomObject) {
  const std::string custom = R"("module": "__main__", "registered_name": "Mine>Swirl")";
  const Result<Graph> graph =
      parse(keras_of(sequential({layer("Swirl", R"({"name": "a"})", custom), layer("Lambda", R"({"name": "b"})"),
                                 layer("ConvLSTM2D", R"({"name": "c"})"), layer("ReLU", "{}")})));
  EXPECT_EQ(codes(graph), (Codes{"E0312", "E0312", "E0311"}));
  const std::string said = graph.failure().to_string();
  for (const char* part : {"layer 1 \"a\" (Swirl)", "layer 2 \"b\" (Lambda)", "layer 3 \"c\" (ConvLSTM2D)"}) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
  }
  const std::string function =
      R"({"class_name": "function", "config": "wobble", "module": "__main__", "registered_name": "wobble"})";
  const Result<Graph> activated =
      parse(keras_of(sequential({layer("Activation", R"({"name": "a", "activation": )" + function + "}")})));
  EXPECT_EQ(codes(activated), Codes{"E0312"});
  EXPECT_NE(activated.failure().to_string().find("wobble"), std::string::npos);
}

TEST(KerasReader, AsksForOpenDimensions) {
  const Bytes bytes = keras_of(sequential({layer("ReLU", "{}")}, "[null, null, 3]"));
  const Result<Graph> open = parse(bytes);
  EXPECT_EQ(codes(open), Codes{"E0207"});
  EXPECT_NE(open.failure().to_string().find("--shape x=1xNx3"), std::string::npos) << open.failure().to_string();
  const Result<Graph> told = parse(bytes, {{"x", {1, 7, 3}}});
  ASSERT_TRUE(told) << told.failure().to_string();
  EXPECT_EQ(told->at(told->outputs[0]).shape, (Shape{1, 7, 3}));
  EXPECT_EQ(codes(parse(bytes, {{"x", {1, 7, 4}}})), Codes{"E0002"});
  EXPECT_EQ(codes(parse(bytes, {{"x", {1, 7}}})), Codes{"E0002"});
  EXPECT_EQ(codes(parse(bytes, {{"x", {1, 7, 3}}, {"y", {1}}})), Codes{"E0002"});
}

TEST(KerasReader, TurnsBytesOfImagesIntoFloats) {
  std::string config = sequential({layer("Rescaling", R"({"scale": 0.5, "offset": [1, 2, 3]})")});
  config.replace(config.find("float32"), 7, "uint8");
  const Result<Graph> graph = parse(keras_of(config));
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(graph->at(graph->inputs[0]).dtype, DType::u8);
  const Bytes input = {0, 1, 2, 250, 251, 252, 3, 4, 5, 6, 7, 8};
  const std::vector<Value> values = evaluate(*graph, {input});
  const auto* y = values[static_cast<size_t>(graph->outputs[0])].as<float>();
  for (size_t i = 0; i < input.size(); ++i)
    EXPECT_EQ(y[i], static_cast<float>(input[i]) / 2 + 1 + static_cast<float>(i % 3));
}

TEST(KerasReader, HardSigmoidDependsOnTheVersion) {
  const auto slope = [](const char* version) {
    const Result<Graph> graph =
        parse(keras_of(sequential({layer("Activation", R"({"activation": "hard_sigmoid"})")}), version));
    return graph ? graph->nodes.at(0).attrs.f("alpha") : -1;
  };
  EXPECT_NEAR(slope("2.15.0"), 0.2, 1e-9);
  EXPECT_NEAR(slope("3.0.1"), 1.0 / 6, 1e-9);
}

TEST(KerasReader, RefusesWhatIsNoModel) {
  EXPECT_EQ(codes(parse(archive({{"a.txt", "x"}}))), Codes{"E0140"});
  EXPECT_EQ(codes(parse(keras_of("{"))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of("[]"))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of(std::string(1000, '[')))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of(R"({"class_name": "Mine", "config": {}})"))), Codes{"E0140"});
  EXPECT_EQ(codes(parse(keras_of(R"({"class_name": "Functional", "config": {"layers": []}})"))), Codes{"E0141"});
  const Bytes weights_only = *read_file(std::string(SMELT_SOURCE_DIR) + "/tests/import/hdf5/arrays.h5");
  EXPECT_EQ(codes(parse(weights_only)), Codes{"E0140"});
}

TEST(KerasReader, RefusesWhatDoesNotFit) {
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("Dense", R"({"units": 2})")})))), Codes{"E0142"}) << "no weights";
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("Flatten", R"({"data_format": "channels_first"})")})))),
            Codes{"E0301"});
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("Reshape", R"({"target_shape": [5]})")})))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("Cropping1D", R"({"cropping": [2, 2]})")})))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("ZeroPadding1D", R"({"padding": "much"})")})))), Codes{"E0141"});
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("MaxPooling2D", "{}")})))), Codes{"E0303"});
  EXPECT_EQ(codes(parse(keras_of(sequential({layer("Softmax", R"({"axis": 7})")})))), Codes{"E0303"});
}

/// Each model uses the one within it ten times, and does nothing.
TEST(KerasReader, BearsModelsThatMultiply) {
  std::string model = layer("ReLU", "{}");
  for (int depth = 0; depth < 12; ++depth) {
    std::string list = model;
    for (int i = 1; i < 3; ++i) list += ", " + model;
    model = layer("Sequential", R"({"layers": [)" + list + "]}");
    if (model.size() > (1 << 20)) break;
  }
  EXPECT_EQ(codes(parse(keras_of(sequential({model})))), Codes{"E0201"});
}

/// Layers that wait for each other.
TEST(KerasReader, BearsCycles) {
  const std::string config = R"({"class_name": "Functional", "config": {"layers": [
    {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [null, 3]}, "inbound_nodes": []},
    {"class_name": "Add", "name": "a", "config": {}, "inbound_nodes": [[["x", 0, 0, {}], ["b", 0, 0, {}]]]},
    {"class_name": "Add", "name": "b", "config": {}, "inbound_nodes": [[["x", 0, 0, {}], ["a", 0, 0, {}]]]}],
    "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]}})";
  EXPECT_EQ(codes(parse(keras_of(config))), Codes{"E0141"});
}

TEST(KerasReader, RefusesWeightsThatAreNotThere) {
  Bytes bytes = keras_file("v2/dense.h5");
  const std::string name = "kernel:0";
  for (auto at = bytes.begin(); (at = std::search(at, bytes.end(), name.begin(), name.end())) != bytes.end(); ++at)
    *at = 'c';
  EXPECT_EQ(codes(parse(bytes)), Codes{"E0142"});
}

class HostileKeras : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileKeras, CutOrChangedAnywhere) {
  const Bytes& good = keras_file(GetParam());
  std::minstd_rand random(3);
  const auto bear = [](const Bytes& bytes) {
    const Bytes exact(bytes);
    const Result<Graph> graph = parse(exact);
    if (graph) {
      EXPECT_TRUE(verify_graph(*graph));
    } else {
      EXPECT_FALSE(graph.failure().diagnostics.empty());
    }
  };
  for (size_t n = 0; n < good.size(); n += 1 + good.size() / 150)
    bear(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(n)));
  for (int round = 0; round < 300; ++round) {
    Bytes changed = good;
    for (uint32_t n = random() % 3; n < 3; ++n) changed[random() % good.size()] = static_cast<uint8_t>(random());
    bear(changed);
  }
}
INSTANTIATE_TEST_SUITE_P(Some, HostileKeras,
                         ::testing::Values("v2/shared.h5", "v3/shared.keras", "v3/bidirectional.h5"),
                         [](const auto& test) {
                           return keras_name({test.param, test.index});
                         });

}  // namespace
}  // namespace smelt
