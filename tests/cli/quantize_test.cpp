// `smelt quantize`.
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

class QuantizeCommand : public ::testing::Test {
 protected:
  void SetUp() override { write_text(temp.path() / "in.bin", known(model("ds_cnn_float")).inputs[0]); }
  verify::Ended quantize(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"quantize", model("ds_cnn_float"), "--calibrate", "in.bin"});
    return smelt(arguments, temp.path(), "/nonexistent");
  }
  verify::TempDir temp;
};

TEST_F(QuantizeCommand, WritesAnIntegerModelThatRuns) {
  const verify::Ended ended = quantize({"-o", "q.tflite", "--report", "q.html", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("file_bytes"), fs::file_size(temp.path() / "q.tflite"));
  EXPECT_LT(json.at("test").at("drop"), 10);
  EXPECT_LT(json.at("constant_bytes"), json.at("float_constant_bytes"));
  for (const Json& layer : json.at("layers")) {
    EXPECT_EQ(layer.at("form"), "int8");
    for (const char* key : {"name", "op", "shape", "observed", "range", "snr_db", "own_snr_db", "macs", "bytes", "hurts"}) {
      EXPECT_TRUE(layer.contains(key)) << key;
    }
  }
  const Json inspected = json_of(smelt({"inspect", "q.tflite", "--json"}, temp.path()));
  EXPECT_EQ(inspected.at("inputs").at(0).at("type"), "i8");
  EXPECT_TRUE(says(smelt({"compile", "q.tflite", "-o", "out"}, temp.path()), 0));
  const std::string page = read_text(temp.path() / "q.html");
  EXPECT_TRUE(contains(page, "<svg"));
  for (const char* outside : {"http:", "https:", "<script", "src="}) EXPECT_FALSE(contains(page, outside)) << outside;
}

TEST_F(QuantizeCommand, TheSameDataGivesTheSameBytes) {
  ASSERT_TRUE(says(quantize({"-o", "a.tflite", "--range", "mse", "--equalize"}), 0));
  ASSERT_TRUE(says(quantize({"-o", "b.tflite", "--range", "mse", "--equalize"}), 0));
  EXPECT_EQ(read_text(temp.path() / "a.tflite"), read_text(temp.path() / "b.tflite"));
}

TEST_F(QuantizeCommand, SingleLayersAndPorts) {
  const Json json = json_of(quantize({"--io", "float32", "-o", "q.tflite", "--json"}));
  const std::string first = json.at("layers").at(0).at("name");
  const Json inspected = json_of(smelt({"inspect", "q.tflite", "--json"}, temp.path()));
  EXPECT_EQ(inspected.at("inputs").at(0).at("type"), "f32");
  EXPECT_EQ(json_of(quantize({"--layer", first + "=float32", "--json"})).at("layers").at(0).at("form"), "float32");
}

TEST_F(QuantizeCommand, ALimitThatCannotHoldIsAMismatch) {
  EXPECT_TRUE(says(quantize({"--io", "integer", "--max-drop", "0.000001"}), 0));  // all in floats, inputs and outputs, too
  EXPECT_TRUE(says(quantize({"--scheme", "int8-pow2", "--max-drop", "50"}), 0, {"deviates by"}));
}

TEST_F(QuantizeCommand, MistakesAreNamed) {
  EXPECT_TRUE(says(quantize({"--metric", "accuracy"}), 2, {"E0903", "--labels"}));
  EXPECT_TRUE(says(quantize({"--layer", "nothing"}), 2, {"E0903", "NAME=int8"}));
  EXPECT_TRUE(says(quantize({"--layer", "nothing=int8"}), 2, {"E0903", "no layer of that name"}));
  EXPECT_TRUE(says(quantize({"--pixels", "one"}), 2, {"E0903", "0..1"}));
  EXPECT_TRUE(says(quantize({"--metric", "reconstruction"}), 2, {"E0903", "autoencoders"}));
  EXPECT_TRUE(says(quantize({"--raw-type", "i1", "--test", "/nonexistent"}), 3, {"E0101"}));
  EXPECT_TRUE(says(smelt({"quantize", model("ds_cnn"), "--calibrate", "in.bin"}, temp.path()), 3, {"E0904", "float model"}));
  EXPECT_TRUE(says(smelt({"quantize", model("ds_cnn_float")}, temp.path()), 2, {"--calibrate"}));
}

}  // namespace
}  // namespace smelt
