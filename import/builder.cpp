#include "import/builder.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "import/integers.hpp"
#include "import/text.hpp"
#include "ops/broadcast.hpp"
#include "ops/op.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

/// Folding may take about as long as this many multiply-accumulates in all; what is beyond it is left to the passes.
constexpr int64_t whole_budget = int64_t{1} << 28;
constexpr int64_t cost_of_an_element = 16;

Attrs with(const char* name, Attrs::Value value) {
  Attrs a;
  a.set(name, std::move(value));
  return a;
}

}  // namespace

GraphBuilder::GraphBuilder(const std::string& file) : budget_(whole_budget) {
  graph_.file = file;
  graph_.name = std::filesystem::path(file).stem().string();
}

void GraphBuilder::begin(int source, const std::string& name, const std::string& op) {
  source_ = source;
  name_ = name;
  op_ = op;
  made_ = 0;
}

void GraphBuilder::refuse(const char* code, const std::string& reason, const std::string& help) const {
  throw Refusal{Failure(code, graph_.file + ": node " + std::to_string(source_) + " \"" + shortened(name_) + "\" (" + op_ + ")",
                        reason, help)};
}

std::string GraphBuilder::next_name() {
  const int n = made_++;
  return n == 0 ? name_ : name_ + "/" + std::to_string(n);
}

// ---- tensors ----

TensorId GraphBuilder::input(const std::string& name, DType dtype, const Shape& shape, const Quantization& quant) {
  const TensorId id = graph_.add({name, dtype, shape, quant, nullptr, static_cast<int>(graph_.inputs.size())});
  graph_.inputs.push_back(id);
  return id;
}

TensorId GraphBuilder::constant(DType dtype, const Shape& shape, std::shared_ptr<const Bytes> data, const Quantization& quant) {
  if (graph_.tensors.size() >= max_graph_tensors) refuse("E0201", "the model makes too many tensors");
  return graph_.add({name_ + "/constant", dtype, shape, quant, std::move(data), -1});
}

TensorId GraphBuilder::scalar(DType dtype, double value) {
  if (dtype == DType::f32) return number(static_cast<float>(value));
  const auto integer = static_cast<int64_t>(value);
  Bytes bytes(static_cast<size_t>(size_of(dtype)));
  std::memcpy(bytes.data(), &integer, bytes.size());  // little-endian
  return constant(dtype, {}, std::make_shared<const Bytes>(std::move(bytes)));
}

GraphBuilder::Ints GraphBuilder::ints(TensorId id, const char* what) const {
  const Tensor& t = at(id);
  if (!t.constant()) {
    refuse("E0301", std::string(what) + " must be constant", "export the model with fixed shapes, or simplify it first");
  }
  if (t.dtype == DType::f32) refuse("E0301", std::string(what) + " must be integers, not f32");
  return integers::values(t);
}

std::vector<float> GraphBuilder::reals(TensorId id, const char* what) const {
  const Tensor& t = at(id);
  if (!t.constant()) refuse("E0301", std::string(what) + " must be constant", "export the model with frozen weights");
  if (t.dtype == DType::f32) return {t.as<float>(), t.as<float>() + elements(t.shape)};
  const Ints values = integers::values(t);
  return {values.begin(), values.end()};
}

// ---- nodes ----

GraphBuilder::Ids GraphBuilder::nodes(const std::string& op, const Ids& inputs, const Attrs& attrs, size_t outputs,
                                      const Declared& declared) {
  const OpDef* def = find_op(op);
  if (def == nullptr) refuse("E0311", "the operator " + op + " that this needs is not there yet");
  if (graph_.nodes.size() >= max_graph_nodes || graph_.tensors.size() + outputs > max_graph_tensors) {
    refuse("E0201", "the model makes more than " + std::to_string(max_graph_nodes) + " nodes");
  }
  for (TensorId id : inputs) {
    if (id != no_tensor) check_size(shape(id));  // files have constants of nothing; operators do not
  }
  Node node{op, inputs, {}, attrs, source_};
  for (size_t i = 0; i < outputs; ++i) {
    const DType dtype = declared.dtype ? *declared.dtype : inputs.empty() ? DType::f32 : at(inputs[0]).dtype;
    node.outputs.push_back(graph_.add({next_name(), dtype, declared.shape, declared.quant, nullptr, -1}));
  }
  const Result<std::vector<TensorType>> types = def->infer(graph_, node);
  if (!types) {
    const Diagnostic& why = types.failure().diagnostics.at(0);
    refuse(why.code.c_str(), why.reason + (op_.empty() ? "" : " (in " + op + ")"), why.help);
  }
  SMELT_ASSERT(types->size() == outputs, op + " makes another number of outputs");
  for (size_t i = 0; i < outputs; ++i) {
    Tensor& t = graph_.at(node.outputs[i]);
    t.dtype = (*types)[i].dtype;
    t.shape = (*types)[i].shape;
    check_size(t.shape);
  }
  const Ids made = node.outputs;
  if (!fold(node, made)) graph_.nodes.push_back(std::move(node));
  return made;
}

TensorId GraphBuilder::node(const std::string& op, const Ids& inputs, const Attrs& attrs, const Declared& declared) {
  return nodes(op, inputs, attrs, 1, declared)[0];
}

void GraphBuilder::check_size(const Shape& shape) const {
  int64_t size = 1;
  if (shape.size() > max_rank) refuse("E0413", "rank " + std::to_string(shape.size()) + " is more than " + std::to_string(max_rank));
  for (int32_t d : shape) {
    if (d < 1) refuse("E0413", "a tensor of " + to_string(shape) + " holds nothing to compute");
    size *= d;
    if (size > max_tensor_bytes) refuse("E0414", "a tensor of " + to_string(shape) + " is too large");
  }
}

bool GraphBuilder::accepts(const std::string& op, const Ids& inputs, const Attrs& attrs, const Declared& declared) {
  const OpDef* def = find_op(op);
  if (def == nullptr) return false;
  for (TensorId id : inputs) {
    if (id != no_tensor) check_size(shape(id));
  }
  const DType dtype = declared.dtype ? *declared.dtype : at(inputs.at(0)).dtype;
  const TensorId out = graph_.add({"", dtype, declared.shape, declared.quant, nullptr, -1});
  const bool taken = def->infer(graph_, Node{op, inputs, {out}, attrs, source_}).ok();
  graph_.tensors.pop_back();
  return taken;
}

bool GraphBuilder::fold(const Node& node, const Ids& outputs) {
  const OpDef& op = *find_op(node.op);
  int64_t cost = 0;
  for (TensorId id : node.inputs) {
    if (id == no_tensor) continue;
    if (!is_constant(id) && !op.static_result) return false;
    cost += cost_of_an_element * (op.static_result ? 0 : elements(shape(id)));
  }
  for (TensorId id : outputs) cost += cost_of_an_element * elements(shape(id));
  if (op.macs != nullptr) cost += op.macs(graph_, node);
  if (cost > budget_ || node.inputs.empty()) return false;
  budget_ -= cost;
  std::vector<Value> in(node.inputs.size()), out(outputs.size());
  Evaluation e{graph_, node, {}, {}};
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorId id = node.inputs[i];
    e.in.push_back(id == no_tensor ? nullptr : &in[i]);
    if (id == no_tensor) continue;
    in[i].type = &at(id);
    if (is_constant(id)) in[i].bytes = *at(id).data;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].type = &at(outputs[i]);
    out[i].bytes.assign(static_cast<size_t>(at(outputs[i]).bytes()), 0);
    e.out.push_back(&out[i]);
  }
  op.evaluate(e);
  for (size_t i = 0; i < out.size(); ++i) {
    graph_.at(outputs[i]).data = std::make_shared<const Bytes>(std::move(out[i].bytes));
  }
  return true;
}

// ---- elements in other places ----

TensorId GraphBuilder::transpose(TensorId x, const Ints& perm) {
  if (std::is_sorted(perm.begin(), perm.end()) && perm.size() == shape(x).size()) return x;
  Quantization quant = at(x).quant;
  if (quant.per_channel()) {
    const auto axis = std::find(perm.begin(), perm.end(), int64_t{quant.axis});
    if (axis != perm.end()) quant.axis = static_cast<int>(axis - perm.begin());
  }
  return node("transpose", {x}, with("perm", perm), {{}, {}, quant});
}

TensorId GraphBuilder::reshape(TensorId x, const Shape& to) {
  if (shape(x) == to) return x;
  check_size(to);
  const Quantization quant = at(x).quant.per_channel() ? Quantization{} : at(x).quant;
  return node("reshape", {x}, {}, {{}, to, quant});
}

TensorId GraphBuilder::reshape(TensorId x, const Ints& to) {
  Shape s;
  for (int64_t d : to) {
    if (d < 1 || d > max_tensor_bytes) refuse("E0413", "a dimension of " + std::to_string(d) + " is not supported");
    s.push_back(static_cast<int32_t>(d));
  }
  return reshape(x, s);
}

TensorId GraphBuilder::expand_rank(TensorId x, size_t rank) {
  Shape s = shape(x);
  if (s.size() < rank) s.insert(s.begin(), rank - s.size(), 1);
  return reshape(x, s);
}

namespace {
GraphBuilder::Ints moved_last(int64_t rank, int64_t axis) {
  GraphBuilder::Ints perm;
  for (int64_t d = 0; d < rank; ++d) {
    if (d != axis) perm.push_back(d);
  }
  perm.push_back(axis);
  return perm;
}
}  // namespace

TensorId GraphBuilder::axis_last(TensorId x, int64_t axis) { return transpose(x, moved_last(rank(x), axis)); }

TensorId GraphBuilder::axis_back(TensorId x, int64_t axis) {
  const Ints perm = moved_last(rank(x), axis);
  Ints back(perm.size());
  for (size_t d = 0; d < perm.size(); ++d) back[static_cast<size_t>(perm[d])] = static_cast<int64_t>(d);
  return transpose(x, back);
}

TensorId GraphBuilder::pad(TensorId x, const Ints& paddings, double value) {
  Ints begin, size, added;
  for (size_t d = 0; d < shape(x).size(); ++d) {
    const int64_t before = paddings.at(2 * d), after = paddings.at(2 * d + 1);
    begin.push_back(std::max<int64_t>(-before, 0));
    size.push_back(shape(x)[d] - begin.back() - std::max<int64_t>(-after, 0));
    added.push_back(std::max<int64_t>(before, 0));
    added.push_back(std::max<int64_t>(after, 0));
  }
  x = slice(x, begin, size);
  if (std::all_of(added.begin(), added.end(), [](int64_t p) { return p == 0; })) return x;
  Attrs a = with("paddings", added);
  if (dtype(x) == DType::f32) {
    a.set("value", value);
  } else {
    a.set("value", static_cast<int64_t>(value));
  }
  return node("pad", {x}, a, {{}, {}, at(x).quant});
}

TensorId GraphBuilder::concat(const Ids& parts, int64_t axis) {
  if (parts.size() == 1) return parts[0];
  return node("concatenation", parts, with("axis", axis), {{}, {}, at(parts.at(0)).quant});
}

TensorId GraphBuilder::slice(TensorId x, const Ints& begin, const Ints& size) {
  if (size == Ints(shape(x).begin(), shape(x).end())) return x;
  Attrs a = with("begin", begin);
  a.set("size", size);
  return node("slice", {x}, a, {{}, {}, at(x).quant});
}

TensorId GraphBuilder::strided_slice(TensorId x, const Ints& begin, const Ints& extent, const Ints& steps) {
  if (std::all_of(steps.begin(), steps.end(), [](int64_t s) { return s == 1; })) return slice(x, begin, extent);
  Attrs a = with("begin", begin);
  a.set("extent", extent);
  a.set("strides", steps);
  a.set("shape", extent);
  return node("strided_slice", {x}, a, {{}, {}, at(x).quant});
}

GraphBuilder::Ids GraphBuilder::split(TensorId x, int64_t axis, const Ints& sizes) {
  if (sizes.size() == 1) return {x};
  Attrs a = with("axis", axis);
  a.set("sizes", sizes);
  return nodes("split", {x}, a, sizes.size(), {{}, {}, at(x).quant});
}

TensorId GraphBuilder::broadcast_to(TensorId x, const Shape& to) {
  if (shape(x) == to) return x;
  check_size(to);
  const std::optional<Shape> fits = broadcast(shape(x), to);
  if (!fits || *fits != to) refuse("E0303", to_string(shape(x)) + " does not broadcast to " + to_string(to));
  return node("broadcast_to", {x}, with("shape", Ints(to.begin(), to.end())), {{}, {}, at(x).quant});
}

// ---- element by element ----

TensorId GraphBuilder::binary(const std::string& op, TensorId a, TensorId b) {
  if (is_constant(a) && is_constant(b) && dtype(a) == dtype(b)) {
    if (const std::optional<Tensor> folded = integers::binary(op, at(a), at(b))) {
      return constant(folded->dtype, folded->shape, folded->data);
    }
  }
  Attrs attrs;
  const OpDef* def = find_op(op);
  if (def != nullptr && def->fuses_activation) attrs.set("activation", std::string("none"));
  return node(op, {a, b}, attrs);
}

TensorId GraphBuilder::activation(const std::string& word, TensorId x, std::optional<double> alpha, std::optional<double> beta) {
  if (word == "linear") return x;
  if (word == "swish") {
    return mul(x, unary("logistic", alpha.value_or(1) == 1 ? x : mul(x, number(static_cast<float>(*alpha)))));
  }
  if (word == "leaky_relu") return node(word, {x}, with("alpha", alpha.value_or(0.01)));
  Attrs a;
  if (alpha) a.set("alpha", *alpha);
  if (beta) a.set(word == "selu" ? "gamma" : "beta", *beta);
  return node(word == "sigmoid" ? "logistic" : word == "exponential" ? "exp" : word, {x}, a);
}

TensorId GraphBuilder::cast(TensorId x, DType to) {
  if (dtype(x) == to) return x;
  return node("cast", {x}, {}, {to, {}, {}});
}

TensorId GraphBuilder::softmax(TensorId x, int64_t axis) {
  return axis_back(node("softmax", {axis_last(x, axis)}, with("beta", 1.0)), axis);
}

TensorId GraphBuilder::log_softmax(TensorId x, int64_t axis) {
  return axis_back(node("log_softmax", {axis_last(x, axis)}), axis);
}

// ---- bytes ----

TensorId GraphBuilder::signed_bytes(TensorId x, const Quantization& quant) {
  Tensor& t = graph_.at(x);
  if (!t.quant.present()) t.quant = quant;
  if (!(t.quant == quant)) {
    refuse("E0304", "\"" + shortened(t.name) + "\" is quantized with one scale and read with another", "quantize the model again");
  }
  if (t.dtype == DType::i8) return x;
  const auto known = signed_.find(x);
  if (known != signed_.end()) return known->second;
  Quantization q = quant;
  for (int32_t& z : q.zero_point) z -= 128;
  const TensorId y = node("quantize", {x}, {}, {DType::i8, {}, q});
  signed_[x] = y;
  return y;
}

TensorId GraphBuilder::unsigned_bytes(TensorId x) {
  Quantization q = at(x).quant;
  for (int32_t& z : q.zero_point) z += 128;
  const TensorId y = node("quantize", {x}, {}, {DType::u8, {}, q});
  signed_[y] = x;
  return y;
}

// ---- layers ----

namespace {
Attrs window_attrs(const Window& w) {
  Attrs a;
  a.set("stride_h", w.stride_h);
  a.set("stride_w", w.stride_w);
  a.set("pad_top", w.top);
  a.set("pad_bottom", w.bottom);
  a.set("pad_left", w.left);
  a.set("pad_right", w.right);
  a.set("activation", std::string("none"));
  return a;
}
}  // namespace

TensorId GraphBuilder::conv(TensorId x, TensorId weights, TensorId bias, const Window& w, int64_t groups) {
  Attrs a = window_attrs(w);
  a.set("dilation_h", w.dilation_h);
  a.set("dilation_w", w.dilation_w);
  if (rank(x) != 4 || rank(weights) != 4) {
    refuse("E0303", "input and weights must be images, not " + to_string(shape(x)) + " and " + to_string(shape(weights)));
  }
  const int64_t in = shape(x)[3], depth = shape(weights)[3];
  if (groups < 1 || depth * groups != in || shape(weights)[0] % groups != 0) {
    refuse("E0303", "weights of " + to_string(shape(weights)) + " in " + std::to_string(groups) + " groups do not fit " +
                        std::to_string(in) + " input channels");
  }
  const std::string op = groups > 1 && depth == 1 ? "depthwise_conv_2d" : "conv_2d";
  if (op != "conv_2d") weights = transpose(weights, {3, 1, 2, 0});
  Ids inputs = {x, weights};
  if (bias != no_tensor) inputs.push_back(bias);
  return node(op, inputs, a);
}

TensorId GraphBuilder::spread(TensorId x, int64_t stride_h, int64_t stride_w) {
  const Ints s(shape(x).begin(), shape(x).end());
  if (stride_h > 1) {
    x = pad(reshape(x, Ints{s[0] * s[1], 1, s[2] * s[3]}), {0, 0, 0, stride_h - 1, 0, 0}, 0);
    x = slice(reshape(x, Ints{s[0], s[1] * stride_h, s[2], s[3]}), {0, 0, 0, 0}, {s[0], (s[1] - 1) * stride_h + 1, s[2], s[3]});
  }
  if (stride_w > 1) {
    const int64_t rows = s[0] * shape(x)[1];
    x = pad(reshape(x, Ints{rows * s[2], 1, s[3]}), {0, 0, 0, stride_w - 1, 0, 0}, 0);
    x = slice(reshape(x, Ints{s[0], rows / s[0], s[2] * stride_w, s[3]}), {0, 0, 0, 0}, {s[0], rows / s[0], (s[2] - 1) * stride_w + 1, s[3]});
  }
  return x;
}

TensorId GraphBuilder::turned(TensorId weights) {
  const Tensor t = at(weights);
  if (!t.constant() || t.dtype != DType::f32) refuse("E0301", "weights must be constant floats", "export the model with frozen weights");
  const int32_t taps = t.shape[1] * t.shape[2], depth = t.shape[3];
  std::vector<float> v(t.as<float>(), t.as<float>() + elements(t.shape)), back(v.size());
  for (int32_t o = 0; o < t.shape[0]; ++o) {
    for (int32_t k = 0; k < taps; ++k) std::copy_n(v.begin() + (int64_t{o} * taps + k) * depth, depth, back.begin() + (int64_t{o} * taps + taps - 1 - k) * depth);
  }
  return constant(DType::f32, t.shape, back, t.quant);
}

TensorId GraphBuilder::transposed_conv(TensorId x, TensorId weights, TensorId bias, const Window& w, int64_t groups, int64_t out_h, int64_t out_w) {
  if (rank(x) != 4 || rank(weights) != 4) refuse("E0303", "input and weights must be images");
  const Ints k = {shape(weights)[0], shape(weights)[1], shape(weights)[2], shape(weights)[3]};
  if (groups == 1 && w.dilation_h == 1 && w.dilation_w == 1 && w.top >= 0 && w.left >= 0) {
    Attrs a;
    a.set("stride_h", w.stride_h);
    a.set("stride_w", w.stride_w);
    a.set("pad_top", w.top);
    a.set("pad_left", w.left);
    a.set("out_h", out_h);
    a.set("out_w", out_w);
    a.set("activation", std::string("none"));
    Ids inputs = {x, weights};
    if (bias != no_tensor) inputs.push_back(bias);
    return node("transpose_conv", inputs, a);
  }
  const int64_t reach_h = (k[1] - 1) * w.dilation_h + 1, reach_w = (k[2] - 1) * w.dilation_w + 1;
  // The same sums as those of a convolution with the turned filter over the input with its pixels set apart.
  Window plain;
  plain.dilation_h = w.dilation_h;
  plain.dilation_w = w.dilation_w;
  TensorId y = spread(x, w.stride_h, w.stride_w);
  const int64_t top = reach_h - 1 - w.top, left = reach_w - 1 - w.left;
  const int64_t bottom = out_h + reach_h - 1 - shape(y)[1] - top, right = out_w + reach_w - 1 - shape(y)[2] - left;
  y = pad(y, {0, 0, top, bottom, left, right, 0, 0}, 0);
  if (groups > 1) {  // [O / groups, ..., C] holds the filters of each group beside those of the others
    Ids parts;
    for (const TensorId part : split(weights, 3, Ints(static_cast<size_t>(groups), k[3] / groups))) parts.push_back(part);
    weights = concat(parts, 0);
  }
  return conv(y, turned(weights), bias, plain, groups);
}

TensorId GraphBuilder::pool(const std::string& op, TensorId x, const Window& w) {
  Attrs a = window_attrs(w);
  a.set("filter_h", w.filter_h);
  a.set("filter_w", w.filter_w);
  return node(op, {x}, a, {{}, {}, at(x).quant});
}

TensorId GraphBuilder::dense(TensorId x, TensorId weights, TensorId bias) {
  Attrs a = with("keep_num_dims", int64_t{1});
  a.set("activation", std::string("none"));
  Ids inputs = {x, weights};
  if (bias != no_tensor) inputs.push_back(bias);
  return node("fully_connected", inputs, a);
}

TensorId GraphBuilder::matmul(TensorId a, TensorId b) {
  if (rank(a) < 1 || rank(b) < 1) refuse("E0303", "a scalar cannot be multiplied as a matrix");
  const bool vector_a = rank(a) == 1, vector_b = rank(b) == 1;
  if (vector_a) a = reshape(a, Shape{1, shape(a)[0]});
  if (vector_b) b = reshape(b, Shape{shape(b)[0], 1});
  if (shape(a).back() != shape(b)[shape(b).size() - 2]) {
    refuse("E0303", to_string(shape(a)) + " and " + to_string(shape(b)) + " cannot be multiplied");
  }
  TensorId y;
  if (rank(b) == 2 && is_constant(b) && dtype(a) == DType::f32) {
    y = dense(a, transpose(b, {1, 0}), no_tensor);
  } else {
    const auto r = static_cast<size_t>(std::max(rank(a), rank(b)));
    Attrs attrs = with("adj_x", int64_t{0});
    attrs.set("adj_y", int64_t{0});
    y = node("batch_matmul", {expand_rank(a, r), expand_rank(b, r)}, attrs);
  }
  Shape s = shape(y);
  if (vector_b) s.pop_back();
  if (vector_a) s.erase(s.end() - (vector_b ? 1 : 2));
  return reshape(y, s);
}

TensorId GraphBuilder::scale_channels(TensorId x, int64_t axis, const std::vector<float>& scale, const std::vector<float>& shift) {
  Shape s(static_cast<size_t>(rank(x) - axis), 1);
  s[0] = static_cast<int32_t>(scale.size());
  return add(mul(x, floats(s, scale)), floats(s, shift));
}

TensorId GraphBuilder::reduce(const std::string& op, TensorId x, const Ints& axes, bool keep_dims) {
  Ints sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  Shape without;
  for (int64_t d = 0; d < rank(x); ++d) {
    if (!std::binary_search(sorted.begin(), sorted.end(), d)) without.push_back(shape(x)[static_cast<size_t>(d)]);
  }
  if (sorted.empty()) return x;
  const auto attrs = [](const Ints& of) {
    Attrs a = with("axes", of);
    a.set("keep_dims", int64_t{1});
    return a;
  };
  TensorId y = x;
  if (accepts(op, {x}, attrs(sorted))) {
    y = node(op, {x}, attrs(sorted));
  } else {  // one after the other; a mean of means is the mean, as all have as many elements
    for (int64_t axis : sorted) y = node(op, {y}, attrs({axis}));
  }
  return keep_dims ? y : reshape(y, without);
}

GraphBuilder::Moments GraphBuilder::moments(TensorId x, const Ints& axes) {
  const TensorId mean = reduce("mean", x, axes, true);
  const TensorId centred = sub(x, mean);
  return {mean, centred, reduce("mean", mul(centred, centred), axes, true)};
}

TensorId GraphBuilder::standardize(TensorId x, const Ints& axes, double epsilon) {
  const Moments m = moments(x, axes);
  return mul(m.centred, unary("rsqrt", add(m.variance, number(static_cast<float>(epsilon)))));
}

TensorId GraphBuilder::resize(const std::string& op, TensorId x, int64_t height, int64_t width, bool align_corners,
                              bool half_pixel_centers) {
  Attrs a = with("size", Ints{height, width});
  a.set("align_corners", int64_t{align_corners});
  a.set("half_pixel_centers", int64_t{half_pixel_centers});
  return node(op, {x}, a, {{}, {}, at(x).quant});
}

// ---- the whole ----

Result<Graph> GraphBuilder::finish(const std::vector<std::string>& output_names) {
  std::vector<TensorId> taken;
  for (size_t i = 0; i < graph_.outputs.size(); ++i) {
    TensorId& id = graph_.outputs[i];
    if (graph_.is_input(id) || is_constant(id) || std::count(taken.begin(), taken.end(), id) != 0) {
      Tensor copy = at(id);
      copy.data = nullptr;
      copy.source = -1;
      const TensorId made = graph_.add(std::move(copy));
      graph_.nodes.push_back({"reshape", {id}, {made}, {}, -1});
      id = made;
    }
    taken.push_back(id);
    graph_.at(id).name = output_names.at(i);
  }
  if (const Outcome sound = verify_graph(graph_); !sound) return sound.failure();
  return std::move(graph_);
}

}  // namespace smelt
