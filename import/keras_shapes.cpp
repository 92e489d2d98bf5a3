// Layers that move elements, and those that do nothing when a model runs.
#include <algorithm>
#include <numeric>

#include "import/keras_call.hpp"
#include "import/text.hpp"

namespace smelt::keras {
namespace {

void nothing(Call& c) { c.out = {c.x()}; }

size_t dimensions(const Call& c) { return c.layer.class_name.find("2D") != std::string::npos ? 2 : 1; }

/// One number, one for each dimension, or a pair for each: [before, after] of the dimensions behind the batch.
Ints margins(const Call& c, const char* name, size_t n, int64_t absent) {
  const Json* value = c.field(name);
  Ints pairs;
  if (value != nullptr && value->is_array() && !value->empty() && (*value)[0].is_array()) {
    for (const Json& pair : *value) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_number_integer()) {
        c.malformed(std::string(name) + " is not made of pairs");
      }
      pairs.insert(pairs.end(), {pair[0].get<int64_t>(), pair[1].get<int64_t>()});
    }
  } else if (n == 1) {
    pairs = c.ints(name, 2, absent);
  } else {
    for (int64_t both : c.ints(name, n, absent)) pairs.insert(pairs.end(), {both, both});
  }
  if (pairs.size() != 2 * n) c.malformed(std::string(name) + " does not fit " + std::to_string(n) + " dimensions");
  for (int64_t p : pairs) {
    if (p < 0 || p > 1 << 20) c.malformed(std::string(name) + " holds " + std::to_string(p));
  }
  return pairs;
}

void change_margins(Call& c, const char* name, int64_t absent, int64_t sign) {
  c.channels_last();
  const size_t n = dimensions(c);
  if (c.rank() != static_cast<int64_t>(n) + 2)
    c.unsupported("an input of " + to_string(c.shape()) + " is not supported");
  Ints paddings = {0, 0};
  for (int64_t p : margins(c, name, n, absent)) paddings.push_back(sign * p);
  paddings.insert(paddings.end(), {0, 0});
  for (size_t d = 1; d <= n; ++d) {
    if (c.shape()[d] + paddings[2 * d] + paddings[2 * d + 1] < 1)
      c.malformed("cropping leaves nothing of " + to_string(c.shape()));
  }
  c.out = {c.b.pad(c.x(), paddings, 0)};
}

void zero_padding(Call& c) { change_margins(c, "padding", 1, 1); }
void cropping(Call& c) { change_margins(c, "cropping", dimensions(c) == 1 ? 1 : 0, -1); }

void up_sampling(Call& c) {
  c.channels_last();
  const size_t n = dimensions(c);
  const Ints times = c.ints("size", n, 2);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(n));
  const Shape& s = c.b.shape(image);
  for (int64_t t : times) {
    if (t < 1 || t > 4096) c.unsupported("a size of " + std::to_string(t) + " is not supported");
  }
  const int64_t height = s[1] * times[0], width = n == 2 ? s[2] * times[1] : 1;
  const std::string how = c.s("interpolation", "nearest");
  if (how != "nearest" && how != "bilinear") {
    c.unsupported("interpolation \"" + printable(how, 40) + "\" is not supported", "use nearest or bilinear");
  }
  const TensorId y = c.b.resize("resize_" + (how == "nearest" ? std::string("nearest_neighbor") : how), image, height,
                                width, false, how != "nearest");
  c.out = {from_image(c, y, static_cast<int64_t>(n))};
}

int64_t features(const Call& c) { return elements(c.shape()) / c.shape()[0]; }

void flatten(Call& c) {
  c.channels_last();
  c.out = {c.b.reshape(c.x(), Ints{c.shape()[0], features(c)})};
}

void reshape(Call& c) {
  Ints target = c.list("target_shape");
  int64_t known = 1;
  for (int64_t d : target) {
    if (d == 0 || d < -1) c.malformed("a dimension of " + std::to_string(d));
    if (d > 0) known *= d;
    if (known > features(c)) c.malformed("target_shape does not fit " + to_string(c.shape()));
  }
  if (std::count(target.begin(), target.end(), -1) > 1) c.malformed("target_shape leaves several dimensions open");
  std::replace(target.begin(), target.end(), int64_t{-1}, features(c) / known);
  if (std::accumulate(target.begin(), target.end(), int64_t{1}, std::multiplies<>()) != features(c)) {
    c.malformed("target_shape does not fit " + to_string(c.shape()));
  }
  target.insert(target.begin(), c.shape()[0]);
  c.out = {c.b.reshape(c.x(), target)};
}

void permute(Call& c) {
  Ints perm = c.list("dims");  // counted from 1, the batch stays
  perm.insert(perm.begin(), 0);
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  Ints all(static_cast<size_t>(c.rank()));
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all) c.malformed("dims is no order of the dimensions of " + to_string(c.shape()));
  c.out = {c.b.transpose(c.x(), perm)};
}

void repeat_vector(Call& c) {
  const int64_t n = c.i("n");
  if (c.rank() != 2 || n < 1 || n > 1 << 20)
    c.malformed("an input of " + to_string(c.shape()) + " " + std::to_string(n) + " times");
  const TensorId x = c.b.reshape(c.x(), Ints{c.shape()[0], 1, c.shape()[1]});
  c.out = {c.b.mul(x, c.b.floats({1, static_cast<int32_t>(n), 1}, std::vector<float>(static_cast<size_t>(n), 1.0F)))};
}

/// Rows of a table by numbers that come as such, or as floats.
void embedding(Call& c) {
  if (c.flag("mask_zero", false))
    c.unsupported("mask_zero is not supported", "masks are not read; pad with a row of the table instead");
  const TensorId table = c.constant(c.weight("embeddings", 2), {0, 1});
  const TensorId numbers = c.b.dtype(c.x()) == DType::i64 ? c.x() : c.b.cast(c.x(), DType::i32);
  Attrs a;
  a.set("axis", int64_t{0});
  a.set("batch_dims", int64_t{0});
  c.out = {c.b.node("gather", {table, numbers}, a)};
}

}  // namespace

void add_shapes(Converters& to) {
  for (const char* name : {"InputLayer", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout",
                           "AlphaDropout", "GaussianNoise", "ActivityRegularization", "Identity", "RandomFlip",
                           "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"}) {
    to.insert({name, nothing});
  }
  for (const std::string n : {"1D", "2D"}) {
    to.insert({{"ZeroPadding" + n, zero_padding}, {"Cropping" + n, cropping}, {"UpSampling" + n, up_sampling}});
  }
  to.insert({{"Flatten", flatten},
             {"Reshape", reshape},
             {"Permute", permute},
             {"RepeatVector", repeat_vector},
             {"Embedding", embedding}});
}

}  // namespace smelt::keras
