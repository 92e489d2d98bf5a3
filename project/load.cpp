#include <algorithm>
#include <cmath>

#include "project/project.hpp"
#include "targets/reader.hpp"

namespace smelt::project {

namespace {

namespace fs = std::filesystem;
using targets::Reader;

constexpr const char* help = "docs/data.md describes the fields";
constexpr std::int64_t max_samples = std::int64_t{1} << 31;

/// Absent: an empty table, so that every field takes its default.
const toml::table& section(Reader& r, const toml::table& root, std::string_view name) {
  static const toml::table none;
  const toml::node* node = root.get(name);
  if (node == nullptr) return none;
  if (const toml::table* table = node->as_table()) return *table;
  r.complain(node, "'" + std::string(name) + "' must be a section, [" + std::string(name) + "]");
  return none;
}

std::vector<std::string> texts(Reader& r, const toml::table& t, const std::string& where, std::string_view key) {
  return t.contains(key) ? r.texts(t, where, key) : std::vector<std::string>{};
}

std::string word(Reader& r, const toml::table& t, const std::string& where, std::string_view key,
                 std::initializer_list<std::string_view> choices) {
  return t.contains(key) ? r.choice(t, key, choices, where) : std::string();
}

Data read_data(Reader& r, const toml::table& t) {
  const std::string where = "[data]";
  r.only(t, where, {"kind", "rate", "axes", "labels"});
  Data data;
  data.kind = kind_of(word(r, t, where, "kind", {"sensor", "audio", "image"}));
  data.rate = r.real(t, "rate", 1e-3, 1e7).value_or(0);
  data.axes = texts(r, t, where, "axes");
  data.labels = texts(r, t, where, "labels");
  for (const auto* list : {&data.axes, &data.labels}) {
    for (size_t i = 0; i < list->size(); ++i) {
      if (std::find(list->begin(), list->begin() + static_cast<std::ptrdiff_t>(i), (*list)[i]) != list->begin() + static_cast<std::ptrdiff_t>(i))
        r.complain(t.get(list == &data.axes ? "axes" : "labels"), "\"" + (*list)[i] + "\" is named twice", "name it once");
    }
  }
  return data;
}

Window read_window(Reader& r, const toml::table& t) {
  const std::string where = "[window]";
  r.only(t, where, {"length_ms", "length_samples", "stride_ms", "stride_samples", "pad"});
  Window w;
  for (const char* what : {"length", "stride"}) {
    if (t.contains(what + std::string("_ms")) && t.contains(what + std::string("_samples")))
      r.complain(t.get(what + std::string("_ms")), std::string("give either '") + what + "_ms' or '" + what + "_samples'");
  }
  w.length_ms = r.real(t, "length_ms", 1e-3, 1e9).value_or(0);
  w.stride_ms = r.real(t, "stride_ms", 1e-3, 1e9).value_or(0);
  if (const toml::node* n = t.get("length_samples")) w.length_samples = r.number(n, "'length_samples'", 1, max_samples);
  if (const toml::node* n = t.get("stride_samples")) w.stride_samples = r.number(n, "'stride_samples'", 1, max_samples);
  w.pad = r.flag(t, "pad");
  return w;
}

Split read_split(Reader& r, const toml::table& t) {
  const std::string where = "[split]";
  r.only(t, where, {"by", "seed", "proportions", "train", "validation", "test"});
  Split s;
  s.by_group = word(r, t, where, "by", {"recording", "group"}) == "group";
  if (const toml::node* n = t.get("seed")) s.seed = static_cast<std::uint64_t>(r.number(n, "'seed'", 0, INT64_MAX));
  if (const toml::node* n = t.get("proportions")) {
    const toml::array* list = n->as_array();
    double sum = 0;
    bool sound = list != nullptr && list->size() == 3;
    for (size_t i = 0; sound && i < 3; ++i) {
      const auto value = list->get(i)->value<double>();
      sound = list->get(i)->is_number() && value && *value >= 0 && *value <= 1e6;
      if (sound) sum += s.proportions[i] = *value;
    }
    if (!sound || sum <= 0) r.complain(n, "'proportions' must be three numbers, for train, validation and test", "for instance [60, 20, 20]");
  }
  size_t i = 0;
  for (const char* name : {"train", "validation", "test"}) s.fixed[i++] = texts(r, t, where, name);
  return s;
}

std::int64_t in_samples(double ms, std::int64_t samples, double rate) {
  if (samples > 0) return samples;
  if (rate <= 0 || ms <= 0) return 0;
  return std::clamp(static_cast<std::int64_t>(std::llround(ms * rate / 1000)), std::int64_t{1}, max_samples);
}

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::sensor: return "sensor";
    case Kind::audio: return "audio";
    case Kind::image: return "image";
    case Kind::unknown: break;
  }
  return "unknown";
}

Kind kind_of(const std::string& w) {
  for (const Kind kind : {Kind::sensor, Kind::audio, Kind::image}) {
    if (w == name_of(kind)) return kind;
  }
  return Kind::unknown;
}

const std::vector<std::string>& tasks() {
  static const std::vector<std::string> all = {"classification", "anomaly"};
  return all;
}

std::int64_t Window::length(double rate) const { return in_samples(length_ms, length_samples, rate); }

std::int64_t Window::stride(double rate) const {
  const std::int64_t given = in_samples(stride_ms, stride_samples, rate);
  return given > 0 ? given : std::max<std::int64_t>(length(rate), 1);
}

Result<fs::path> find_root(const fs::path& from) {
  std::error_code error;
  const fs::path start = fs::absolute(from, error).lexically_normal();
  for (fs::path at = start;; at = at.parent_path()) {
    if (fs::is_regular_file(at / "smelt.toml", error)) return at;
    if (at == at.parent_path()) break;
  }
  return Failure("E1001", start.string(), "no smelt.toml here or in a folder above",
                 "`smelt init NAME` makes a project; work inside it or say --project DIR");
}

Result<Project> load(const fs::path& root) {
  const std::string file = (root / "smelt.toml").string();
  Reader r(file, "E1002", help);
  toml::table t;
  try {
    t = toml::parse_file(file);
  } catch (const toml::parse_error& e) {
    const std::string line = e.source().begin.line == 0 ? "" : ":" + std::to_string(e.source().begin.line);
    return Failure("E1002", file + line, std::string(e.description()), help);
  }
  Project p;
  p.root = root;
  const toml::table& head = section(r, t, "project");
  r.only(head, "[project]", {"name", "task"});
  p.name = head.contains("name") ? r.text(head, "[project]", "name") : root.filename().string();
  p.task = word(r, head, "[project]", "task", {"classification", "anomaly"});
  if (p.task.empty()) p.task = tasks().front();
  p.data = read_data(r, section(r, t, "data"));
  p.window = read_window(r, section(r, t, "window"));
  p.split = read_split(r, section(r, t, "split"));
  if (!r.clean()) return r.failure();
  return p;
}

}  // namespace smelt::project
