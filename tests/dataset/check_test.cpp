// What check finds, and what it does not.
#include "dataset/check.hpp"

#include <algorithm>
#include <map>

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

class CheckTest : public Folder {
 protected:
  /// Imports the folder "d" and puts recordings whose path has "test" into the test, others into training.
  std::vector<Finding> found(const std::string& toml) {
    project::Project p = project(toml);
    ImportOptions o;
    o.paths = {(root_ / "d").string()};
    Result<Index> index = Index::open(p.state());
    EXPECT_TRUE(index);
    const Result<ImportReport> r = import(p, *index, o);
    EXPECT_TRUE(r && r->refused.empty());
    Result<Store> store = Store::open(p);
    EXPECT_TRUE(store);
    std::vector<std::pair<std::int64_t, Split>> splits;
    for (const Recording& x : store->recordings()) {
      splits.emplace_back(x.id, x.path.find("test") != std::string::npos ? Split::test : x.path.find("valid") != std::string::npos ? Split::validation : Split::train);
    }
    EXPECT_TRUE(store->index().assign(splits));
    EXPECT_TRUE(store->refresh());
    return check(*store);
  }
  static std::map<std::string, Level> kinds(const std::vector<Finding>& findings) {
    std::map<std::string, Level> k;
    for (const Finding& f : findings) k.emplace(f.kind, f.level);
    return k;
  }
  /// Sound data: two labels in all splits.
  void sound_data() {
    unsigned seed = 1;
    for (const char* label : {"yes", "no"}) {
      for (const char* name : {"train1", "train2", "valid", "test"}) {
        put(std::string("d/") + label + "/" + name + ".wav", wav(8000, 1, 16, sound(seed++, 8000)));
      }
    }
  }
  static constexpr const char* toml = "[window]\nlength_ms = 500\n";
};

using Kinds = std::map<std::string, Level>;

TEST_F(CheckTest, SoundDataIsSound) {
  sound_data();
  EXPECT_EQ(kinds(found(toml)), Kinds{});
}

TEST_F(CheckTest, CopiesInOtherSplitsAreLeaks) {
  sound_data();
  put("d/yes/test2.wav", wav(8000, 1, 16, sound(1, 8000)));
  std::vector<Finding> f = found(toml);
  EXPECT_EQ(kinds(f), (Kinds{{"leak", Level::error}}));
  EXPECT_EQ(f[0].count, 1U);
}

TEST_F(CheckTest, LouderShiftedAndRecodedCopiesToo) {
  sound_data();
  std::vector<std::int32_t> louder = sound(1, 8000, 20000);
  put("d/yes/test2.wav", wav(8000, 1, 24, [&] {
        std::vector<std::int32_t> wide;
        for (const std::int32_t v : louder) wide.push_back(v * 256);
        return wide;
      }()));
  EXPECT_EQ(kinds(found(toml)), (Kinds{{"leak", Level::error}}));
  put("d/yes/train3.wav", wav(8000, 1, 16, sound(2, 7990)));
  const std::vector<Finding> f = found(toml);
  EXPECT_EQ(kinds(f), (Kinds{{"leak", Level::error}, {"copies", Level::warning}})) << "ten samples short";
}

TEST_F(CheckTest, OneContentUnderTwoLabels) {
  sound_data();
  put("d/no/train9.wav", wav(8000, 1, 16, sound(1, 8000)));
  EXPECT_EQ(kinds(found(toml)), (Kinds{{"conflict", Level::error}, {"copies", Level::warning}}));
}

TEST_F(CheckTest, ClippedAndStuckSensors) {
  sound_data();
  std::vector<std::int32_t> clipped = sound(50, 8000, 60000), stuck = sound(51, 8000);
  for (std::int32_t& v : clipped) v = std::clamp(v, -32768, 32767);
  std::fill(stuck.begin() + 1000, stuck.begin() + 4000, 77);
  put("d/yes/train5.wav", wav(8000, 1, 16, clipped));
  EXPECT_EQ(kinds(found(toml)), (Kinds{{"clipped", Level::warning}}));
  put("d/yes/train6.wav", wav(8000, 1, 16, stuck));
  EXPECT_EQ(kinds(found(toml)), (Kinds{{"clipped", Level::warning}, {"stuck", Level::warning}}));
}

TEST_F(CheckTest, ClippedAccelerometersButNotCoarseOnes) {
  std::string fine = "t_ms,x,T\n", clipped = fine;
  for (int i = 0; i < 2000; ++i) {
    const int x = static_cast<int>(1000 * std::sin(i * 0.05)) + i * 7919 % 13;
    const std::string t = std::to_string(i * 10), temperature = std::to_string(20 + i / 300 % 2);
    fine += t + "," + std::to_string(x) + "," + temperature + "\n";
    clipped += t + "," + std::to_string(std::clamp(x, -800, 800)) + "," + temperature + "\n";
  }
  put("d/yes/train.csv", fine);
  put("d/no/train.csv", clipped);
  std::vector<Finding> f = found(toml);
  f.erase(std::remove_if(f.begin(), f.end(), [](const Finding& x) { return x.kind == "absent" || x.kind == "copies"; }), f.end());
  ASSERT_EQ(f.size(), 1U) << f[1].text;
  EXPECT_EQ(f[0].kind, "clipped");
  EXPECT_EQ(f[0].examples, std::vector<std::string>{(root_ / "d/no/train.csv").string()});
}

TEST_F(CheckTest, RatesLengthsLabelsAndBalance) {
  sound_data();
  put("d/yes/train7.wav", wav(4000, 1, 16, sound(60, 8000)));
  put("d/yes/train8.wav", wav(48000, 1, 16, sound(61, 48000)));
  put("d/no/train8.wav", wav(8000, 1, 16, sound(62, 2000)));
  put("d/train9.wav", wav(8000, 1, 16, sound(63, 8000)));
  put("d/maybe/train9.wav", wav(8000, 1, 16, sound(64, 8000)));
  const std::vector<Finding> f = found("[data]\nrate = 8000\nlabels = [\"yes\", \"no\"]\n[window]\nlength_ms = 500\n");
  EXPECT_EQ(kinds(f), (Kinds{{"rate", Level::error}, {"short", Level::warning}, {"unlabelled", Level::error}, {"unknown-label", Level::error},
                             {"absent", Level::error}, {"imbalance", Level::warning}}));
  EXPECT_EQ(std::count_if(f.begin(), f.end(), [](const Finding& x) { return x.kind == "rate"; }), 2) << "one too low, one brought down";
  for (size_t i = 1; i < f.size(); ++i) EXPECT_LE(f[i - 1].level, f[i].level) << "errors first";
}

TEST_F(CheckTest, FilesThatAreGoneOrChanged) {
  sound_data();
  project::Project p = project(toml);
  ImportOptions o;
  o.paths = {(root_ / "d").string()};
  Result<Index> index = Index::open(p.state());
  ASSERT_TRUE(index);
  ASSERT_TRUE(import(p, *index, o));
  fs::remove(root_ / "d/yes/train1.wav");
  put("d/yes/train2.wav", "short");
  Result<Store> store = Store::open(p);
  ASSERT_TRUE(store);
  EXPECT_EQ(kinds(check(*store)), (Kinds{{"missing", Level::error}, {"changed", Level::error}, {"unsplit", Level::error}}));
}

TEST_F(CheckTest, NothingAtAll) {
  Result<Store> store = Store::open(project());
  ASSERT_TRUE(store);
  EXPECT_EQ(kinds(check(*store)), (Kinds{{"empty", Level::error}}));
}

}  // namespace
}  // namespace smelt::dataset
