// Random pools, reductions, softmaxes and resizes: the compiled program, at both ring depths, against the oracle; and
// the division by a reciprocal against division.
#include "runtime/ops/reduce.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "lower/compile.hpp"
#include "tests/reduce/one_op.hpp"

namespace smelt {
namespace {

using test::one_op;
using test::quantization;

class RandomCase : public ::testing::TestWithParam<int> {
 protected:
  int64_t draw(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }

  Bytes content(const Tensor& t) {
    Bytes bytes(static_cast<size_t>(t.bytes()));
    if (t.dtype == DType::f32) {
      for (size_t i = 0; i < bytes.size(); i += 4) {
        const auto x = static_cast<float>(std::normal_distribution<double>(0, 3)(random_));
        std::memcpy(&bytes[i], &x, 4);
      }
    } else {
      for (uint8_t& b : bytes) b = static_cast<uint8_t>(draw(0, 255));
    }
    return bytes;
  }

  /// Infers the output, then compares.
  void check(Graph graph) {
    const auto types = test::infer(graph);
    ASSERT_TRUE(types) << types.failure().to_string();
    graph.at(graph.nodes[0].outputs[0]).shape = types->at(0).shape;
    const Bytes input = content(graph.at(0));
    const Value expected = evaluate(graph, {input})[1];
    for (plan::Rings rings : {plan::Rings::full, plan::Rings::minimum}) {
      const auto program = lower(graph, rings);
      ASSERT_TRUE(program) << program.failure().to_string();
      compare(graph, expected.bytes, Interpreter(*program).run({input}).at(0));
    }
  }

  static void compare(const Graph& graph, const Bytes& expected, const Bytes& got) {
    const std::string what = print(graph);
    ASSERT_EQ(expected.size(), got.size()) << what;
    if (graph.at(1).dtype != DType::f32) {
      EXPECT_EQ(expected, got) << what;
      return;
    }
    for (size_t i = 0; i < got.size(); i += 4) {
      float a = 0;
      float b = 0;
      std::memcpy(&a, &expected[i], 4);
      std::memcpy(&b, &got[i], 4);
      EXPECT_NEAR(a, b, 1e-5F * std::max(1.0F, std::abs(a))) << what;
    }
  }

  Attrs window(const Shape& shape) {
    Attrs a;
    const bool pad = draw(0, 1) == 1;
    const char* names[2][4] = {{"filter_h", "stride_h", "pad_top", "pad_bottom"},
                               {"filter_w", "stride_w", "pad_left", "pad_right"}};
    for (int axis = 0; axis < 2; ++axis) {
      const int64_t size = shape[static_cast<size_t>(axis) + 1];
      const int64_t filter = draw(1, pad ? size + 2 : size);
      a.set(names[axis][0], filter);
      a.set(names[axis][1], draw(1, 4));
      // At least enough for one window.
      const int64_t before = pad ? draw(std::max<int64_t>(0, filter - size), filter - 1) : 0;
      a.set(names[axis][2], before);
      a.set(names[axis][3], pad ? draw(0, filter - 1) : 0);
    }
    a.set("activation", std::string(draw(0, 2) == 0 ? "relu6" : "none"));
    return a;
  }

  Shape image() {
    return {static_cast<int32_t>(draw(1, 4) == 1 ? 2 : 1), static_cast<int32_t>(draw(1, 9)),
            static_cast<int32_t>(draw(1, 9)), static_cast<int32_t>(draw(1, 7))};
  }
  DType type() { return draw(0, 2) == 0 ? DType::f32 : DType::i8; }

  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
};

TEST_P(RandomCase, Pools) {
  for (const char* op : {"average_pool_2d", "max_pool_2d"}) {
    const Shape shape = image();
    check(one_op(op, type(), shape, window(shape)));
  }
}

TEST_P(RandomCase, Reductions) {
  for (const char* op : {"mean", "sum", "reduce_max"}) {
    Shape shape;
    Attrs a;
    std::vector<int64_t> axes;
    for (int64_t d = 0, rank = draw(1, 4); d < rank; ++d) {
      shape.push_back(static_cast<int32_t>(draw(1, 6)));
      if (draw(0, 1) == 1) axes.push_back(d);
    }
    a.set("axes", axes);
    a.set("keep_dims", draw(0, 1));
    Graph graph = one_op(op, type(), shape, a);
    if (graph.at(0).dtype == DType::i8 && std::string(op) != "reduce_max") {
      graph.at(1).quant = quantization(static_cast<float>(std::exp(static_cast<double>(draw(-50, 10)) / 10)),
                                       static_cast<int32_t>(draw(-128, 127)));
    }
    check(graph);
  }
}

TEST_P(RandomCase, Softmax) {
  Shape shape;
  for (int64_t d = 0, rank = draw(1, 4); d < rank; ++d) shape.push_back(static_cast<int32_t>(draw(1, 6)));
  if (draw(0, 3) == 0) shape.back() = static_cast<int32_t>(draw(1, 1500));
  Attrs a;
  a.set("beta", static_cast<double>(draw(1, 30)) / 10);
  Graph graph = one_op("softmax", type(), shape, a);
  if (graph.at(0).dtype == DType::i8) {
    graph.at(0).quant = quantization(static_cast<float>(std::exp(static_cast<double>(draw(-90, 10)) / 10)), 0);
    graph.at(1).quant = quantization(1.0F / 256, -128);
  }
  check(graph);
}

TEST_P(RandomCase, Resizes) {
  for (const char* op : {"resize_nearest_neighbor", "resize_bilinear"}) {
    Attrs a;
    const int64_t longest = draw(0, 3) == 0 ? 80 : 12;  // 80 from 1 or 2: beyond where a rounded scale leaves the image
    a.set("size", std::vector<int64_t>{draw(1, longest), draw(1, longest)});
    const int64_t mode = draw(0, 2);
    a.set("align_corners", int64_t{mode == 1});
    a.set("half_pixel_centers", int64_t{mode == 2});
    check(one_op(op, type(), image(), a));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCase, ::testing::Range(0, 60));

/// Global pools and spatial means keep no more than the row that arrives.
TEST(Streaming, AGlobalAverageHoldsOneRow) {
  Attrs window;
  for (const char* name : {"filter_h", "filter_w"}) window.set(name, int64_t{24});
  for (const char* name : {"stride_h", "stride_w"}) window.set(name, int64_t{1});
  Graph graph = one_op("max_pool_2d", DType::i8, {1, 24, 24, 8}, {});
  for (const char* name : {"filter_h", "filter_w", "stride_h", "stride_w"}) graph.nodes[0].attrs.set(name, int64_t{1});
  graph.at(1).shape = graph.at(0).shape;
  Tensor out = graph.at(1);
  out.name = "average";
  out.shape = {1, 1, 1, 8};
  Node node;
  node.op = "average_pool_2d";
  node.inputs = {1};
  node.outputs = {graph.add(out)};
  node.attrs = window;
  graph.nodes.push_back(node);
  graph.outputs = node.outputs;
  const auto program = lower(graph, plan::Rings::minimum);
  ASSERT_TRUE(program) << program.failure().to_string();
  ASSERT_EQ(program->views.size(), 5U);
  EXPECT_EQ(program->views[program->first_view[1] + 1U].depth, 1);
}

TEST(RoundingAverage, EqualsDivision) {
  const auto check = [](int32_t sum, int32_t count) {
    const int32_t expected = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    ASSERT_EQ(rounding_average(sum, count, reciprocal(count)), expected) << sum << " / " << count;
  };
  for (int32_t count = 1; count <= 300; ++count) {
    for (int32_t sum = -128 * count; sum <= 127 * count; ++sum) check(sum, count);
  }
  for (int32_t count = 301; count <= max_average_count; count += 37) {
    // Around each multiple of half the count, where a quotient changes.
    for (int32_t half = -256; half <= 254; ++half) {
      for (int32_t near = -2; near <= 2; ++near) {
        check(
            static_cast<int32_t>(std::clamp<int64_t>(int64_t{half} * count / 2 + near, -128LL * count, 127LL * count)),
            count);
      }
    }
  }
}

}  // namespace
}  // namespace smelt
