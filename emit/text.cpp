#include "emit/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

namespace smelt::emit_detail {

std::string fill(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [key, value] : values) {
    const std::string mark = "@" + key + "@";
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

std::string wrap(const std::vector<std::string>& items) {
  constexpr size_t columns = 116;
  std::string text, line = "  ";
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (line.size() > 2 && line.size() + 1 + item.size() > columns) {
      text += line + "\n";
      line = "  ";
    }
    if (line.size() > 2) line += " ";
    line += item;
  }
  return text + line + "\n";
}

std::string literal(const std::string& text) {
  constexpr char digits[] = "01234567";
  std::string out = "\"";
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    // Octal ends after three digits; `?` avoids trigraphs, `@` the marks of fill().
    if (c == '"' || c == '\\' || c == '?' || c == '@' || u < 0x20 || u > 0x7E) {
      out += {'\\', digits[u >> 6], digits[u >> 3 & 7], digits[u & 7]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number(float value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "__builtin_nanf(\"\")" : value > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string c_type(DType type) {
  switch (type) {
    case DType::i8: return "int8_t";
    case DType::u8: return "uint8_t";
    case DType::i16: return "int16_t";
    case DType::i32: return "int32_t";
    case DType::i64: return "int64_t";
    case DType::f32: return "float";
    case DType::boolean: return "uint8_t";
  }
  return {};
}

namespace {

/// `#include "x.hpp"` lines of a header, as paths from the package's root.
std::vector<std::string> includes(const std::string& path, const std::string& text) {
  std::vector<std::string> found;
  const std::string mark = "#include \"";
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    std::string name = text.substr(at, text.find('"', at) - at);
    std::string folder = path.substr(0, path.rfind('/'));
    if (name.rfind("runtime/", 0) == 0) {
      found.push_back(name);
      continue;
    }
    while (name.rfind("../", 0) == 0) {
      name.erase(0, 3);
      folder.erase(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
    }
    found.push_back(folder + "/" + name);
  }
  return found;
}

void visit(const std::string& path, std::set<std::string>& seen, std::vector<std::string>& order) {
  if (!seen.insert(path).second) return;
  for (const auto& [name, text] : runtime_files()) {
    if (name != path) continue;
    for (const std::string& other : includes(path, text)) visit(other, seen, order);
    order.push_back(path);
    return;
  }
  SMELT_ASSERT(false, "the runtime has no file " + path);
}

}  // namespace

std::vector<std::string> runtime_closure(const std::vector<std::string>& roots) {
  std::set<std::string> seen;
  std::vector<std::string> order;
  for (const std::string& root : roots) visit(root, seen, order);
  return order;
}

}  // namespace smelt::emit_detail
