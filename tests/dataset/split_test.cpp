// Splits by recording and by group.
#include "dataset/split.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using Splits = std::map<std::int64_t, Split>;

std::vector<Recording> recordings(int count, int labels, int groups) {
  std::vector<Recording> all;
  for (int i = 0; i < count; ++i) {
    Recording r;
    r.id = i + 1;
    r.path = "r" + std::to_string(i) + ".csv";
    r.sha256 = "content" + std::to_string(i);
    r.rate = 100;
    r.samples = 1000;
    r.label = "l" + std::to_string(i % labels);
    if (groups > 0) r.group = "g" + std::to_string(i / labels % groups);
    all.push_back(r);
  }
  return all;
}

Splits splits(const std::vector<Recording>& all, const project::Split& how, bool keep = false) {
  const auto s = assign_splits(all, how, keep);
  EXPECT_TRUE(s) << s.failure().to_string();
  EXPECT_EQ(s->size(), all.size());
  return {s->begin(), s->end()};
}

std::map<std::string, std::map<Split, int>> counts(const std::vector<Recording>& all, const Splits& s) {
  std::map<std::string, std::map<Split, int>> n;
  for (const Recording& r : all) ++n[r.label][s.at(r.id)];
  return n;
}

TEST(Split, EachLabelKeepsTheProportions) {
  const std::vector<Recording> all = recordings(60, 3, 0);
  project::Split how;
  for (const std::uint64_t seed : {1U, 2U, 3U, 99U}) {
    how.seed = seed;
    for (const auto& [label, n] : counts(all, splits(all, how))) {
      EXPECT_EQ(n.at(Split::train), 12) << label << seed;
      EXPECT_EQ(n.at(Split::validation), 4) << label << seed;
      EXPECT_EQ(n.at(Split::test), 4) << label << seed;
    }
  }
}

TEST(Split, SeedsDecideAndOrderDoesNot) {
  std::vector<Recording> all = recordings(60, 3, 0);
  project::Split how;
  const Splits first = splits(all, how);
  std::reverse(all.begin(), all.end());
  EXPECT_EQ(splits(all, how), first);
  for (Recording& r : all) r.path = "/elsewhere/" + r.path;
  EXPECT_EQ(splits(all, how), first) << "nor does the place";
  how.seed = 2;
  EXPECT_NE(splits(all, how), first);
}

TEST(Split, GroupsStayTogether) {
  const std::vector<Recording> all = recordings(300, 5, 10);
  project::Split how;
  how.by_group = true;
  const Splits s = splits(all, how);
  std::map<std::string, std::set<Split>> of;
  for (const Recording& r : all) of[r.group].insert(s.at(r.id));
  std::map<Split, int> groups;
  for (const auto& [group, in] : of) {
    EXPECT_EQ(in.size(), 1U) << group;
    ++groups[*in.begin()];
  }
  EXPECT_EQ(groups[Split::train], 6);
  EXPECT_EQ(groups[Split::validation], 2);
  EXPECT_EQ(groups[Split::test], 2);
  std::vector<Recording> none = recordings(10, 2, 0);
  EXPECT_EQ(test::code_of(assign_splits(none, how)), "E1025");
}

TEST(Split, CopiesStayTogether) {
  std::vector<Recording> all = recordings(40, 2, 0);
  for (size_t i = 0; i < all.size(); ++i) all[i].sha256 = "content" + std::to_string(i / 4);
  const Splits s = splits(all, {});
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(s.at(all[i].id), s.at(all[i / 4 * 4].id));
}

TEST(Split, FewRecordingsServeTheTestFirst) {
  const std::vector<Recording> two = recordings(4, 2, 0);
  for (const auto& [label, n] : counts(two, splits(two, {}))) {
    EXPECT_EQ(n.count(Split::train), 1U);
    EXPECT_EQ(n.count(Split::test), 1U);
  }
  const std::vector<Recording> four = recordings(40, 10, 4);
  project::Split how;
  how.by_group = true;
  std::map<Split, int> n;
  for (const auto& [id, split] : splits(four, how)) ++n[split];
  EXPECT_EQ(n[Split::train], 20);
  EXPECT_EQ(n[Split::validation], 10);
  EXPECT_EQ(n[Split::test], 10);
}

TEST(Split, PatternsWin) {
  const std::vector<Recording> all = recordings(40, 2, 0);
  project::Split how;
  how.fixed[2] = {"r1?.csv"};
  const Splits s = splits(all, how);
  std::map<Split, int> others;
  for (const Recording& r : all) {
    const bool named = r.path.size() == 7 && r.path[1] == '1';
    if (named) {
      EXPECT_EQ(s.at(r.id), Split::test);
    } else {
      ++others[s.at(r.id)];
    }
  }
  EXPECT_EQ(others[Split::train], 22) << "60 to 20 of the 30 others, label by label";
  EXPECT_EQ(others[Split::validation], 8);
  EXPECT_EQ(others[Split::test], 0);
  how.fixed[0] = {"r10*"};
  EXPECT_EQ(test::code_of(assign_splits(all, how)), "E1025");
  how.fixed[0] = {"absent*"};
  EXPECT_EQ(test::code_of(assign_splits(all, how)), "E1025");
}

TEST(Split, KeepingAddsOnly) {
  std::vector<Recording> all = recordings(20, 1, 0);
  project::Split how;
  const Splits first = splits(all, how);
  for (Recording& r : all) r.split = first.at(r.id);
  std::vector<Recording> more = recordings(40, 1, 0);
  for (size_t i = 0; i < all.size(); ++i) more[i].split = all[i].split;
  how.seed = 7;
  const Splits then = splits(more, how, true);
  for (const auto& [id, split] : first) EXPECT_EQ(then.at(id), split);
  std::map<Split, int> n;
  for (const auto& [id, split] : then) ++n[split];
  EXPECT_EQ(n[Split::train], 24);
  EXPECT_EQ(n[Split::validation], 8);
}

}  // namespace
}  // namespace smelt::dataset
