// What `smelt init` writes, and what the first import adds to it.
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

#include "project/project.hpp"

namespace smelt::project {

namespace {

namespace fs = std::filesystem;

constexpr const char* text = R"(# A Smelt project. `smelt --help` lists the commands that work on it.

[project]
name = "@name@"
task = "@task@"             # classification, or anomaly (learns what is normal)

[data]                      # what every recording is brought to; the first `smelt data import` fills in what is open
@kind@# rate = 100                # Hz
# axes = ["ax", "ay", "az"] # columns or channels that the network sees, in this order
# labels = ["off", "on"]    # classes in the order of the outputs; default: those there are, sorted

[window]                    # what one decision looks at
length_ms = 1000            # or length_samples
stride_ms = 500             # or stride_samples; default: a window's length
pad = false                 # true: shorter recordings count, with zeros at their end

[split]                     # whole recordings go to training, validation and test, never windows of one recording to two
by = "recording"            # or "group": all recordings of a machine, a speaker, a day stay together
proportions = [60, 20, 20]  # train, validation, test
seed = 1
# test = ["*-vd2-*"]        # paths that always go to the test; `train` and `validation` likewise
)";

std::string quoted(const std::string& word) {
  std::string q = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') q += '\\';
    if (static_cast<unsigned char>(c) < 32 || c == 127) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      q += escape;
    } else {
      q += c;
    }
  }
  return q + "\"";
}

void replace(std::string& in, const std::string& from, const std::string& to) {
  const size_t at = in.find(from);
  if (at != std::string::npos) in.replace(at, from.size(), to);
}

Failure cannot_write(const fs::path& file) {
  return Failure("E0601", file.string(), "cannot be written", "check the folder's permissions and the free space");
}

/// By a new file that takes the old one's name: never half of it.
Outcome replace_file(const fs::path& file, const std::string& content) {
  const fs::path draft = file.string() + ".new";
  const int out = ::open(draft.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (out < 0) return cannot_write(file);
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(out, content.data() + done, content.size() - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  const bool sound = done == content.size() && ::fsync(out) == 0;
  ::close(out);
  std::error_code error;
  if (sound) fs::rename(draft, file, error);
  if (!sound || error) {
    fs::remove(draft, error);
    return cannot_write(file);
  }
  return Done{};
}

/// A line `key = value` in [data]: in place of the commented one, else right below the section's head.
void put_line(std::string& content, const std::string& key, const std::string& value) {
  std::istringstream in(content);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  size_t head = lines.size(), place = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].rfind("[data]", 0) == 0) {
      head = i;
    } else if (head < i && lines[i].rfind('[', 0) == 0) {
      break;
    } else if (head < i && lines[i].rfind("# " + key + " =", 0) == 0) {
      place = i;
      break;
    }
  }
  const std::string line = key + " = " + value;
  if (place < lines.size()) {
    lines[place] = line;
  } else if (head < lines.size()) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(head) + 1, line);
  } else {
    lines.insert(lines.end(), {"", "[data]", line});
  }
  content.clear();
  for (const std::string& l : lines) content += l + "\n";
}

std::string number(double v) {
  char digits[40];
  std::snprintf(digits, sizeof digits, v == std::floor(v) && std::fabs(v) < 1e15 ? "%.0f" : "%.17g", v);
  return digits;
}

}  // namespace

Result<Project> create(const fs::path& folder, const std::string& task, Kind kind) {
  std::error_code error;
  const fs::path root = fs::absolute(folder, error).lexically_normal();
  const fs::path base = root.filename().empty() ? root.parent_path() : root;
  if (fs::exists(base / "smelt.toml", error)) {
    return Failure("E1003", (base / "smelt.toml").string(), "there is a project already", "choose another name, or edit the file");
  }
  fs::create_directories(base, error);
  if (error) return cannot_write(base);
  std::string content = text;
  replace(content, "\"@name@\"", quoted(base.filename().string()));
  replace(content, "@task@", task);
  replace(content, "@kind@", kind == Kind::unknown ? "# kind = \"sensor\"           # or \"audio\", \"image\"\n"
                                                   : std::string("kind = \"") + name_of(kind) + "\"\n");
  if (Outcome o = replace_file(base / "smelt.toml", content); !o) return o.failure();
  return load(base);
}

Outcome complete(Project& project, Kind kind, double rate, const std::vector<std::string>& axes) {
  Data& data = project.data;
  const bool wants_kind = data.kind == Kind::unknown && kind != Kind::unknown;
  const bool wants_rate = data.rate == 0 && rate > 0;
  const bool wants_axes = data.axes.empty() && !axes.empty();
  if (!wants_kind && !wants_rate && !wants_axes) return Done{};
  std::ifstream in(project.file(), std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return Failure("E0101", project.file().string(), "the file cannot be read", "check its permissions");
  if (wants_kind) put_line(content, "kind", quoted(name_of(kind)));
  if (wants_rate) put_line(content, "rate", number(rate));
  if (wants_axes) {
    std::string list;
    for (const std::string& axis : axes) list += (list.empty() ? "" : ", ") + quoted(axis);
    put_line(content, "axes", "[" + list + "]");
  }
  if (Outcome o = replace_file(project.file(), content); !o) return o;
  const Result<Project> anew = load(project.root);
  if (!anew) return anew.failure();
  project = *anew;
  return Done{};
}

}  // namespace smelt::project
