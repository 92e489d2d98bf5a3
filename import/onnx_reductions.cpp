// Reductions, softmax, and what looks for extremes.
#include <algorithm>
#include <numeric>

#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

struct Over {
  Ints axes;
  bool keep = true;
  bool nothing = false;  ///< no axes, and that means none
};

Over over(Call& c) {
  Over o;
  o.keep = c.i("keepdims", 1) != 0;
  const bool noop = c.i("noop_with_empty_axes", 0) != 0;
  o.axes = c.axes(c.list("axes", 1).value_or(Ints{}), c.rank(0));
  if (!o.axes.empty()) return o;
  o.nothing = noop;
  if (!noop) {
    o.axes.resize(static_cast<size_t>(c.rank(0)));
    std::iota(o.axes.begin(), o.axes.end(), 0);
  }
  return o;
}

using Step = TensorId (*)(GraphBuilder& b, TensorId x);

/// before, the reduction, after; without axes only those two, where the standard says so.
Converter reduction(const std::string& op, Step before = nullptr, Step after = nullptr) {
  return [=](Call& c) {
    const Over o = over(c);
    TensorId x = c.in(0);
    if (before != nullptr) x = before(c.b, x);
    if (!o.nothing) x = c.b.reduce(op, x, o.axes, o.keep);
    c.out = {after != nullptr ? after(c.b, x) : x};
  };
}

TensorId square(GraphBuilder& b, TensorId x) { return b.mul(x, x); }
TensorId root(GraphBuilder& b, TensorId x) { return b.unary("sqrt", x); }
TensorId magnitude(GraphBuilder& b, TensorId x) { return b.unary("abs", x); }
TensorId logarithm(GraphBuilder& b, TensorId x) { return b.unary("log", x); }

/// log(sum(exp(x))), with the largest taken out so that nothing overflows.
void log_sum_exp(Call& c) {
  const Over o = over(c);
  const TensorId x = c.in(0);
  if (o.nothing) return void(c.out = {x});
  const TensorId largest = c.b.reduce("reduce_max", x, o.axes, true);
  const TensorId sum = c.b.reduce("sum", c.b.unary("exp", c.b.sub(x, largest)), o.axes, true);
  TensorId y = c.b.add(c.b.unary("log", sum), largest);
  if (!o.keep) {
    Shape s;
    for (int64_t d = 0; d < c.rank(0); ++d) {
      if (!std::binary_search(o.axes.begin(), o.axes.end(), d)) s.push_back(c.shape(0)[static_cast<size_t>(d)]);
    }
    y = c.b.reshape(y, s);
  }
  c.out = {y};
}

/// Before opset 13 everything behind the axis counts as one dimension.
Converter soft(TensorId (GraphBuilder::*function)(TensorId, int64_t)) {
  return [function](Call& c) {
    const bool flat = c.opset < 13;
    const int64_t axis = c.axis(c.i("axis", flat ? 1 : -1), c.rank(0));
    if (!flat) return void(c.out = {(c.b.*function)(c.in(0), axis)});
    const Shape s = c.shape(0);
    int64_t outer = 1;
    for (int64_t d = 0; d < axis; ++d) outer *= s[static_cast<size_t>(d)];
    const TensorId x = c.b.reshape(c.in(0), Ints{outer, elements(s) / outer});
    c.out = {c.b.reshape((c.b.*function)(x, 1), s)};
  };
}

/// The place of the extreme along an axis, which keeps a dimension of 1.
TensorId place_of_extreme(Call& c, const std::string& op, TensorId x, int64_t axis, DType type) {
  Attrs a;
  a.set("axis", axis);
  a.set("keep_dims", int64_t{1});
  a.set("select_last", int64_t{c.has_attr("select_last_index") && c.i("select_last_index", 0) != 0});
  const DType in = c.b.dtype(x);
  return c.b.node(op, {in == DType::f32 ? x : c.b.cast(x, DType::i32)}, a, {type, {}, {}});
}

Converter extreme(const std::string& op) {
  return [op](Call& c) {
    const bool keep = c.i("keepdims", 1) != 0;
    const int64_t axis = c.axis(c.i("axis", 0), c.rank(0));
    const TensorId y = place_of_extreme(c, op, c.in(0), axis, DType::i64);
    Shape s = c.b.shape(y);
    if (!keep) s.erase(s.begin() + axis);
    c.out = {c.b.reshape(y, s)};
  };
}

/// 1 where the first largest element along the axis stands, 0 elsewhere.
void hardmax(Call& c) {
  const bool flat = c.opset < 13;
  const Shape s = c.shape(0);
  int64_t axis = c.axis(c.i("axis", flat ? 1 : -1), c.rank(0));
  TensorId x = c.in(0);
  if (flat) {
    int64_t outer = 1;
    for (int64_t d = 0; d < axis; ++d) outer *= s[static_cast<size_t>(d)];
    x = c.b.reshape(x, Ints{outer, elements(s) / outer});
    axis = 1;
  }
  TensorId at = place_of_extreme(c, "arg_max", x, axis, DType::i32);
  Shape without = c.b.shape(at);
  without.erase(without.begin() + axis);
  at = c.b.reshape(at, without);
  Attrs a;
  a.set("axis", axis);
  a.set("depth", int64_t{c.b.shape(x)[static_cast<size_t>(axis)]});
  c.out = {c.b.reshape(c.b.node("one_hot", {at, c.b.number(1), c.b.number(0)}, a, {DType::f32, {}, {}}), s)};
}

/// The largest elements along an axis and where they stand; of negated ones the smallest.
void top_k(Call& c) {
  c.ignore("sorted");  // they always are
  const bool largest = c.i("largest", 1) != 0;
  const Ints k = c.opset < 10 ? Ints{c.i("k", 0)} : c.b.ints(c.in(1), "k");
  const int64_t axis = c.axis(c.i("axis", -1), c.rank(0));
  if (k.size() != 1) c.mismatch("k must be one number");
  TensorId x = c.b.axis_last(c.in(0), axis);
  if (!largest) x = c.b.unary("neg", x);
  Attrs a;
  a.set("k", k[0]);
  a.set("axis", c.b.rank(x) - 1);
  const Ids made = c.b.nodes("top_k", {x}, a, 2);
  c.out = {c.b.axis_back(largest ? made[0] : c.b.unary("neg", made[0]), axis), c.b.axis_back(c.b.cast(made[1], DType::i64), axis)};
}

/// Of booleans the largest is any, the smallest is all.
Converter truth_or(const std::string& op, const std::string& of_truth) {
  return [=](Call& c) {
    const bool truth = c.b.dtype(c.in(0)) == DType::boolean;
    reduction(truth ? of_truth : op)(c);
  };
}

void cumulative(Call& c) {
  Attrs a;
  const bool exclusive = c.i("exclusive", 0) != 0, reverse = c.i("reverse", 0) != 0;
  const Ints axis = c.b.ints(c.in(1), "axis");
  if (axis.size() != 1) c.mismatch("axis must be one number");
  a.set("axis", c.axis(axis[0], c.rank(0)));
  a.set("exclusive", int64_t{exclusive});
  a.set("reverse", int64_t{reverse});
  c.out = {c.b.node("cumsum", {c.in(0)}, a)};
}

}  // namespace

void add_reductions(Converters& to) {
  to.insert({{"ReduceMean", reduction("mean")}, {"ReduceSum", reduction("sum")}, {"ReduceMax", truth_or("reduce_max", "reduce_any")},
             {"ReduceMin", truth_or("reduce_min", "reduce_all")}, {"ReduceProd", reduction("reduce_prod")}, {"ReduceL1", reduction("sum", magnitude)},
             {"ReduceL2", reduction("sum", square, root)}, {"ReduceSumSquare", reduction("sum", square)},
             {"ReduceLogSum", reduction("sum", nullptr, logarithm)}, {"ReduceLogSumExp", log_sum_exp},
             {"Softmax", soft(&GraphBuilder::softmax)}, {"LogSoftmax", soft(&GraphBuilder::log_softmax)},
             {"ArgMax", extreme("arg_max")}, {"ArgMin", extreme("arg_min")}, {"CumSum", cumulative}, {"Hardmax", hardmax},
             {"TopK", top_k}});
}

}  // namespace smelt::onnx
