// Random layers with weights, for tests. Some are none that infer accepts: draw again.
#pragma once

#include <random>
#include <string>

#include "tests/kernels/layer.hpp"

namespace smelt::test {

inline Layer random_deep_convolution(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "conv_2d", dtype);
  l.extremes = static_cast<int>(random() % 3);
  l.input = {1, 3, 4, between(random, 100, 200)};
  l.weights = {5, 3, 3, l.input[3]};
  return l;
}

inline Layer random_depthwise(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "depthwise_conv_2d", dtype);
  const int32_t multiplier = random() % 3 == 0 ? between(random, 2, 5) : 1;
  l.input = {random() % 8 == 0 ? 2 : 1, between(random, 1, 9), between(random, 1, 9), between(random, 1, 13)};
  l.weights = {1, between(random, 1, 5), between(random, 1, 5), l.input[3] * multiplier};
  return l;
}

inline Layer random_fully_connected(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "fully_connected", dtype);
  const int32_t depth = between(random, 1, random() % 4 == 0 ? 900 : 40);
  l.weights = {between(random, 1, 14), depth};
  const int32_t rows = between(random, 1, 3);
  const bool keep = random() % 2 == 0;
  l.attrs = Attrs{};
  l.attrs.set("keep_num_dims", int64_t{keep ? 1 : 0});
  l.attrs.set("activation", std::string(activations[random() % 4]));
  switch (random() % 4) {
    case 0:
      l.input = {rows, depth};
      break;
    case 1:
      l.input = {1, rows, 2, depth};
      break;
    case 2:
      l.input = {rows, 2, depth};
      break;
    default:
      l.input = keep ? Shape{depth} : Shape{rows, depth, 2};
      break;
  }
  return l;
}

/// Of a depth that fast kernels take.
inline Layer random_fours(std::mt19937& random) {
  Layer l = random_fully_connected(random, DType::i8);
  const int32_t depth = 4 * between(random, 1, random() % 4 == 0 ? 200 : 10);
  l.input = {between(random, 1, 3), depth};
  l.weights[1] = depth;
  return l;
}

inline Layer random_flattened(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "fully_connected", dtype);
  const int32_t columns = between(random, 1, 9), channels = between(random, 1, 12) * (random() % 2 == 0 ? 4 : 1);
  l.input = {1, between(random, 2, 12), columns, channels};
  l.weights = {between(random, 1, 14), l.input[1] * columns * channels};
  l.attrs = Attrs{};
  l.attrs.set("keep_num_dims", int64_t{0});
  l.attrs.set("activation", std::string(activations[random() % 4]));
  return l;
}

inline Layer random_long_fully_connected(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "fully_connected", dtype);
  const int32_t depth = 64 * between(random, 20, 60);
  l.extremes = 0;
  l.input = random() % 2 == 0 ? Shape{1, depth} : Shape{1, 4, 4, depth / 16};
  l.weights = {between(random, 1, 9), depth};
  l.attrs = Attrs{};
  l.attrs.set("keep_num_dims", int64_t{0});
  l.attrs.set("activation", std::string(activations[random() % 4]));
  return l;
}

}  // namespace smelt::test
