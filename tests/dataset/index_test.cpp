// The index on its own.
#include "dataset/index.hpp"

#include <sqlite3.h>

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

class IndexTest : public Folder {};

Recording recording(const std::string& path, int part, const std::string& label) {
  Recording r;
  r.path = path;
  r.part = part;
  r.parts = 2;
  r.kind = Kind::sensor;
  r.rate = 62.5;
  r.axes = {{"ax", "g"}, {"ay", ""}};
  r.samples = 1000;
  r.label = label;
  r.group = "g'1";
  r.notes = {"1 gap filled", "odd"};
  r.facts = {{-1, 2, 0.5, 0.25, 0.125, 0.0625, 64}, {}};
  r.print = {1, -127, 3};
  return r;
}

TEST_F(IndexTest, GivesBackWhatWasPut) {
  {
    Result<Index> index = Index::open(root_ / "state");
    ASSERT_TRUE(index) << index.failure().to_string();
    ASSERT_TRUE(index->put({0, "b.csv", 7, 8, "aa", "csv", "{}"}, {recording("b.csv", 0, "on"), recording("b.csv", 1, "off")}));
    ASSERT_TRUE(index->put({0, "a.csv", 1, 2, "bb", "csv", "{}"}, {recording("a.csv", 0, "on")}));
  }
  Result<Index> index = Index::open(root_ / "state");
  ASSERT_TRUE(index);
  const Result<std::vector<Recording>> all = index->recordings();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].path, "a.csv");
  const Recording& r = (*all)[2];
  EXPECT_EQ(r.name(), "b.csv#1");
  EXPECT_EQ(r.label, "off");
  EXPECT_EQ(r.group, "g'1");
  EXPECT_EQ(r.rate, 62.5);
  EXPECT_EQ(r.axes[0].unit, "g");
  EXPECT_EQ(r.axes[1].name, "ay");
  EXPECT_EQ(r.notes, (std::vector<std::string>{"1 gap filled", "odd"}));
  ASSERT_EQ(r.facts.size(), 2U);
  EXPECT_EQ(r.facts[0].stuck, 0.0625);
  EXPECT_EQ(r.print, (Fingerprint{1, -127, 3}));
  EXPECT_EQ(r.sha256, "aa");
  EXPECT_EQ(r.modified, 8);
  const Result<std::optional<File>> file = index->file("b.csv");
  ASSERT_TRUE(file && *file);
  EXPECT_EQ((*file)->bytes, 7);
  ASSERT_TRUE(index->put({0, "b.csv", 9, 9, "cc", "csv", "{}"}, {recording("b.csv", 0, "idle")}));
  EXPECT_EQ(index->recordings()->size(), 2U) << "a file takes the place of itself";
  ASSERT_TRUE(index->assign({{index->recordings()->at(1).id, Split::test}}));
  EXPECT_EQ(index->recordings()->at(1).split, Split::test);
  const Result<size_t> gone = index->remove({"b.csv", "c.csv"});
  ASSERT_TRUE(gone);
  EXPECT_EQ(*gone, 1U);
  EXPECT_EQ(index->recordings()->size(), 1U);
}

TEST_F(IndexTest, TwoAtOnceSeeEachOther) {
  Result<Index> a = Index::open(root_), b = Index::open(root_);
  ASSERT_TRUE(a && b);
  ASSERT_TRUE(a->put({0, "x", 1, 1, "", "csv", ""}, {recording("x", 0, "on")}));
  EXPECT_EQ(b->recordings()->size(), 1U);
  ASSERT_TRUE(b->put({0, "y", 1, 1, "", "csv", ""}, {recording("y", 0, "on")}));
  EXPECT_EQ(a->recordings()->size(), 2U);
}

TEST_F(IndexTest, WhatIsNoIndexIsSaid) {
  put("junk/data.sqlite", std::string(5000, 'x'));
  EXPECT_EQ(code_of(Index::open(root_ / "junk")), "E1004");
  put("file", "");
  EXPECT_EQ(code_of(Index::open(root_ / "file")), "E1004");
  { ASSERT_TRUE(Index::open(root_ / "new")); }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((root_ / "new/data.sqlite").c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const Result<Index> later = Index::open(root_ / "new");
  EXPECT_EQ(code_of(later), "E1004");
  EXPECT_NE(later.failure().to_string().find("version 99"), std::string::npos);
}

}  // namespace
}  // namespace smelt::dataset
