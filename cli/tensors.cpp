#include "cli/tensors.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>

#include "data/npy.hpp"
#include "emit/emit.hpp"
#include "import/file.hpp"
#include "ops/view.hpp"
#include "runtime/check.hpp"

namespace smelt::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* magic = "\x93NUMPY";

bool ends_with(const std::string& s, const std::string& end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

std::string described(const Tensor& t) {
  return "\"" + t.name + "\" (" + to_string(t.dtype) + " " + to_string(t.shape) + ", " + std::to_string(t.bytes()) + " bytes)";
}

/// A shape without its dimensions of 1, which say nothing about the order of elements.
std::vector<int64_t> squeezed(const std::vector<int64_t>& shape) {
  std::vector<int64_t> rest;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(rest), [](int64_t d) { return d != 1; });
  return rest;
}

/// Whether an array of this shape holds one tensor or several in the tensor's order of elements: its own dimensions, but
/// for ones, behind a number of runs or not; or each tensor as a flat row, as in raw files.
bool holds(const std::vector<int64_t>& array, const Shape& type) {
  const std::vector<int64_t> got = squeezed(array);
  const std::vector<int64_t> want = squeezed({type.begin(), type.end()});
  if (got.size() <= 1 || (got.size() == 2 && got[1] == elements(type))) return true;
  return got.size() >= want.size() && got.size() <= want.size() + 1 && std::equal(want.rbegin(), want.rend(), got.rbegin());
}

/// The same, but for flat rows.
bool is_shaped(const std::vector<int64_t>& array, const Shape& type) {
  return squeezed(array).size() >= squeezed({type.begin(), type.end()}).size() && holds(array, type);
}

/// The elements after an .npy header.
Result<Bytes> npy_content(const std::string& path, const Bytes& file, const Tensor& type, const std::optional<PortLayout>& layout) {
  const auto bad = [&](const std::string& why) {
    return Failure("E0602", path, why, "save it with numpy.save as a C-ordered array of dtype '" + std::string(data::npy_descr(type.dtype)) +
                                           "' and shape " + to_string(type.shape) + ", or several of them stacked");
  };
  const Result<data::Array> array = data::parse_npy(file, path);
  if (!array) return bad(array.failure().diagnostics.at(0).reason);
  if (array->descr != data::npy_descr(type.dtype)) return bad(std::string("its dtype is not the tensor's, ") + to_string(type.dtype));
  const bool as_in_file = layout && is_shaped(array->shape, layout->file);
  if (!as_in_file && !holds(array->shape, type.shape)) return bad("its shape is not that of tensor " + described(type));
  Bytes content(array->bytes.begin(), array->bytes.end());
  if (as_in_file && content.size() % static_cast<size_t>(type.bytes()) == 0) {
    content = reordered(content, layout->file, layout->order, static_cast<size_t>(size_of(type.dtype)));
  }
  return content;
}

}  // namespace

Result<Bytes> read_tensor(const std::string& path, const Tensor& type, const std::optional<PortLayout>& layout) {
  Result<Bytes> file = read_file(path);
  if (!file) return file.failure();
  if (ends_with(path, ".npy")) {
    file = npy_content(path, *file, type, layout);
    if (!file) return file.failure();
  }
  const auto size = static_cast<size_t>(type.bytes());
  if (file->empty() || file->size() % size != 0) {
    return Failure("E0603", path, "holds " + std::to_string(file->size()) + " bytes, no multiple of tensor " + described(type),
                   "give one tensor, or several one after the other");
  }
  return file;
}

Outcome write_tensor(const std::string& path, const Tensor& type, const std::optional<PortLayout>& layout, const Bytes& content,
                     std::size_t runs) {
  std::string text;
  Bytes elements = content;
  if (ends_with(path, ".npy")) {
    std::string shape;
    if (runs > 1) shape += std::to_string(runs) + ", ";
    for (int32_t d : layout ? layout->file : type.shape) shape += std::to_string(d) + ", ";
    if (layout) elements = reordered(content, type.shape, view::inverse(layout->order, type.shape.size()), static_cast<size_t>(size_of(type.dtype)));
    std::string header = std::string("{'descr': '") + data::npy_descr(type.dtype) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
    header += '\n';
    text = std::string(magic, 6) + std::string("\x01\x00", 2) + static_cast<char>(header.size() & 255) +
           static_cast<char>(header.size() >> 8) + header;
  }
  text.append(elements.begin(), elements.end());
  return write_file(path, text);
}

Result<std::vector<std::string>> match_ports(const Graph& graph, const std::vector<TensorId>& ports, const std::string& option,
                                             const std::vector<std::string>& arguments) {
  std::vector<std::string> files(ports.size());
  std::string known;
  for (TensorId id : ports) known += (known.empty() ? "" : ", ") + described(graph.at(id));
  const auto wrong = [&](const std::string& argument, const std::string& why) {
    return Failure(ExitCode::usage, {"E0002", option + " " + argument, why, "there are " + known});
  };
  std::vector<std::string> unnamed;
  for (const std::string& argument : arguments) {
    size_t port = ports.size();
    for (size_t i = 0; i < ports.size(); ++i) {  // names may hold '=' themselves
      if (argument.rfind(graph.at(ports[i]).name + "=", 0) == 0 && files[i].empty()) port = i;
    }
    if (port == ports.size()) {
      unnamed.push_back(argument);
      continue;
    }
    files[port] = argument.substr(graph.at(ports[port]).name.size() + 1);
    if (files[port].empty()) return wrong(argument, "no file name after the =");
  }
  size_t next = 0;
  for (const std::string& argument : unnamed) {
    while (next < files.size() && !files[next].empty()) ++next;
    std::error_code error;
    const fs::path parent = fs::path(argument).parent_path();
    if (next == files.size()) return wrong(argument, "the model has no such tensor, or it has its file already");
    if (argument.find('=') != std::string::npos && !fs::exists(argument, error) && (parent.empty() || !fs::is_directory(parent, error))) {
      return wrong(argument, "the model has no tensor of that name");
    }
    files[next] = argument;
  }
  return files;
}

Result<verify::Runs> read_inputs(const Graph& graph, const RowLayout& layout, const std::vector<std::string>& arguments) {
  const Result<std::vector<std::string>> matched = match_ports(graph, graph.inputs, "--input", arguments);
  if (!matched) return matched.failure();
  const std::vector<std::string>& files = *matched;
  std::vector<Bytes> contents;
  size_t runs = 1;
  for (size_t i = 0; i < files.size(); ++i) {
    const Tensor& type = graph.at(graph.inputs[i]);
    if (files[i].empty()) {
      return Failure(ExitCode::usage, {"E0002", graph.file, "no file for input " + described(type), "add --input " + type.name + "=FILE"});
    }
    Result<Bytes> content = read_tensor(files[i], type, layout.inputs[i]);
    if (!content) return content.failure();
    const size_t count = content->size() / static_cast<size_t>(type.bytes());
    if (i > 0 && count != runs) {
      return Failure("E0603", files[i], "holds " + std::to_string(count) + " runs where other inputs hold " + std::to_string(runs),
                     "give every input the same number of runs");
    }
    runs = count;
    contents.push_back(std::move(*content));
  }
  verify::Runs result(runs);
  for (size_t r = 0; r < runs; ++r) {
    for (size_t i = 0; i < contents.size(); ++i) {
      const int64_t size = graph.at(graph.inputs[i]).bytes();
      const auto first = contents[i].begin() + static_cast<int64_t>(r) * size;
      result[r].emplace_back(first, first + size);
    }
  }
  return result;
}

Result<verify::Runs> read_directory(const Graph& graph, const std::vector<TensorId>& ports, const std::string& directory,
                                    const std::string& stem) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return Failure("E0101", directory, "no such directory", "check the path");
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(stem + "_", 0) == 0 && ends_with(name, ".bin")) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    return Failure("E0604", directory, "holds no " + stem + "_*.bin", "name the files " + stem + "_00.bin, " + stem + "_01.bin, ...");
  }
  size_t whole = 0;
  for (TensorId id : ports) whole += static_cast<size_t>(graph.at(id).bytes());
  verify::Runs runs;
  std::vector<Bytes> run;
  for (const std::string& file : files) {
    Result<Bytes> content = read_file(file);
    if (!content) return content.failure();
    if (run.empty() && content->size() == whole) {  // all tensors of a run in one file
      size_t at = 0;
      for (TensorId id : ports) {
        const auto size = static_cast<size_t>(graph.at(id).bytes());
        run.emplace_back(content->begin() + static_cast<int64_t>(at), content->begin() + static_cast<int64_t>(at + size));
        at += size;
      }
    } else {
      const Tensor& type = graph.at(ports[run.size()]);
      if (static_cast<int64_t>(content->size()) != type.bytes()) {
        return Failure("E0603", file, "holds " + std::to_string(content->size()) + " bytes where tensor " + described(type) + " is due",
                       "one file a run (and tensor), in the order of the file names");
      }
      run.push_back(std::move(*content));
    }
    if (run.size() == ports.size()) {
      runs.push_back(std::move(run));
      run.clear();
    }
  }
  if (!run.empty()) return Failure("E0604", directory, "the last run lacks tensors", "one file for each tensor of each run");
  return runs;
}

verify::Runs random_inputs(const Graph& graph, std::size_t count) {
  verify::Runs runs(count);
  uint32_t random = 0x12345678;
  for (auto& run : runs) {
    for (TensorId id : graph.inputs) {
      const Tensor& t = graph.at(id);
      Bytes bytes(static_cast<size_t>(t.bytes()));
      if (t.dtype == DType::f32) {
        std::vector<float> values(bytes.size() / 4);
        pattern_floats(values.data(), values.size(), random);
        std::memcpy(bytes.data(), values.data(), bytes.size());
      } else {
        pattern_bytes(bytes.data(), bytes.size(), random);
        if (t.dtype == DType::boolean) {
          for (uint8_t& b : bytes) b &= 1;
        }
      }
      run.push_back(std::move(bytes));
    }
  }
  return runs;
}

}  // namespace smelt::cli
