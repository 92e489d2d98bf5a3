// Arrays, pictures, folders and labels as examples.
#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "data/dataset.hpp"
#include "data/image.hpp"
#include "data/npy.hpp"
#include "ops/op.hpp"

namespace smelt::data {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    const ::testing::TestInfo* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::temp_directory_path() / ("smelt-data-" + std::to_string(getpid()) + "-" + info->name());
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string put(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
    return (root_ / name).string();
  }
  std::string put(const std::string& name, const Bytes& bytes) const { return put(name, std::string(bytes.begin(), bytes.end())); }
  fs::path root_;
};

Graph graph_of(const Shape& shape) {
  Graph graph;
  graph.add({"in", DType::f32, shape, {}, nullptr, -1});
  graph.inputs = {0};
  return graph;
}

/// An .npy file, format 1.0, as NumPy's documentation describes it.
std::string npy(const std::string& descr, const std::string& shape, const std::string& content) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += std::string("\x01\0", 2);
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  return file + header + content;
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

using Floats = std::vector<float>;

TEST_F(Folder, ArraysOfAnyNumbersByRuns) {
  const Graph graph = graph_of({1, 2});
  for (const auto& [file, content] : std::map<std::string, std::string>{
           {"f4.npy", npy("<f4", "2, 2, ", raw<float>({1, -2, 3, 4}))}, {"f8.npy", npy("<f8", "2, 2, ", raw<double>({1, -2, 3, 4}))},
           {"i1.npy", npy("|i1", "4, ", raw<int8_t>({1, -2, 3, 4}))}, {"i2.npy", npy("<i2", "2, 1, 2, ", raw<int16_t>({1, -2, 3, 4}))},
           {"i8.npy", npy("<i8", "2, 2, ", raw<int64_t>({1, -2, 3, 4}))}}) {
    SCOPED_TRACE(file);
    const Result<Dataset> d = load_dataset(put(file, content), graph);
    ASSERT_TRUE(d) << d.failure().to_string();
    ASSERT_EQ(d->runs.size(), 2U);
    EXPECT_EQ(floats(d->runs[0].at(0)), (Floats{1, -2}));
    EXPECT_EQ(floats(d->runs[1].at(0)), (Floats{3, 4}));
  }
}

TEST_F(Folder, StoredValuesBecomeReal) {
  Source source;
  source.raw_type = "i1";
  source.scale = 0.5;
  source.zero = -4;
  const Result<Dataset> d = load_dataset(put("x.bin", raw<int8_t>({-4, 0, 2, -128})), graph_of({1, 4}), source);
  ASSERT_TRUE(d) << d.failure().to_string();
  EXPECT_EQ(floats(d->runs.at(0).at(0)), (Floats{0, 2, 3, -62}));
}

TEST_F(Folder, AtMostSoManySpreadOverAll) {
  std::vector<float> values(10);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Source source;
  source.limit = 5;
  const Result<Dataset> d = load_dataset(put("x.npy", npy("<f4", "10, ", raw(values))), graph_of({1}), source);
  ASSERT_TRUE(d);
  ASSERT_EQ(d->runs.size(), 5U);
  EXPECT_EQ(floats(d->runs[1].at(0)), Floats{2});
  EXPECT_EQ(d->names[4], "8");
}

TEST_F(Folder, FilesInTheOrderOfTheirNames) {
  put("b.bin", raw<float>({2}));
  put("a.bin", raw<float>({1}));
  put("notes.txt", "not an example");
  const Result<Dataset> d = load_dataset(root_.string(), graph_of({1}));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->names, (std::vector<std::string>{"a.bin", "b.bin"}));
  EXPECT_EQ(floats(d->runs[1].at(0)), Floats{2});
}

TEST_F(Folder, WhatDoesNotFitIsSaid) {
  const auto code = [&](const std::string& path, const Graph& graph) {
    const Result<Dataset> d = load_dataset(path, graph);
    return d ? std::string() : d.failure().diagnostics.at(0).code;
  };
  const Graph graph = graph_of({1, 2});
  EXPECT_EQ(code((root_ / "none").string(), graph), "E0101");
  EXPECT_EQ(code(root_.string(), graph), "E0904");
  EXPECT_EQ(code(put("odd.bin", raw<float>({1, 2, 3})), graph), "E0603");
  EXPECT_EQ(code(put("torn.npy", npy("<f4", "2, 2, ", raw<float>({1, 2}))), graph), "E0602");
  EXPECT_EQ(code(put("text.npy", npy("<U4", "2, ", "abcdefgh")), graph), "E0602");
  EXPECT_EQ(code(put("huge.npy", npy("<f4", "9999999999, 9999999999, ", "")), graph), "E0602");
  EXPECT_EQ(code(put("x.png", "\x89PNG\r\n\x1a\nrubbish"), graph_of({1, 2, 2, 3})), "E0606");
  EXPECT_EQ(code(put("x.jpg", "\xff\xd8\xff rubbish"), graph_of({1, 2, 2, 3})), "E0606");
  EXPECT_EQ(code((root_ / "x.jpg").string(), graph), "E0904") << "no picture fits an input of two numbers";
}

Bytes png_of(int width, int height, const Bytes& rgb) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(width);
  png.height = static_cast<png_uint_32>(height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&png, nullptr, &size, 0, rgb.data(), 0, nullptr);
  Bytes bytes(size);
  png_image_write_to_memory(&png, bytes.data(), &size, 0, rgb.data(), 0, nullptr);
  return bytes;
}

TEST_F(Folder, PicturesAreScaledToTheInput) {
  const std::string path = put("x.png", png_of(2, 1, {255, 0, 0, 0, 255, 51}));
  Source source;
  source.black = -1;
  const Result<Dataset> d = load_dataset(path, graph_of({1, 1, 2, 3}), source);
  ASSERT_TRUE(d) << d.failure().to_string();
  const std::vector<float> got = floats(d->runs.at(0).at(0));
  const Floats wanted{1, -1, -1, -1, 1, -0.6F};
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6);
  const Result<Dataset> mean = load_dataset(path, graph_of({1, 1, 1, 3}));
  ASSERT_TRUE(mean);
  for (const auto& [at, value] : std::map<size_t, float>{{0, 0.5F}, {1, 0.5F}, {2, 0.1F}}) {
    EXPECT_NEAR(floats(mean->runs.at(0).at(0))[at], value, 1e-6);
  }
  const Result<Dataset> luma = load_dataset(path, graph_of({1, 1, 2, 1}));
  ASSERT_TRUE(luma);
  EXPECT_NEAR(floats(luma->runs.at(0).at(0))[0], 0.299, 1e-6);
}

TEST_F(Folder, JpegsAreReadToo) {
  const Bytes grey(size_t{16} * 16 * 3, 128);
  const tjhandle encoder = tjInitCompress();
  unsigned char* out = nullptr;
  unsigned long size = 0;
  ASSERT_EQ(tjCompress2(encoder, grey.data(), 16, 0, 16, TJPF_RGB, &out, &size, TJSAMP_444, 95, 0), 0);
  const Result<Image> image = decode_image({out, size}, "grey.jpg");
  tjFree(out);
  tjDestroy(encoder);
  ASSERT_TRUE(image) << image.failure().to_string();
  EXPECT_EQ(image->width, 16);
  for (const uint8_t v : image->rgb) EXPECT_NEAR(v, 128, 1);
  for (const float v : resized(*image, 5, 40, 3)) EXPECT_NEAR(v, 128, 1.01) << "whatever the size";
}

TEST_F(Folder, LabelsByOrderByNameByFolderByClass) {
  const std::vector<std::string> names{"cat/1.png", "dog/2.png"};
  using Labels = std::vector<int>;
  const auto labels = [&](const std::string& path, const std::vector<std::string>& classes = {}) {
    const Result<std::vector<int>> read = load_labels(path, names, classes);
    EXPECT_TRUE(read) << read.failure().to_string();
    return read ? *read : Labels{};
  };
  EXPECT_EQ(labels("folders"), (Labels{0, 1}));
  EXPECT_EQ(labels("folders", {"dog", "bird", "cat"}), (Labels{2, 0}));
  EXPECT_EQ(labels(put("plain.txt", "7\n3\n")), (Labels{7, 3}));
  EXPECT_EQ(labels(put("named.csv", "file,label\r\n2.png,5\r\n1.png,6\r\n")), (Labels{6, 5}));
  EXPECT_EQ(labels(put("order.csv", "note,label\na,cat\nb,dog\n"), {"dog", "cat"}), (Labels{1, 0}));
  EXPECT_FALSE(load_labels(put("few.txt", "7\n"), names, {}));
  EXPECT_FALSE(load_labels(put("other.csv", "file,label\n3.png,5\n"), names, {}));
  EXPECT_FALSE(load_labels(put("class.txt", "cow\ndog\n"), names, {"dog", "cat"}));
  EXPECT_FALSE(load_labels(put("columns.csv", "a,b\n1,2\n3,4\n"), names, {}));
}

}  // namespace
}  // namespace smelt::data
