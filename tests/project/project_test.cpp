// smelt.toml: what is written, read, filled in and refused.
#include "project/project.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace smelt::project {
namespace {

namespace fs = std::filesystem;

class ProjectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("smelt-project-" + std::to_string(getpid()) + "-" + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(const std::string& text) const { std::ofstream(root_ / "smelt.toml", std::ios::binary) << text; }
  std::string content(const fs::path& folder) const {
    std::ifstream in(folder / "smelt.toml", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  fs::path root_;
};

TEST_F(ProjectTest, WhatInitWritesIsRead) {
  const Result<Project> p = create(root_ / "my \"fan\"", "anomaly");
  ASSERT_TRUE(p) << p.failure().to_string();
  EXPECT_EQ(p->name, "my \"fan\"");
  EXPECT_EQ(p->task, "anomaly");
  EXPECT_EQ(p->data.kind, Kind::unknown);
  EXPECT_EQ(p->data.rate, 0);
  EXPECT_TRUE(p->data.axes.empty());
  EXPECT_EQ(p->window.length(200), 200);
  EXPECT_EQ(p->window.stride(200), 100);
  EXPECT_FALSE(p->split.by_group);
  EXPECT_EQ(p->split.proportions[0], 60);
  const Result<Project> again = create(root_ / "my \"fan\"", "anomaly");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.failure().diagnostics[0].code, "E1003");
}

TEST_F(ProjectTest, TheRootIsFoundFromBelow) {
  ASSERT_TRUE(create(root_ / "a", "classification"));
  fs::create_directories(root_ / "a/b/c");
  const Result<fs::path> found = find_root(root_ / "a/b/c");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, root_ / "a");
  const Result<fs::path> none = find_root("/");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.failure().diagnostics[0].code, "E1001");
}

TEST_F(ProjectTest, TheFirstImportFillsInWhatIsOpenAndNothingElse) {
  put("# mine\n[data]\n# kind = \"sensor\"  # a hint\n# rate = 100\nlabels = [\"b\", \"a\"]  # order\n\n[network]\nlayers = 3\n");
  Result<Project> p = load(root_);
  ASSERT_TRUE(p);
  ASSERT_TRUE(complete(*p, Kind::sensor, 62.5, {"ax", "a\"y"}));
  EXPECT_EQ(content(root_),
            "# mine\n[data]\naxes = [\"ax\", \"a\\\"y\"]\nkind = \"sensor\"\nrate = 62.5\nlabels = [\"b\", \"a\"]  # order\n\n[network]\nlayers = 3\n");
  EXPECT_EQ(p->data.rate, 62.5);
  EXPECT_EQ(p->data.axes, (std::vector<std::string>{"ax", "a\"y"}));
  EXPECT_EQ(p->data.labels, (std::vector<std::string>{"b", "a"}));
  ASSERT_TRUE(complete(*p, Kind::audio, 1, {"z"})) << "what is there stays";
  EXPECT_EQ(p->data.kind, Kind::sensor);
  EXPECT_EQ(p->data.rate, 62.5);
}

TEST_F(ProjectTest, AFileWithoutTheSectionGetsOne) {
  put("[project]\nname = \"x\"");
  Result<Project> p = load(root_);
  ASSERT_TRUE(p);
  ASSERT_TRUE(complete(*p, Kind::image, 0, {}));
  EXPECT_EQ(p->data.kind, Kind::image);
}

TEST_F(ProjectTest, MistakesAreToldAllAtOnceWithTheirLines) {
  put("[project]\ntask = \"juggling\"\n[data]\nrte = 3\nrate = -1\nkind = 7\naxes = [\"x\", \"x\"]\n[window]\nlength_ms = 1\nlength_samples = 2\n"
      "[split]\nproportions = [1, 2]\n[blocks]\nanything = true\n");
  const Result<Project> p = load(root_);
  ASSERT_FALSE(p);
  std::string all = p.failure().to_string();
  for (const char* part : {"smelt.toml:2: 'task'", ":4: unknown field 'rte' in [data]", ":5: 'rate'", ":6: 'kind'", ":7: \"x\" is named twice",
                           ":9: give either 'length_ms'", ":12: 'proportions'"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
  }
  EXPECT_EQ(p.failure().diagnostics.size(), 7U) << all;
  for (const Diagnostic& d : p.failure().diagnostics) EXPECT_EQ(d.code, "E1002");
  put("[data\n");
  const Result<Project> torn = load(root_);
  ASSERT_FALSE(torn);
  EXPECT_NE(torn.failure().to_string().find("smelt.toml:1"), std::string::npos) << torn.failure().to_string();
}

TEST(Window, MillisecondsBecomeSamples) {
  Window w;
  EXPECT_EQ(w.length(100), 0);
  w.length_ms = 640;
  EXPECT_EQ(w.length(200), 128);
  EXPECT_EQ(w.stride(200), 128) << "a whole window by default";
  EXPECT_EQ(w.length(0), 0) << "no rate, no length";
  w.stride_ms = 0.001;
  EXPECT_EQ(w.stride(200), 1) << "never none";
  w.length_samples = 50;
  EXPECT_EQ(w.length(0), 50);
}

}  // namespace
}  // namespace smelt::project
