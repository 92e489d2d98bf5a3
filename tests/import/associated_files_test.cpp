// Class names in a zip archive behind the model.
#include "import/associated_files.hpp"

#include <gtest/gtest.h>

#include "tests/import/models.hpp"

namespace smelt {
namespace {

using Labels = std::vector<std::string>;

/// A zip archive of stored files that begins at byte `at` of its file, written from the format's description.
class Archive {
 public:
  explicit Archive(size_t at) : at_(at) {}

  Archive& add(const std::string& name, const std::string& text, uint32_t method = 0) {
    const auto offset = static_cast<uint32_t>(at_ + bytes_.size());
    const auto size = static_cast<uint32_t>(text.size());
    u32(bytes_, 0x04034b50);
    common(bytes_, method, size, name);
    put(bytes_, name);
    put(bytes_, text);
    u32(directory_, 0x02014b50);
    u16(directory_, 20);
    common(directory_, method, size, name);
    for (int i = 0; i < 5; ++i) u16(directory_, 0);  // comment, disk, attributes
    u32(directory_, offset);
    put(directory_, name);
    ++entries_;
    return *this;
  }

  Bytes bytes(const std::string& comment = {}) const {
    Bytes all = bytes_;
    all.insert(all.end(), directory_.begin(), directory_.end());
    u32(all, 0x06054b50);
    u32(all, 0);
    u16(all, entries_);
    u16(all, entries_);
    u32(all, static_cast<uint32_t>(directory_.size()));
    u32(all, static_cast<uint32_t>(at_ + bytes_.size()));
    u16(all, static_cast<uint32_t>(comment.size()));
    put(all, comment);
    return all;
  }

 private:
  static void u16(Bytes& b, uint32_t v) {
    b.push_back(static_cast<uint8_t>(v));
    b.push_back(static_cast<uint8_t>(v >> 8));
  }
  static void u32(Bytes& b, uint32_t v) {
    u16(b, v);
    u16(b, v >> 16);
  }
  static void put(Bytes& b, const std::string& s) { b.insert(b.end(), s.begin(), s.end()); }
  static void common(Bytes& b, uint32_t method, uint32_t size, const std::string& name) {
    u16(b, 20);
    u16(b, 0);
    u16(b, method);
    u32(b, 0);  // time
    u32(b, 0);  // checksum
    u32(b, size);
    u32(b, size);
    u16(b, static_cast<uint32_t>(name.size()));
    u16(b, 0);
  }

  size_t at_;
  Bytes bytes_;
  Bytes directory_;
  uint32_t entries_ = 0;
};

Bytes model_with(const Archive& archive, const Bytes& model, const std::string& comment = {}) {
  Bytes all = model;
  const Bytes zip = archive.bytes(comment);
  all.insert(all.end(), zip.begin(), zip.end());
  return all;
}

const Bytes& model() {
  static const Bytes bytes = testing::pack(testing::two_relus().model);  // one output of four elements
  return bytes;
}

Labels labels_of(const Bytes& bytes) {
  const Result<Graph> graph = parse_tflite(bytes, "x.tflite");
  EXPECT_TRUE(graph) << graph.failure().to_string();
  return graph ? graph->labels : Labels{};
}

TEST(AssociatedFiles, LabelsOfAsManyClassesAsTheOutputHas) {
  Archive a(model().size());
  a.add("vocab.txt", "x\n").add("labels.txt", "yes\r\nno\n\nup\ndown");
  EXPECT_EQ(labels_of(model_with(a, model())), (Labels{"yes", "no", "up", "down"}));
  EXPECT_EQ(labels_of(model_with(a, model(), "a comment")), (Labels{"yes", "no", "up", "down"}));
  EXPECT_EQ(labels_of(model()), Labels{});
  Archive few(model().size());
  few.add("labels.txt", "yes\nno\n");
  EXPECT_EQ(labels_of(model_with(few, model())), Labels{});
}

TEST(AssociatedFiles, WhatIsAmbiguousOrCompressedIsLeftAlone) {
  Archive two(0), packed(0);
  two.add("labels.txt", "a\n").add("labels_de.txt", "b\n");
  packed.add("labels.txt", "a\n", 8);
  EXPECT_EQ(packed_labels(two.bytes(), 9), Labels{});
  EXPECT_EQ(packed_labels(packed.bytes(), 9), Labels{});
}

TEST(AssociatedFiles, NoMoreThanAskedForAndPrintable) {
  Archive a(0);
  a.add("some_labels.txt", "a\x1b\nb\nc\n");
  EXPECT_EQ(packed_labels(a.bytes(), 2), (Labels{"a?", "b"}));
}

TEST(AssociatedFiles, MalformedArchivesHaveNone) {
  Archive a(0);
  a.add("labels.txt", "yes\nno\n");
  const Bytes whole = a.bytes();
  ASSERT_EQ(packed_labels(whole, 9), (Labels{"yes", "no"}));
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(packed_labels(Bytes(whole.begin(), whole.begin() + static_cast<long>(n)), 9), Labels{}) << n;
  }
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {  // no read out of bounds, whatever is found
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_LE(packed_labels(flipped, 9).size(), 9u);
  }
}

}  // namespace
}  // namespace smelt
