// What the printer and the parser of the text form share. The grammar is in docs/ir.md.
#pragma once

#include <string>

namespace smelt::text {

inline bool word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
inline bool digit(char c) { return c >= '0' && c <= '9'; }
inline bool word_part(char c) { return word_start(c) || digit(c); }

/// May stand without quotes. A lone `_` is an absent operand.
inline bool is_word(const std::string& s) {
  if (s.empty() || s == "_" || !word_start(s[0])) return false;
  for (char c : s) {
    if (!word_part(c)) return false;
  }
  return true;
}

}  // namespace smelt::text
