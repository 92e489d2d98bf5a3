// What the reader of ONNX files makes of odd, wrong and hostile ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "import/file.hpp"
#include "tests/onnx/model.hpp"

namespace smelt {
namespace {

namespace fs = std::filesystem;
using test::OnnxModel;

/// All of a failure in one text; empty for a graph.
std::string said(const Result<Graph>& graph) { return graph ? "" : graph.failure().to_string(); }

void expect_says(const Result<Graph>& graph, const std::string& code, const std::string& words) {
  EXPECT_NE(said(graph).find("error[" + code + "]"), std::string::npos) << code << " " << words << "\n" << said(graph);
  EXPECT_NE(said(graph).find(words), std::string::npos) << code << " " << words << "\n" << said(graph);
}

OnnxModel relu() {
  OnnxModel m;
  m.input("x", {1, 4});
  m.node("Relu", {"x"}, {"y"});
  m.output("y");
  return m;
}

TEST(OnnxReader, TakesTheOrderOfNodesFromWhatTheyRead) {
  OnnxModel m;
  m.input("x", {1, 4});
  m.node("Tanh", {"a"}, {"y"});
  m.node("Relu", {"x"}, {"a"});
  m.output("y");
  const Result<Graph> g = m.read();
  ASSERT_TRUE(g) << said(g);
  ASSERT_EQ(g->nodes.size(), 2U);
  EXPECT_EQ(g->nodes[0].op, "relu");
  EXPECT_EQ(g->at(g->outputs[0]).name, "y");
}

TEST(OnnxReader, RefusesCyclesAndNamesThatAreMadeTwiceOrNever) {
  OnnxModel cycle;
  cycle.input("x", {1, 4});
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  cycle.output("b");
  expect_says(cycle.read(), "E0418", "cycle");
  OnnxModel self = relu();
  self.graph().mutable_node(0)->set_input(0, "y");
  expect_says(self.read(), "E0418", "cycle");
  OnnxModel twice = relu();
  twice.node("Tanh", {"x"}, {"y"});
  expect_says(twice.read(), "E0418", "made twice");
  OnnxModel never = relu();
  never.graph().mutable_node(0)->set_input(0, "z");
  expect_says(never.read(), "E0418", "nothing makes it");
  OnnxModel shadow = relu();
  shadow.node("Tanh", {"y"}, {"x"});
  shadow.output("x");
  expect_says(shadow.read(), "E0418", "");
}

TEST(OnnxReader, NamesAllThatIsNotSupportedAtOnce) {
  OnnxModel m = relu();
  m.node("If", {"y"}, {"a"});
  m.node("Conjure", {"a"}, {"b"}).set_domain("org.example");
  m.output("b");
  const Result<Graph> g = m.read();
  expect_says(g, "E0311", "If is not supported: node 1");
  expect_says(g, "E0312", "org.example.Conjure is not supported: node 2");
}

TEST(OnnxReader, SaysWhenAFunctionIsTheModelsOwn) {
  OnnxModel m = relu();
  m.node("Twice", {"y"}, {"a"}).set_domain("local");
  m.output("a");
  auto* f = m.proto.add_functions();
  f->set_name("Twice");
  f->set_domain("local");
  expect_says(m.read(), "E0312", "inline functions");
}

TEST(OnnxReader, RefusesAttributesThatItDoesNotKnow) {
  OnnxModel m = relu();
  OnnxModel::attribute(*m.graph().mutable_node(0), "sideways", 1);
  expect_says(m.read(), "E0301", "attribute sideways");
}

TEST(OnnxReader, TakesAnOpenBatchAsOneAndAsksForOtherDimensions) {
  OnnxModel m;
  m.input("x", {-1, 3, -2});
  m.node("Relu", {"x"}, {"y"});
  m.output("y");
  const Result<Graph> open = m.read();
  expect_says(open, "E0207", "dimension 2 (N2) of \"x\"");
  expect_says(open, "E0207", "--shape x=1x3x1");
  const Result<Graph> told = m.read({{{"x", {1, 3, 5}}}});
  ASSERT_TRUE(told) << said(told);
  EXPECT_EQ(told->at(told->inputs[0]).shape, (Shape{1, 3, 5}));
  expect_says(m.read({{{"x", {1, 4, 5}}}}), "E0002", "the file says otherwise");
  expect_says(m.read({{{"x", {1, 3, 5}}, {"z", {1}}}}), "E0002", "no such input");
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(2)->set_dim_value(5);
  const Result<Graph> batch = m.read();
  ASSERT_TRUE(batch) << said(batch);
  EXPECT_EQ(batch->at(batch->inputs[0]).shape, (Shape{1, 3, 5}));
}

TEST(OnnxReader, NamesElementTypesThatItDoesNotRead) {
  OnnxModel m = relu();
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::DOUBLE);
  expect_says(m.read(), "E0313", "DOUBLE");
  OnnxModel f8 = relu();
  f8.constant("w", {1}, {1}).set_data_type(onnx::TensorProto::FLOAT8E4M3FN);
  f8.node("Add", {"y", "w"}, {"z"});
  f8.output("z");
  expect_says(f8.read(), "E0313", "FLOAT8E4M3FN");
  OnnxModel sequence = relu();
  sequence.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
  sequence.graph().mutable_input(0)->mutable_type()->clear_tensor_type();
  expect_says(sequence.read(), "E0313", "sequences");
}

TEST(OnnxReader, TakesOfOperatorSetsBeforeSevenWhatHasNotChanged) {
  OnnxModel m = relu();
  m.proto.mutable_opset_import(0)->set_version(6);
  EXPECT_TRUE(m.read()) << said(m.read());
  OnnxModel::attribute(*m.graph().mutable_node(0), "consumed_inputs", 1);
  expect_says(m.read(), "E0301", "attribute consumed_inputs");
  OnnxModel changed;  // training mode, unless an attribute says otherwise
  changed.proto.mutable_opset_import(0)->set_version(6);
  changed.input("x", {1, 4});
  changed.node("Dropout", {"x"}, {"y"});
  changed.output("y");
  expect_says(changed.read(), "E0108", "Dropout of operator set 6 is not supported: node 0");
  changed.proto.mutable_opset_import(0)->set_version(0);
  expect_says(changed.read(), "E0108", "no operator set");
  changed.proto.mutable_opset_import(0)->set_version(29);
  expect_says(changed.read(), "E0108", "operator set 29");
}

TEST(OnnxReader, BoundsWhatAFileAsksFor) {
  OnnxModel huge = relu();
  huge.integers("s", {1 << 20, 1 << 20});
  huge.node("ConstantOfShape", {"s"}, {"z"});
  huge.output("z");
  expect_says(huge.read(), "E0414", "too large");
  OnnxModel wide;
  wide.input("x", {1 << 14, 1 << 14, 1 << 14});
  wide.node("Relu", {"x"}, {"y"});
  wide.output("y");
  EXPECT_FALSE(wide.read());
  OnnxModel missing = relu();
  missing.constant("w", {1, 4}, {1, 2, 3});
  missing.node("Add", {"y", "w"}, {"z"});
  missing.output("z");
  expect_says(missing.read(), "E0415", "12 bytes");
}

TEST(OnnxReader, RefusesFilesOfManyTinyParts) {
  OnnxModel m = relu();
  for (int i = 0; i < 300'000; ++i) m.graph().add_initializer();
  expect_says(m.read(), "E0201", "more parts");
}

TEST(OnnxReader, SurvivesEveryTruncation) {
  OnnxModel m;
  m.input("x", {1, 2, 5, 5});
  m.constant("w", {3, 2, 3, 3}, std::vector<float>(54, 0.5F));
  m.node("Conv", {"x", "w"}, {"y"});
  m.output("y");
  ASSERT_TRUE(m.read()) << said(m.read());
  const std::string bytes = m.bytes();
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(parse_onnx({reinterpret_cast<const uint8_t*>(bytes.data()), n}, "cut.onnx")) << n;
  }
}

TEST(OnnxReader, SurvivesChangedBytes) {
  std::mt19937 random(1);
  for (const auto& entry : fs::directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests/onnx/models")) {
    if (entry.path().extension() != ".onnx") continue;
    const Result<Bytes> bytes = read_file(entry.path().string());
    ASSERT_TRUE(bytes);
    for (int round = 0; round < 60; ++round) {
      Bytes changed = *bytes;
      for (uint32_t k = random() % 8 + 1; k > 0; --k) changed[random() % changed.size()] = static_cast<uint8_t>(random() >> 8);
      const Result<Graph> graph = parse_onnx(changed, "changed.onnx");
      if (graph) {
        EXPECT_TRUE(verify_graph(*graph));
      } else {
        ASSERT_FALSE(graph.failure().diagnostics.empty());
        for (const Diagnostic& d : graph.failure().diagnostics) EXPECT_FALSE(d.code.empty() || d.place.empty() || d.reason.empty());
      }
    }
  }
}

/// A folder of its own, gone at the end.
class External : public ::testing::Test {
 protected:
  External() : folder(fs::path(SMELT_BINARY_DIR) / "external_data_test") {
    fs::remove_all(folder);
    fs::create_directories(folder / "model/data");
    const float values[4] = {1, 2, 3, 4};
    for (const char* name : {"model/data/w.bin", "outside.bin"}) {
      std::ofstream(folder / name, std::ios::binary).write(reinterpret_cast<const char*>(values), sizeof values);
    }
  }
  ~External() override { fs::remove_all(folder); }

  Result<Graph> read(const std::string& location, const std::string& offset = "0", const std::string& length = "16") const {
    OnnxModel m = relu();
    onnx::TensorProto& w = m.constant("w", {1, 4}, {});
    w.clear_raw_data();
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"location", location}, {"offset", offset}, {"length", length}}) {
      auto* entry = w.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    m.node("Add", {"y", "w"}, {"z"});
    m.graph().mutable_output(0)->set_name("z");
    return m.read({}, (folder / "model/model.onnx").string());
  }

  const fs::path folder;
};

TEST_F(External, DataBesideTheModelIsRead) {
  const Result<Graph> g = read("data/w.bin");
  ASSERT_TRUE(g) << said(g);
  const Node& add = g->nodes.back();
  EXPECT_EQ(g->at(add.in(1)).as<float>()[3], 4);
}

TEST_F(External, NothingOutsideTheFolderIsRead) {
  fs::create_symlink(folder / "outside.bin", folder / "model/link.bin");
  fs::create_directory_symlink(folder, folder / "model/up");
  expect_says(read("../outside.bin"), "E0111", "outside");
  expect_says(read("data/../../outside.bin"), "E0111", "outside");
  expect_says(read("link.bin"), "E0111", "outside");
  expect_says(read("up/outside.bin"), "E0111", "outside");
  expect_says(read((folder / "outside.bin").string()), "E0111", "not beside");
  expect_says(read(std::string("data/w.bin\0x", 12)), "E0111", "not beside");
  expect_says(read(""), "E0111", "not beside");
}

TEST_F(External, LengthsMustFit) {
  expect_says(read("data/w.bin", "4"), "E0111", "16 bytes from 4 on");
  expect_says(read("data/w.bin", "0", "12"), "E0111", "12 bytes");
  expect_says(read("data/w.bin", "-1"), "E0111", "no number");
  expect_says(read("data/w.bin", "9223372036854775807"), "E0111", "is not in");
  expect_says(read("data"), "E0102", "regular");
  expect_says(read("data/v.bin"), "E0101", "does not exist");
}

}  // namespace
}  // namespace smelt
