#include "dataset/labels.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "import/file.hpp"

namespace smelt::dataset {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t max_table_bytes = std::int64_t{64} << 20;

Failure malformed(const std::string& pattern, const std::string& why) {
  return Failure(ExitCode::usage, {"E1021", "--label-from " + pattern, why, "for instance '{_}-{_}-{label}.csv': {label}, {group} and {_} stand for text"});
}

/// The last `count` parts of a path, with slashes between.
std::string tail(const fs::path& path, size_t count) {
  std::vector<std::string> parts;
  for (const fs::path& part : path) parts.push_back(part.string());
  std::string text;
  for (size_t i = parts.size() > count ? parts.size() - count : 0; i < parts.size(); ++i) text += (text.empty() ? "" : "/") + parts[i];
  return text;
}

std::string whole_path(const fs::path& path) {
  std::error_code error;
  return fs::absolute(path, error).lexically_normal().string();
}

/// Cells of a line of CSV: quotes may hold commas, two of them are one.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}
bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

}  // namespace

Result<Named> match(const std::string& pattern, const fs::path& path) {
  const std::string text = tail(path, static_cast<size_t>(std::count(pattern.begin(), pattern.end(), '/')) + 1);
  Named named;
  const auto unfit = [&] {
    return Failure("E1021", path.string(), "its name does not fit the pattern " + pattern, "mend the pattern, or leave the file out of the import");
  };
  size_t at = 0, p = 0;
  std::string* open = nullptr;  // what takes the text before the next literal
  std::string ignored;
  bool waiting = false;
  while (p <= pattern.size()) {
    const size_t brace = std::min(pattern.find('{', p), pattern.size());
    const std::string literal = pattern.substr(p, brace - p);
    if (waiting) {
      const bool last = brace == pattern.size();
      if (literal.empty() && !last) return malformed(pattern, "two braces without text between them");
      size_t found = std::string::npos;
      if (last) {
        if (text.size() >= at + 1 + literal.size() && text.compare(text.size() - literal.size(), literal.size(), literal) == 0) found = text.size() - literal.size();
      } else {
        found = at + 1 > text.size() ? std::string::npos : text.find(literal, at + 1);
      }
      if (found == std::string::npos || text.substr(at, found - at).find('/') != std::string::npos) return unfit();
      *open = text.substr(at, found - at);
      at = found + literal.size();
      if (last) return named;
    } else {
      if (text.compare(at, literal.size(), literal) != 0) return unfit();
      at += literal.size();
      if (brace == pattern.size()) return at == text.size() ? Result<Named>(named) : Result<Named>(unfit());
    }
    const size_t close = pattern.find('}', brace);
    const std::string word = close == std::string::npos ? "" : pattern.substr(brace + 1, close - brace - 1);
    if (word == "label") open = &named.label;
    else if (word == "group") open = &named.group;
    else if (word == "_") open = &ignored;
    else return malformed(pattern, "{" + word + "} is none of {label}, {group} and {_}");
    waiting = true;
    p = close + 1;
  }
  return unfit();
}

Result<Labeller> Labeller::make(const LabelOptions& options, const std::vector<fs::path>& roots) {
  Labeller l;
  l.options_ = options;
  l.roots_ = roots;
  std::string& rule = l.rule_;
  rule = options.label_from.empty() ? "auto" : options.label_from;
  const std::string& group = options.group_from;
  if (group.rfind("column:", 0) == 0) {
    l.group_column_ = group.substr(7);
  } else if (!group.empty() && group != "folder" && group.find('{') == std::string::npos) {
    return Failure(ExitCode::usage, {"E1021", "--group-from " + group, "not a rule", "say folder, column:NAME, or a pattern such as '{group}_{_}.wav'"});
  }
  if (!options.label.empty()) {
    rule = "label";
    return l;
  }
  if (rule == "folder" || rule == "none" || rule.find('{') != std::string::npos) {
    if (rule.find('{') != std::string::npos && rule.find("{label}") == std::string::npos && rule.find("{group}") == std::string::npos) {
      return malformed(rule, "takes neither {label} nor {group}");
    }
    return l;
  }
  if (rule == "column" || rule.rfind("column:", 0) == 0) {
    l.label_column_ = rule == "column" ? "auto" : rule.substr(7);
    return l;
  }
  std::vector<fs::path> tables;
  if (rule != "auto") {
    tables.emplace_back(rule);
  } else {
    for (const fs::path& root : roots) {
      for (const char* name : {"info.labels", "labels.csv"}) {
        if (!is_folder(root) || !is_file(root / name)) continue;
        tables.push_back(root / name);
        break;
      }
    }
    l.label_column_ = "auto";
  }
  for (const fs::path& table : tables) {
    if (Outcome o = table.extension() == ".labels" ? l.read_info(table) : l.read_table(table); !o) return o.failure();
    rule = table.filename().string();
    l.table_ = true;
    l.label_column_.clear();
  }
  return l;
}

Outcome Labeller::read_table(const fs::path& file) {
  const Result<Bytes> bytes = read_file(file.string(), max_table_bytes);
  if (!bytes) return bytes.failure();
  std::istringstream in(std::string(bytes->begin(), bytes->end()));
  std::vector<std::string> head;
  size_t columns[4] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};  // file, label, group, split
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (number == 1 && line.rfind("\xef\xbb\xbf", 0) == 0) line.erase(0, 3);
    if (line.empty() || line == "\r") continue;
    const std::vector<std::string> cells = cells_of(line);
    if (head.empty()) {
      head = cells;
      for (size_t i = 0; i < head.size(); ++i) {
        const std::string& h = head[i];
        if (h == "file" || h == "filename" || h == "path" || h == "name") columns[0] = i;
        if (h == "label" || h == "class") columns[1] = i;
        if (h == "group") columns[2] = i;
        if (h == "split") columns[3] = i;
      }
      if (columns[0] == SIZE_MAX || columns[1] == SIZE_MAX) {
        return Failure("E1021", file.string(), "lacks a column file or a column label", "its first line names them, e.g. file,label,group");
      }
      continue;
    }
    if (cells.size() != head.size()) {
      return Failure("E1021", file.string() + ":" + std::to_string(number),
                     "has " + std::to_string(cells.size()) + " cells, the first line " + std::to_string(head.size()), "give every line the same columns");
    }
    const auto cell = [&](size_t c) { return columns[c] == SIZE_MAX ? std::string() : cells[columns[c]]; };
    const Named named{cell(1), cell(2), split_of(cell(3))};
    by_path_[whole_path(file.parent_path() / cell(0))] = named;
    by_name_[fs::path(cell(0)).filename().string()] = named;
  }
  return Done{};
}

/// Edge Impulse's export: {"files": [{"path": ..., "category": "training", "label": {"type": "label", "label": "idle"}}]}.
Outcome Labeller::read_info(const fs::path& file) {
  using Json = nlohmann::json;
  const Result<Bytes> bytes = read_file(file.string(), max_table_bytes);
  if (!bytes) return bytes.failure();
  const Json json = Json::parse(bytes->begin(), bytes->end(), nullptr, false);
  if (!json.is_object() || !json.contains("files") || !json["files"].is_array()) {
    return Failure("E1021", file.string(), "not a labels file of Edge Impulse", "it is JSON with a list files");
  }
  const auto text = [](const Json& j, const char* key) {
    return j.is_object() && j.contains(key) && j[key].is_string() ? j[key].get<std::string>() : std::string();
  };
  for (const Json& entry : json["files"]) {
    const std::string path = text(entry, "path");
    static const Json none;
    const Json& label = entry.is_object() && entry.contains("label") ? entry["label"] : none;  // a copy would recurse
    if (path.empty()) continue;
    Named named{label.is_string() ? label.get<std::string>() : text(label, "label"), {}, split_of(text(entry, "category"))};
    if (text(label, "type") == "unlabeled") named.label.clear();
    if (entry.contains("metadata")) named.group = text(entry["metadata"], "group");
    by_path_[whole_path(file.parent_path() / path)] = named;
    by_name_[fs::path(path).filename().string()] = named;
  }
  return Done{};
}

Result<Named> Labeller::of(const fs::path& file) const {
  Named named;
  if (table_) {
    auto at = by_path_.find(whole_path(file));
    if (at == by_path_.end() && (at = by_name_.find(file.filename().string())) == by_name_.end()) {
      return Failure("E1021", file.string(), rule_ + " has no line for it", "add one, or leave the file out of the import");
    }
    named = at->second;
  } else if (rule_.find('{') != std::string::npos) {
    Result<Named> matched = match(rule_, file);
    if (!matched) return matched;
    named = *matched;
  } else if (rule_ == "folder") {
    named.label = file.parent_path().filename().string();
  } else if (rule_ == "auto") {
    // Folders are labels where there is one between what was named and the file.
    const std::string folder = whole_path(file.parent_path());
    const bool below = std::none_of(roots_.begin(), roots_.end(), [&](const fs::path& root) {
      const fs::path r = whole_path(root);
      return (r.filename().empty() ? r.parent_path() : r) == folder || r == whole_path(file);
    });
    if (below) named.label = file.parent_path().filename().string();
  }
  if (!options_.label.empty()) named.label = options_.label;
  if (options_.group_from == "folder") named.group = file.parent_path().filename().string();
  if (options_.group_from.find('{') != std::string::npos) {
    const Result<Named> matched = match(options_.group_from, file);
    if (!matched) return matched.failure();
    named.group = matched->group;
  }
  return named;
}

}  // namespace smelt::dataset
