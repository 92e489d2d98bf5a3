#include "ir/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr size_t decimal_elements = 16;  ///< longer constants are printed in hexadecimal
constexpr size_t hex_bytes_a_line = 56;

template <class T>
std::string number(T value) {
  char buffer[64];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

/// Doubles always carry a point, an exponent or a word, so that they come back as doubles.
std::string real(double value) {
  if (std::isnan(value)) return "nan";
  std::string s = number(value);
  return s.find_first_of(".einf") == std::string::npos ? s + ".0" : s;
}

std::string scale_text(float value) { return std::isnan(value) ? "nan" : number(value); }

/// Length of the well-formed UTF-8 sequence of two or more bytes at `at`; 0 if there is none.
size_t utf8_length(const std::string& s, size_t at) {
  const auto byte = [&](size_t i) { return i < s.size() ? static_cast<uint8_t>(s[i]) : 0U; };
  const unsigned lead = byte(at);
  const size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
  }
  return n;
}

std::string quote(const std::string& s) {
  std::string text = "\"";
  for (size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<uint8_t>(s[i]);
    if (const size_t n = utf8_length(s, i); n != 0) {
      text.append(s, i, n);
      i += n - 1;
    } else if (c == '"' || c == '\\') {
      text += {'\\', s[i]};
    } else if (c >= 0x20 && c < 0x7f) {
      text += s[i];
    } else {
      text += {'\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]};
    }
  }
  return text + '"';
}

std::string word_or_quoted(const std::string& s) { return text::is_word(s) ? s : quote(s); }

std::string id_text(TensorId id) { return id == no_tensor ? "_" : "%" + std::to_string(id); }

template <class List, class F>
std::string joined(const List& items, F each) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += each(item);
  }
  return text;
}

template <class List, class F>
std::string list(const List& items, F each) {
  return "[" + joined(items, each) + "]";
}

std::string ids(const std::vector<TensorId>& list) { return joined(list, id_text); }

/// A bare value stands for as many as there are scales.
std::string quantization(const Quantization& q) {
  std::string text;
  if (q.scale.size() == 1) {
    text += " scale=" + scale_text(q.scale[0]);
  } else if (!q.scale.empty()) {
    text += " scale=" + list(q.scale, scale_text);
  }
  if (!q.zero_point.empty()) {
    const bool same =
        q.zero_point.size() == q.scale.size() &&
        std::all_of(q.zero_point.begin(), q.zero_point.end(), [&](int32_t z) { return z == q.zero_point[0]; });
    text += " zero=" + (same ? number(q.zero_point[0]) : list(q.zero_point, number<int32_t>));
  }
  if (q.axis != 0) text += " axis=" + number(q.axis);
  return text;
}

std::string hex(const Bytes& bytes) {
  std::string text = "hex";
  if (bytes.empty()) return text + " \"\"";
  for (size_t line = 0; line < bytes.size(); line += hex_bytes_a_line) {
    text += bytes.size() > hex_bytes_a_line ? "\n    \"" : " \"";
    for (size_t i = line; i < std::min(bytes.size(), line + hex_bytes_a_line); ++i) {
      text += {hex_digits[bytes[i] >> 4], hex_digits[bytes[i] & 15]};
    }
    text += '"';
  }
  return text;
}

template <class T>
std::string decimals(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  if constexpr (std::is_floating_point_v<T>) {
    if (std::any_of(values.begin(), values.end(), [](T v) { return std::isnan(v); })) return hex(bytes);
  }
  return list(values, number<T>);
}

std::string content(DType type, const Bytes& bytes) {
  const auto size = static_cast<size_t>(size_of(type));
  if (bytes.size() % size != 0 || bytes.size() / size > decimal_elements) return hex(bytes);
  switch (type) {
    case DType::i8:
      return decimals<int8_t>(bytes);
    case DType::i16:
      return decimals<int16_t>(bytes);
    case DType::i32:
      return decimals<int32_t>(bytes);
    case DType::i64:
      return decimals<int64_t>(bytes);
    case DType::f32:
      return decimals<float>(bytes);
    case DType::u8:
    case DType::boolean:
      return decimals<uint8_t>(bytes);
  }
  return hex(bytes);
}

std::string elided(const Bytes& bytes) { return "elided(" + number(bytes.size()) + ")"; }

std::string tensor_line(TensorId id, const Tensor& t, const PrintOptions& options) {
  std::string text = "tensor " + id_text(id) + " " + quote(t.name) + " " + to_string(t.dtype) +
                     list(t.shape, number<int32_t>) + quantization(t.quant);
  if (t.source != -1) text += " source=" + number(t.source);
  if (t.state) text += " state";
  if (t.constant()) text += " data=" + (options.data ? content(t.dtype, *t.data) : elided(*t.data));
  return text + "\n";
}

std::string attribute(const std::pair<const std::string, Attrs::Value>& item) {
  struct Printer {
    std::string operator()(int64_t v) const { return number(v); }
    std::string operator()(double v) const { return real(v); }
    std::string operator()(const std::string& v) const { return quote(v); }
    std::string operator()(const std::vector<int64_t>& v) const { return list(v, number<int64_t>); }
  };
  return word_or_quoted(item.first) + "=" + std::visit(Printer{}, item.second);
}

std::string node_line(const Node& node) {
  std::string text = "node (" + ids(node.outputs) + ") = " + word_or_quoted(node.op) + "(" + ids(node.inputs) + ")";
  if (node.outputs.size() == 1) {
    text = "node " + ids(node.outputs) + " = " + word_or_quoted(node.op) + "(" + ids(node.inputs) + ")";
  }
  if (node.source != -1) text += " source=" + number(node.source);
  if (!node.attrs.values().empty()) text += " {" + joined(node.attrs.values(), attribute) + "}";
  return text + "\n";
}

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) {
  std::string text = "graph " + quote(graph.name) + " from " + quote(graph.file) + "\n";
  if (!graph.labels.empty()) text += "labels " + list(graph.labels, quote) + "\n";
  for (const auto& [name, bytes] : graph.metadata) {
    text += "metadata " + quote(name) + " ";
    text += bytes == nullptr ? "none" : options.data ? hex(*bytes) : elided(*bytes);
    text += "\n";
  }
  if (!graph.tensors.empty()) text += "\n";
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    text += tensor_line(static_cast<TensorId>(i), graph.tensors[i], options);
  }
  text += "\ninputs (" + ids(graph.inputs) + ")\noutputs (" + ids(graph.outputs) + ")\n";
  if (!graph.nodes.empty()) text += "\n";
  for (const Node& node : graph.nodes) text += node_line(node);
  return text;
}

}  // namespace smelt
