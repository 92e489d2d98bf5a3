// Operators that put elements into other places, or make shapes and constants.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "import/integers.hpp"
#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

Ints dims(const Shape& s) { return {s.begin(), s.end()}; }

TensorId vector(Call& c, const Ints& values) { return c.b.constant(DType::i64, {static_cast<int32_t>(values.size())}, values); }

bool is_empty(Call& c, TensorId id) {
  const Shape& s = c.b.shape(id);
  return std::find(s.begin(), s.end(), 0) != s.end();
}

void reshape(Call& c) {
  const bool zero_is_zero = c.i("allowzero", 0) != 0;
  Ints to = c.list("shape", 1).value_or(Ints{});
  const Shape& in = c.shape(0);
  int64_t known = 1;
  int64_t* open = nullptr;
  for (size_t d = 0; d < to.size(); ++d) {
    if (to[d] == 0 && !zero_is_zero) {
      if (d >= in.size()) c.mismatch("dimension " + std::to_string(d) + " is to be kept, but there is none");
      to[d] = in[d];
    }
    if (to[d] == -1 && open == nullptr) {
      open = &to[d];
    } else if (to[d] < 1 || known > max_tensor_bytes) {
      c.mismatch("the new shape is not possible");
    } else {
      known *= to[d];
    }
  }
  if (open != nullptr) *open = elements(in) / known;
  c.out = {c.b.reshape(c.in(0), to)};
}

void flatten(Call& c) {
  const int64_t axis = c.i("axis", 1);
  const int64_t rank = c.rank(0);
  if (axis < -rank || axis > rank) c.mismatch("axis " + std::to_string(axis) + " is out of range");
  int64_t outer = 1;
  for (int64_t d = 0; d < (axis < 0 ? axis + rank : axis); ++d) outer *= c.shape(0)[static_cast<size_t>(d)];
  c.out = {c.b.reshape(c.in(0), Ints{outer, elements(c.shape(0)) / outer})};
}

void squeeze(Call& c) {
  const std::optional<Ints> given = c.list("axes", 1);
  const Ints axes = c.axes(given.value_or(Ints{}), c.rank(0));
  Shape s;
  for (int64_t d = 0; d < c.rank(0); ++d) {
    const int32_t size = c.shape(0)[static_cast<size_t>(d)];
    const bool gone = given ? std::binary_search(axes.begin(), axes.end(), d) : size == 1;
    if (gone && size != 1) c.mismatch("dimension " + std::to_string(d) + " is not 1 and cannot go");
    if (!gone) s.push_back(size);
  }
  c.out = {c.b.reshape(c.in(0), s)};
}

void unsqueeze(Call& c) {
  const Ints given = c.list("axes", 1).value_or(Ints{});
  const int64_t rank = c.rank(0) + static_cast<int64_t>(given.size());
  const Ints axes = c.axes(given, rank);
  Shape s;
  size_t at = 0;
  for (int64_t d = 0; d < rank; ++d) s.push_back(std::binary_search(axes.begin(), axes.end(), d) ? 1 : c.shape(0)[at++]);
  c.out = {c.b.reshape(c.in(0), s)};
}

void transpose(Call& c) {
  Ints reversed(static_cast<size_t>(c.rank(0)));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  c.out = {c.b.transpose(c.in(0), c.ints("perm", reversed))};
}

void concat(Call& c) {
  Ids parts;
  for (TensorId id : c.all()) {
    if (!is_empty(c, id)) parts.push_back(id);
  }
  if (parts.empty()) parts.push_back(c.in(0));
  c.out = {c.b.concat(parts, c.axis(c.i("axis", 1), c.b.rank(parts[0])))};
}

void split(Call& c) {
  const int64_t axis = c.axis(c.i("axis", 0), c.rank(0));
  const int64_t size = c.shape(0)[static_cast<size_t>(axis)];
  const auto count = static_cast<int64_t>(c.outputs());
  const int64_t announced = c.i("num_outputs", count);
  Ints sizes = c.list("split", 1).value_or(Ints{});
  if (sizes.empty()) {  // equal parts, the last one smaller
    if (announced != count || count < 1) c.mismatch("num_outputs is not the number of outputs");
    const int64_t part = (size + count - 1) / count;
    for (int64_t left = size; static_cast<int64_t>(sizes.size()) < count; left -= part) sizes.push_back(std::min(part, left));
  }
  if (sizes.size() != c.outputs()) c.mismatch("there are not as many sizes as outputs");
  Ints some;
  int64_t rest = size;
  for (int64_t s : sizes) {
    if (s < 0 || s > rest) c.mismatch("the sizes do not add up to the dimension of " + std::to_string(size));
    rest -= s;
    if (s != 0) some.push_back(s);
  }
  if (rest != 0) c.mismatch("the sizes do not add up to the dimension of " + std::to_string(size));
  const Ids parts = c.b.split(c.in(0), axis, some);
  Shape nothing = c.shape(0);
  nothing[static_cast<size_t>(axis)] = 0;
  for (size_t next = 0; int64_t s : sizes) {
    c.out.push_back(s != 0 ? parts[next++] : c.b.constant(c.b.dtype(c.in(0)), nothing, std::make_shared<const Bytes>()));
  }
}

void slice(Call& c) {
  const Shape& in = c.shape(0);
  const Ints starts = c.list("starts", 1).value_or(Ints{}), ends = c.list("ends", 2).value_or(Ints{});
  Ints all(starts.size());
  std::iota(all.begin(), all.end(), 0);
  Ints axes = c.list("axes", 3).value_or(all);
  const Ints steps = c.has(4) ? c.b.ints(c.in(4), "steps") : Ints(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) c.mismatch("starts, ends, axes and steps differ in length");
  Ints begin(in.size(), 0), extent = dims(in), step(in.size(), 1);
  for (size_t k = 0; k < axes.size(); ++k) {
    const auto d = static_cast<size_t>(c.axis(axes[k], c.rank(0)));
    const int64_t size = in[d], s = std::clamp<int64_t>(steps[k], -INT32_MAX, INT32_MAX);
    if (s == 0) c.mismatch("step 0");
    const auto placed = [&](int64_t v, int64_t low, int64_t high) { return std::clamp(v < 0 ? v + size : v, low, high); };
    const int64_t first = s > 0 ? placed(starts[k], 0, size) : placed(starts[k], 0, size - 1);
    const int64_t end = s > 0 ? placed(ends[k], 0, size) : placed(std::max(ends[k], std::numeric_limits<int64_t>::min() + size), -1, size - 1);
    const int64_t distance = s > 0 ? end - first : first - end;
    begin[d] = first;
    step[d] = s;
    extent[d] = distance <= 0 ? 0 : (distance - 1) / std::abs(s) + 1;
    if (extent[d] == 0) {
      if (c.b.is_constant(c.in(0)) && c.rank(0) == 1) return void(c.out = {c.b.constant(c.b.dtype(c.in(0)), {0}, std::make_shared<const Bytes>())});
      c.unsupported("the slice is empty");
    }
    if (extent[d] == 1) step[d] = 1;
  }
  c.out = {c.b.strided_slice(c.in(0), begin, extent, step)};
}

/// Indices of run time: below 0 they count from the end.
TensorId indices_of(Call& c, TensorId id, int32_t size) {
  const TensorId at = c.b.cast(id, DType::i32);
  const TensorId zero = c.b.scalar(DType::i32, 0), n = c.b.scalar(DType::i32, size);
  return c.b.node("select", {c.b.binary("less", at, zero), c.b.add(at, n), at}, {}, {DType::i32, {}, {}});
}

void gather(Call& c) {
  const int64_t axis = c.axis(c.i("axis", 0), c.rank(0));
  const TensorId x = c.in(0);
  const auto d = static_cast<size_t>(axis);
  const Shape& s = c.shape(0);
  const Shape& indices = c.shape(1);
  if (c.b.is_constant(c.in(1)) && elements(indices) == 1) {  // one index is a slice
    const int64_t at = c.axis(c.b.ints(c.in(1), "indices")[0], s[d]);
    Ints begin(s.size(), 0), size = dims(s);
    begin[d] = at;
    size[d] = 1;
    Shape to = s;
    to.erase(to.begin() + axis);
    to.insert(to.begin() + axis, indices.begin(), indices.end());
    return void(c.out = {c.b.reshape(c.b.slice(x, begin, size), to)});
  }
  Attrs a;
  a.set("axis", axis);
  TensorId at = c.in(1);
  if (c.b.is_constant(at)) {
    Ints values = c.b.ints(at, "indices");
    for (int64_t& v : values) v = c.axis(v, s[d]);
    const Tensor t = integers::constant(DType::i32, indices, values);
    at = c.b.constant(t.dtype, t.shape, t.data);
  } else {
    at = indices_of(c, at, s[d]);
  }
  c.out = {c.b.node("gather", {x, at}, a, {{}, {}, c.b.at(x).quant})};
}

/// One element for each index, which counts along the axis: of constant indices, a gather from the flat tensor.
void gather_elements(Call& c) {
  const int64_t axis = c.axis(c.i("axis", 0), c.rank(0));
  const Shape s = c.shape(0), to = c.shape(1);
  const Ints indices = c.b.ints(c.in(1), "indices");
  if (to.size() != s.size()) c.mismatch("data and indices must have as many dimensions");
  Ints at(to.size(), 0), flat;
  for (int64_t i : indices) {
    int64_t position = 0;
    for (size_t d = 0; d < s.size(); ++d) {
      const int64_t p = static_cast<int64_t>(d) == axis ? c.axis(i, s[d]) : at[d];
      if (p >= s[d]) c.mismatch("the indices have more elements than the data");
      position = position * s[d] + p;
    }
    flat.push_back(position);
    for (size_t d = to.size(); d-- > 0 && ++at[d] == to[d];) at[d] = 0;
  }
  const Tensor t = integers::constant(DType::i32, {static_cast<int32_t>(flat.size())}, flat);
  Attrs a;
  a.set("axis", int64_t{0});
  const TensorId x = c.b.reshape(c.in(0), Ints{elements(s)});
  c.out = {c.b.reshape(c.b.node("gather", {x, c.b.constant(t.dtype, t.shape, t.data)}, a), to)};
}

/// Leading dimensions that data and indices share become one, whose coordinate stands in front of each index.
void share_batches(Call& c, TensorId& x, TensorId& indices, int64_t shared) {
  const Shape s = c.b.shape(x), at = c.b.shape(indices);
  if (shared < 0 || shared >= std::min(c.rank(0), c.rank(1)) || elements(s) < 1 || elements(at) < 1 ||
      !std::equal(s.begin(), s.begin() + shared, at.begin())) {
    c.mismatch("batch_dims = " + std::to_string(shared) + " does not fit " + to_string(s) + " and " + to_string(at));
  }
  Ints to(s.begin() + shared - 1, s.end());
  to[0] = elements(Shape(s.begin(), s.begin() + shared));
  Shape coordinates = at;
  coordinates.back() = 1;
  std::vector<int32_t> batch(static_cast<size_t>(elements(coordinates)));
  const int64_t each = static_cast<int64_t>(batch.size()) / to[0];
  for (size_t i = 0; i < batch.size(); ++i) batch[i] = static_cast<int32_t>(static_cast<int64_t>(i) / each);
  x = c.b.reshape(x, to);
  indices = c.b.concat({c.b.constant(DType::i32, coordinates, batch), indices}, c.rank(1) - 1);
}

void gather_nd(Call& c) {
  TensorId x = c.in(0), indices = c.b.cast(c.in(1), DType::i32);
  if (const int64_t shared = c.i("batch_dims", 0); shared != 0) share_batches(c, x, indices, shared);
  c.out = {c.b.node("gather_nd", {x, indices}, {}, {{}, {}, c.b.at(x).quant})};
}

/// Indices below 0 count from the end; those out of range are nowhere.
void one_hot(Call& c) {
  const int64_t rank = c.rank(0) + 1;
  const int64_t axis = c.axis(c.i("axis", -1), rank);
  const double depth = c.b.dtype(c.in(1)) == DType::f32 ? double{c.b.reals(c.in(1), "depth").at(0)} : static_cast<double>(c.b.ints(c.in(1), "depth").at(0));
  if (!(depth >= 1 && depth < 1 << 24)) c.mismatch("depth must be at least 1");
  const TensorId values = c.in(2);
  if (!c.b.is_constant(values) || c.b.shape(values) != Shape{2}) c.unsupported("the two values must be constant");
  const TensorId at = indices_of(c, c.in(0), static_cast<int32_t>(depth));
  Attrs a;
  a.set("axis", axis);
  a.set("depth", static_cast<int64_t>(depth));
  const TensorId on = c.b.slice(values, {1}, {1}), off = c.b.slice(values, {0}, {1});
  c.out = {c.b.node("one_hot", {at, on, off}, a, {c.b.dtype(values), {}, {}})};
}

// ---- padding ----

/// Elements [0, n) of a dimension in the order `positions`, as slices one behind the other.
TensorId picked(Call& c, TensorId x, size_t d, const Ints& positions) {
  Ids parts;
  const Shape s = c.b.shape(x);
  for (size_t from = 0; from < positions.size();) {  // runs of step 1 or -1
    size_t to = from + 1;
    const int64_t step = to < positions.size() ? positions[to] - positions[from] : 1;
    if (step == 1 || step == -1) {
      while (to < positions.size() && positions[to] - positions[to - 1] == step) ++to;
    }
    Ints begin(s.size(), 0), extent = dims(s), steps(s.size(), 1);
    begin[d] = positions[from];
    extent[d] = static_cast<int64_t>(to - from);
    if (extent[d] > 1) steps[d] = step;
    parts.push_back(c.b.strided_slice(x, begin, extent, steps));
    from = to;
    if (parts.size() > 1024) c.unsupported("so wide a padding is not supported");
  }
  return c.b.concat(parts, static_cast<int64_t>(d));
}

/// Where position `at` of the padded dimension comes from.
int64_t origin(const std::string& mode, int64_t at, int64_t size) {
  if (mode == "edge") return std::clamp<int64_t>(at, 0, size - 1);
  const auto wrapped = [](int64_t v, int64_t n) { return ((v % n) + n) % n; };
  if (mode == "wrap") return wrapped(at, size);
  if (size == 1) return 0;
  const int64_t v = wrapped(at, 2 * size - 2);
  return v < size ? v : 2 * size - 2 - v;
}

void pad(Call& c) {
  const std::string mode = c.s("mode", "constant");
  const std::optional<Ints> given = c.list("pads", 1);
  double value = c.f("value", 0);
  if (c.has(2)) {
    const TensorId v = c.in(2);
    if (elements(c.b.shape(v)) != 1) c.mismatch("the value must be one number");
    value = c.b.dtype(v) == DType::f32 ? double{c.b.reals(v, "value")[0]} : static_cast<double>(c.b.ints(v, "value")[0]);
  }
  const auto rank = static_cast<size_t>(c.rank(0));
  Ints all(rank);
  std::iota(all.begin(), all.end(), 0);
  const Ints axes = c.has(3) ? c.b.ints(c.in(3), "axes") : all;
  if (!given || given->size() != 2 * axes.size()) c.mismatch("there must be two pads for each dimension");
  Ints pads(2 * rank, 0);
  for (size_t k = 0; k < axes.size(); ++k) {
    const auto d = static_cast<size_t>(c.axis(axes[k], c.rank(0)));
    constexpr int64_t most = 1 << 24;
    pads[2 * d] = std::clamp((*given)[k], -most, most);
    pads[2 * d + 1] = std::clamp((*given)[k + axes.size()], -most, most);
    if (c.shape(0)[d] + std::min<int64_t>(pads[2 * d], 0) + std::min<int64_t>(pads[2 * d + 1], 0) < 1) c.mismatch("the pads take everything away");
  }
  if (mode == "constant") return void(c.out = {c.b.pad(c.in(0), pads, value)});
  if (mode != "reflect" && mode != "edge" && mode != "wrap") c.unsupported("mode " + mode + " is not supported");
  TensorId x = c.in(0);
  for (size_t d = 0; d < rank; ++d) {
    const int64_t size = c.b.shape(x)[d];
    if (pads[2 * d] == 0 && pads[2 * d + 1] == 0) continue;
    if (size + pads[2 * d] + pads[2 * d + 1] > 1 << 20) c.unsupported("so wide a padding is not supported");
    Ints positions;
    for (int64_t at = -pads[2 * d]; at < size + pads[2 * d + 1]; ++at) positions.push_back(origin(mode, at, size));
    x = picked(c, x, d, positions);
  }
  c.out = {x};
}

// ---- shapes and constants ----

void shape(Call& c) {
  const Ints all = dims(c.shape(0));
  const auto rank = static_cast<int64_t>(all.size());
  const auto clamped = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  const int64_t start = clamped(c.i("start", 0)), end = std::max(clamped(c.i("end", rank)), start);
  c.out = {vector(c, Ints(all.begin() + start, all.begin() + end))};
}

void size(Call& c) { c.out = {c.b.constant(DType::i64, {}, Ints{elements(c.shape(0))})}; }

void constant(Call& c) {
  if (c.has_attr("value")) {
    c.out = {c.tensor("value")};
  } else if (c.has_attr("value_float")) {
    c.out = {c.b.number(static_cast<float>(c.f("value_float", 0)))};
  } else if (c.has_attr("value_floats")) {
    const std::vector<float> v = c.floats("value_floats");
    c.out = {c.b.floats({static_cast<int32_t>(v.size())}, v)};
  } else if (c.has_attr("value_int")) {
    c.out = {c.b.constant(DType::i64, {}, Ints{c.i("value_int", 0)})};
  } else if (c.has_attr("value_ints")) {
    c.out = {vector(c, c.ints("value_ints"))};
  }
}

Shape checked(Call& c, const Ints& wanted) {
  Shape s;
  int64_t count = 1;
  for (int64_t d : wanted) {
    if (d < 0 || d > max_tensor_bytes || s.size() == max_rank) c.unsupported("this shape is not supported");
    s.push_back(static_cast<int32_t>(d));
    count *= d;
    if (count > max_tensor_bytes) c.b.refuse("E0414", "the tensor is too large");
  }
  return s;
}

void constant_of_shape(Call& c) {
  const Shape s = checked(c, c.b.ints(c.in(0), "shape"));
  const TensorId value = c.has_attr("value") ? c.tensor("value") : c.b.number(0);
  if (elements(c.b.shape(value)) != 1) c.mismatch("the value must be one number");
  const Bytes one = *c.b.at(value).data;
  Bytes bytes;
  if (elements(s) * static_cast<int64_t>(one.size()) > max_tensor_bytes) c.b.refuse("E0414", "the tensor is too large");
  for (int64_t i = 0; i < elements(s); ++i) bytes.insert(bytes.end(), one.begin(), one.end());
  c.out = {c.b.constant(c.b.dtype(value), s, std::make_shared<const Bytes>(std::move(bytes)))};
}

void range(Call& c) {
  constexpr int64_t most = 1 << 24;
  if (c.b.dtype(c.in(0)) == DType::f32) {
    const float start = c.b.reals(c.in(0), "start").at(0), limit = c.b.reals(c.in(1), "limit").at(0), delta = c.b.reals(c.in(2), "delta").at(0);
    std::vector<float> v;
    const double count = std::ceil((double{limit} - start) / delta);
    if (!(count >= 1 && count < most)) c.unsupported("this range is not supported");
    for (int64_t i = 0; i < static_cast<int64_t>(count); ++i) v.push_back(start + static_cast<float>(i) * delta);
    return void(c.out = {c.b.floats({static_cast<int32_t>(v.size())}, v)});
  }
  const int64_t start = c.b.ints(c.in(0), "start").at(0), limit = c.b.ints(c.in(1), "limit").at(0), delta = c.b.ints(c.in(2), "delta").at(0);
  Ints v;
  if (delta == 0 || std::abs(start) > INT32_MAX || std::abs(limit) > INT32_MAX) c.unsupported("this range is not supported");
  for (int64_t x = start; (delta > 0 ? x < limit : x > limit) && v.size() < static_cast<size_t>(most); x += delta) v.push_back(x);
  const Tensor t = integers::constant(c.b.dtype(c.in(0)), {static_cast<int32_t>(v.size())}, v);
  c.out = {c.b.constant(t.dtype, t.shape, t.data)};
}

void expand(Call& c) {
  const Shape s = checked(c, c.b.ints(c.in(1), "shape"));
  // Either may have dimensions of 1 where the other has more.
  Shape to(std::max(s.size(), c.shape(0).size()), 1);
  for (const Shape* from : {&s, &c.shape(0)}) {
    for (size_t back = 1; back <= from->size(); ++back) {
      int32_t& d = to[to.size() - back];
      d = std::max(d, (*from)[from->size() - back]);
    }
  }
  c.out = {c.b.broadcast_to(c.in(0), to)};
}

void tile(Call& c) {
  const Ints repeats = c.b.ints(c.in(1), "repeats");
  if (static_cast<int64_t>(repeats.size()) != c.rank(0)) c.mismatch("there must be one number for each dimension");
  if (std::all_of(repeats.begin(), repeats.end(), [](int64_t r) { return r == 1; })) return void(c.out = {c.in(0)});
  Attrs a;
  a.set("multiples", repeats);
  c.out = {c.b.node("tile", {c.in(0)}, a)};
}

/// Whether a channel's block stands together (CRD), or the channels of each place in a block.
bool blocks_together(Call& c) {
  const std::string mode = c.s("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") c.unsupported("mode " + mode + " is not supported");
  return mode == "CRD";
}

/// [N, C, H, W]: blocks of channels to rows and columns.
void depth_to_space(Call& c) {
  const int64_t block = c.i("blocksize", 0);
  const bool together = blocks_together(c);
  const Shape s = c.shape(0);
  if (s.size() != 4 || block < 1 || block > 1 << 12 || s[1] % (block * block) != 0) c.mismatch("blocksize does not divide the channels");
  const int64_t n = s[0], channels = s[1] / block / block, h = s[2], w = s[3];
  const TensorId x =
      c.b.reshape(c.in(0), together ? Ints{n, channels, block, block, h, w} : Ints{n, block, block, channels, h, w});
  const TensorId y = c.b.transpose(x, together ? Ints{0, 1, 4, 2, 5, 3} : Ints{0, 3, 4, 1, 5, 2});
  c.out = {c.b.reshape(y, Ints{n, channels, h * block, w * block})};
}

void space_to_depth(Call& c) {
  const int64_t block = c.i("blocksize", 0);
  const bool together = blocks_together(c);
  const Shape s = c.shape(0);
  if (s.size() != 4 || block < 1 || block > 1 << 12 || s[2] % block != 0 || s[3] % block != 0)
    c.mismatch("blocksize does not divide rows and columns");
  const TensorId x = c.b.reshape(c.in(0), Ints{s[0], s[1], s[2] / block, block, s[3] / block, block});
  const TensorId y = c.b.transpose(x, together ? Ints{0, 1, 3, 5, 2, 4} : Ints{0, 3, 5, 1, 2, 4});
  c.out = {c.b.reshape(y, Ints{s[0], s[1] * block * block, s[2] / block, s[3] / block})};
}

/// A matrix of ones on a diagonal.
void eye_like(Call& c) {
  const Shape s = c.shape(0);
  const int64_t k = c.i("k", 0);
  const auto type = dtype_of(static_cast<int32_t>(c.i("dtype", 0)));
  if (s.size() != 2) c.mismatch("the input must be a matrix");
  Ints v;
  for (int64_t i = 0; i < s[0]; ++i) {
    for (int64_t j = 0; j < s[1]; ++j) v.push_back(j == i + k ? 1 : 0);
  }
  const Tensor t = integers::constant(DType::i64, s, v);
  c.out = {c.b.cast(c.b.constant(t.dtype, t.shape, t.data), type.value_or(c.b.dtype(c.in(0))))};
}

/// A triangle: what is outside becomes 0.
void triangle(Call& c) {
  const bool upper = c.i("upper", 1) != 0;
  const int64_t k = c.has(1) ? c.b.ints(c.in(1), "k").at(0) : 0;
  const Shape s = c.shape(0);
  if (s.size() < 2) c.mismatch("the input must be matrices");
  const Shape matrix(s.end() - 2, s.end());
  std::vector<uint8_t> mask;
  for (int64_t i = 0; i < matrix[0]; ++i) {
    for (int64_t j = 0; j < matrix[1]; ++j) mask.push_back((upper ? j - i >= k : j - i <= k) ? 1 : 0);
  }
  const DType type = c.b.dtype(c.in(0));
  const TensorId inside = c.b.constant(DType::boolean, matrix, mask);
  c.out = {c.b.node("select", {inside, c.in(0), c.b.scalar(type, 0)}, {}, {type, {}, {}})};
}

/// Middle part of a larger tensor, zeros around a smaller one.
void center_crop_pad(Call& c) {
  const Ints to = c.b.ints(c.in(1), "shape");
  Ints all(static_cast<size_t>(c.rank(0)));
  std::iota(all.begin(), all.end(), 0);
  const Ints axes = c.has_attr("axes") ? c.ints("axes") : all;
  if (axes.size() != to.size()) c.mismatch("there must be one size for each axis");
  Ints pads(2 * all.size(), 0);
  for (size_t k = 0; k < axes.size(); ++k) {
    const auto d = static_cast<size_t>(c.axis(axes[k], c.rank(0)));
    const int64_t size = c.shape(0)[d];
    if (to[k] < 1 || to[k] > 1 << 24) c.mismatch("sizes must be at least 1");
    const int64_t more = to[k] - size;
    pads[2 * d] = more < 0 ? -(-more / 2) : more / 2;
    pads[2 * d + 1] = more - pads[2 * d];
  }
  c.out = {c.b.pad(c.in(0), pads, 0)};
}

}  // namespace

void add_movement(Converters& to) {
  to.insert({{"Reshape", reshape}, {"Flatten", flatten}, {"Squeeze", squeeze}, {"Unsqueeze", unsqueeze}, {"Transpose", transpose},
             {"Concat", concat}, {"Split", split}, {"Slice", slice}, {"Gather", gather}, {"GatherElements", gather_elements},
             {"GatherND", gather_nd}, {"OneHot", one_hot}, {"Pad", pad}, {"Shape", shape}, {"Size", size},
             {"Constant", constant}, {"ConstantOfShape", constant_of_shape}, {"Range", range}, {"Expand", expand}, {"Tile", tile},
             {"DepthToSpace", depth_to_space}, {"SpaceToDepth", space_to_depth}, {"EyeLike", eye_like}, {"Trilu", triangle},
             {"CenterCropPad", center_crop_pad}});
}

}  // namespace smelt::onnx
