// Files in tests/import/hdf5 are written by h5py (tools/goldens/hdf5.py); element i of their arrays is i / 4 - 3.
#include "import/hdf5.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "import/file.hpp"
#include "tests/import/models.hpp"

namespace smelt {
namespace {

Bytes sample(const std::string& name) {
  const Result<Bytes> bytes = read_file(std::string(SMELT_SOURCE_DIR) + "/tests/import/hdf5/" + name);
  EXPECT_TRUE(bytes) << bytes.failure().to_string();
  return *bytes;
}

template <class T>
std::string code(const Result<T>& result) {
  return result ? "read" : result.failure().diagnostics.at(0).code;
}

void expect_array(Hdf5& file, const std::string& path, const Shape& shape) {
  const Result<Hdf5::Array> a = file.array(path);
  ASSERT_TRUE(a) << a.failure().to_string();
  EXPECT_EQ(a->shape, shape) << path;
  ASSERT_EQ(static_cast<int64_t>(a->values.size()), elements(shape)) << path;
  for (size_t i = 0; i < a->values.size(); ++i)
    ASSERT_EQ(a->values[i], static_cast<float>(i) / 4 - 3) << path << " " << i;
}

TEST(Hdf5, ReadsArraysOfEveryLayout) {
  const Bytes bytes = sample("arrays.h5");
  ASSERT_TRUE(is_hdf5(bytes));
  Result<Hdf5> file = Hdf5::open(bytes, "arrays.h5");
  ASSERT_TRUE(file) << file.failure().to_string();
  expect_array(*file, "scalar", {});
  expect_array(*file, "contiguous", {5, 7});
  expect_array(*file, "half", {9});
  expect_array(*file, "double", {2, 3});
  expect_array(*file, "chunked", {7, 5, 3});
  expect_array(*file, "deep/er/deflated", {40, 30});
  expect_array(*file, "deep/er/shuffled", {13, 11});
  expect_array(*file, "deep/er/checked", {13, 11});
  EXPECT_EQ(file->array("empty")->values.size(), 0u);
  EXPECT_EQ(file->array("unwritten")->values, std::vector<float>(6, 0.0F));
  EXPECT_EQ(*file->members("deep/er"), (std::vector<std::string>{"checked", "deflated", "shuffled"}));
}

TEST(Hdf5, ReadsStringsOfEveryForm) {
  const Bytes bytes = sample("strings.h5");
  Result<Hdf5> file = Hdf5::open(bytes, "strings.h5");
  ASSERT_TRUE(file) << file.failure().to_string();
  using Strings = std::vector<std::string>;
  EXPECT_EQ(*file->strings("", "one"), Strings{"a variable string"});
  EXPECT_EQ(*file->strings("", "fixed"), Strings{"fixed"});
  EXPECT_EQ(*file->strings("", "none"), Strings{});
  EXPECT_EQ(*file->strings("g", "names"), (Strings{"first", "second/one:0", ""}));
  EXPECT_EQ(*file->strings("g", "objects"), (Strings{"alpha", "b", "\xce\xb3"}));
  EXPECT_EQ(*file->strings("g", "long"), Strings{std::string(5000, 'x')});
  EXPECT_TRUE(file->has_attribute("g", "long"));
  EXPECT_FALSE(file->has_attribute("g", "longer"));
  EXPECT_EQ(code(file->strings("g", "longer")), "E0132");
  EXPECT_EQ(code(file->strings("g", "number")), "E0131");
}

TEST(Hdf5, FindsEachOfManyMembers) {
  const Bytes bytes = sample("members.h5");
  Result<Hdf5> file = Hdf5::open(bytes, "members.h5");
  ASSERT_TRUE(file) << file.failure().to_string();
  EXPECT_EQ(file->members("g")->size(), 90u);
  for (int i = 0; i < 90; ++i) EXPECT_TRUE(file->has("g/member_" + std::to_string(i))) << i;
  EXPECT_FALSE(file->has("g/member_90"));
  EXPECT_EQ(code(file->array("g/member_90")), "E0132");
}

TEST(Hdf5, RefusesOtherForms) {
  const Bytes latest = sample("latest.h5");
  EXPECT_EQ(code(Hdf5::open(latest, "latest.h5")), "E0131");
  const Bytes bytes = sample("refused.h5");
  Result<Hdf5> file = Hdf5::open(bytes, "refused.h5");
  ASSERT_TRUE(file) << file.failure().to_string();
  EXPECT_EQ(code(file->array("integers")), "E0131");
  EXPECT_EQ(code(file->array("big_endian")), "E0131");
  EXPECT_EQ(code(file->array("external")), "E0131");
  EXPECT_EQ(code(file->array("linked/anything")), "E0131") << "a link to another file";
  EXPECT_FALSE(file->has("soft")) << "a symbolic link";
  EXPECT_EQ(code(Hdf5::open({}, "x")), "E0130");
}

/// Reads all that a file offers.
void walk(Hdf5& file, const std::string& path, int depth) {
  for (const char* name : {"one", "fixed", "none", "names", "objects", "long", "number"})
    (void)file.strings(path, name);
  const Result<Hdf5::Array> a = file.array(path);
  if (a) {
    EXPECT_EQ(static_cast<int64_t>(a->values.size()), elements(a->shape));
  }
  const Result<std::vector<std::string>> members = file.members(path);
  if (!members || depth == 0) return;
  for (size_t i = 0; i < members->size(); i += members->size() / 20 + 1)
    walk(file, path + "/" + (*members)[i], depth - 1);
}

void bear(const Bytes& bytes) {
  const Bytes exact(bytes);
  Result<Hdf5> file = Hdf5::open(exact, "hostile.h5");
  if (file) walk(*file, "", 4);
}

class HostileHdf5 : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileHdf5, CutAnywhere) {
  const Bytes good = sample(GetParam());
  for (size_t n = 0; n < good.size(); n += 1 + good.size() / 400)
    bear(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(n)));
}

TEST_P(HostileHdf5, ChangedAnywhere) {
  const Bytes good = sample(GetParam());
  std::minstd_rand random(7);
  for (int round = 0; round < 1500; ++round) {
    Bytes changed = good;
    for (uint32_t n = random() % 4; n < 4; ++n) {
      const size_t at = random() % good.size();
      changed[at] = static_cast<uint8_t>(random() % 2 != 0 ? random() : changed[at] ^ 1U << random() % 8);
    }
    bear(changed);
  }
}

INSTANTIATE_TEST_SUITE_P(All, HostileHdf5, ::testing::Values("arrays.h5", "strings.h5"),
                         [](const auto& test) { return std::string(test.param, std::strchr(test.param, '.')); });

/// A symbol table entry of a group that leads back to the group.
TEST(Hdf5, BearsCycles) {
  const Bytes bytes = sample("cycle.h5");
  Result<Hdf5> file = Hdf5::open(bytes, "cycle.h5");
  ASSERT_TRUE(file) << file.failure().to_string();
  EXPECT_TRUE(file->has("g/again/again/again"));
  std::string path = "g";
  for (int i = 0; i < 5000; ++i) path += "/again";
  EXPECT_TRUE(file->has(path));
}

}  // namespace
}  // namespace smelt
