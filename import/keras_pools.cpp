// Pooling. Source: Keras 3, layers/pooling.
#include "import/keras_call.hpp"

namespace smelt::keras {
namespace {

bool has(const Call& c, const char* part) { return c.layer.class_name.find(part) != std::string::npos; }

void pool(Call& c) {
  c.channels_last();
  const size_t n = has(c, "2D") ? 2 : 1;
  const Ints filter = c.ints("pool_size", n, 2);
  const Ints strides = c.field("strides") == nullptr ? filter : c.ints("strides", n, 2);
  const TensorId image = to_image(c, c.x(), static_cast<int64_t>(n));
  const Window w = window(c, image, {filter, strides, Ints(n, 1)});
  c.out = {from_image(c, c.b.pool(has(c, "Average") ? "average_pool_2d" : "max_pool_2d", image, w),
                      static_cast<int64_t>(n))};
}

void global_pool(Call& c) {
  c.channels_last();
  const int64_t n = has(c, "2D") ? 2 : 1;
  if (c.rank() != n + 2) c.unsupported("an input of " + to_string(c.shape()) + " is not supported");
  const Ints axes = n == 2 ? Ints{1, 2} : Ints{1};
  c.out = {c.b.reduce(has(c, "Average") ? "mean" : "reduce_max", c.x(), axes, c.flag("keepdims", false))};
}

}  // namespace

void add_pools(Converters& to) {
  for (const std::string kind : {"Max", "Average"}) {
    const std::string old = kind == "Max" ? "Max" : "Avg";
    for (const std::string n : {"1D", "2D"}) {
      to.insert({{kind + "Pooling" + n, pool},
                 {old + "Pool" + n, pool},
                 {"Global" + kind + "Pooling" + n, global_pool},
                 {"Global" + old + "Pool" + n, global_pool}});
    }
  }
}

}  // namespace smelt::keras
