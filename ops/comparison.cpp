// EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, with broadcasting.
// Source: TensorFlow Lite, kernels/comparisons.cc and kernels/internal/reference/comparisons.h.
#include "runtime/ops/comparison.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

struct DeviceKernel {
  const char* symbol = nullptr;
  Kernel function = nullptr;
};

/// Kernels know two orders: the others are those with the operands exchanged.
struct Comparison {
  const char* name;
  const char* tflite;
  const char* options;
  bool less, equal, greater;  ///< which relations of a to b make it true
  int first;                  ///< the input that the kernels call a
  DeviceKernel f32, s32, s64, s8, scaled_s8;
  bool unordered = false;  ///< whether it is true where one is no number
};

#define KERNELS(name) {SMELT_KERNEL(name##_f32)}, {SMELT_KERNEL(name##_s32)}, {SMELT_KERNEL(name##_s64)}, \
                      {SMELT_KERNEL(name##_s8)}, {SMELT_KERNEL(name##_scaled_s8)}
constexpr Comparison comparisons[] = {
    {"equal", "EQUAL", "EqualOptions", false, true, false, 0, KERNELS(equal)},
    {"not_equal", "NOT_EQUAL", "NotEqualOptions", true, false, true, 0, KERNELS(not_equal), true},
    {"less", "LESS", "LessOptions", true, false, false, 0, KERNELS(less)},
    {"less_equal", "LESS_EQUAL", "LessEqualOptions", true, true, false, 0, KERNELS(less_equal)},
    {"greater", "GREATER", "GreaterOptions", false, false, true, 1, KERNELS(less)},
    {"greater_equal", "GREATER_EQUAL", "GreaterEqualOptions", false, true, true, 1, KERNELS(less_equal)},
};

const Comparison& comparison_of(const std::string& name) {
  const auto* found = std::find_if(std::begin(comparisons), std::end(comparisons), [&](const Comparison& c) { return name == c.name; });
  SMELT_ASSERT(found != std::end(comparisons), "an operator of this table");
  return *found;
}

bool orders(const Comparison& c) { return c.less != c.greater; }

/// The reference multiplies by the scales themselves, which must be below 1.
Multiplier multiplier_of(const Tensor& t) { return quantize_multiplier(t.quant.scale.at(0)); }

int32_t scaled(int32_t value, const Tensor& t) {
  return oracle::requantize((value - t.quant.zero_point.at(0)) * 256, multiplier_of(t));
}

/// Whether stored values compare as scaled ones do: one quantization, and no two values that become the same.
bool compares_stored(const Tensor& a, const Tensor& b) {
  if (a.quant.scale != b.quant.scale || a.quant.zero_point != b.quant.zero_point) return false;
  for (int32_t v = -128; v < 127; ++v) {
    if (scaled(v, a) >= scaled(v + 1, a)) return false;
  }
  return true;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Comparison& c = comparison_of(node.op);
  const Result<Shape> shape = pairs::check(graph, node);
  if (!shape) return shape.failure();
  const DType type = graph.at(node.in(0)).dtype;
  if (type == DType::i8) {
    for (TensorId id : {node.in(0), node.in(1)}) {
      if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o.failure();
      if (!(graph.at(id).quant.scale[0] < 1)) {
        return fail(graph, node, "E0304", "\"" + graph.at(id).name + "\" has a scale of 1 or more, which the reference cannot compare");
      }
    }
  } else if (type == DType::boolean ? orders(c) : type != DType::f32 && type != DType::i32 && type != DType::i64) {
    return elementwise::unsupported_type(graph, node, type, orders(c) ? "f32, i8, i32, i64" : "f32, i8, i32, i64, bool");
  }
  return std::vector<TensorType>{{DType::boolean, *shape}};
}

template <class T, class F>
void evaluate_as(const Evaluation& e, F value) {
  const Comparison& c = comparison_of(e.node.op);
  pairs::evaluate<T, uint8_t>(e, [&](T a, T b) {
    const auto x = value(a, *e.in[0]->type);
    const auto y = value(b, *e.in[1]->type);
    return uint8_t{x < y ? c.less : (x > y ? c.greater : (x == y ? c.equal : c.unordered))};
  });
}

void evaluate(const Evaluation& e) {
  const auto itself = [](auto x, const Tensor&) { return x; };
  switch (e.in[0]->type->dtype) {
    case DType::i8:
      return evaluate_as<int8_t>(e, [](int8_t x, const Tensor& t) { return scaled(x, t); });
    case DType::i32:
      return evaluate_as<int32_t>(e, itself);
    case DType::i64:
      return evaluate_as<int64_t>(e, itself);
    case DType::boolean:
      return evaluate_as<uint8_t>(e, [](uint8_t x, const Tensor&) { return x != 0; });
    default:
      return evaluate_as<float>(e, itself);
  }
}

void lower_with(Lowering& l, const DeviceKernel& kernel, int first, const char* header = "ops/comparison.hpp") {
  l.kernel(header, kernel.symbol, kernel.function);
  l.params("smelt::Pairs", Pairs{pairs::lay_out(l, first)}, "walk");
}

void lower_scaled(Lowering& l, const Comparison& c) {
  const Tensor& a = l.input(static_cast<size_t>(c.first));
  const Tensor& b = l.input(static_cast<size_t>(1 - c.first));
  const Multiplier ma = multiplier_of(a), mb = multiplier_of(b);
  l.kernel("ops/comparison.hpp", c.scaled_s8.symbol, c.scaled_s8.function);
  l.params("smelt::CompareS8",
           CompareS8{pairs::lay_out(l, c.first), a.quant.zero_point[0], ma.multiplier, ma.shift, b.quant.zero_point[0],
                     mb.multiplier, mb.shift},
           "walk zero_a multiplier_a shift_a zero_b multiplier_b shift_b");
}

Outcome lower(Lowering& l) {
  const Comparison& c = comparison_of(l.node.op);
  const DType type = l.input(0).dtype;
  if (type == DType::f32) lower_with(l, c.f32, c.first);
  if (type == DType::i32) lower_with(l, c.s32, c.first);
  if (type == DType::i64) lower_with(l, c.s64, c.first);
  if (type == DType::boolean) {
    const DeviceKernel same{SMELT_KERNEL(equal_bool)}, differ{SMELT_KERNEL(logical_xor_rows)};
    if (c.equal) lower_with(l, same, 0);
    else lower_with(l, differ, 0, "ops/logical.hpp");
  }
  if (type == DType::i8) {
    if (compares_stored(l.input(0), l.input(1))) lower_with(l, c.s8, c.first);
    else lower_scaled(l, c);
  }
  return Done{};
}

Outcome denormalize(Graph&, Node& node) {
  const Comparison& c = comparison_of(node.op);
  raw::name(node, c.tflite, c.options);
  return Done{};
}

OpDef comparison(const char* name) {
  OpDef op{name, {comparison_of(name).tflite}, nullptr, infer, evaluate, lower};
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.denormalize = denormalize;
  return op;
}

}  // namespace

extern const OpDef op_equal = comparison("equal");
extern const OpDef op_not_equal = comparison("not_equal");
extern const OpDef op_less = comparison("less");
extern const OpDef op_less_equal = comparison("less_equal");
extern const OpDef op_greater = comparison("greater");
extern const OpDef op_greater_equal = comparison("greater_equal");

}  // namespace smelt
