// The models in v2.zip and v3.zip: made by tools/goldens/keras_models.py, with Keras's own answers.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "import/file.hpp"
#include "import/keras.hpp"
#include "import/zip.hpp"

namespace smelt::test {

struct KerasModel {
  Graph graph;
  std::vector<Bytes> inputs, outputs;
};

/// Entries of an archive of models, by name.
inline const std::map<std::string, Bytes>& keras_files(const std::string& archive) {
  static std::map<std::string, std::map<std::string, Bytes>> known;
  std::map<std::string, Bytes>& files = known[archive];
  if (!files.empty()) return files;
  const Result<Bytes> bytes = read_file(std::string(SMELT_SOURCE_DIR) + "/tests/keras/" + archive + ".zip");
  if (!bytes) throw std::runtime_error(bytes.failure().to_string());
  const Result<Zip> zip = Zip::open(*bytes, archive);
  if (!zip) throw std::runtime_error(zip.failure().to_string());
  for (const std::string& entry : zip->entries()) files[entry] = *zip->read(entry, 1 << 20);
  return files;
}

/// "v2/dense.h5"; everything but the answers.
inline std::vector<std::string> keras_models() {
  std::vector<std::string> names;
  for (const char* archive : {"v2", "v3"}) {
    for (const auto& [name, bytes] : keras_files(archive)) {
      if (name.find(".f32") == std::string::npos) names.push_back(std::string(archive) + "/" + name);
    }
  }
  return names;
}

inline const Bytes& keras_file(const std::string& name) { return keras_files(name.substr(0, 2)).at(name.substr(3)); }

inline KerasModel keras_model(const std::string& name) {
  KerasModel m;
  Result<Graph> graph = parse_keras(keras_file(name), name);
  if (!graph) throw std::runtime_error(graph.failure().to_string());
  m.graph = std::move(*graph);
  const Bytes& values = keras_file(name.substr(0, name.rfind('.')) + ".f32");
  size_t at = 0;
  const auto cut = [&](const std::vector<TensorId>& ports, std::vector<Bytes>& to) {
    for (const TensorId id : ports) {
      const auto size = static_cast<size_t>(m.graph.at(id).bytes());
      if (size > values.size() - at) throw std::runtime_error(name + ": shapes other than Keras's");
      to.emplace_back(values.begin() + static_cast<ptrdiff_t>(at), values.begin() + static_cast<ptrdiff_t>(at + size));
      at += size;
    }
  };
  cut(m.graph.inputs, m.inputs);
  cut(m.graph.outputs, m.outputs);
  if (at != values.size()) throw std::runtime_error(name + ": shapes other than Keras's");
  return m;
}

inline std::string keras_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace smelt::test
