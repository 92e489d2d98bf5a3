// Fully connected layer, weights [unit, input]. Source: TensorFlow Lite, kernels/fully_connected.cc,
// reference/integer_ops/fully_connected.h, reference/fully_connected.h.
#include "runtime/ops/fully_connected_swar.hpp"

#include <algorithm>
#include <cstdlib>

#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/convolution.hpp"
#include "ops/helium.hpp"
#include "ops/layers_s16.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

using convolution::Operands;

Outcome normalize(Graph& graph, Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o;
  if (const Outcome o = checks::take_activation(graph, node); !o) return o;
  if (const Outcome o = layers_s16::take_bias_type(graph, node); !o) return o;
  const std::string format = node.attrs.s("weights_format", "DEFAULT");
  if (format != "DEFAULT") {
    return fail(graph, node, "E0301", "weights format " + format + " is not supported",
                "export the model with plain weights");
  }
  for (const char* name : {"weights_format", "asymmetric_quantize_inputs"}) node.attrs.erase(name);
  if (!node.attrs.has("keep_num_dims")) node.attrs.set("keep_num_dims", int64_t{0});
  return Done{};
}

struct Sizes {
  int32_t batches, depth, units;
  Shape output;
};

/// With one scale for all weights the reference multiplies the two scales as floats, for several it does as
/// convolution. Source: TensorFlow Lite, kernels/kernel_util.cc, GetQuantizedConvolutionMultipler.
std::vector<Multiplier> unit_multipliers(const Operands& o, int32_t units) {
  if (o.weights.quant.per_channel()) return convolution::multipliers(o, units);
  const float product = o.input.quant.scale[0] * o.weights.quant.scale[0];
  return std::vector<Multiplier>(static_cast<size_t>(units),
                                 quantize_multiplier(double{product} / double{o.output.quant.scale[0]}));
}

Result<Sizes> check(const Graph& graph, const Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o.failure();
  if (const Outcome o = checks::activation(graph, node); !o) return o.failure();
  const Operands o = convolution::operands(graph, node);
  if (o.weights.shape.size() != 2) {
    return fail(graph, node, "E0303", "weights must be of rank 2, not " + to_string(o.weights.shape));
  }
  const int32_t units = o.weights.shape[0];
  const int32_t depth = o.weights.shape[1];
  const bool keep = node.attrs.i("keep_num_dims") != 0;
  const bool fits =
      keep ? !o.input.shape.empty() && o.input.shape.back() == depth : elements(o.input.shape) % depth == 0;
  if (!fits) {
    return fail(
        graph, node, "E0303",
        "an input of " + to_string(o.input.shape) + " does not divide into vectors of " + std::to_string(depth));
  }
  // 2^17 products of int8 and int8 fit a sum of 32 bits.
  if (depth >= 1 << 17)
    return fail(graph, node, "E0303", "weights of " + to_string(o.weights.shape) + " are too large");
  if (const Outcome q = convolution::check_quantization(graph, node, 0); !q) return q.failure();
  if (o.input.dtype == DType::i16) {
    if (const Outcome q = layers_s16::check(graph, node, unit_multipliers(o, units), depth); !q) return q.failure();
  }
  Sizes s{static_cast<int32_t>(elements(o.input.shape) / depth), depth, units, {}};
  s.output = keep ? o.input.shape : Shape{s.batches, units};
  s.output.back() = units;
  return s;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Sizes> s = check(graph, node);
  if (!s) return s.failure();
  return std::vector<TensorType>{{graph.at(node.in(0)).dtype, s->output}};
}

void evaluate_s16(const Evaluation& e, const Sizes& s, const Operands& o) {
  const std::vector<Multiplier> scales = unit_multipliers(o, s.units);
  for (int64_t b = 0; b < s.batches; ++b) {
    for (int32_t u = 0; u < s.units; ++u) {
      int64_t sum = 0;
      for (int64_t i = 0; i < s.depth; ++i) {
        sum += e.in[0]->as<int16_t>()[b * s.depth + i] * e.in[1]->as<int8_t>()[int64_t{u} * s.depth + i];
      }
      e.out[0]->as<int16_t>()[b * s.units + u] = layers_s16::stored(e.node, o, scales[static_cast<size_t>(u)], u, sum);
    }
  }
}

void evaluate(const Evaluation& e) {
  const Sizes s = *check(e.graph, e.node);
  const Operands o = convolution::operands(e.graph, e.node);
  if (o.input.dtype == DType::i16) return evaluate_s16(e, s, o);
  const bool integer = o.input.dtype == DType::i8;
  const std::string activation = e.node.attrs.s("activation", "none");
  const std::vector<Multiplier> scales = integer ? unit_multipliers(o, s.units) : std::vector<Multiplier>{};
  for (int64_t b = 0; b < s.batches; ++b) {
    for (int64_t u = 0; u < s.units; ++u) {
      const int64_t index = b * s.units + u;
      if (integer) {
        int64_t sum = o.bias != nullptr ? o.bias->as<int32_t>()[u] : 0;
        for (int64_t i = 0; i < s.depth; ++i) {
          sum += (e.in[0]->as<int8_t>()[b * s.depth + i] - o.input.quant.zero_point[0]) *
                 e.in[1]->as<int8_t>()[u * s.depth + i];
        }
        const int32_t scaled =
            oracle::requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), scales[static_cast<size_t>(u)]);
        const ActivationRange range = quantized_activation(activation, o.output.quant, DType::i8);
        e.out[0]->as<int8_t>()[index] = static_cast<int8_t>(
            std::clamp<int64_t>(int64_t{scaled} + o.output.quant.zero_point[0], range.low, range.high));
      } else {
        float sum = 0;
        for (int64_t i = 0; i < s.depth; ++i) {
          sum += e.in[0]->as<float>()[b * s.depth + i] * e.in[1]->as<float>()[u * s.depth + i];
        }
        if (o.bias != nullptr) sum += o.bias->as<float>()[u];
        const FloatRange range = float_activation(activation);
        e.out[0]->as<float>()[index] = std::min(std::max(sum, range.low), range.high);
      }
    }
  }
}

/// Rows of one vector that comes in several, as behind a flatten, where running sums over them save RAM worth having: then
/// not all rows need be kept. Else 1.
int32_t running_rows(const Sizes& s, const Operands& o) {
  const int32_t rows = row_count(o.input.shape);
  const int64_t row_bytes = int64_t{s.depth / rows} * size_of(o.input.dtype);
  const int64_t saved = (rows - 1) * row_bytes - int64_t{4} * pack::round_up(s.units, 4);
  return s.batches == 1 && saved >= 256 ? rows : 1;
}

/// Slices of weights: each row of the vector, cut further where pairs of units do not bear it. False where it cannot be.
bool add_slices(Lowering& l, const Sizes& s, const Operands& o, FullyConnectedSlices& p) {
  const auto* w = o.weights.as<int8_t>();
  if (l.vector == Vector::swar) {
    if (p.depth % 4 != 0) return false;
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::sliced_blocks(w, s.units, s.depth, p.rows), 4));
    return true;
  }
  std::optional<std::vector<int16_t>> slices;
  for (int32_t n = 1; n <= 64 && !slices; ++n) {
    if (p.depth % (4 * n) != 0) continue;
    p.slices = n;
    slices = pack::dot_slices(w, s.units, s.depth, p.rows * n);
  }
  if (!slices) return false;
  p.depth /= p.slices;
  p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), *slices, 4));
  return true;
}

/// One vector whose sums run over slices: its `rows`, or where that is 1, parts of it whose weights pairs of units bear.
/// `scales` are of integers. False where it cannot be.
bool lower_slices(Lowering& l, const Sizes& s, const Operands& o, int32_t rows, const std::optional<std::vector<Scale>>& scales) {
  const bool integer = o.input.dtype == DType::i8;
  const int32_t units = pack::round_up(s.units, 4);
  if (s.batches != 1) return false;
  FullyConnectedSlices p{rows, 1, s.depth / rows, s.units, 0, 0, {}};
  if (integer) {
    if (!scales || !add_slices(l, s, o, p)) return false;
    p.channels = static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(*scales)));
    p.to = convolution::clamp_s8(l.node, o.output);
    p.to.offset = 2 * o.output.quant.zero_point[0] + 1;
    if (l.vector == Vector::swar) {
      l.kernel("ops/fully_connected_swar.hpp", SMELT_KERNEL(fully_connected_slices_swar_s8));
    } else {
      l.kernel("ops/fully_connected.hpp", SMELT_KERNEL(fully_connected_slices_s8));
    }
  } else {
    const std::vector<float> packed = pack::sliced_blocks(o.weights.as<float>(), s.units, s.depth, rows);
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), packed));
    p.channels = static_cast<int32_t>(l.pool.add(l.name("bias"), convolution::biases(o, s.units)));
    p.to = convolution::clamp_f32(l.node);
    l.kernel("ops/fully_connected.hpp", SMELT_KERNEL(fully_connected_slices_f32));
  }
  l.params("smelt::FullyConnectedSlices", p, "rows slices depth units weights channels to.offset to.span to.low");
  if (rows > 1) {
    std::vector<RowRange> needs, makes(static_cast<size_t>(rows));
    for (int32_t r = 0; r < rows; ++r) needs.push_back({r, r + 1});
    makes.back() = {0, row_count(o.output.shape)};
    l.steps(rows, {needs}, {makes});
  } else {
    l.whole(1);
  }
  l.scratch(4 * units, rows > 1);
  return true;
}

/// Offset of the weights as DotTile's primitives want them; empty where those of pairs do not bear them.
std::optional<int32_t> add_blocks(Lowering& l, const Sizes& s, const int8_t* w, const std::vector<Scale>& scales) {
  const auto add = [&l](const auto& packed) { return static_cast<int32_t>(l.pool.add(l.name("weights"), packed, 4)); };
  if (l.vector == Vector::swar) return add(pack::swar_dot_blocks(w, s.units, s.depth, scales));
  const auto pairs = pack::dot_blocks(w, s.units, s.depth, scales);
  return pairs ? std::optional(add(*pairs)) : std::nullopt;
}

void declare_rows(Lowering& l, bool by_rows, int32_t rows) {
  if (!by_rows) return l.whole(1);
  std::vector<RowRange> each;
  for (int32_t r = 0; r < rows; ++r) each.push_back({r, r + 1});
  l.steps(rows, {each}, {each});
}

/// Vectors in each row, where every input row is one of the output's; else the whole input is taken at once: 0.
int32_t vectors_by_rows(const Sizes& s, const Operands& o) {
  const int32_t rows = row_count(o.output.shape);
  return rows == row_count(o.input.shape) && s.batches % rows == 0 ? s.batches / rows : 0;
}

Outcome lower_s16(Lowering& l, const Sizes& s, const Operands& o) {
  const int32_t vectors = vectors_by_rows(s, o);
  layers_s16::lower_fully_connected(l, vectors != 0 ? vectors : s.batches, o, unit_multipliers(o, s.units));
  declare_rows(l, vectors != 0, row_count(o.output.shape));
  return Done{};
}

Outcome lower(Lowering& l) {
  const Sizes s = *check(l.graph, l.node);
  const Operands o = convolution::operands(l.graph, l.node);
  if (o.input.dtype == DType::i16) return lower_s16(l, s, o);
  const bool integer = o.input.dtype == DType::i8;
  const auto [channels, scales] =
      integer ? convolution::channels(o, unit_multipliers(o, s.units)) : convolution::Channels{};
  const int32_t running = running_rows(s, o);
  if (running > 1 && lower_slices(l, s, o, running, scales)) return Done{};
  const int32_t rows = row_count(o.output.shape);
  const bool by_rows = vectors_by_rows(s, o) != 0;
  FullyConnected p{};
  p.vectors = by_rows ? vectors_by_rows(s, o) : s.batches;
  p.depth = s.depth;
  p.units = s.units;
  if (integer) {
    if (l.vector == Vector::helium && scales && helium::fully_connected(l, p.vectors, o, *scales)) {
      declare_rows(l, by_rows, rows);
      return Done{};
    }
    const auto* w = o.weights.as<int8_t>();
    const bool fours = scales && s.depth % 4 == 0;
    const std::optional<int32_t> blocks = fours ? add_blocks(l, s, w, *scales) : std::nullopt;
    if (fours && !blocks && lower_slices(l, s, o, 1, scales)) return Done{};
    p.to = convolution::clamp_s8(l.node, o.output);
    if (blocks) {
      std::vector<int32_t> multipliers;
      for (const Scale& scale : *scales) multipliers.push_back(scale.multiplier);
      const bool same = std::equal(multipliers.begin() + 1, multipliers.end(), multipliers.begin());
      multipliers.resize(same ? 1 : static_cast<size_t>(pack::round_up(s.units, 4)));
      p.multiplier_step = same ? 0 : 4;
      p.weights = *blocks;
      p.channels = static_cast<int32_t>(l.pool.add(l.name("multipliers"), multipliers));
      p.to.offset = 2 * o.output.quant.zero_point[0] + 1;
      if (l.vector == Vector::swar) {
        l.kernel("ops/fully_connected_swar.hpp", SMELT_KERNEL(fully_connected_swar_s8));
      } else {
        l.kernel("ops/fully_connected.hpp", SMELT_KERNEL(fully_connected_s8));
      }
    } else {
      p.weights =
          static_cast<int32_t>(l.pool.add(l.name("weights"), std::vector<int8_t>(w, w + elements(o.weights.shape)), 4));
      p.channels = static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(channels)));
      l.kernel("ops/fully_connected.hpp", SMELT_KERNEL(fully_connected_any_s8));
    }
  } else {
    p.weights = static_cast<int32_t>(
        l.pool.add(l.name("weights"), pack::blocks(o.weights.as<float>(), 1, s.units, s.depth, 1)));
    p.channels =
        static_cast<int32_t>(l.pool.add(l.name("bias"), pack::padded_channels(convolution::biases(o, s.units), 1)));
    p.to = convolution::clamp_f32(l.node);
    l.kernel("ops/fully_connected.hpp", SMELT_KERNEL(fully_connected_f32));
  }
  l.params("smelt::FullyConnected", p, "vectors depth units weights channels multiplier_step to.offset to.span to.low");
  declare_rows(l, by_rows, rows);
  return Done{};
}

std::optional<WeightedSum> sum(const Graph& graph, const Node& node) {
  const Sizes s = *check(graph, node);
  const Operands o = convolution::operands(graph, node);
  const int32_t channels = o.input.shape.empty() ? 1 : o.input.shape.back();
  if (o.input.dtype != DType::i8 || s.depth % channels != 0) return std::nullopt;
  return WeightedSum{.outputs = s.units,
                     .groups = 1,
                     .depth = channels,
                     .taps = s.depth / channels,
                     .outputs_last = false,
                     .tap_leaves = std::vector<char>(static_cast<size_t>(s.depth / channels)),
                     .scales = unit_multipliers(o, s.units),
                     .clamp = quantized_activation(node.attrs.s("activation", "none"), o.output.quant, DType::i8)};
}

int64_t macs(const Graph& graph, const Node& node) {
  return elements(graph.at(node.out()).shape) * graph.at(node.in(1)).shape[1];
}

/// The weights of each unit stand in the new order.
bool reorder_input(Graph& graph, Node& node, const std::vector<int32_t>& order) {
  Tensor w = graph.at(node.in(1));
  const auto depth = static_cast<size_t>(w.shape[1]);
  if (!w.constant() || order.size() != depth || w.quant.axis != 0) return false;
  const auto size = static_cast<size_t>(size_of(w.dtype));
  Bytes bytes(w.data->size());
  for (size_t u = 0; u < static_cast<size_t>(w.shape[0]); ++u) {
    for (size_t i = 0; i < depth; ++i) {
      const size_t from = (u * depth + static_cast<size_t>(order[i])) * size;
      std::copy_n(w.data->begin() + static_cast<std::ptrdiff_t>(from), size, bytes.begin() + static_cast<std::ptrdiff_t>((u * depth + i) * size));
    }
  }
  w.data = std::make_shared<const Bytes>(std::move(bytes));
  w.source = -1;
  node.inputs[1] = graph.add(std::move(w));
  return true;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_activation(node);
  layers_s16::put_bias_type(graph, node);
  raw::name(node, "FULLY_CONNECTED", "FullyConnectedOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_fully_connected;
const OpDef op_fully_connected = {
    .name = "fully_connected",
    .tflite = {"FULLY_CONNECTED"},
    .normalize = normalize,
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower,
    .macs = macs,
    .fuses_activation = true,
    .flattens_input = true,
    .reorder_input = reorder_input,
    .rescales = true,
    .scale_output = convolution::scale_first_axis,
    .weighted_sum = sum,
    .filter_axis = 0,
    .denormalize = denormalize,
};

}  // namespace smelt
