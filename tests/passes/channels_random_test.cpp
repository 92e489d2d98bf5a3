// Thousands of random networks with dead, constant, equal and unread channels: the passes change no output bit, and the
// device's kernels agree on what is left.
#include <iostream>
#include <limits>
#include <map>

#include "lower/compile.hpp"
#include "tests/passes/net.hpp"
#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

class RandomNet {
 public:
  explicit RandomNet(uint32_t seed) : net_(seed) {
    style();
    TensorId x = net_.input({1, draw(2, 5), draw(2, 5), draw(1, 4)});
    std::vector<TensorId> seen = {x};
    const int layers = draw(2, 6);
    for (int i = 0; i < layers; ++i) {
      style();
      x = layer(x, seen);
      seen.push_back(x);
    }
    if (draw(0, 2) == 0) x = net_.dense(x, draw(1, 4));
    std::vector<TensorId> outputs = {x};
    if (draw(0, 9) == 0 && seen.size() > 2) outputs.push_back(seen[seen.size() / 2]);
    if (outputs.size() == 2 && outputs[0] == outputs[1]) outputs.pop_back();
    net_.finish(outputs);
    PassLog log;
    remove_dead(net_.graph, log);
  }
  const Graph& graph() const { return net_.graph; }

 private:
  int draw(int low, int high) { return net_.draw(low, high); }
  bool once_in(int n) { return draw(1, n) == 1; }

  void style() {
    net_.scale = once_in(3) ? 0.05F : 0.1F;
    net_.zero = once_in(2) ? -128 : draw(-128, 127);
    net_.per_channel = !once_in(4);
    net_.with_bias = !once_in(5);
    net_.activation = std::vector<std::string>{"none", "relu", "relu", "relu6"}[static_cast<size_t>(draw(0, 3))];
    net_.weight_scale = once_in(12) ? 1e-9F : once_in(12) ? 3.0F : 0.02F;
  }

  Shape shape(TensorId id) const { return net_.graph.at(id).shape; }

  TensorId layer(TensorId x, const std::vector<TensorId>& seen) {
    const Shape s = shape(x);
    switch (draw(0, 9)) {
      case 0:
      case 1:
      case 2:
        return damaged(net_.conv(x, draw(1, 6)), s[3]);
      case 3: {
        const bool same = once_in(2) || s[1] < 3 || s[2] < 3;
        return damaged(net_.conv(x, draw(1, 5), 3, same, draw(1, 2)), s[3]);
      }
      case 4:
      case 5: {
        const bool same = !once_in(3) || s[1] < 3 || s[2] < 3;
        const int multiplier = once_in(5) ? 2 : 1;
        return damaged(net_.depthwise(x, 3, same, draw(1, 2), multiplier), 0);
      }
      case 6: {
        for (const TensorId other : seen) {
          if (other != x && shape(other) == s && net_.graph.at(other).dtype == DType::i8) {
            Attrs a;
            a.set("activation", net_.activation);
            return net_.node(once_in(2) ? "add" : "mul", {other, x}, s, a);
          }
        }
        return damaged(net_.conv(x, s[3]), s[3]);
      }
      case 7: {
        Attrs a;
        for (const char* name : {"filter_h", "filter_w"}) a.set(name, int64_t{2});
        for (const char* name : {"stride_h", "stride_w"}) a.set(name, int64_t{1});
        for (const char* name : {"pad_top", "pad_left"}) a.set(name, int64_t{0});
        for (const char* name : {"pad_bottom", "pad_right"}) a.set(name, int64_t{1});
        a.set("activation", std::string("none"));
        net_.scale = net_.graph.at(x).quant.scale[0];
        net_.zero = net_.graph.at(x).quant.zero_point[0];
        return net_.node(once_in(2) ? "average_pool_2d" : "max_pool_2d", {x}, s, a);
      }
      case 8: {
        net_.scale = net_.graph.at(x).quant.scale[0];
        net_.zero = net_.graph.at(x).quant.zero_point[0];
        Attrs a;
        if (once_in(2)) {
          a.set("paddings", std::vector<int64_t>{0, 0, 1, 0, 0, 1, 0, 0});
          a.set("value", int64_t{once_in(2) ? net_.zero : draw(-128, 127)});
          return net_.node("pad", {x}, {1, s[1] + 1, s[2] + 1, s[3]}, a);
        }
        const TensorId y = damaged(net_.conv(x, draw(1, 3)), s[3]);
        a.set("axis", int64_t{3});
        return net_.node("concatenation", {x, y}, {1, s[1], s[2], s[3] + shape(y)[3]}, a);
      }
      default: {
        Attrs a;
        const char* const ops[] = {"relu", "relu6", "tanh", "leaky_relu"};
        const char* op = ops[draw(0, 3)];
        if (std::string(op) == "leaky_relu") a.set("alpha", 0.25);
        if (std::string(op) == "tanh") {
          net_.scale = 1.0F / 128;
          net_.zero = 0;
        }
        return net_.node(op, {x}, s, a);
      }
    }
  }

  /// A layer with channels switched off, biases at their limits, channels made equal, inputs unread (`inputs` of them).
  TensorId damaged(TensorId y, int inputs) {
    const int channels = shape(y)[3];
    const bool dead = once_in(2);
    for (int o = 0; o < channels; ++o) {
      if (dead && once_in(2)) net_.zero_output(y, o, once_in(2) ? draw(-40, 0) : draw(-9000, 9000));
    }
    for (int c = 0; c < inputs; ++c) {
      if (once_in(6)) net_.zero_input(y, c, inputs);
    }
    net_.edit(y, [&](std::vector<int8_t>& w, std::vector<int32_t>& b) {
      if (once_in(3)) {
        for (int8_t& x : w) x = static_cast<int8_t>(x / 8);
      }
      const auto n = static_cast<size_t>(channels);
      if (channels > 1 && once_in(3) && inputs > 0) {
        const size_t taps = w.size() / n;
        for (size_t k = 0; k < taps; ++k) w[k + taps] = w[k];
        if (!b.empty()) b[1] = b[0];
      }
      if (channels > 1 && once_in(3) && inputs == 0) {
        for (size_t k = 0; k + 1 < w.size(); k += n) w[k + 1] = w[k];
        if (!b.empty()) b[1] = b[0];
      }
      for (int32_t& x : b) {
        if (!once_in(15)) continue;
        const int32_t extremes[] = {1 << 30, -(1 << 30), std::numeric_limits<int32_t>::max() - draw(0, 40000),
                                    std::numeric_limits<int32_t>::min() + draw(0, 40000)};
        x = extremes[draw(0, 3)];
      }
    });
    return y;
  }

  test::Net net_;
};

TEST(RandomNetworks, NoBitChanges) {
  constexpr int rounds = 4000;
  int smaller = 0;
  int run = 0;
  int sound = 0;
  std::map<std::string, int> said;
  for (uint32_t seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomNet random(seed);
    const Graph& original = random.graph();
    if (!verify_graph(original).ok()) continue;  // e.g. scales too far apart for the operator
    ++sound;
    Graph g = original;
    PassLog log;
    run_passes(g, log);
    test::expect_same_function(original, g, 3);
    smaller += log.after.macs < log.before.macs ? 1 : 0;
    for (const PassLog::Line& line : log.lines) {
      const size_t at = line.text.find(" input channels ");
      ++said[line.pass + (at == std::string::npos ? "" : line.text.substr(at, 24))];
    }
    if (seed % 8 == 0) {  // and on the device's kernels
      const Result<Program> program = lower(g, plan::Rings::minimum);
      ASSERT_TRUE(program) << program.failure().to_string();
      std::mt19937 values(seed);
      const std::vector<Bytes> inputs = {test::random_content(g.at(g.inputs[0]), values)};
      const std::vector<Value> expected = evaluate(original, inputs);
      const std::vector<Bytes> got = Interpreter(*program).run(inputs);
      for (size_t o = 0; o < got.size(); ++o) {
        ASSERT_EQ(got[o], expected[static_cast<size_t>(original.outputs[o])].bytes);
      }
      ++run;
    }
    if (HasFailure()) FAIL() << print(original) << log.to_string();
  }
  for (const auto& [what, times] : said) std::cout << times << " times " << what << "\n";
  std::cout << smaller << " of " << sound << " became smaller, " << run << " ran on kernels\n";
  EXPECT_GT(sound, rounds * 3 / 4);
  EXPECT_GT(smaller, rounds / 3);
  EXPECT_GT(said["fold channels input channels always h"], 100);
  EXPECT_GT(said["fold channels input channels are cons"], 100);
  EXPECT_GT(said["merge channels input channels always h"], 50);
  EXPECT_GT(said["fold channels"], 50) << "outputs settled by their range";
}

}  // namespace
}  // namespace smelt
