#include "data/dataset.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <map>

#include "data/image.hpp"
#include "data/npy.hpp"
#include "import/file.hpp"
#include "import/zip.hpp"

namespace smelt::data {

namespace {

namespace fs = std::filesystem;

std::string extension(const fs::path& path) {
  std::string e = path.extension().string();
  std::transform(e.begin(), e.end(), e.begin(), [](unsigned char c) { return std::tolower(c); });
  return e;
}

bool is_picture(const std::string& e) {
  return e == ".jpg" || e == ".jpeg" || e == ".png";
}

Bytes bytes_of(const float* values, size_t n) {
  Bytes bytes(n * sizeof(float));
  std::memcpy(bytes.data(), values, bytes.size());
  return bytes;
}

/// `keep` of `all` indices, evenly spread.
std::vector<size_t> spread(size_t all, size_t keep) {
  std::vector<size_t> indices;
  const size_t n = keep == 0 ? all : std::min(all, keep);
  for (size_t i = 0; i < n; ++i) indices.push_back(i * all / n);
  return indices;
}

class Loader {
 public:
  Loader(const Graph& graph, const Source& source) : graph_(graph), source_(source) {
    for (const TensorId id : graph.inputs) sizes_.push_back(static_cast<size_t>(elements(graph.at(id).shape)));
  }

  Result<Dataset> run(const std::string& path) {
    for (const TensorId id : graph_.inputs) {
      if (graph_.at(id).dtype == DType::f32) continue;
      return Failure("E0904", place(graph_, id), "the input is not of floats, so examples of real values do not fit it",
                     "give the float model");
    }
    std::error_code error;
    if (!fs::exists(path, error)) return Failure("E0101", path, "no such file or folder", "check the path");
    if (Outcome o = fs::is_directory(path, error) ? folder(path) : file(path, fs::path(path).filename().string(), source_.limit); !o) {
      return o.failure();
    }
    if (dataset_.runs.empty()) return Failure("E0904", path, "holds no examples", "see `smelt quantize --help` for what is read");
    return std::move(dataset_);
  }

 private:
  Outcome folder(const std::string& path) {
    std::vector<std::string> files;
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
         at != fs::recursive_directory_iterator(); at.increment(error)) {
      if (error) return Failure("E0101", path, error.message(), "check the folder");
      const std::string e = extension(at->path());
      if (at->is_regular_file(error) && (is_picture(e) || e == ".npy" || e == ".bin")) {
        files.push_back(at->path().string());
      }
    }
    std::sort(files.begin(), files.end());
    for (const size_t i : spread(files.size(), source_.limit)) {
      if (Outcome o = file(files[i], fs::relative(files[i], path, error).string(), 0); !o) return o;
    }
    return Done{};
  }

  Outcome file(const std::string& path, const std::string& name, size_t limit) {
    const Result<Bytes> bytes = read_file(path);
    if (!bytes) return bytes.failure();
    const std::string e = extension(path);
    if (is_picture(e)) return picture(*bytes, path, name);
    if (e == ".npz") return archive(*bytes, path, limit);
    const Result<std::vector<float>> values = numbers(e == ".npy" ? parse_npy(*bytes, path) : raw(*bytes, path), path);
    if (!values) return values.failure();
    return add(*values, path, name, limit);
  }

  Result<std::vector<float>> numbers(const Result<Array>& array, const std::string& path) const {
    if (!array) return array.failure();
    Result<std::vector<float>> values = to_floats(*array, path);
    if (!values) return values.failure();
    for (float& v : *values) v = static_cast<float>(source_.scale * (static_cast<double>(v) - source_.zero));
    return values;
  }

  /// One array for each input, by its name; or the only one there is, for the only input.
  Outcome archive(const Bytes& bytes, const std::string& path, size_t limit) {
    const Result<Zip> zip = Zip::open(bytes, path);
    if (!zip) return zip.failure();
    std::vector<std::vector<float>> inputs;
    size_t runs = 0;
    for (size_t i = 0; i < sizes_.size(); ++i) {
      const std::string& name = graph_.at(graph_.inputs[i]).name;
      const bool only = sizes_.size() == 1 && zip->entries().size() == 1;
      const std::string entry = only ? zip->entries()[0] : name + ".npy";
      if (!zip->has(entry)) {
        return Failure("E0603", path, "holds no array \"" + name + "\"", "save it with numpy.savez, arrays named as the model's inputs");
      }
      const Result<Bytes> content = zip->read(entry, max_model_bytes);
      if (!content) return content.failure();
      Result<std::vector<float>> values = numbers(parse_npy(*content, path + ":" + entry), path + ":" + entry);
      if (!values) return values.failure();
      const size_t count = values->size() / sizes_[i];
      if (values->empty() || values->size() % sizes_[i] != 0 || (i > 0 && count != runs)) {
        return Failure("E0603", path + ":" + entry, "holds " + std::to_string(values->size()) + " numbers, not as many inputs of " +
                                                        std::to_string(sizes_[i]) + " as the other arrays", "save whole inputs, as many in each array");
      }
      runs = count;
      inputs.push_back(std::move(*values));
    }
    for (const size_t r : spread(runs, limit)) {
      std::vector<Bytes> run;
      for (size_t i = 0; i < sizes_.size(); ++i) run.push_back(bytes_of(inputs[i].data() + r * sizes_[i], sizes_[i]));
      dataset_.runs.push_back(std::move(run));
      dataset_.names.push_back(std::to_string(r));
    }
    return Done{};
  }

  Result<Array> raw(const Bytes& bytes, const std::string& path) const {
    for (const char* known : {"f4", "i1", "u1", "i2"}) {
      if (source_.raw_type != known) continue;
      const size_t width = static_cast<size_t>(known[1] - '0');
      if (bytes.size() % width != 0) return Failure("E0603", path, "its size is no multiple of an element's", "check --raw-type");
      return Array{std::string("<") + known, {}, bytes};
    }
    return Failure(ExitCode::usage, {"E0904", "--raw-type " + source_.raw_type, "no such type", "there are f4, i1, u1, i2"});
  }

  /// One or more runs, each all inputs one after the other.
  Outcome add(const std::vector<float>& values, const std::string& path, const std::string& name, size_t limit) {
    size_t whole = 0;
    for (const size_t size : sizes_) whole += size;
    if (values.empty() || values.size() % whole != 0) {
      return Failure("E0603", path, "holds " + std::to_string(values.size()) + " numbers, no multiple of the " + std::to_string(whole) +
                                        " that an inference takes",
                     "give whole inputs; for files without a header say --raw-type");
    }
    const size_t runs = values.size() / whole;
    for (const size_t r : spread(runs, limit)) {
      size_t at = r * whole;
      std::vector<Bytes> run;
      for (const size_t size : sizes_) {
        run.push_back(bytes_of(values.data() + at, size));
        at += size;
      }
      dataset_.runs.push_back(std::move(run));
      dataset_.names.push_back(runs == 1 ? name : std::to_string(r));
    }
    return Done{};
  }

  Outcome picture(const Bytes& bytes, const std::string& path, const std::string& name) {
    const Shape& shape = graph_.at(graph_.inputs.at(0)).shape;
    const bool fits = graph_.inputs.size() == 1 && shape.size() == 4 && shape[0] == 1 && (shape[3] == 1 || shape[3] == 3);
    if (!fits) {
      return Failure("E0904", path, "the model's input is no picture of 1 or 3 channels: " + to_string(shape), "give arrays instead");
    }
    const Result<Image> image = decode_image(bytes, path);
    if (!image) return image.failure();
    std::vector<float> values = resized(*image, shape[2], shape[1], shape[3]);
    for (float& v : values) v = static_cast<float>(source_.black + static_cast<double>(v) / 255 * (source_.white - source_.black));
    dataset_.runs.push_back({bytes_of(values.data(), values.size())});
    dataset_.names.push_back(name);
    return Done{};
  }

  const Graph& graph_;
  const Source& source_;
  std::vector<size_t> sizes_;
  Dataset dataset_;
};

// ---- labels ----

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else if (c != '\r' && c != '"') {
      cells.back() += c;
    }
  }
  return cells;
}

struct Rows {
  std::vector<std::string> keys;  ///< empty: rows are in the order of the runs
  std::vector<std::string> labels;
};

Result<Rows> read_rows(const std::string& path) {
  const Result<Bytes> bytes = read_file(path, int64_t{64} << 20);
  if (!bytes) return bytes.failure();
  std::vector<std::vector<std::string>> lines;
  std::string line;
  for (const uint8_t c : *bytes) {
    if (c == '\n') {
      lines.push_back(cells_of(line));
      line.clear();
    } else {
      line += static_cast<char>(c);
    }
  }
  if (!line.empty()) lines.push_back(cells_of(line));
  Rows rows;
  size_t label = 0, key = SIZE_MAX, first = 0;
  if (!lines.empty()) {
    for (size_t i = 0; i < lines[0].size(); ++i) {
      if (lines[0][i] == "label") label = i, first = 1;
      for (const char* word : {"file", "name", "filename", "index"}) {
        if (lines[0][i] == word && key == SIZE_MAX) key = i;
      }
    }
  }
  if (first == 0) key = SIZE_MAX;
  if (first == 0 && !lines.empty() && lines[0].size() != 1) {
    return Failure("E0605", path, "has no column named label", "name the columns in the first line, e.g. file,label");
  }
  for (size_t i = first; i < lines.size(); ++i) {
    if (lines[i].size() == 1 && lines[i][0].empty()) continue;
    if (lines[i].size() != lines[0].size()) {
      return Failure("E0605", path + ":" + std::to_string(i + 1), "has " + std::to_string(lines[i].size()) + " cells, the first line " +
                                                                      std::to_string(lines[0].size()), "give every line the same columns");
    }
    rows.labels.push_back(lines[i][label]);
    if (key != SIZE_MAX) rows.keys.push_back(lines[i][key]);
  }
  return rows;
}

/// The label of each run, by its name.
Result<std::vector<std::string>> words_of(const std::string& path, const std::vector<std::string>& names) {
  std::vector<std::string> words;
  if (path == "folders") {
    for (const std::string& name : names) words.push_back(fs::path(name).parent_path().filename().string());
    return words;
  }
  const Result<Rows> rows = read_rows(path);
  if (!rows) return rows.failure();
  if (rows->keys.empty()) {
    if (rows->labels.size() != names.size()) {
      return Failure("E0605", path, "holds " + std::to_string(rows->labels.size()) + " labels for " + std::to_string(names.size()) + " examples",
                     "give one for each, or a column `file` with their names");
    }
    return rows->labels;
  }
  std::map<std::string, std::string> by_key;
  for (size_t i = 0; i < rows->keys.size(); ++i) by_key[rows->keys[i]] = rows->labels[i];
  for (const std::string& name : names) {
    auto at = by_key.find(name);
    if (at == by_key.end()) at = by_key.find(fs::path(name).filename().string());
    if (at == by_key.end()) return Failure("E0605", path, "has no label for \"" + name + "\"", "add a line for it");
    words.push_back(at->second);
  }
  return words;
}

bool is_number(const std::string& word) {
  return !word.empty() && word.size() < 7 && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Result<Dataset> load_dataset(const std::string& path, const Graph& graph, const Source& source) { return Loader(graph, source).run(path); }

Result<std::vector<int>> load_labels(const std::string& path, const std::vector<std::string>& names,
                                     const std::vector<std::string>& classes) {
  const Result<std::vector<std::string>> words = words_of(path, names);
  if (!words) return words.failure();
  std::vector<int> labels;
  if (std::all_of(words->begin(), words->end(), is_number)) {
    for (const std::string& word : *words) labels.push_back(std::stoi(word));
    return labels;
  }
  std::vector<std::string> known = classes;
  if (known.empty()) {
    known = *words;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
  }
  for (const std::string& word : *words) {
    const auto at = std::find(known.begin(), known.end(), word);
    if (at == known.end()) return Failure("E0605", path, "\"" + word + "\" is none of the model's classes", "use the model's class names or numbers");
    labels.push_back(static_cast<int>(at - known.begin()));
  }
  return labels;
}

}  // namespace smelt::data
