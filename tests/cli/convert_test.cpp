// `smelt convert`.
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

TEST(Convert, WritesAModelOfTheSameAnswers) {
  const verify::TempDir temp;
  for (const char* name : {"ds_cnn", "residual", "pad_conv", "dense"}) {
    SCOPED_TRACE(name);
    const Known k = known(model(name));
    for (const std::vector<std::string>& extra : {std::vector<std::string>{}, {"--as-read"}}) {
      std::vector<std::string> arguments{"convert", model(name), "-o", "again.tflite", "--json"};
      arguments.insert(arguments.end(), extra.begin(), extra.end());
      const verify::Ended ended = smelt(arguments, temp.path());
      ASSERT_TRUE(says(ended, 0));
      EXPECT_EQ(json_of(ended).at("bytes"), fs::file_size(temp.path() / "again.tflite"));
      write_text(temp.path() / "in.bin", k.inputs[0]);
      ASSERT_TRUE(says(smelt({"run", "again.tflite", "--input", "in.bin", "--output", "out.bin"}, temp.path()), 0));
      EXPECT_EQ(read_text(temp.path() / "out.bin"), k.outputs[0]);
    }
  }
}

TEST(Convert, SaysWhatItCannotDo) {
  const verify::TempDir temp;
  EXPECT_TRUE(says(smelt({"convert", model("dense")}, temp.path()), 2, {"--output"}));
  EXPECT_TRUE(says(smelt({"convert", model("dense"), "-o", "/dev/null/x.tflite"}, temp.path()), 3, {"E0601"}));
  EXPECT_TRUE(says(smelt({"convert", "/nonexistent.tflite", "-o", "x.tflite"}, temp.path()), 3));
}

}  // namespace
}  // namespace smelt
