// A recursive-descent parser. It stops at the first mistake and says where it stands.
#include <charconv>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"
#include "ir/text_scan.hpp"

namespace smelt {
namespace {

using text::Mistake;
using text::Scanner;
using text::Token;

class Parser {
 public:
  Parser(const std::string& text, std::string file) : scanner_(text), file_(std::move(file)) { advance(); }

  Graph graph() {
    Graph g;
    keyword("graph", "a text graph starts with: graph \"name\"");
    g.name = string("the graph's name");
    g.file = file_;
    if (accept_word("from")) g.file = string("a file name");
    while (token_.kind != Token::end) statement(g);
    return g;
  }

 private:
  // ---- statements ----

  void statement(Graph& g) {
    if (accept_word("tensor")) return tensor(g);
    if (accept_word("node")) return node(g);
    if (accept_word("inputs")) return append(g.inputs);
    if (accept_word("outputs")) return append(g.outputs);
    if (accept_word("labels")) {
      list([&] { g.labels.push_back(string("a label")); });
      return;
    }
    if (accept_word("metadata")) return metadata(g);
    fail("expected a statement, found " + found(),
         "statements start with tensor, node, inputs, outputs, labels or metadata");
  }

  void append(std::vector<TensorId>& to) {
    const std::vector<TensorId> more = id_list();
    to.insert(to.end(), more.begin(), more.end());
  }

  void tensor(Graph& g) {
    const Token at = token_;
    const TensorId id = tensor_id();
    const auto expected = static_cast<TensorId>(g.tensors.size());
    if (id != expected) {
      throw Mistake{at, "tensor %" + std::to_string(id) + " should be %" + std::to_string(expected),
                    "tensors are numbered from 0 in the order of their statements"};
    }
    Tensor t;
    t.name = string("the tensor's name");
    t.dtype = dtype();
    list([&] { t.shape.push_back(integer<int32_t>("a dimension")); });
    bool repeat_zero_point = false;
    std::set<std::string> given;
    while (is_word("scale") || is_word("zero") || is_word("axis") || is_word("source") || is_word("state") ||
           is_word("data")) {
      if (!given.insert(token_.text).second) fail(token_.text + " is given twice");
      if (accept_word("scale")) {
        one_or_list([&] { t.quant.scale.push_back(real<float>("a scale")); });
      } else if (accept_word("zero")) {
        repeat_zero_point = one_or_list([&] { t.quant.zero_point.push_back(integer<int32_t>("a zero point")); });
      } else if (accept_word("axis")) {
        punctuation('=');
        t.quant.axis = integer<int32_t>("an axis");
      } else if (accept_word("source")) {
        punctuation('=');
        t.source = integer<int32_t>("an index in the model file");
      } else if (accept_word("state")) {
        t.state = true;
      } else if (accept_word("data")) {
        punctuation('=');
        t.data = std::make_shared<const Bytes>(content(t.dtype));
      }
    }
    if (repeat_zero_point && t.quant.scale.empty()) {
      throw Mistake{at, "a zero point without a scale", "write scale=... as well"};
    }
    if (repeat_zero_point) t.quant.zero_point.resize(t.quant.scale.size(), t.quant.zero_point[0]);
    g.tensors.push_back(std::move(t));
  }

  void node(Graph& g) {
    Node n;
    if (is_punctuation('(')) {
      n.outputs = id_list();
    } else {
      n.outputs.push_back(operand());
    }
    punctuation('=');
    n.op = word_or_string("an operator's name");
    n.inputs = id_list();
    if (accept_word("source")) {
      punctuation('=');
      n.source = integer<int32_t>("an index in the model file");
    }
    if (is_punctuation('{')) {
      bracketed('{', '}', [&] { attribute(n.attrs); });
    }
    g.nodes.push_back(std::move(n));
  }

  void attribute(Attrs& attrs) {
    const Token at = token_;
    const std::string name = word_or_string("an attribute's name");
    if (attrs.has(name)) throw Mistake{at, "attribute \"" + name + "\" is given twice", ""};
    punctuation('=');
    if (token_.kind == Token::string) return attrs.set(name, string("a string"));
    if (is_punctuation('[')) {
      std::vector<int64_t> values;
      list([&] { values.push_back(integer<int64_t>("an integer")); });
      return attrs.set(name, std::move(values));
    }
    const bool integral = token_.kind == Token::number && token_.text.find_first_of(".einfEINF") == std::string::npos;
    if (integral) return attrs.set(name, integer<int64_t>("an integer"));
    attrs.set(name, real<double>("an attribute's value"));
  }

  void metadata(Graph& g) {
    const Token at = token_;
    const std::string name = string("the metadata's name");
    std::shared_ptr<const Bytes> bytes;
    if (!accept_word("none")) bytes = std::make_shared<const Bytes>(bytes_content());
    if (!g.metadata.emplace(name, std::move(bytes)).second) {
      throw Mistake{at, "metadata \"" + name + "\" is given twice", ""};
    }
  }

  // ---- content ----

  Bytes bytes_content() {
    if (is_word("elided")) {
      fail("the content was left out when this text was printed", "print the graph with its data to read it back");
    }
    keyword("hex", "content is hex \"...\" or, for a tensor, a list of numbers");
    if (token_.kind != Token::string) fail("expected a string of hex digits, found " + found());
    Bytes bytes;
    for (; token_.kind == Token::string; advance()) {
      const std::string& s = token_.text;
      if (s.size() % 2 != 0) fail("an odd number of hex digits");
      for (size_t i = 0; i < s.size(); i += 2) {
        uint8_t value = 0;
        const auto [end, error] = std::from_chars(s.data() + i, s.data() + i + 2, value, 16);
        if (error != std::errc() || end != s.data() + i + 2) fail("a character that is no hex digit");
        bytes.push_back(value);
      }
    }
    return bytes;
  }

  Bytes content(DType type) {
    if (!is_punctuation('[')) return bytes_content();
    switch (type) {
      case DType::i8:
        return integers<int8_t>();
      case DType::u8:
        return integers<uint8_t>();
      case DType::boolean:
        return integers<uint8_t>();
      case DType::i16:
        return integers<int16_t>();
      case DType::i32:
        return integers<int32_t>();
      case DType::i64:
        return integers<int64_t>();
      case DType::f32:
        break;
    }
    Bytes bytes;
    list([&] { append_bytes(bytes, real<float>("a number")); });
    return bytes;
  }

  template <class T>
  Bytes integers() {
    Bytes bytes;
    list([&] { append_bytes(bytes, integer<T>("an integer")); });
    return bytes;
  }

  template <class T>
  static void append_bytes(Bytes& bytes, T value) {
    const size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }

  // ---- pieces ----

  [[noreturn]] void fail(std::string reason, std::string help = {}) {
    throw Mistake{token_, std::move(reason), std::move(help)};
  }

  std::string found() const {
    switch (token_.kind) {
      case Token::end:
        return "the end of the text";
      case Token::string:
        return "a string";
      case Token::id:
        return "%" + token_.text;
      default:
        return "\"" + token_.text.substr(0, 40) + "\"";
    }
  }

  void advance() { token_ = scanner_.next(); }
  bool is_word(const char* w) const { return token_.kind == Token::word && token_.text == w; }
  bool is_punctuation(char c) const { return token_.kind == Token::punctuation && token_.text[0] == c; }

  bool accept_word(const char* w) {
    if (!is_word(w)) return false;
    advance();
    return true;
  }

  void keyword(const char* w, const char* help) {
    if (!accept_word(w)) fail(std::string("expected ") + w + ", found " + found(), help);
  }

  void punctuation(char c) {
    if (!is_punctuation(c)) fail(std::string("expected '") + c + "', found " + found());
    advance();
  }

  std::string string(const char* what) {
    if (token_.kind != Token::string) fail(std::string("expected ") + what + " in double quotes, found " + found());
    std::string s = std::move(token_.text);
    advance();
    return s;
  }

  std::string word_or_string(const char* what) {
    if (token_.kind == Token::string) return string(what);
    if (token_.kind != Token::word || token_.text == "_") fail(std::string("expected ") + what + ", found " + found());
    std::string s = std::move(token_.text);
    advance();
    return s;
  }

  DType dtype() {
    const auto type = token_.kind == Token::word ? parse_dtype(token_.text) : std::nullopt;
    if (!type) fail("expected a type, found " + found(), "the types are i8, u8, i16, i32, i64, f32 and bool");
    advance();
    return *type;
  }

  template <class T>
  T integer(const char* what) {
    if (token_.kind != Token::number) fail(std::string("expected ") + what + ", found " + found());
    return convert<T>("a whole number");
  }

  template <class T>
  T real(const char* what) {
    if (token_.kind == Token::word && (token_.text == "nan" || token_.text == "inf")) {
      const bool nan = token_.text == "nan";
      advance();
      return nan ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::infinity();
    }
    if (token_.kind != Token::number) fail(std::string("expected ") + what + ", found " + found());
    return convert<T>("a number");
  }

  template <class T>
  T convert(const char* kind) {
    T value{};
    const char* end = token_.text.data() + token_.text.size();
    const auto [stop, error] = std::from_chars(token_.text.data(), end, value);
    if (error == std::errc::result_out_of_range) fail(found() + " is out of range here");
    if (error != std::errc() || stop != end) fail(found() + " is not " + kind);
    advance();
    return value;
  }

  TensorId tensor_id() {
    if (token_.kind != Token::id) fail("expected a tensor such as %0, found " + found());
    return convert<TensorId>("a tensor's number");
  }

  /// %n, or _ for an absent one.
  TensorId operand() { return accept_word("_") ? no_tensor : tensor_id(); }

  template <class F>
  void bracketed(char open, char close, F each) {
    punctuation(open);
    while (!is_punctuation(close)) {
      each();
      if (!is_punctuation(close)) {
        if (!is_punctuation(',')) fail(std::string("expected ',' or '") + close + "', found " + found());
        advance();
      }
    }
    advance();
  }

  template <class F>
  void list(F each) {
    bracketed('[', ']', each);
  }

  /// `=value` or `=[values]`; true for the first.
  template <class F>
  bool one_or_list(F each) {
    punctuation('=');
    if (is_punctuation('[')) {
      list(each);
      return false;
    }
    each();
    return true;
  }

  std::vector<TensorId> id_list() {
    std::vector<TensorId> ids;
    bracketed('(', ')', [&] { ids.push_back(operand()); });
    return ids;
  }

  Scanner scanner_;
  std::string file_;
  Token token_;
};

}  // namespace

Result<Graph> parse(const std::string& text, const std::string& file) {
  try {
    return Parser(text, file).graph();
  } catch (const Mistake& m) {
    return Failure("E0410", file + ":" + std::to_string(m.at.line) + ":" + std::to_string(m.at.column), m.reason,
                   m.help);
  }
}

}  // namespace smelt
