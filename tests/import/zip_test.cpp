#include "import/zip.hpp"

#include <gtest/gtest.h>

#include "tests/import/archive.hpp"
#include "tests/import/models.hpp"

namespace smelt {
namespace {

using testing::archive;

constexpr int64_t plenty = 1 << 20;

std::string code(const Result<Bytes>& result) { return result ? "read" : result.failure().diagnostics.at(0).code; }
std::string code(const Result<Zip>& result) { return result ? "read" : result.failure().diagnostics.at(0).code; }

std::string text(const Result<Bytes>& result) {
  return result ? std::string(result->begin(), result->end()) : result.failure().to_string();
}

TEST(Zip, ReadsStoredAndDeflatedEntries) {
  const std::string long_text(100'000, 'x');
  const Bytes bytes =
      archive({{"a.txt", "stored", false}, {"folder/", "", false}, {"folder/b.txt", long_text}, {"empty", ""}});
  EXPECT_LT(bytes.size(), 1000u);
  ASSERT_TRUE(is_zip(bytes));
  const Result<Zip> zip = Zip::open(bytes, "some.zip");
  ASSERT_TRUE(zip) << zip.failure().to_string();
  EXPECT_EQ(zip->entries(), (std::vector<std::string>{"a.txt", "folder/b.txt", "empty"}));
  EXPECT_EQ(text(zip->read("a.txt", plenty)), "stored");
  EXPECT_EQ(text(zip->read("folder/b.txt", plenty)), long_text);
  EXPECT_EQ(text(zip->read("folder/b.txt", plenty)), long_text) << "a second time";
  EXPECT_EQ(text(zip->read("empty", plenty)), "");
  EXPECT_TRUE(zip->has("empty"));
  EXPECT_FALSE(zip->has("folder/"));
  EXPECT_EQ(code(zip->read("../a.txt", plenty)), "E0122");
}

TEST(Zip, NamesAreOnlyNames) {
  const Bytes bytes = archive({{"../../etc/passwd", "mine"}, {"/etc/passwd", "root"}});
  const Result<Zip> zip = Zip::open(bytes, "some.zip");
  ASSERT_TRUE(zip) << zip.failure().to_string();
  EXPECT_EQ(text(zip->read("../../etc/passwd", plenty)), "mine");
  EXPECT_EQ(text(zip->read("/etc/passwd", plenty)), "root");
}

TEST(Zip, RefusesAnEntryBeyondItsLimit) {
  const Bytes bytes = archive({{"bomb", std::string(50 << 20, '\0')}});
  const Result<Zip> zip = Zip::open(bytes, "some.zip");
  ASSERT_TRUE(zip) << zip.failure().to_string();
  const size_t peak = testing::heap_peak([&] { EXPECT_EQ(code(zip->read("bomb", plenty)), "E0123"); });
  EXPECT_LT(peak, size_t{1} << 21);
  EXPECT_EQ(code(zip->read("bomb", 50 << 20)), "read");
}

/// A directory that says less than the entry unpacks to must not get past the limit either.
TEST(Zip, DoesNotBelieveTheSizeInTheDirectory) {
  Bytes bytes = archive({{"bomb", std::string(50 << 20, '\0')}});
  const uint8_t record[] = {'P', 'K', 1, 2};
  const auto at = std::search(bytes.begin(), bytes.end(), std::begin(record), std::end(record));
  ASSERT_NE(at, bytes.end());
  std::fill(at + 24, at + 28, 0);
  at[25] = 1;
  for (int64_t limit : {int64_t{256}, plenty, int64_t{100} << 20}) {
    const Result<Zip> zip = Zip::open(bytes, "some.zip");
    if (!zip) continue;
    const size_t peak = testing::heap_peak([&] { EXPECT_NE(code(zip->read("bomb", limit)), "read"); });
    EXPECT_LT(peak, static_cast<size_t>(3 * limit) + (1 << 20));
  }
}

TEST(Zip, RefusesWhatIsDamaged) {
  EXPECT_EQ(code(Zip::open({}, "some.zip")), "E0120");
  const Bytes nothing(64, 'x');
  EXPECT_FALSE(is_zip(nothing));
  EXPECT_EQ(code(Zip::open(nothing, "some.zip")), "E0120");
  const Bytes twice = archive({{"a", "first", false}, {"b", "second", false}});
  Bytes same = twice;
  std::replace(same.begin(), same.end(), uint8_t{'b'}, uint8_t{'a'});
  EXPECT_EQ(code(Zip::open(same, "some.zip")), "E0120");
  Bytes changed = twice;
  const std::string word = "second";
  *std::search(changed.begin(), changed.end(), word.begin(), word.end()) = 'S';
  const Result<Zip> zip = Zip::open(changed, "some.zip");
  ASSERT_TRUE(zip);
  EXPECT_EQ(text(zip->read("a", plenty)), "first");
  EXPECT_EQ(code(zip->read("b", plenty)), "E0120") << "the checksum does not hold";
}

/// Cut anywhere, or one byte changed anywhere: an error or some content, never a crash.
TEST(Zip, BearsAnything) {
  const Bytes good = archive({{"a.txt", "stored", false}, {"b.txt", std::string(1000, 'y') + "z"}});
  const auto look = [](const Bytes& bytes) {
    const Bytes exact(bytes);
    const Result<Zip> zip = Zip::open(exact, "some.zip");
    if (!zip) return;
    for (const std::string& entry : zip->entries()) {
      const Result<Bytes> content = zip->read(entry, 2000);
      if (content) {
        EXPECT_LE(content->size(), 2000u);
      } else {
        EXPECT_FALSE(content.failure().diagnostics.at(0).reason.empty());
      }
    }
  };
  for (size_t n = 0; n < good.size(); ++n) look(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(n)));
  for (size_t n = 0; n < good.size(); ++n) {
    for (uint8_t value : {uint8_t{0}, uint8_t{0x7f}, uint8_t{0xff}, static_cast<uint8_t>(good[n] ^ 1)}) {
      Bytes changed = good;
      changed[n] = value;
      look(changed);
    }
  }
}

}  // namespace
}  // namespace smelt
