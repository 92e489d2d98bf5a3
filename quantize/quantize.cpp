#include "quantize/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ir/half.hpp"
#include "ops/op.hpp"

namespace smelt::quantize {

namespace {

constexpr float least_scale = 1e-12F;

DType type_of(Form form) { return form == Form::int8 ? DType::i8 : form == Form::int16x8 ? DType::i16 : DType::f32; }

float next_power_of_two(float scale) { return std::exp2(std::ceil(std::log2(scale))); }

template <class T>
std::shared_ptr<const Bytes> bytes_of(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return std::make_shared<Bytes>(first, first + values.size() * sizeof(T));
}

Tensor constant(std::string name, DType type, Shape shape, Quantization q, std::shared_ptr<const Bytes> data) {
  return {std::move(name), type, std::move(shape), std::move(q), std::move(data), -1};
}

bool is_float(const Graph& graph, TensorId id) { return id != no_tensor && graph.at(id).dtype == DType::f32; }

/// The operands of a filter: where they lie among a node's inputs.
constexpr size_t filter_at = 1;
constexpr size_t bias_at = 2;

bool has_filter(const Node& node) { return find_op(node.op)->filter_axis >= 0; }

// ---- which forms an operator has: its own `infer` says so ----

/// How the quantization of a node's floats hangs together.
enum class Ties : uint8_t {
  none,     ///< the operator has no such form
  free,     ///< every tensor has its own
  shared,   ///< stored values pass through: all have the same
};

/// The node alone, its floats as `form` with the scales that `scale` gives for the nth of them.
template <class Scale>
bool infers(const Graph& graph, const Node& node, Form form, Scale scale) {
  Graph alone;
  Node copy = node;
  const OpDef& op = *find_op(node.op);
  size_t nth = 0;
  const auto take = [&](TensorId& id, size_t operand, bool output) {
    if (id == no_tensor) return;
    Tensor t = graph.at(id);
    if (t.dtype == DType::f32) {
      const bool filter = !output && op.filter_axis >= 0 && operand == filter_at;
      const bool bias = !output && op.filter_axis >= 0 && operand == bias_at;
      t.dtype = filter ? DType::i8 : bias ? (form == Form::int16x8 ? DType::i64 : DType::i32) : type_of(form);
      t.quant = {{filter || bias ? 0.01F : scale(nth++)}, {0}, 0};
      if (output && op.output_range) t.quant = quantization_of(*op.output_range, type_of(form));
      if (t.constant()) t.data = std::make_shared<Bytes>(static_cast<size_t>(t.bytes()));
    }
    id = alone.add(std::move(t));
  };
  for (size_t i = 0; i < copy.inputs.size(); ++i) take(copy.inputs[i], i, false);
  for (size_t i = 0; i < copy.outputs.size(); ++i) take(copy.outputs[i], i, true);
  if (op.is_padding && copy.attrs.has("value")) copy.attrs.set("value", int64_t{0});
  alone.nodes.push_back(copy);
  return types_hold(alone, copy);
}

Ties ties_of(const Graph& graph, const Node& node, Form form) {
  const OpDef& op = *find_op(node.op);
  if (op.to_integers != nullptr) return form == Form::int8 && op.has_integers(graph, node) ? Ties::free : Ties::none;
  // Others may take differing scales in a file, and pass the stored values through all the same.
  const bool rescales = op.rescales || op.output_range || op.filter_axis >= 0;
  if (rescales && infers(graph, node, form, [](size_t nth) { return 0.05F + 0.01F * static_cast<float>(nth); })) return Ties::free;
  if (infers(graph, node, form, [](size_t) { return 0.05F; })) return Ties::shared;
  return Ties::none;
}

// ---- sets of tensors that share one quantization ----

class Sets {
 public:
  explicit Sets(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(size_t a, size_t b) { parent_[find(b)] = find(a); }

 private:
  std::vector<size_t> parent_;
};

class Quantizer {
 public:
  Quantizer(const Graph& from, const Calibration& calibration, const Settings& settings)
      : from_(from), calibration_(calibration), settings_(settings) {}

  Result<Quantized> run() {
    choose_forms();
    for (const Form form : {Form::int8, Form::int16x8}) choose_parameters(form);
    to_.name = from_.name;
    to_.file = from_.file;
    to_.labels = from_.labels;
    const std::vector<TensorId> inputs = from_.inputs;
    for (const TensorId id : inputs) to_.inputs.push_back(is_float(from_, id) ? make(id, input_form(id)) : copy(id));
    for (size_t n = 0; n < from_.nodes.size(); ++n) {
      if (Outcome o = convert(n); !o) return o.failure();
    }
    for (const TensorId id : from_.outputs) to_.outputs.push_back(is_float(from_, id) ? get(id, output_form(id)) : copy(id));
    if (Outcome o = verify_graph(to_); !o) return o.failure();
    std::vector<TensorId> origin(to_.tensors.size(), no_tensor);
    for (const auto& [key, made] : made_) origin[static_cast<size_t>(made)] = key.first;
    for (const auto& [from, made] : copies_) origin[static_cast<size_t>(made)] = from;
    return Quantized{std::move(to_), std::move(layers_), std::move(origin)};
  }

 private:
  // ---- forms ----

  void choose_forms() {
    forms_.assign(from_.nodes.size(), Form::float32);
    ties_.assign(from_.nodes.size(), Ties::none);
    for (size_t n = 0; n < from_.nodes.size(); ++n) {
      const Node& node = from_.nodes[n];
      if (!std::any_of(node.outputs.begin(), node.outputs.end(), [&](TensorId id) { return is_float(from_, id); }) &&
          !std::any_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) { return is_float(from_, id); })) {
        continue;
      }
      Layer layer{from_.at(node.out()).name, node.op, settings_.form, {}, static_cast<int>(n), node.out(), no_tensor, -1};
      if (const auto own = settings_.forms.find(layer.name); own != settings_.forms.end()) layer.form = own->second;
      if (layer.form != Form::float32) {
        ties_[n] = ties_of(from_, node, layer.form);
        if (ties_[n] == Ties::none) {
          layer.why = std::string("has no ") + to_string(layer.form) + " form";
          layer.form = Form::float32;
        }
      }
      forms_[n] = layer.form;
      layers_.push_back(std::move(layer));
    }
  }

  Form input_form(TensorId id) const {
    if (settings_.io) return *settings_.io;
    const std::vector<int> readers = from_.consumers(id);
    return readers.empty() ? settings_.form : forms_[static_cast<size_t>(readers[0])];
  }

  Form output_form(TensorId id) const {
    if (settings_.io) return *settings_.io;
    const int producer = from_.producer(id);
    return producer < 0 ? settings_.form : forms_[static_cast<size_t>(producer)];
  }

  // ---- scales and zero points of all tensors that are held in one form ----

  void choose_parameters(Form form) {
    Sets sets(from_.tensors.size());
    for (size_t n = 0; n < from_.nodes.size(); ++n) {
      const Node& node = from_.nodes[n];
      if (forms_[n] != form) continue;
      if (ties_[n] != Ties::shared) continue;
      std::vector<TensorId> all = node.inputs;
      all.insert(all.end(), node.outputs.begin(), node.outputs.end());
      TensorId first = no_tensor;
      for (const TensorId id : all) {
        if (!is_float(from_, id)) continue;
        if (first != no_tensor) sets.join(static_cast<size_t>(first), static_cast<size_t>(id));
        first = id;
      }
    }
    std::vector<Quantization>& chosen = parameters_[form];
    chosen.resize(from_.tensors.size());
    std::vector<Range> ranges(from_.tensors.size(), Range{0, 0});
    const int levels = form == Form::int8 ? 256 : 65536;
    const bool symmetric = form == Form::int16x8 || settings_.powers_of_two;
    for (size_t id = 0; id < ranges.size(); ++id) {
      Range& range = ranges[sets.find(id)];
      const Range own = own_range(static_cast<TensorId>(id), levels, symmetric);
      range = {std::min(range.low, own.low), std::max(range.high, own.high)};
    }
    for (size_t id = 0; id < ranges.size(); ++id) chosen[id] = parameters(ranges[sets.find(id)], form, settings_.powers_of_two);
    for (size_t n = 0; n < from_.nodes.size(); ++n) {
      const std::optional<RealRange>& range = find_op(from_.nodes[n].op)->output_range;
      if (forms_[n] != form || !range) continue;
      const Quantization q = quantization_of(*range, type_of(form));
      const size_t set = sets.find(static_cast<size_t>(from_.nodes[n].out()));
      for (size_t id = 0; id < ranges.size(); ++id) {
        if (sets.find(id) == set) chosen[id] = q;
      }
    }
  }

  Range own_range(TensorId id, int levels, bool symmetric) const {
    const Tensor& t = from_.at(id);
    if (t.dtype != DType::f32) return {0, 0};
    if (!t.constant()) return choose_range(calibration_.tensors[static_cast<size_t>(id)], settings_.range, levels, symmetric);
    Range range{0, 0};
    for (int64_t i = 0; i < elements(t.shape); ++i) {
      range = {std::min(range.low, t.as<float>()[i]), std::max(range.high, t.as<float>()[i])};
    }
    return range;
  }

  // ---- tensors ----

  /// What is no float stays as it is.
  TensorId copy(TensorId id) {
    const auto [at, fresh] = copies_.try_emplace(id, no_tensor);
    if (fresh) at->second = to_.add(from_.at(id));
    return at->second;
  }

  /// A new tensor for a float one, in a form of its own.
  TensorId make(TensorId id, Form form) {
    Tensor t = from_.at(id);
    t.data = nullptr;
    t.dtype = type_of(form);
    if (form != Form::float32) t.quant = parameters_[form][static_cast<size_t>(id)];
    const bool first = std::none_of(made_.begin(), made_.end(), [&](const auto& m) { return m.first.first == id; });
    if (!first) t.name += std::string("/") + smelt::to_string(t.dtype);
    const TensorId made = to_.add(std::move(t));
    made_[{id, form}] = made;
    return made;
  }

  /// A float tensor in some form: as it was made, or converted on the spot.
  TensorId get(TensorId id, Form form) {
    if (const auto known = made_.find({id, form}); known != made_.end()) return known->second;
    const Tensor& t = from_.at(id);
    if (t.constant()) return made_[{id, form}] = to_.add(form == Form::float32 ? t : quantized(t, id, form));
    const auto source = std::find_if(made_.begin(), made_.end(), [&](const auto& m) { return m.first.first == id; });
    SMELT_ASSERT(source != made_.end(), "a tensor is made before it is read");
    // TensorFlow Lite's QUANTIZE takes no int8 to int16: by way of floats.
    const bool widens = form == Form::int16x8 && to_.at(source->second).dtype == DType::i8;
    const TensorId in = widens ? get(id, Form::float32) : source->second;
    const TensorId out = make(id, form);
    to_.nodes.push_back({form == Form::float32 ? "dequantize" : "quantize", {in}, {out}, {}, -1});
    return out;
  }

  Tensor quantized(const Tensor& t, TensorId id, Form form) const {
    const Quantization& q = parameters_.at(form)[static_cast<size_t>(id)];
    const DType type = type_of(form);
    std::vector<int8_t> bytes;
    std::vector<int16_t> words;
    for (int64_t i = 0; i < elements(t.shape); ++i) {
      const int32_t v = stored(t.as<float>()[i], q, type);
      if (form == Form::int8) bytes.push_back(static_cast<int8_t>(v));
      if (form == Form::int16x8) words.push_back(static_cast<int16_t>(v));
    }
    return constant(t.name, type, t.shape, q, form == Form::int8 ? bytes_of(bytes) : bytes_of(words));
  }

  /// A float constant rounded to what float16 holds, its greatest finite number at most.
  TensorId halved(TensorId id) {
    if (id == no_tensor || !to_.at(id).constant() || to_.at(id).dtype != DType::f32) return id;
    constexpr float largest = 65504;
    std::vector<float> values(to_.at(id).as<float>(), to_.at(id).as<float>() + elements(to_.at(id).shape));
    for (float& v : values) v = from_half(to_half(std::clamp(v, -largest, largest)));
    Tensor t = to_.at(id);
    t.data = bytes_of(values);
    return to_.add(std::move(t));
  }

  // ---- nodes ----

  Outcome convert(size_t n) {
    const Node& node = from_.nodes[n];
    const Form form = forms_[n];
    Node made = node;
    const bool filter = has_filter(node) && form != Form::float32;
    const auto to_integers = form != Form::float32 ? find_op(node.op)->to_integers : nullptr;
    for (size_t i = 0; i < made.inputs.size(); ++i) {
      if (made.inputs[i] == no_tensor || (filter && (i == filter_at || i == bias_at)) || (to_integers != nullptr && i != 0)) continue;
      made.inputs[i] = is_float(from_, made.inputs[i]) ? get(made.inputs[i], form) : copy(made.inputs[i]);
    }
    for (TensorId& id : made.outputs) id = is_float(from_, id) ? make(id, form) : copy(id);
    if (filter) {
      if (Outcome o = quantize_filter(node, form, made); !o) return o;
    }
    if (to_integers != nullptr) {
      if (Outcome o = to_integers({from_, node, calibration_.internals[n], settings_.powers_of_two, to_, made}); !o) return o;
    }
    if (has_filter(node) && form == Form::float32 && settings_.half_weights) {
      for (size_t i = filter_at; i < made.inputs.size(); ++i) made.inputs[i] = halved(made.inputs[i]);
    }
    if (find_op(node.op)->is_padding && form != Form::float32) {
      const Tensor& out = to_.at(made.out());
      made.attrs.set("value", int64_t{stored(static_cast<float>(node.attrs.f("value")), out.quant, out.dtype)});
    }
    for (Layer& layer : layers_) {
      if (layer.node != static_cast<int>(n)) continue;
      layer.after = made.out();
      layer.made = static_cast<int>(to_.nodes.size());
    }
    to_.nodes.push_back(std::move(made));
    return Done{};
  }

  Outcome quantize_filter(const Node& node, Form form, Node& made) {
    const Tensor& w = from_.at(node.in(filter_at));
    const auto axis = static_cast<size_t>(find_op(node.op)->filter_axis);
    const auto channels = static_cast<size_t>(w.shape.at(axis));
    const FilterIndex s(w.shape, axis);
    const float* weights = w.as<float>();
    const float* bias = node.in(bias_at) != no_tensor ? from_.at(node.in(bias_at)).as<float>() : nullptr;

    std::vector<float> magnitude(channels);
    for (int64_t i = 0; i < elements(w.shape); ++i) {
      if (!std::isfinite(weights[i])) return fail(from_, node, "E0902", "a weight is no finite number", "train the model again");
      float& m = magnitude[s.channel(i)];
      m = std::max(m, std::abs(weights[i]));
    }
    if (!settings_.per_channel || settings_.powers_of_two) {
      std::fill(magnitude.begin(), magnitude.end(), *std::max_element(magnitude.begin(), magnitude.end()));
    }
    const float in_scale = to_.at(made.in(0)).quant.scale.at(0);
    Quantization q{{}, std::vector<int32_t>(channels), static_cast<int>(axis)};
    for (size_t c = 0; c < channels; ++c) {
      float scale = std::max(magnitude[c] / 127, least_scale);
      // A bias of 32 bits must bear the scale of the sums.
      if (bias != nullptr) scale = std::max(scale, std::abs(bias[c]) / in_scale / 1e9F);
      q.scale.push_back(settings_.powers_of_two ? next_power_of_two(scale) : scale);
    }
    const bool one = !settings_.per_channel || settings_.powers_of_two;
    if (one) q = {{*std::max_element(q.scale.begin(), q.scale.end())}, {0}, 0};
    const auto scale_of = [&](size_t c) { return q.scale[one ? 0 : c]; };

    std::vector<int8_t> integers(static_cast<size_t>(elements(w.shape)));
    std::vector<double> shift(channels);  // of the mean of each sum, by rounding its weights
    const std::vector<double>& means = calibration_.tensors[static_cast<size_t>(node.in(0))].means;
    for (int64_t i = 0; i < elements(w.shape); ++i) {
      const size_t c = s.channel(i);
      const auto v = static_cast<int32_t>(std::clamp(std::round(weights[i] / scale_of(c)), -127.0F, 127.0F));
      integers[static_cast<size_t>(i)] = static_cast<int8_t>(v);
      if (!means.empty()) {
        shift[c] += (double{scale_of(c)} * v - static_cast<double>(weights[i])) * means[s.input(i, means.size())];
      }
    }
    made.inputs[filter_at] = to_.add(constant(w.name, DType::i8, w.shape, q, bytes_of(integers)));

    if (bias == nullptr && !settings_.correct_bias) return Done{};
    Quantization sums{{}, std::vector<int32_t>(q.scale.size()), 0};
    for (const float scale : q.scale) sums.scale.push_back(in_scale * scale);
    std::vector<int64_t> whole(channels);
    for (size_t c = 0; c < channels; ++c) {
      const double real = (bias != nullptr ? static_cast<double>(bias[c]) : 0.0) - (settings_.correct_bias ? shift[c] : 0.0);
      whole[c] = std::llround(std::clamp(real / double{sums.scale[one ? 0 : c]}, -2147483647.0, 2147483647.0));
    }
    const std::vector<int32_t> narrow(whole.begin(), whole.end());
    const std::string name = bias != nullptr ? from_.at(node.in(bias_at)).name : w.name + "/bias";
    const Shape shape{static_cast<int32_t>(channels)};
    made.inputs.resize(std::max<size_t>(made.inputs.size(), bias_at + 1), no_tensor);
    made.inputs[bias_at] = to_.add(form == Form::int16x8 ? constant(name, DType::i64, shape, sums, bytes_of(whole))
                                                         : constant(name, DType::i32, shape, sums, bytes_of(narrow)));
    return Done{};
  }

  /// Where an element of a filter belongs.
  struct FilterIndex {
    FilterIndex(const Shape& shape, size_t axis)
        : channels(static_cast<size_t>(shape[axis])), depth(static_cast<size_t>(shape.back())) {
      for (size_t d = axis + 1; d < shape.size(); ++d) inner *= static_cast<size_t>(shape[d]);
    }
    size_t channel(int64_t i) const { return static_cast<size_t>(i) / inner % channels; }
    /// Input channel, of `inputs`, whose mean the weight meets.
    size_t input(int64_t i, size_t inputs) const {
      if (inner == 1) return channel(i) / std::max<size_t>(channels / inputs, 1) % inputs;  // depthwise
      const size_t own = static_cast<size_t>(i) % depth;
      if (depth >= inputs) return own % inputs;
      return channel(i) / std::max<size_t>(channels * depth / inputs, 1) * depth + own;  // its group's
    }
    size_t channels;
    size_t depth;      ///< elements along the last dimension
    size_t inner = 1;  ///< elements of one index along the axis
  };

  const Graph& from_;
  const Calibration& calibration_;
  const Settings& settings_;
  Graph to_;
  std::vector<Form> forms_;  ///< by node
  std::vector<Ties> ties_;
  std::map<Form, std::vector<Quantization>> parameters_;
  std::map<std::pair<TensorId, Form>, TensorId> made_;
  std::map<TensorId, TensorId> copies_;
  std::vector<Layer> layers_;
};

}  // namespace

const char* to_string(Form form) {
  return form == Form::int8 ? "int8" : form == Form::int16x8 ? "int16x8" : "float32";
}

std::optional<Form> parse_form(const std::string& word) {
  for (const Form form : {Form::float32, Form::int8, Form::int16x8}) {
    if (word == to_string(form)) return form;
  }
  return std::nullopt;
}

int32_t stored(float real, const Quantization& q, DType type) {
  const double low = type == DType::i8 ? -128 : -32768;
  const double high = type == DType::i8 ? 127 : 32767;
  const double v = std::round(static_cast<double>(real) / static_cast<double>(q.scale.at(0))) + q.zero_point.at(0);
  return static_cast<int32_t>(std::clamp(v, low, high));
}

Quantization parameters(Range range, Form form, bool powers_of_two) {
  const float largest = std::max(range.high, -range.low);
  if (form == Form::int16x8 || powers_of_two) {
    const float scale = std::max(largest / (form == Form::int16x8 ? 32767.0F : 127.0F), least_scale);
    return {{powers_of_two ? next_power_of_two(scale) : scale}, {0}, 0};
  }
  const float scale = std::max((range.high - range.low) / 255, least_scale);
  const auto zero = static_cast<int32_t>(std::clamp(std::round(-128.0F - range.low / scale), -128.0F, 127.0F));
  return {{scale}, {zero}, 0};
}

Result<Quantized> quantize(const Graph& graph, const Calibration& calibration, const Settings& settings) {
  SMELT_ASSERT(calibration.tensors.size() == graph.tensors.size(), "the calibration of this graph");
  return Quantizer(graph, calibration, settings).run();
}

}  // namespace smelt::quantize
