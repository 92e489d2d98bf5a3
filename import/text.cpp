#include "import/text.hpp"

#include <algorithm>
#include <cstdint>

namespace smelt {
namespace {

/// Bytes of the UTF-8 character that starts `text`; 0 when it is malformed, overlong, a surrogate or a control
/// character.
size_t character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t code = lead & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const uint32_t lowest = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0xa0;  // U+0080 to U+009F are controls
  return code < lowest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, size_t limit) {
  std::string shown;
  while (!text.empty()) {
    const size_t length = character(text);
    if (shown.size() + std::max<size_t>(length, 1) > limit) break;
    if (length == 0) {
      shown += '?';
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return shown;
}

}  // namespace smelt
