// Source: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end of it).
#include "import/associated_files.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "import/text.hpp"

namespace smelt {
namespace {

using Span = std::span<const uint8_t>;

uint32_t u16(Span s, size_t at) { return s[at] | static_cast<uint32_t>(s[at + 1]) << 8; }
uint32_t u32(Span s, size_t at) { return u16(s, at) | u16(s, at + 2) << 16; }

/// The bytes from `at` on, when there are at least `least` and they begin with `signature`.
std::optional<Span> record(Span bytes, uint64_t at, size_t least, uint32_t signature) {
  if (at > bytes.size() || bytes.size() - at < least) return std::nullopt;
  const Span s = bytes.subspan(static_cast<size_t>(at));
  if (u32(s, 0) != signature) return std::nullopt;
  return s;
}

struct Directory {
  size_t at = 0;
  size_t entries = 0;
};

/// The end record stands within the last 64 KB, behind a comment that is usually empty.
std::optional<Directory> find_directory(Span bytes) {
  constexpr size_t length = 22, longest_comment = 65535;
  if (bytes.size() < length) return std::nullopt;
  const size_t last = bytes.size() - length;
  for (size_t back = 0; back <= std::min(last, longest_comment); ++back) {
    const auto end = record(bytes, last - back, length, 0x06054b50);
    if (!end || u16(*end, 20) != back) continue;
    const uint32_t size = u32(*end, 12), offset = u32(*end, 16);
    if (uint64_t{offset} + size != last - back) return std::nullopt;
    return Directory{offset, u16(*end, 10)};
  }
  return std::nullopt;
}

bool names_labels(std::string_view name) {
  return name.find("label") != std::string_view::npos && name.size() > 4 && name.substr(name.size() - 4) == ".txt";
}

/// Content of an entry of the central directory, when it is stored as it is.
std::optional<Span> content(Span bytes, Span entry) {
  const uint32_t method = u16(entry, 10), size = u32(entry, 20);
  const auto local = record(bytes, u32(entry, 42), 30, 0x04034b50);
  if (method != 0 || size != u32(entry, 24) || !local) return std::nullopt;
  const size_t at = 30 + u16(*local, 26) + u16(*local, 28);
  if (at > local->size() || local->size() - at < size) return std::nullopt;
  return local->subspan(at, size);
}

std::vector<std::string> lines(std::string_view text, size_t most) {
  std::vector<std::string> found;
  while (!text.empty() && found.size() < most) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) found.push_back(printable(line));
  }
  return found;
}

}  // namespace

std::vector<std::string> packed_labels(Span bytes, size_t most) {
  const auto directory = find_directory(bytes);
  if (!directory) return {};
  std::optional<Span> labels;
  uint64_t at = directory->at;
  for (size_t i = 0; i < directory->entries; ++i) {
    const auto entry = record(bytes, at, 46, 0x02014b50);
    if (!entry) return {};
    const size_t name = u16(*entry, 28);
    if (entry->size() - 46 < name) return {};
    at += 46 + name + u16(*entry, 30) + u16(*entry, 32);
    if (!names_labels({reinterpret_cast<const char*>(entry->data()) + 46, name})) continue;
    if (labels) return {};
    labels = content(bytes, *entry);
    if (!labels) return {};
  }
  if (!labels) return {};
  return lines({reinterpret_cast<const char*>(labels->data()), labels->size()}, most);
}

}  // namespace smelt
