// `smelt run`: files in, files out.
#include <sys/stat.h>

#include "import/import.hpp"
#include "targets/target.hpp"
#include "tests/cli/support.hpp"

namespace smelt {
namespace {

using namespace test;

/// An .npy file, format 1.0, as NumPy's documentation describes it.
std::string npy(const std::string& descr, const std::string& shape, const std::string& content, bool fortran = false) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': (" + shape + "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  return file + header + content;
}

class Run : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& content) { write_text(temp.path() / name, content); }
  std::string got(const std::string& name) { return read_text(temp.path() / name); }
  verify::Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "run");
    return smelt(arguments, temp.path(), "/nonexistent");
  }
  verify::TempDir temp;
};

TEST_F(Run, AsManyRunsAsTheFileHolds) {
  const Known k = known(model("dense"));
  ASSERT_GT(k.runs, 1U);
  put("in.bin", k.inputs[0]);
  ASSERT_TRUE(says(run({model("dense"), "--input", "in.bin", "--output", "out.bin"}), 0));
  EXPECT_EQ(got("out.bin"), k.outputs[0]);
  put("one.bin", k.inputs[0].substr(0, k.inputs[0].size() / k.runs));
  ASSERT_TRUE(says(run({model("dense"), "--input", "one.bin", "--output", "out.bin"}), 0));
  EXPECT_EQ(got("out.bin"), k.outputs[0].substr(0, k.outputs[0].size() / k.runs));
}

TEST_F(Run, AtAnyRingDepth) {
  const Known k = known(model("ds_cnn"));
  put("in.bin", k.inputs[0]);
  for (const char* rings : {"speed", "balanced", "ram"}) {
    ASSERT_TRUE(says(run({model("ds_cnn"), "--input", "in.bin", "--output", "out.bin", "--optimize", rings}), 0));
    EXPECT_EQ(got("out.bin"), k.outputs[0]) << rings;
  }
}

TEST_F(Run, WithTheKernelsOfAnyTarget) {
  const Known k = known(model("ds_cnn"));
  put("in.bin", k.inputs[0]);
  for (const std::string& target : targets::target_names()) {
    ASSERT_TRUE(says(run({model("ds_cnn"), "--input", "in.bin", "--output", "out.bin", "--target", target}), 0));
    EXPECT_EQ(got("out.bin"), k.outputs[0]) << target;
  }
  EXPECT_TRUE(says(run({model("ds_cnn"), "--input", "in.bin", "--target", "cortex-m99"}), 2, {"E0701", "cortex-m55"}));
}

TEST_F(Run, SeveralInputsByNameAndByOrder) {
  const Known k = known(model("two_inputs"));
  put("a.bin", k.inputs[0]);
  put("b.bin", k.inputs[1]);
  for (const std::vector<std::string>& order : {std::vector<std::string>{"a.bin", "b.bin"}, {"in1=b.bin", "in0=a.bin"}, {"a.bin", "in1=b.bin"},
                                                {"b.bin", "in0=a.bin"}}) {
    ASSERT_TRUE(says(run({model("two_inputs"), "--input", order[0], "--input", order[1], "--output", "out.bin"}), 0));
    EXPECT_EQ(got("out.bin"), k.outputs[0]) << order[0];
  }
  EXPECT_TRUE(says(run({model("two_inputs"), "--input", "a.bin"}), 2, {"in1", "--input in1=FILE"}));
  EXPECT_TRUE(says(run({model("two_inputs"), "--input", "a.bin", "--input", "b.bin", "--input", "a.bin"}), 2, {"--input a.bin"}));
  EXPECT_TRUE(says(run({model("two_inputs"), "--input", "in0=a.bin", "--input", "in0=a.bin"}), 2, {"in0=a.bin"}));
  put("longer.bin", k.inputs[1] + k.inputs[1]);
  EXPECT_TRUE(says(run({model("two_inputs"), "--input", "a.bin", "--input", "longer.bin"}), 3, {"E0603", "longer.bin", "runs"}));
}

TEST_F(Run, SeveralOutputs) {
  const Known k = known(model("two_outputs"));
  put("in.bin", k.inputs[0]);
  ASSERT_TRUE(says(run({model("two_outputs"), "--input", "in.bin", "--output", "first.bin", "--output", "second.bin"}), 0));
  EXPECT_EQ(got("first.bin"), k.outputs[0]);
  EXPECT_EQ(got("second.bin"), k.outputs[1]);
  ASSERT_TRUE(says(run({model("two_outputs"), "--input", "in.bin", "--output", "t17=only.bin"}), 0));
  EXPECT_EQ(got("only.bin"), k.outputs[1]);
  EXPECT_TRUE(says(run({model("two_outputs"), "--input", "in.bin", "--output", "a", "--output", "b", "--output", "c"}), 2, {"--output c"}));
  EXPECT_FALSE(fs::exists(temp.path() / "a"));
}

TEST_F(Run, NumPyFiles) {
  const Known k = known(model("dense"));
  const Result<Graph> graph = read_model(model("dense"));
  std::string shape;
  for (int32_t d : graph->at(graph->inputs[0]).shape) shape += std::to_string(d) + ", ";
  put("in.npy", npy("|i1", std::to_string(k.runs) + ", " + shape, k.inputs[0]));
  ASSERT_TRUE(says(run({model("dense"), "--input", "in.npy", "--output", "out.npy"}), 0));
  shape.clear();
  for (int32_t d : graph->at(graph->outputs[0]).shape) shape += std::to_string(d) + ", ";
  EXPECT_EQ(got("out.npy"), npy("|i1", std::to_string(k.runs) + ", " + shape, k.outputs[0]));

  const Known f = known(model("ds_cnn_float"));
  put("f.npy", npy("<f4", std::to_string(f.inputs[0].size() / f.runs / 4), f.inputs[0].substr(0, f.inputs[0].size() / f.runs)));
  EXPECT_TRUE(says(run({model("ds_cnn_float"), "--input", "f.npy", "--output", "out.bin"}), 0));
  EXPECT_EQ(got("out.bin").size(), f.outputs[0].size() / f.runs);
}

TEST_F(Run, NumPyFilesThatDoNotFit) {
  const Known k = known(model("dense"));
  const std::string flat = std::to_string(k.inputs[0].size()) + ",";
  const std::string good = npy("|i1", flat, k.inputs[0]);
  put("type.npy", npy("|u1", flat, k.inputs[0]));
  put("float.npy", npy("<f4", flat, k.inputs[0]));
  put("order.npy", npy("|i1", flat, k.inputs[0], true));
  put("cut.npy", good.substr(0, 40));
  put("short.npy", good.substr(0, 7));
  put("raw.npy", k.inputs[0]);
  for (const char* file : {"type.npy", "float.npy", "order.npy", "cut.npy", "short.npy", "raw.npy"}) {
    EXPECT_TRUE(says(run({model("dense"), "--input", file, "--output", "out.bin"}), 3, {"E0602", file, "numpy.save"}));
  }
  put("size.npy", good + "x");
  EXPECT_TRUE(says(run({model("dense"), "--input", "size.npy"}), 3, {"E0602", "size.npy"}));
}

TEST_F(Run, NumPyShapes) {
  const Known k = known(model("ds_cnn"));
  const Result<Graph> graph = read_model(model("ds_cnn"));
  const Shape& shape = graph->at(graph->inputs[0]).shape;
  ASSERT_EQ(shape.size(), 4U);
  ASSERT_NE(shape[1], shape[2]);
  const std::string h = std::to_string(shape[1]) + ", ", w = std::to_string(shape[2]) + ", ", c = std::to_string(shape[3]) + ", ";
  const std::string n = std::to_string(k.runs) + ", ", size = std::to_string(elements(shape)) + ", ";
  for (const std::string& good : {n + h + w + c, n + "1, " + h + w + c, n + size, n + h + w + (shape[3] == 1 ? "" : c)}) {
    put("in.npy", npy("|i1", good, k.inputs[0]));
    ASSERT_TRUE(says(run({model("ds_cnn"), "--input", "in.npy", "--output", "out.bin"}), 0)) << good;
    EXPECT_EQ(got("out.bin"), k.outputs[0]) << good;
  }
  for (const std::string& bad : {n + w + h + c, h + w + n + c, n + n + h + w + c, std::string("x, y"), std::string("99999999999999999999,")}) {
    put("in.npy", npy("|i1", bad, k.inputs[0]));
    EXPECT_TRUE(says(run({model("ds_cnn"), "--input", "in.npy", "--output", "bad.bin"}), 3, {"E0602", "shape", to_string(shape)})) << bad;
  }
  EXPECT_FALSE(fs::exists(temp.path() / "bad.bin"));
}

TEST_F(Run, OnATerminalResultsStandAlone) {
  const Known k = known(model("dense"));
  put("in.bin", k.inputs[0].substr(0, k.inputs[0].size() / k.runs));
  const std::string command = std::string(SMELT_TOOL) + " run " + model("dense") + " --input in.bin";
  const verify::Ended ended = verify::run_program({"/usr/bin/script", "-qec", command, "/dev/null"}, temp.path(), std::chrono::seconds(60));
  ASSERT_EQ(ended.status, 0) << ended.output;
  // What said that it runs is gone before the first result.
  EXPECT_TRUE(contains(ended.output, "running ...\r\x1b[K  \"")) << ended.output;
}

TEST_F(Run, FilesOfTheWrongSize) {
  const Known k = known(model("dense"));
  put("short.bin", k.inputs[0].substr(1));
  put("empty.bin", "");
  EXPECT_TRUE(says(run({model("dense"), "--input", "short.bin", "--output", "out.bin"}), 3, {"E0603", "short.bin", "bytes"}));
  EXPECT_TRUE(says(run({model("dense"), "--input", "empty.bin", "--output", "out.bin"}), 3, {"E0103", "empty.bin"}));
  EXPECT_TRUE(says(run({model("dense"), "--input", "absent.bin"}), 3, {"absent.bin"}));
  EXPECT_TRUE(says(run({model("dense"), "--input", "."}), 3, {"E0102", "folder"}));
  EXPECT_FALSE(fs::exists(temp.path() / "out.bin"));
}

TEST_F(Run, AFailureLeavesTheOldOutput) {
  const Known k = known(model("dense"));
  put("out.bin", "old");
  put("short.bin", "x");
  EXPECT_TRUE(says(run({model("dense"), "--input", "short.bin", "--output", "out.bin"}), 3));
  EXPECT_EQ(got("out.bin"), "old");
  put("in.bin", k.inputs[0]);
  EXPECT_TRUE(says(run({model("dense"), "--input", "in.bin", "--output", "out.bin/below"}), 3, {"E0601", "out.bin/below"}));
  EXPECT_EQ(got("out.bin"), "old");
  ASSERT_TRUE(says(run({model("dense"), "--input", "in.bin", "--output", "out.bin"}), 0));
  EXPECT_EQ(got("out.bin"), k.outputs[0]);
  EXPECT_EQ(tree(temp.path()).size(), 3U);  // nothing temporary stays
}

TEST_F(Run, LinksAndPipesStayWhatTheyAre) {
  const Known k = known(model("dense"));
  put("in.bin", k.inputs[0]);
  put("out.bin", "old");
  fs::create_symlink("out.bin", temp.path() / "link");
  ASSERT_TRUE(says(run({model("dense"), "--input", "in.bin", "--output", "link"}), 0));
  EXPECT_TRUE(fs::is_symlink(temp.path() / "link"));
  EXPECT_EQ(got("out.bin"), k.outputs[0]);

  ASSERT_EQ(::mkfifo((temp.path() / "pipe").c_str(), 0600), 0);
  const std::string both = "cat pipe >copy & " + std::string(SMELT_TOOL) + " run " + model("dense") +
                           " --input in.bin --output pipe; status=$?; wait; exit $status";
  ASSERT_TRUE(says(verify::run_program({"/bin/sh", "-c", both}, temp.path(), std::chrono::seconds(60)), 0));
  EXPECT_TRUE(fs::is_fifo(temp.path() / "pipe"));
  EXPECT_EQ(got("copy"), k.outputs[0]);
  const std::string piped = std::string(SMELT_TOOL) + " run " + model("dense") + " --input in.bin --output /dev/stdout | cat >copy";
  ASSERT_TRUE(says(verify::run_program({"/bin/sh", "-c", piped}, temp.path(), std::chrono::seconds(60)), 0));
  EXPECT_EQ(got("copy"), k.outputs[0]);
  fs::create_directory(temp.path() / "folder");
  EXPECT_TRUE(says(run({model("dense"), "--input", "in.bin", "--output", "folder"}), 3, {"E0601", "folder"}));
}

TEST_F(Run, TellsWhatItDid) {
  const Known k = known(model("dense"));
  put("in.bin", k.inputs[0]);
  const verify::Ended ended = run({model("dense"), "--input", "in.bin", "--output", "out.bin", "--json"});
  ASSERT_TRUE(says(ended, 0));
  const Json json = json_of(ended);
  EXPECT_EQ(json.at("model"), "dense.tflite");
  EXPECT_EQ(json.at("runs"), k.runs);
  EXPECT_EQ(json.at("outputs").at(0).at("file"), "out.bin");
  EXPECT_TRUE(says(run({model("dense"), "--input", "in.bin"}), 0, {"i8"}));  // for people: the values
}

}  // namespace
}  // namespace smelt
