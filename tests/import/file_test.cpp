#include "import/file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "import/import.hpp"
#include "tests/import/models.hpp"

namespace smelt {
namespace {

namespace fs = std::filesystem;

class ReadModel : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("smelt_file_test_" + std::to_string(getpid()) + "_" +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const Bytes& bytes) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    return path.string();
  }
  std::string write(const std::string& name, const std::string& text) {
    return write(name, Bytes(text.begin(), text.end()));
  }

  static std::string code(const std::string& path) {
    const Result<Graph> graph = read_model(path);
    if (graph) return "read";
    EXPECT_EQ(graph.failure().exit, ExitCode::input);
    EXPECT_EQ(graph.failure().diagnostics.size(), 1u);
    const Diagnostic& d = graph.failure().diagnostics[0];
    EXPECT_EQ(d.place, path);
    EXPECT_FALSE(d.reason.empty());
    EXPECT_FALSE(d.help.empty());
    return d.code;
  }

  fs::path folder_;
};

TEST_F(ReadModel, NamesWhatIsWrongWithTheFile) {
  EXPECT_EQ(code((folder_ / "missing.tflite").string()), "E0101");
  EXPECT_EQ(code(folder_.string()), "E0102");
  EXPECT_EQ(code("/dev/null"), "E0102");
  EXPECT_EQ(code(write("empty.tflite", "")), "E0103");
  EXPECT_EQ(code(write("model.onnx", "something")), "E0107");
  EXPECT_EQ(code(write("model.pb", "something")), "E0105");
  EXPECT_EQ(code(write("notes.txt", "something")), "E0105");
  EXPECT_EQ(code(write("text.tflite", "this is not a model")), "E0106");
  EXPECT_EQ(code(write("short.tflite", "TFL3")), "E0106");
}

TEST_F(ReadModel, RefusesAFileBeyondTheLimitWithoutReadingIt) {
  const std::string path = write("large.tflite", "x");
  fs::resize_file(path, static_cast<uintmax_t>(max_model_bytes) + 1);  // a hole: it takes no room
  const size_t peak = testing::heap_peak([&] { EXPECT_EQ(code(path), "E0104"); });
  EXPECT_LT(peak, size_t{1} << 20);
}

TEST_F(ReadModel, GoesByContentWhateverTheExtension) {
  const Bytes bytes = testing::pack(testing::two_relus().model);
  for (const char* name : {"relus.tflite", "relus.bin", "relus"}) {
    const Result<Graph> graph = read_model(write(name, bytes));
    ASSERT_TRUE(graph) << graph.failure().to_string();
    EXPECT_EQ(graph->name, "relus");
    EXPECT_EQ(graph->nodes.size(), 2u);
  }
}

}  // namespace
}  // namespace smelt
