#include "ops/helium.hpp"

#include <algorithm>

#include "runtime/ops/conv_2d_helium.hpp"
#include "runtime/ops/depthwise_conv_2d_helium.hpp"
#include "runtime/ops/fully_connected_helium.hpp"

namespace smelt::helium {
namespace {

using convolution::Geometry;
using convolution::Operands;

/// Scale::bias_right with a shift to the left by a negative number of bits, the half that rescale takes apart included.
int32_t bias_shift(const Scale& s) {
  const int32_t right = s.bias_right & 0xff;
  return (s.bias_right & ~0xff) | (-(right + 1) & 0xff);
}

/// First channels of the fours that a HeliumTile takes.
std::vector<size_t> fours(size_t channels) {
  std::vector<size_t> first;
  for (size_t c = 0; c < channels; c += 4) first.push_back(std::min(c, channels - 4));
  return first;
}

std::vector<int32_t> words(const std::vector<Scale>& scales, bool multipliers) {
  std::vector<int32_t> all;
  for (size_t c : fours(scales.size())) {
    for (size_t j = c; j < c + 4; ++j) all.push_back(bias_shift(scales[j]));
    for (size_t j = c; multipliers && j < c + 4; ++j) all.push_back(scales[j].multiplier);
  }
  return all;
}

/// Weights as they are; kernels load whole vectors, and so up to 15 bytes behind them.
int32_t add_weights(Lowering& l, const Tensor& weights) {
  const auto* w = weights.as<int8_t>();
  const uint32_t at = l.pool.add(l.name("weights"), std::vector<int8_t>(w, w + elements(weights.shape)));
  l.pool.reach(at + static_cast<uint32_t>(elements(weights.shape)) + 15);
  return static_cast<int32_t>(at);
}

Clamp clamp_of(const Lowering& l, const Operands& o) {
  Clamp c = convolution::clamp_s8(l.node, o.output);
  c.offset = o.output.quant.zero_point[0];
  return c;
}

struct NamedKernel {
  const char* symbol;
  Kernel function;
};
constexpr int32_t register_taps = 64;
const NamedKernel windowed[] = {{SMELT_KERNEL(conv_2d_helium_s8<0>)},
                                {SMELT_KERNEL(conv_2d_helium_s8<1>)},
                                {SMELT_KERNEL(conv_2d_helium_s8<2>)},
                                {SMELT_KERNEL(conv_2d_helium_s8<3>)},
                                {SMELT_KERNEL(conv_2d_helium_s8<4>)}};
const NamedKernel small_windowed = {SMELT_KERNEL(conv_2d_small_helium_s8)};
const NamedKernel pointwise[] = {{SMELT_KERNEL(pointwise_helium_s8<0>)},
                                 {SMELT_KERNEL(pointwise_helium_s8<1>)},
                                 {SMELT_KERNEL(pointwise_helium_s8<2>)},
                                 {SMELT_KERNEL(pointwise_helium_s8<3>)},
                                 {SMELT_KERNEL(pointwise_helium_s8<4>)}};

}  // namespace

bool conv_2d(Lowering& l, const Geometry& g, const Operands& o, const std::vector<Scale>& scales) {
  if (g.dilation_w != 1 || o.weights.shape[3] != g.in_c || g.out_c < 4) return false;
  HeliumConv2D p{};
  convolution::set_window(p, g);
  p.in_c = g.in_c;
  p.out_c = g.out_c;
  p.stride_w = g.stride_w;
  p.dilation_h = g.dilation_h;
  p.kernel_h = g.kernel_h;
  p.kernel_w = g.kernel_w;
  p.weights = add_weights(l, o.weights);
  p.scales = static_cast<int32_t>(l.pool.add(l.name("scales"), words(scales, true)));
  p.zero = o.input.quant.zero_point[0];
  p.to = clamp_of(l, o);
  const int32_t taps = g.kernel_h * g.kernel_w * g.in_c;
  const bool single = g.kernel_h == 1 && g.kernel_w == 1 && g.pad_top == 0 && g.pad_left == 0 &&
                      (g.out_h - 1) * g.stride_h < g.in_h && (g.out_w - 1) * g.stride_w < g.in_w;
  const int32_t vectors = taps > register_taps ? 0 : (taps + 15) / 16;
  const bool small = !single && vectors == 0 && l.small();
  const NamedKernel& kernel = small ? small_windowed : (single ? pointwise : windowed)[vectors];
  l.kernel("ops/conv_2d_helium.hpp", kernel.symbol, kernel.function);
  l.params("smelt::HeliumConv2D", p,
           "step_rows in_h in_w in_c out_h out_w out_c stride_h stride_w pad_top pad_left dilation_h kernel_h kernel_w "
           "weights scales zero to.offset to.span to.low");
  l.windowed(g.stride_h, g.pad_top, (g.kernel_h - 1) * g.dilation_h + 1);
  if (!single) l.scratch(g.kernel_h * 4 + (small ? 1 : helium_patches(vectors)) * taps);
  if (single && taps <= register_taps && o.input.shape == o.output.shape) l.in_place(0);
  return true;
}

bool depthwise_conv_2d(Lowering& l, const Geometry& g, const Operands& o, const std::vector<Scale>& scales) {
  const int32_t taps = g.kernel_h * g.kernel_w;
  const int64_t columns = int64_t{g.out_w - 1} * g.stride_w + g.kernel_w;
  if (g.dilation_w != 1 || g.out_c != g.in_c || g.out_c < 4 || taps > 16 ||
      helium_spread_channels * columns * g.kernel_h > UINT16_MAX) {
    return false;
  }
  const auto* w = o.weights.as<int8_t>();
  std::vector<int8_t> packed;
  for (int32_t c = 0; c < g.out_c; ++c) {
    for (int32_t kw = 0; kw < g.kernel_w; ++kw) {
      for (int32_t kh = 0; kh < g.kernel_h; ++kh) packed.push_back(w[(kh * g.kernel_w + kw) * g.out_c + c]);
    }
  }
  HeliumDepthwiseConv2D p{};
  convolution::set_window(p, g);
  p.channels = g.out_c;
  p.stride_w = g.stride_w;
  p.dilation_h = g.dilation_h;
  p.kernel_h = g.kernel_h;
  p.kernel_w = g.kernel_w;
  p.columns = static_cast<int32_t>(columns);
  p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), packed));
  p.scales = static_cast<int32_t>(l.pool.add(l.name("scales"), words(scales, true)));
  p.zero = o.input.quant.zero_point[0];
  p.to = clamp_of(l, o);
  const char* header = "ops/depthwise_conv_2d_helium.hpp";
  switch (g.kernel_h * g.stride_w) {
    case 3: l.kernel(header, SMELT_KERNEL(depthwise_conv_2d_helium_s8<3>)); break;
    case 6: l.kernel(header, SMELT_KERNEL(depthwise_conv_2d_helium_s8<6>)); break;
    default: l.kernel(header, SMELT_KERNEL(depthwise_conv_2d_helium_s8<0>)); break;
  }
  l.params("smelt::HeliumDepthwiseConv2D", p,
           "step_rows in_h in_w out_h out_w channels stride_h stride_w pad_top pad_left dilation_h kernel_h kernel_w "
           "columns weights scales zero to.offset to.span to.low");
  l.windowed(g.stride_h, g.pad_top, (g.kernel_h - 1) * g.dilation_h + 1);
  l.scratch(helium_depthwise_scratch(p.columns, g.kernel_h));
  return true;
}

bool fully_connected(Lowering& l, int32_t vectors, const Operands& o, const std::vector<Scale>& scales) {
  if (scales.size() < 4) return false;
  const bool one = std::all_of(scales.begin(), scales.end(),
                               [&](const Scale& s) { return s.multiplier == scales[0].multiplier; });
  HeliumFullyConnected p{};
  p.vectors = vectors;
  p.units = o.weights.shape[0];
  p.depth = o.weights.shape[1];
  p.weights = add_weights(l, o.weights);
  p.scales = static_cast<int32_t>(l.pool.add(l.name("scales"), words(scales, !one)));
  if (one) {
    p.multiplier = static_cast<int32_t>(l.pool.add(l.name("multiplier"), std::vector<int32_t>(4, scales[0].multiplier)));
    l.kernel("ops/fully_connected_helium.hpp", SMELT_KERNEL(fully_connected_helium_s8<true>));
  } else {
    l.kernel("ops/fully_connected_helium.hpp", SMELT_KERNEL(fully_connected_helium_s8<false>));
  }
  p.to = clamp_of(l, o);
  l.params("smelt::HeliumFullyConnected", p, "vectors depth units weights scales multiplier to.offset to.span to.low");
  return true;
}

}  // namespace smelt::helium
