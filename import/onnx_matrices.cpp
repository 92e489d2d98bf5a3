// Matrix products.
#include <algorithm>
#include <map>

#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

void matmul(Call& c) { c.out = {c.b.matmul(c.in(0), c.in(1))}; }

/// A constant of one value for each unit, or of one for all, as a vector times `factor`; empty where it is neither.
std::optional<std::vector<float>> vector_of(Call& c, TensorId id, int32_t units, float factor) {
  if (!c.b.is_constant(id) || c.b.dtype(id) != DType::f32) return std::nullopt;
  const Shape& s = c.b.shape(id);
  const int64_t count = elements(s);
  if (count != 1 && (count != units || s.back() != units)) return std::nullopt;
  std::vector<float> v = c.b.reals(id, "C");
  v.resize(static_cast<size_t>(units), v.front());
  for (float& x : v) x *= factor;
  return v;
}

/// alpha * A * B + beta * C, A and B transposed where that is said.
void gemm(Call& c) {
  const double alpha = c.f("alpha", 1), beta = c.f("beta", 1);
  TensorId a = c.in(0), b = c.in(1);
  if (c.b.rank(a) != 2 || c.b.rank(b) != 2) c.mismatch("A and B must be matrices");
  if (c.i("transA", 0) != 0) a = c.b.transpose(a, {1, 0});
  const bool transposed = c.i("transB", 0) != 0;
  const int32_t units = c.b.shape(b)[transposed ? 0 : 1];
  const bool constant = c.b.is_constant(b) && c.b.dtype(b) == DType::f32;
  const auto bias = c.has(2) ? vector_of(c, c.in(2), units, static_cast<float>(beta)) : std::nullopt;
  TensorId y;
  if (constant) {
    TensorId weights = transposed ? b : c.b.transpose(b, {1, 0});
    if (alpha != 1) weights = c.b.mul(weights, c.b.number(static_cast<float>(alpha)));
    // A bias as it stands in the file keeps what is known of its quantization.
    const bool plain = bias && beta == 1 && c.b.rank(c.in(2)) == 1 && c.shape(2)[0] == units;
    y = c.b.dense(a, weights, !bias ? no_tensor : plain ? c.in(2) : c.b.floats({units}, *bias));
    if (bias) return void(c.out = {y});
  } else {
    y = c.b.matmul(a, transposed ? c.b.transpose(b, {1, 0}) : b);
    if (alpha != 1) y = c.b.mul(y, c.b.number(static_cast<float>(alpha)));
  }
  if (c.has(2)) y = c.b.add(y, beta == 1 ? c.in(2) : c.b.mul(c.in(2), c.b.number(static_cast<float>(beta))));
  c.out = {y};
}

// ---- einsum: of one or two operands, each letter once in each ----

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

Equation parse(Call& c) {
  std::string text = c.s("equation", "");
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const size_t arrow = text.find("->");
  if (arrow == std::string::npos || text.find('.') != std::string::npos) {
    c.unsupported("equation \"" + text + "\" is not supported", "say the result, and name every dimension");
  }
  Equation e{{""}, text.substr(arrow + 2)};
  for (char letter : text.substr(0, arrow)) {
    if (letter == ',') {
      e.operands.emplace_back();
    } else {
      e.operands.back() += letter;
    }
  }
  std::vector<std::string> terms = e.operands;
  terms.push_back(e.result);
  for (std::string term : terms) {
    std::sort(term.begin(), term.end());
    if (std::adjacent_find(term.begin(), term.end()) != term.end()) c.unsupported("a letter twice in one operand is not supported");
  }
  return e;
}

/// Dimensions of `x`, named `have`, that are not in `keep` are summed; the others are put in the order of `keep`.
TensorId arranged(Call& c, TensorId x, std::string have, const std::string& keep) {
  Ints gone;
  std::string rest;
  for (size_t d = 0; d < have.size(); ++d) {
    if (keep.find(have[d]) == std::string::npos) {
      gone.push_back(static_cast<int64_t>(d));
    } else {
      rest += have[d];
    }
  }
  x = c.b.reduce("sum", x, gone, false);
  Ints perm;
  for (char letter : keep) {
    if (const size_t at = rest.find(letter); at != std::string::npos) perm.push_back(static_cast<int64_t>(at));
  }
  return c.b.transpose(x, perm);
}

void einsum(Call& c) {
  const Equation e = parse(c);
  if (e.operands.size() != c.inputs() || c.inputs() > 2) c.unsupported("an equation of more than two operands is not supported");
  std::map<char, int64_t> size;
  for (size_t k = 0; k < c.inputs(); ++k) {
    if (e.operands[k].size() != c.shape(k).size()) c.mismatch("the equation does not fit its operands");
    for (size_t d = 0; d < e.operands[k].size(); ++d) {
      const int64_t extent = c.shape(k)[d];
      if (!size.emplace(e.operands[k][d], extent).second && size[e.operands[k][d]] != extent) c.mismatch("the equation does not fit its operands");
    }
  }
  for (char letter : e.result) {
    if (size.count(letter) == 0) c.mismatch("the equation's result has a dimension of its own");
  }
  if (c.inputs() == 1) return void(c.out = {arranged(c, c.in(0), e.operands[0], e.result)});
  const auto in = [](const std::string& s, char letter) { return s.find(letter) != std::string::npos; };
  std::string batch, left, right, inner;
  for (char l : e.result) (in(e.operands[0], l) && in(e.operands[1], l) ? batch : in(e.operands[0], l) ? left : right) += l;
  for (char l : e.operands[0]) {
    if (in(e.operands[1], l) && !in(e.result, l)) inner += l;
  }
  const auto count = [&](const std::string& letters) {
    int64_t n = 1;
    for (char l : letters) n *= size[l];
    return n;
  };
  const TensorId a = c.b.reshape(arranged(c, c.in(0), e.operands[0], batch + left + inner), Ints{count(batch), count(left), count(inner)});
  const TensorId b = c.b.reshape(arranged(c, c.in(1), e.operands[1], batch + inner + right), Ints{count(batch), count(inner), count(right)});
  Ints shape;
  const std::string made = batch + left + right;
  for (char l : made) shape.push_back(size[l]);
  c.out = {arranged(c, c.b.reshape(c.b.matmul(a, b), shape), made, e.result)};
}

}  // namespace

void add_matrices(Converters& to) { to.insert({{"MatMul", matmul}, {"Gemm", gemm}, {"Einsum", einsum}}); }

}  // namespace smelt::onnx
