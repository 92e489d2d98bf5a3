// The scanner of the text form: from characters to tokens that know where they stand.
#pragma once

#include <cstddef>
#include <string>

namespace smelt::text {

struct Token {
  enum Kind { end, word, number, string, id, punctuation };
  Kind kind = end;
  std::string text;  ///< a string's content; an id's digits
  int line = 1;
  int column = 1;
};

/// Thrown by the scanner and the parser; parse() turns it into a Failure, so that it never leaves this library.
struct Mistake {
  Token at;
  std::string reason;
  std::string help;
};

class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}
  Token next();  ///< throws Mistake

 private:
  int column() const { return static_cast<int>(at_ - line_start_) + 1; }
  void skip_blanks();
  void scan_string(Token& t);

  const std::string& text_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace smelt::text
