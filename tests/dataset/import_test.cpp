// Import, reading again, windows.
#include "dataset/import.hpp"

#include <chrono>

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

class Import : public Folder {
 protected:
  ImportReport import(project::Project& project, const ImportOptions& options) const {
    Result<Index> index = Index::open(project.state());
    EXPECT_TRUE(index);
    Result<ImportReport> report = dataset::import(project, *index, options);
    EXPECT_TRUE(report) << report.failure().to_string();
    return report ? *report : ImportReport{};
  }
  static ImportOptions from(const std::string& path) {
    ImportOptions o;
    o.paths = {path};
    return o;
  }
  std::string csv(int samples, int step) const {
    std::string text = "t_ms,x,y\n";
    for (int i = 0; i < samples; ++i) text += std::to_string(i * step) + "," + std::to_string(i) + "," + std::to_string(-i) + "\n";
    return text;
  }
};

TEST_F(Import, TheFirstFileSettlesTheProject) {
  project::Project p = project();
  put("d/on/a.csv", csv(25, 10));
  put("d/off/b.csv", csv(35, 10));
  put("d/README.txt", "not a recording");
  put("d/.hidden/c.csv", "nor this");
  const ImportReport r = import(p, from((root_ / "d").string()));
  EXPECT_EQ(r.added, 2U);
  EXPECT_TRUE(r.refused.empty());
  EXPECT_EQ(p.data.kind, Kind::sensor);
  EXPECT_EQ(p.data.rate, 100);
  EXPECT_EQ(p.data.axes, (std::vector<std::string>{"x", "y"}));
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->labels(), (std::vector<std::string>{"off", "on"}));
  const std::vector<WindowRef> w = windows(store->recordings(), p);
  ASSERT_EQ(w.size(), 5U) << "3 of 35 samples, 2 of 25";
  EXPECT_EQ(w[2].first, 20);
  EXPECT_EQ(w[3].recording, 1U);
  const Result<Signal> s = store->signal(store->recordings()[0]);
  ASSERT_TRUE(s) << s.failure().to_string();
  EXPECT_EQ(cut(*s, 33, 3), (Floats{33, -33, 34, -34, 0, 0})) << "zeros behind the end";
}

TEST_F(Import, OnlyWhatHasChangedIsReadAgain) {
  project::Project p = project();
  put("d/a.csv", csv(25, 10));
  put("d/b.csv", csv(26, 10));
  const ImportOptions o = from((root_ / "d").string());
  EXPECT_EQ(import(p, o).added, 2U);
  EXPECT_EQ(import(p, o).unchanged, 2U);
  put("d/b.csv", csv(27, 10));
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  EXPECT_EQ(code_of(store->signal(store->recordings()[1])), "E1024");
  ASSERT_TRUE(store->index().assign({{store->recordings()[1].id, Split::test}}));
  const ImportReport r = import(p, o);
  EXPECT_EQ(r.unchanged, 1U);
  EXPECT_EQ(r.replaced, 1U);
  ASSERT_TRUE(store->refresh());
  EXPECT_EQ(store->recordings()[1].samples, 27);
  EXPECT_EQ(store->recordings()[1].split, Split::test) << "a split stays";
  EXPECT_TRUE(store->signal(store->recordings()[1]));
  ImportOptions named = o;
  named.labels.label = "new";
  EXPECT_EQ(import(p, named).replaced, 2U) << "other options, other recordings";
}

TEST_F(Import, WhatFailsIsRefusedByNameAndTheRestIsTaken) {
  project::Project p = project();
  put("d/a.csv", csv(25, 10));
  put("d/b.csv", "t_ms,x,y\n0,1\n");
  put("d/c.wav", "RIFF");
  put("d/d.csv", "t_ms,x\n0,1\n10,2\n");
  put("d/e.csv", "");
  const ImportReport r = import(p, from((root_ / "d").string()));
  EXPECT_EQ(r.added, 1U);
  std::vector<std::string> codes;
  for (const Diagnostic& d : r.refused) codes.push_back(d.code);
  EXPECT_EQ(codes, (std::vector<std::string>{"E1011", "E1016", "E1015", "E0103"}));
  Result<Index> index = Index::open(p.state());
  ASSERT_TRUE(index);
  EXPECT_EQ(code_of(dataset::import(p, *index, from((root_ / "d/e").string()))), "E0101");
  put("empty/x.mp3", "x");
  EXPECT_EQ(code_of(dataset::import(p, *index, from((root_ / "empty").string()))), "E1022");
}

TEST_F(Import, PathsBelowTheProjectAreRelative) {
  project::Project p = project();
  put("p/data/a.csv", csv(25, 10));
  import(p, from((root_ / "p/data").string()));
  fs::rename(root_ / "p", root_ / "moved");
  const Result<project::Project> moved = project::load(root_ / "moved");
  ASSERT_TRUE(moved);
  Result<Store> store = Store::open(*moved);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->recordings()[0].path, "data/a.csv");
  EXPECT_TRUE(store->signal(store->recordings()[0]));
}

TEST_F(Import, OtherRatesAreBroughtToTheProjects) {
  project::Project p = project("[data]\nrate = 8000\nkind = \"audio\"\n[window]\nlength_ms = 100\npad = true\n");
  put("d/a.wav", wav(16000, 1, 16, sound(1, 16000)));
  put("d/b.wav", wav(8000, 1, 16, sound(2, 300)));
  import(p, from((root_ / "d").string()));
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  const Result<Signal> s = store->signal(store->recordings()[0]);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->rate, 8000);
  EXPECT_EQ(s->samples(), 8000);
  EXPECT_EQ(windows_of(store->recordings()[0], p), 10);
  EXPECT_EQ(windows_of(store->recordings()[1], p), 1) << "padded";
  p.window.pad = false;
  EXPECT_EQ(windows_of(store->recordings()[1], p), 0);
}

TEST_F(Import, PartsOfAFileAreRecordings) {
  project::Project p = project();
  put("d/a.csv", "label,t_ms,x\non,0,1\non,10,2\noff,20,3\noff,30,4\noff,100,5\noff,110,6\n");
  ImportOptions o = from((root_ / "d").string());
  o.decode.gaps = Gaps::split;
  const ImportReport r = import(p, o);
  EXPECT_EQ(r.recordings, 3U);
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->recordings()[0].label, "on");
  EXPECT_EQ(store->recordings()[2].label, "off");
  EXPECT_EQ(store->signal(store->recordings()[2])->values, (Floats{5, 6})) << "cut in the same way again";
  EXPECT_TRUE(store->find("a.csv#1"));
  EXPECT_EQ(code_of(store->find("a.csv")), "E1023") << "which?";
}

TEST_F(Import, ManyWindowsAreCountedAtOnce) {
  project::Project p = project("[data]\nrate = 100\n[window]\nlength_samples = 100\nstride_samples = 1\n");
  std::vector<Recording> many(1000);
  for (Recording& r : many) r.kind = Kind::sensor, r.rate = 100, r.samples = 1099;
  const auto start = std::chrono::steady_clock::now();
  const std::vector<WindowRef> w = windows(many, p);
  EXPECT_EQ(w.size(), 1'000'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(Import, AMalformedSignatureIsRefusedOnlyWithAKey) {
  project::Project p = project();
  put("d/a.json", R"({"protected":{"ver":"v1","alg":"HS256"},"signature":")" + std::string(64, 'a') +
                      R"(","payload":{"interval_ms":10,"sensors":[{"name":"x","units":"g"}],"values":[[1],[2]]}})");
  ImportOptions o = from((root_ / "d").string());
  o.hmac_key = "key";
  const ImportReport refused = import(p, o);
  ASSERT_EQ(refused.refused.size(), 1U);
  EXPECT_EQ(refused.refused[0].code, "E1018");
  o.hmac_key.clear();
  EXPECT_EQ(import(p, o).added, 1U);
}

// Real recordings, where they are: docs in bench/README.md.
TEST_F(Import, FanRecordings) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr || !fs::exists(fs::path(data) / "fan")) GTEST_SKIP() << "SMELT_DATA_DIR has no fan/";
  project::Project p = project();
  ImportOptions o = from((fs::path(data) / "fan").string());
  o.labels.label_from = "{_}-{group}-{_}-{label}.csv";
  const ImportReport r = import(p, o);
  EXPECT_EQ(r.added, 16U);
  EXPECT_TRUE(r.refused.empty());
  EXPECT_EQ(p.data.rate, 200);
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->labels(), (std::vector<std::string>{"clog", "friction", "off", "on"}));
  for (const Recording& recording : store->recordings()) {
    EXPECT_EQ(recording.samples, 60000) << recording.path;
    EXPECT_EQ(recording.rate, 200);
    EXPECT_TRUE(recording.notes.empty());
  }
}

}  // namespace
}  // namespace smelt::dataset
