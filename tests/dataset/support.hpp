// Folders that vanish, and files made on the spot.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>
#include <vector>

#include "dataset/store.hpp"

namespace smelt::dataset::test {

namespace fs = std::filesystem;
using Floats = std::vector<float>;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    const ::testing::TestInfo* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::temp_directory_path() / ("smelt-dataset-" + std::to_string(getpid()) + "-" + info->test_suite_name() + "-" + info->name());
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string put(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
    return (root_ / name).string();
  }
  /// A project in the folder "p" of this kind; `more` goes behind its smelt.toml.
  project::Project project(const std::string& more = "[window]\nlength_samples = 10\n") const {
    put("p/smelt.toml", more);
    Result<project::Project> p = project::load(root_ / "p");
    EXPECT_TRUE(p) << p.failure().to_string();
    return p ? *p : project::Project{};
  }
  fs::path root_;
};

inline std::span<const std::uint8_t> bytes_of(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

inline Result<Decoded> decoded(const std::string& name, const std::string& content, const DecodeOptions& options = {}) {
  return decode(bytes_of(content), name, options);
}

template <class T>
std::string code_of(const Result<T>& r) {
  return r ? std::string() : r.failure().diagnostics.at(0).code;
}
template <class T>
std::string place_of(const Result<T>& r) {
  return r ? std::string() : r.failure().diagnostics.at(0).place;
}

inline void little(std::string& to, std::uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(v >> (8 * i));
}

/// A WAV file of integers, by the format's description (RIFF, "WAVE", "fmt ", "data").
inline std::string wav(int rate, int channels, int bits, const std::vector<std::int32_t>& values) {
  const int width = bits / 8;
  std::string data;
  for (const std::int32_t v : values) little(data, static_cast<std::uint64_t>(static_cast<std::int64_t>(bits == 8 ? v + 128 : v)), width);
  std::string head = "RIFF";
  little(head, 36 + data.size(), 4);
  head += "WAVEfmt ";
  little(head, 16, 4);
  little(head, 1, 2);
  little(head, static_cast<std::uint64_t>(channels), 2);
  little(head, static_cast<std::uint64_t>(rate), 4);
  little(head, static_cast<std::uint64_t>(rate * channels * width), 4);
  little(head, static_cast<std::uint64_t>(channels * width), 2);
  little(head, static_cast<std::uint64_t>(bits), 2);
  head += "data";
  little(head, data.size(), 4);
  return head + data;
}

/// Repeatable noise that grows and shrinks in its own way for each seed.
inline std::vector<std::int32_t> sound(unsigned seed, size_t samples, double gain = 8000) {
  std::vector<std::int32_t> values;
  std::uint32_t state = seed * 2654435761U + 1;
  double level = 0, goal = 1;
  for (size_t i = 0; i < samples; ++i) {
    state = state * 1664525U + 1013904223U;
    if (i % (samples / 30 + 1) == 0) goal = static_cast<double>(state >> 24) / 255;
    level += (goal - level) * 0.05;
    values.push_back(static_cast<std::int32_t>((static_cast<double>(state >> 8) / 8388608.0 - 1) * gain * level));
  }
  return values;
}

}  // namespace smelt::dataset::test
