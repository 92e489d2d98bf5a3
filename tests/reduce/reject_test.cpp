// What pools, reductions, softmax and resizes must refuse, by name, before anything is evaluated or lowered.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/reduce/one_op.hpp"

namespace smelt {
namespace {

using test::one_op;
using test::quantization;

void expect_refused(const Graph& graph, const std::string& code, const std::string& word) {
  const auto types = test::infer(graph);
  ASSERT_FALSE(types) << "not refused: " << word;
  const Diagnostic& d = types.failure().diagnostics.at(0);
  EXPECT_EQ(d.code, code) << d.reason;
  EXPECT_NE(d.reason.find(word), std::string::npos) << d.reason;
}

Graph pool(const std::string& op = "average_pool_2d", Shape shape = {1, 4, 4, 2}, DType dtype = DType::i8) {
  Attrs a;
  for (const char* name : {"filter_h", "filter_w", "stride_h", "stride_w"}) a.set(name, int64_t{2});
  return one_op(op, dtype, shape, a);
}

TEST(Refuse, PoolWindows) {
  ASSERT_TRUE(test::infer(pool()));
  for (const char* name : {"filter_h", "filter_w", "stride_h", "stride_w"}) {
    for (int64_t value : {int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::max(), int64_t{1} << 40}) {
      Graph g = pool();
      g.nodes[0].attrs.set(name, value);
      expect_refused(g, "E0303", name);
    }
    Graph g = pool();
    g.nodes[0].attrs.erase(name);
    expect_refused(g, "E0303", "missing");
  }
  for (const char* name : {"pad_top", "pad_bottom", "pad_left", "pad_right"}) {
    for (int64_t value : {int64_t{-1}, int64_t{2}, std::numeric_limits<int64_t>::max()}) {
      Graph g = pool();
      g.nodes[0].attrs.set(name, value);
      expect_refused(g, "E0303", "does not fit");
    }
  }
  expect_refused(pool("max_pool_2d", {1, 1, 4, 2}), "E0303", "does not fit");
  Graph large = pool("average_pool_2d", {1, 400, 400, 1});
  large.nodes[0].attrs.set("filter_h", int64_t{400});
  large.nodes[0].attrs.set("filter_w", int64_t{400});
  expect_refused(large, "E0301", "130000");
}

TEST(Refuse, PoolTypes) {
  expect_refused(pool("max_pool_2d", {4, 4, 2}), "E0301", "rank 4");
  expect_refused(pool("max_pool_2d", {1, 4, 4, 2}, DType::u8), "E0301", "u8");
  Graph g = pool();
  g.at(0).quant = {};
  expect_refused(g, "E0304", "scale");
  g = pool();
  g.at(1).quant = quantization(0.05F, 4);
  expect_refused(g, "E0304", "differently");
  g = pool();
  g.nodes[0].attrs.set("activation", std::string("tanh"));
  expect_refused(g, "E0303", "tanh");
  g = pool();
  g.nodes[0].inputs.clear();
  expect_refused(g, "E0302", "inputs");
}

TEST(Refuse, RawPools) {
  const auto raw = [](const char* name, Attrs::Value value) {
    Attrs a;
    for (const char* n : {"filter_height", "filter_width", "stride_h", "stride_w"}) a.set(n, int64_t{2});
    a.set("padding", std::string("SAME"));
    a.set("fused_activation_function", std::string("NONE"));
    a.set(name, std::move(value));
    Graph g = one_op("max_pool_2d", DType::i8, {1, 4, 4, 2}, a);
    return find_op("max_pool_2d")->normalize(g, g.nodes[0]);
  };
  EXPECT_TRUE(raw("padding", std::string("VALID")));
  EXPECT_FALSE(raw("padding", std::string("FULL")));
  EXPECT_FALSE(raw("fused_activation_function", std::string("TANH")));
  EXPECT_FALSE(raw("stride_h", int64_t{0}));
  EXPECT_FALSE(raw("filter_width", int64_t{-3}));
}

Graph reduction(const std::string& op, const Shape& shape, std::vector<int64_t> axes) {
  Attrs a;
  a.set("axes", std::move(axes));
  return one_op(op, DType::i8, shape, a);
}

TEST(Refuse, Reductions) {
  ASSERT_TRUE(test::infer(reduction("sum", {2, 3}, {1})));
  expect_refused(reduction("mean", {2, 3}, {2}), "E0303", "axis 2");
  expect_refused(reduction("mean", {2, 3}, {-1}), "E0303", "axis -1");
  expect_refused(reduction("mean", {2, 3, 2, 3, 2}, {0, 2}), "E0301", "combination");
  expect_refused(reduction("sum", {1, 3000, 3000, 1}, {1, 2}), "E0301", "overflow");
  Graph g = reduction("reduce_max", {2, 3}, {1});
  g.at(1).quant = quantization(0.1F, 3);
  expect_refused(g, "E0304", "differently");
  g = reduction("mean", {2, 3}, {1});
  g.at(0).quant = {{0.1F, 0.2F}, {0, 0}, 0};
  expect_refused(g, "E0304", "one scale");
}

TEST(Refuse, RawReductions) {
  const auto raw = [](const Tensor& axes) {
    Graph g = one_op("mean", DType::i8, {1, 4, 4, 2}, {});
    g.nodes[0].inputs.push_back(g.add(axes));
    return find_op("mean")->normalize(g, g.nodes[0]);
  };
  Tensor axes;
  axes.dtype = DType::i32;
  axes.shape = {1};
  EXPECT_FALSE(raw(axes)) << "computed axes";
  axes.data = std::make_shared<Bytes>(Bytes{4, 0, 0, 0});
  EXPECT_FALSE(raw(axes)) << "axis 4";
  axes.data = std::make_shared<Bytes>(Bytes{3, 0, 0});
  EXPECT_FALSE(raw(axes)) << "three bytes";
  axes.data = std::make_shared<Bytes>(Bytes{3, 0, 0, 0});
  EXPECT_TRUE(raw(axes));
  axes.dtype = DType::f32;
  EXPECT_FALSE(raw(axes)) << "floats";
}

TEST(Refuse, Softmax) {
  const auto softmax = [](double beta, Shape shape = {1, 10}) {
    Attrs a;
    a.set("beta", beta);
    Graph g = one_op("softmax", DType::i8, shape, a);
    g.at(1).quant = quantization(1.0F / 256, -128);
    return g;
  };
  ASSERT_TRUE(test::infer(softmax(1)));
  expect_refused(softmax(-1), "E0304", "exceed");
  expect_refused(softmax(0), "E0304", "exceed");
  expect_refused(softmax(std::nan("")), "E0303", "finite");
  expect_refused(softmax(1e300), "E0303", "finite");
  expect_refused(softmax(1, {1, 5000}), "E0301", "4095");
  expect_refused(softmax(1, {}), "E0301", "dimension");
  Graph g = softmax(1);
  g.at(1).quant = quantization(1.0F / 255, -128);
  expect_refused(g, "E0304", "1/256");
}

TEST(Refuse, Resizes) {
  const auto resize = [](const char* op, std::vector<int64_t> size, Shape shape = {1, 3, 3, 1},
                         DType dtype = DType::i8) {
    Attrs a;
    a.set("size", std::move(size));
    return one_op(op, dtype, shape, a);
  };
  for (const char* op : {"resize_bilinear", "resize_nearest_neighbor"}) {
    ASSERT_TRUE(test::infer(resize(op, {5, 6})));
    expect_refused(resize(op, {5}), "E0303", "height and a width");
    expect_refused(resize(op, {0, 5}), "E0303", "from 1");
    expect_refused(resize(op, {5, 40000}), "E0303", "32767");
    expect_refused(resize(op, {5, -1}), "E0303", "from 1");
    expect_refused(resize(op, {5, 6}, {3, 3, 1}), "E0301", "rank 4");
    expect_refused(resize(op, {5, 6}, {1, 3, 3, 1}, DType::i64), "E0301", "i64");
    Graph g = resize(op, {5, 6});
    g.at(1).quant = quantization(0.5F, 3);
    expect_refused(g, "E0304", "differently");
  }
  Graph g = resize("resize_bilinear", {5, 6});
  g.nodes[0].attrs.set("align_corners", int64_t{1});
  g.nodes[0].attrs.set("half_pixel_centers", int64_t{1});
  expect_refused(g, "E0303", "exclude");
}

}  // namespace
}  // namespace smelt
