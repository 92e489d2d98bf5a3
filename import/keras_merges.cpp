// Layers of several inputs.
#include <algorithm>

#include "import/keras_call.hpp"

namespace smelt::keras {
namespace {

/// One after the other by this operator.
TensorId joined(Call& c, const char* op) {
  if (c.in.size() < 2) c.malformed("it has fewer than two inputs");
  TensorId y = c.in[0];
  for (size_t i = 1; i < c.in.size(); ++i) {
    if (c.b.rank(c.in[i]) != c.b.rank(y))
      c.unsupported("inputs of different ranks are not supported", "reshape them to one rank first");
    y = c.b.binary(op, y, c.in[i]);
  }
  return y;
}

void add(Call& c) { c.out = {joined(c, "add")}; }
void multiply(Call& c) { c.out = {joined(c, "mul")}; }
void maximum(Call& c) { c.out = {joined(c, "maximum")}; }
void minimum(Call& c) { c.out = {joined(c, "minimum")}; }
void average(Call& c) { c.out = {c.b.mul(joined(c, "add"), c.b.number(1.0F / static_cast<float>(c.in.size())))}; }

void subtract(Call& c) {
  if (c.in.size() != 2) c.malformed("it does not have two inputs");
  c.out = {joined(c, "sub")};
}

void concatenate(Call& c) {
  const auto rank = c.in.empty() ? 0 : c.b.rank(c.in[0]);
  const int64_t given = c.i("axis", -1), axis = given < 0 ? given + rank : given;
  if (c.in.empty() || axis < 1 || axis >= rank) c.unsupported("axis " + std::to_string(given) + " is not supported");
  c.out = {c.b.concat(c.in, axis)};
}

/// Of two vectors [N, D], or of two matrices along one dimension of each.
void dot(Call& c) {
  if (c.in.size() != 2) c.malformed("it does not have two inputs");
  if (c.flag("normalize", false)) c.unsupported("normalize is not supported");
  const Ints axes = c.ints("axes", 2, -1);
  TensorId a = c.in[0], b = c.in[1];
  const int64_t rank = c.b.rank(a);
  Ints at;
  for (size_t i = 0; i < 2; ++i) at.push_back(axes[i] < 0 ? axes[i] + rank : axes[i]);
  if (c.b.rank(b) != rank || rank < 2 || rank > 3 || *std::min_element(at.begin(), at.end()) < 1 ||
      *std::max_element(at.begin(), at.end()) >= rank) {
    c.unsupported("inputs of " + to_string(c.b.shape(a)) + " and " + to_string(c.b.shape(b)) +
                  " along these axes are not supported");
  }
  if (c.b.shape(a)[static_cast<size_t>(at[0])] != c.b.shape(b)[static_cast<size_t>(at[1])])
    c.malformed("the two axes differ in size");
  if (rank == 2) {
    c.out = {c.b.reduce("sum", c.b.mul(a, b), {1}, true)};
    return;
  }
  if (at[0] == 1) a = c.b.transpose(a, {0, 2, 1});
  if (at[1] == 2) b = c.b.transpose(b, {0, 2, 1});
  c.out = {c.b.matmul(a, b)};
}

}  // namespace

void add_merges(Converters& to) {
  to.insert({{"Add", add},
             {"Subtract", subtract},
             {"Multiply", multiply},
             {"Average", average},
             {"Maximum", maximum},
             {"Minimum", minimum},
             {"Concatenate", concatenate},
             {"Dot", dot}});
}

}  // namespace smelt::keras
