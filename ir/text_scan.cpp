#include "ir/text_scan.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "ir/text.hpp"

namespace smelt::text {
namespace {

bool number_part(char c) { return word_part(c) ? c != '_' : c == '-' || c == '+' || c == '.'; }

std::string visible(char c) {
  if (c > 0x20 && c < 0x7f) return std::string("'") + c + "'";
  constexpr char digits[] = "0123456789abcdef";
  const auto u = static_cast<uint8_t>(c);
  return std::string("\\x") + digits[u >> 4] + digits[u & 15];
}

int hex_value(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Token Scanner::next() {
  skip_blanks();
  Token t;
  t.line = line_;
  t.column = column();
  if (at_ == text_.size()) return t;
  const char c = text_[at_];
  if (word_start(c)) {
    t.kind = Token::word;
    while (at_ < text_.size() && word_part(text_[at_])) t.text += text_[at_++];
  } else if (number_part(c) && c != '.') {
    t.kind = Token::number;
    while (at_ < text_.size() && number_part(text_[at_])) t.text += text_[at_++];
  } else if (c == '%') {
    t.kind = Token::id;
    ++at_;
    while (at_ < text_.size() && (text_[at_] == '-' || digit(text_[at_]))) t.text += text_[at_++];
  } else if (c == '"') {
    t.kind = Token::string;
    scan_string(t);
  } else if (std::strchr("()[]{}=,", c) != nullptr && c != '\0') {
    t.kind = Token::punctuation;
    t.text = c;
    ++at_;
  } else {
    throw Mistake{t, "unexpected character " + visible(c),
                  "outside quotes only words, numbers, %ids and ()[]{}=, may stand"};
  }
  return t;
}

void Scanner::skip_blanks() {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      if (at_ == text_.size()) return;
    }
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      return;
    }
  }
}

void Scanner::scan_string(Token& t) {
  for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return;
    }
    if (c != '\\') {
      t.text += c;
      continue;
    }
    Token escape;
    escape.line = line_;
    escape.column = column();
    const std::string_view rest = std::string_view(text_).substr(at_ + 1);
    if (!rest.empty() && (rest[0] == '"' || rest[0] == '\\')) {
      t.text += rest[0];
      at_ += 1;
    } else if (rest.size() >= 3 && rest[0] == 'x' && hex_value(rest[1]) >= 0 && hex_value(rest[2]) >= 0) {
      t.text += static_cast<char>(hex_value(rest[1]) * 16 + hex_value(rest[2]));
      at_ += 3;
    } else {
      throw Mistake{escape, "unknown escape in a string", "the escapes are \\\", \\\\ and \\x with two hex digits"};
    }
  }
  throw Mistake{t, "the string does not end on its line", "close it with a double quote; write a line break as \\x0a"};
}

}  // namespace smelt::text
