// `smelt verify` and `profile` on the host: the comparisons, whatever the target.
#include "import/import.hpp"
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

class Verify : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!verify::find_program("c++")) GTEST_SKIP() << "c++ is not installed";
    fs::copy(example / "inputs", temp.path() / "in");
    fs::copy(example / "expect", temp.path() / "out");
  }
  verify::Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"verify", tones, "--target", "host"});
    return smelt(arguments, temp.path());
  }
  verify::TempDir temp;
};

TEST_F(Verify, ExpectedOutputs) {
  const verify::Ended ended = run({"--inputs", "in", "--expect", "out", "--taps", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("bit_exact"), true);
  EXPECT_EQ(json.at("outputs_compared"), 16);
  EXPECT_EQ(json.at("distinct_outputs"), 16);
  // Every operator's tensor of the file but for those of reshapes of the input: 16 times as many.
  const Json operators = json_of(smelt({"inspect", tones, "--json"})).at("operators");
  EXPECT_EQ(json.at("tensors_compared"), 16 * operators.size());
  EXPECT_EQ(json.at("not_compared"), Json::array());
  EXPECT_TRUE(json.at("ram").at("stack_bytes").is_null());
  EXPECT_TRUE(json.at("compiler").is_string());
  EXPECT_TRUE(json.at("flags").is_array());
  EXPECT_TRUE(says(run({"--inputs", "in", "--expect", "out", "--taps"}), 0, {"every bit equal", "16 compared", "16 of them distinct"}));
}

TEST_F(Verify, ADifferenceIsFoundAndNamed) {
  std::string content = read_text(temp.path() / "out/out_03.bin");
  content[1] = static_cast<char>(content[1] ^ 1);
  write_text(temp.path() / "out/out_03.bin", content);
  EXPECT_TRUE(says(run({"--inputs", "in", "--expect", "out"}), 1, {"DIFFERENT", "run 3", "expected", "1 of 4 differ, the first at 1"}));
  const verify::Ended ended = run({"--inputs", "in", "--expect", "out", "--json"});
  ASSERT_TRUE(says(ended, 1));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("bit_exact"), false);
  ASSERT_EQ(json.at("mismatches").size(), 1U);
  EXPECT_EQ(json.at("mismatches")[0].at("run"), 3);
}

TEST_F(Verify, FoldersThatDoNotFit) {
  fs::remove(temp.path() / "out/out_15.bin");
  EXPECT_TRUE(says(run({"--inputs", "in", "--expect", "out"}), 3, {"15 outputs for 16 inputs"}));
  EXPECT_TRUE(says(run({"--inputs", "absent"}), 3, {"absent"}));
  fs::create_directories(temp.path() / "empty");
  EXPECT_TRUE(says(run({"--inputs", "empty"}), 3, {"in_*.bin"}));
  write_text(temp.path() / "in/in_02.bin", "short");
  EXPECT_TRUE(says(run({"--inputs", "in"}), 3, {"in_02.bin", "5 bytes"}));
}

TEST_F(Verify, RandomInputs) {
  const verify::Ended ended = run({"--count", "3", "--json"});
  ASSERT_TRUE(says(ended, 0));
  EXPECT_EQ(json_of(ended).at("outputs_compared"), 3);
  EXPECT_TRUE(json_of(ended).at("tensors_compared").is_null());
  EXPECT_EQ(run({"--count", "3", "--json"}).output, ended.output);  // the same input and options, the same bytes
}

TEST_F(Verify, SeveralInputsInFilesByTheirOrder) {
  const Known k = known(model("two_inputs"));
  fs::create_directories(temp.path() / "two");
  for (size_t r = 0; r < k.runs; ++r) {
    for (size_t i = 0; i < 2; ++i) {
      const size_t size = k.inputs[i].size() / k.runs;
      write_text(temp.path() / "two" / ("in_0" + std::to_string(r) + "_" + std::to_string(i) + ".bin"), k.inputs[i].substr(r * size, size));
    }
    const size_t size = k.outputs[0].size() / k.runs;
    write_text(temp.path() / "two" / ("out_0" + std::to_string(r) + ".bin"), k.outputs[0].substr(r * size, size));
  }
  const verify::Ended ended = smelt({"verify", model("two_inputs"), "--target", "host", "--inputs", "two", "--expect", "two", "--json"}, temp.path());
  ASSERT_TRUE(says(ended, 0));
  EXPECT_EQ(json_of(ended).at("outputs_compared"), k.runs);
}

TEST_F(Verify, FloatsWithinTheTolerance) {
  const verify::Ended ended = smelt({"verify", model("ds_cnn_float"), "--target", "host", "--count", "2", "--taps", "--json"}, temp.path());
  ASSERT_TRUE(says(ended, 0));
  EXPECT_EQ(json_of(ended).at("within_tolerance"), true);
}

TEST_F(Verify, ProfileNamesEveryOperator) {
  const verify::Ended ended = smelt({"profile", tones, "--target", "host", "--json"}, temp.path());
  ASSERT_TRUE(says(ended, 0));
  const Json per_op = json_of(ended).at("instructions").at("per_op");
  ASSERT_FALSE(per_op.empty());
  for (const Json& op : per_op) {
    EXPECT_TRUE(op.at("index").is_number());
    EXPECT_TRUE(op.at("name").is_string());
    EXPECT_TRUE(op.at("op").is_string());
    EXPECT_TRUE(op.at("instructions").is_null());  // the host counts none
  }
}

}  // namespace
}  // namespace smelt
