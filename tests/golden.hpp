// Golden cases: .tflite files that carry their own known answers (metadata smelt.in0, smelt.out0, ...), made by
// tools/goldens with TensorFlow Lite's reference kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "import/import.hpp"
#include "ir/graph.hpp"

namespace smelt::test {

/// All golden cases below tests/<folder>, sorted.
inline std::vector<std::string> golden_files(const std::string& folder) {
  std::vector<std::string> files;
  const std::filesystem::path root = std::filesystem::path(SMELT_SOURCE_DIR) / "tests" / folder;
  if (std::filesystem::exists(root)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".tflite") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// "conv_2d_int8_00_3x3_same" for .../conv_2d/int8_00_3x3_same.tflite.
inline std::string case_name(const std::string& file) {
  const std::filesystem::path path(file);
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

/// The inferences that a case's metadata hold: by run, then by input or output.
struct KnownAnswers {
  std::vector<std::vector<Bytes>> inputs;
  std::vector<std::vector<Bytes>> outputs;
};

inline KnownAnswers known_answers(const Graph& graph) {
  KnownAnswers answers;
  const auto split = [&](const char* stem, const std::vector<TensorId>& ports, std::vector<std::vector<Bytes>>& runs) {
    for (size_t i = 0; i < ports.size(); ++i) {
      const auto blob = graph.metadata.find(stem + std::to_string(i));
      if (blob == graph.metadata.end()) {
        ADD_FAILURE() << graph.file << " lacks " << stem << i;
        return;
      }
      const auto size = static_cast<size_t>(graph.at(ports[i]).bytes());
      const Bytes& all = *blob->second;
      if (all.empty() || all.size() % size != 0) ADD_FAILURE() << graph.file << ": " << stem << i << " has an odd size";
      const size_t count = all.size() / size;
      if (runs.size() < count) runs.resize(count);
      for (size_t r = 0; r < count; ++r) {
        runs[r].emplace_back(all.begin() + static_cast<int64_t>(r * size), all.begin() + static_cast<int64_t>((r + 1) * size));
      }
    }
  };
  split("smelt.in", graph.inputs, answers.inputs);
  split("smelt.out", graph.outputs, answers.outputs);
  if (answers.inputs.empty()) answers.inputs.resize(answers.outputs.size());
  EXPECT_EQ(answers.inputs.size(), answers.outputs.size()) << graph.file;
  return answers;
}

/// Integers must be equal; floats may differ by 1e-5 of the largest expected magnitude (at least 1e-6).
inline ::testing::AssertionResult same(const Tensor& type, const Bytes& expected, const Bytes& got) {
  if (expected.size() != got.size()) return ::testing::AssertionFailure() << "sizes differ";
  if (type.dtype != DType::f32) {
    const auto at = std::mismatch(expected.begin(), expected.end(), got.begin());
    if (at.first == expected.end()) return ::testing::AssertionSuccess();
    const auto count = std::inner_product(expected.begin(), expected.end(), got.begin(), 0, std::plus<>(), std::not_equal_to<>());
    return ::testing::AssertionFailure() << type.name << " " << to_string(type.shape) << ": " << count << " of " << got.size()
                                         << " bytes differ, first at " << at.first - expected.begin() << ": expected "
                                         << static_cast<int>(static_cast<int8_t>(*at.first)) << ", got "
                                         << static_cast<int>(static_cast<int8_t>(*at.second));
  }
  std::vector<float> e(expected.size() / 4), g(e.size());
  std::memcpy(e.data(), expected.data(), expected.size());
  std::memcpy(g.data(), got.data(), got.size());
  float largest = 0;
  for (float f : e) {
    if (std::isfinite(f)) largest = std::max(largest, std::fabs(f));
  }
  const float tolerance = std::max(1e-6F, 1e-5F * largest);
  for (size_t i = 0; i < e.size(); ++i) {
    const bool equal = std::isfinite(e[i]) ? std::fabs(e[i] - g[i]) <= tolerance
                                           : (std::isnan(e[i]) ? std::isnan(g[i]) : e[i] == g[i]);
    if (!equal) {
      return ::testing::AssertionFailure() << type.name << ": element " << i << ": expected " << e[i] << ", got " << g[i];
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace smelt::test
