// `smelt init` and `smelt data`, as they are typed.
#include <nlohmann/json.hpp>

#include "tests/dataset/support.hpp"
#include "verify/process.hpp"

namespace smelt::dataset {
namespace {

using namespace test;
using Json = nlohmann::json;

class Command : public Folder {
 protected:
  verify::Ended run(const std::vector<std::string>& arguments, const fs::path& in) const {
    std::vector<std::string> command = {SMELT_TOOL};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return verify::run_program(command, in, std::chrono::seconds(60));
  }
  void clips() const {
    unsigned seed = 1;
    for (const char* label : {"on", "off"}) {
      for (const char* group : {"ann", "bob", "cat", "dan"}) {
        put(std::string("clips/") + label + "_" + group + "_1.wav", wav(8000, 1, 16, sound(seed++, 8000)));
      }
    }
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Command, FromNothingToCheckedData) {
  clips();
  verify::Ended e = run({"init", "p", "--kind", "audio"}, root_);
  ASSERT_EQ(e.status, 0) << e.output;
  const fs::path p = root_ / "p";
  EXPECT_EQ(run({"init", "p"}, root_).status, 3) << "there already";
  e = run({"data", "import", "../clips", "--label-from", "{label}_{group}_{_}.wav", "--verbose"}, p);
  ASSERT_EQ(e.status, 0) << e.output;
  EXPECT_TRUE(has(e.output, "added ") && has(e.output, "8 recordings, 8.00 s")) << e.output;
  EXPECT_EQ(run({"data", "check"}, p).status, 1) << "no splits yet";
  e = run({"data", "split", "--by", "group", "--json"}, p);
  ASSERT_EQ(e.status, 0) << e.output;
  const Json stats = Json::parse(e.output);
  EXPECT_EQ(stats["splits"]["train"]["recordings"], 4);
  EXPECT_EQ(stats["splits"]["test"]["windows"], 2);
  EXPECT_EQ(stats["labels"]["on"]["seconds"], 4.0);
  EXPECT_EQ(stats["window_samples"], 8000);
  e = run({"data", "check", "--project", "p"}, root_);
  EXPECT_EQ(e.status, 0) << e.output;
  e = run({"data", "list", "--label", "on", "--json"}, p);
  const Json list = Json::parse(e.output);
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["group"], "ann");
  EXPECT_EQ(list[0]["rate"], 8000.0);
  e = run({"data", "stats"}, p);
  EXPECT_TRUE(has(e.output, "p: audio, 8000 Hz, audio; windows of 8,000 samples every 4,000") && has(e.output, "4 groups")) << e.output;
}

TEST_F(Command, Plots) {
  clips();
  ASSERT_EQ(run({"init", "p"}, root_).status, 0);
  const fs::path p = root_ / "p";
  ASSERT_EQ(run({"data", "import", "../clips"}, p).status, 0);
  verify::Ended e = run({"data", "plot", "on_ann_1.wav", "--from", "0.25", "--seconds", "0.5"}, p);
  EXPECT_EQ(e.status, 0);
  EXPECT_TRUE(has(e.output, "0.25 s") && has(e.output, "0.75 s")) << e.output;
  EXPECT_FALSE(has(e.output, "\x1b"));
  ASSERT_EQ(run({"data", "plot", "1", "-o", "x.svg"}, p).status, 0);
  ASSERT_EQ(run({"data", "plot", "1", "-o", "x.html"}, p).status, 0);
  for (const char* file : {"x.svg", "x.html"}) {
    std::ifstream in(p / file);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    EXPECT_TRUE(has(text, "<path d=\"M") && has(text, "off_ann_1.wav")) << file;
  }
  EXPECT_EQ(run({"data", "plot", "1", "--from", "5"}, p).status, 2);
  EXPECT_EQ(run({"data", "plot", "99"}, p).status, 2);
}

TEST_F(Command, MistakesHaveTheirCodes) {
  const auto says = [&](const std::vector<std::string>& arguments, const fs::path& in, int status, const std::string& part) {
    const verify::Ended e = run(arguments, in);
    EXPECT_EQ(e.status, status) << e.output;
    EXPECT_TRUE(has(e.output, part)) << e.output;
  };
  says({"data", "stats"}, root_, 3, "E1001");
  says({"data"}, root_, 2, "subcommand");
  says({"data", "melt"}, root_, 2, "smelt data --help");
  ASSERT_EQ(run({"init", "p"}, root_).status, 0);
  says({"data", "import", "absent"}, root_ / "p", 3, "E0101");
  says({"data", "import", ".", "--label-from", "{labl}.csv"}, root_ / "p", 3, "E1022");
  put("d/a.csv", "x\n1\n2\n");
  says({"data", "import", "../d", "--label-from", "{labl}.csv"}, root_ / "p", 2, "E1021");
  says({"data", "import", "../d"}, root_ / "p", 3, "E1014");
  says({"data", "import", "../d", "--rate", "10", "--label-from", "{label}.csv"}, root_ / "p", 0, "1 recording");
  says({"data", "forget", "a.csv"}, root_ / "p", 0, "1 file forgotten");
  says({"data", "check"}, root_ / "p", 1, "no recordings");
  put("p/smelt.toml", "[data]\nrte = 3\n");
  says({"data", "stats"}, root_ / "p", 3, "smelt.toml:2");
}

TEST_F(Command, EveryCommandHelpsWithExamples) {
  for (const char* sub : {"import", "list", "stats", "plot", "split", "check", "forget"}) {
    const verify::Ended e = run({"data", sub, "--help"}, root_);
    EXPECT_EQ(e.status, 0);
    EXPECT_TRUE(has(e.output, "Examples:") && has(e.output, std::string("smelt data ") + sub) && has(e.output, "--json")) << e.output;
  }
  EXPECT_TRUE(has(run({"init", "--help"}, root_).output, "smelt init fan --task classification"));
}

}  // namespace
}  // namespace smelt::dataset
