// Depthwise convolution of int8 with Helium's primitives: at most 16 taps, no dilation across, one output channel for each
// input channel. The rows of a window are turned so that each channel's taps lie side by side, eight channels at a time.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HELIUM_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HELIUM_HPP

#include "../arch/helium.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch.
struct HeliumDepthwiseConv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w;
  int32_t out_h, out_w;
  int32_t channels;  ///< at least 4
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h;
  int32_t kernel_h, kernel_w;
  int32_t columns;  ///< of the input, padding included, that windows of a row cover
  int32_t weights;  ///< offset: see HeliumDepthwiseTile
  int32_t scales;   ///< offset: see HeliumTile
  int32_t zero;     ///< stands for padding: the input's zero point
  Clamp to;         ///< `offset` is the output's zero point
};

inline constexpr int32_t helium_spread_channels = 8;

/// Scratch: where the window's rows are, the patches' offsets, a pixel of zero points, the patches and what a vector's
/// load reaches behind them.
inline constexpr int32_t helium_depthwise_scratch(int32_t columns, int32_t kernel_h) {
  return 4 * kernel_h + 2 * helium_spread_channels + helium_spread_channels +
         helium_spread_channels * columns * kernel_h + 16;
}

/// step: kernel_h * stride_w, or 0, any.
template <int32_t step>
inline void depthwise_conv_2d_helium_s8(const Firing& f) {
  const auto& p = f.as<HeliumDepthwiseConv2D>();
  auto* const rows = f.out<int32_t>(2, 0);
  const int8_t* in = f.in<int8_t>(1, 0);
  auto* const offsets = reinterpret_cast<uint16_t*>(rows + p.kernel_h);
  auto* const zeros = reinterpret_cast<int8_t*>(offsets + helium_spread_channels);
  int8_t* const patch = zeros + helium_spread_channels;
  const int32_t pitch = p.columns * p.kernel_h;
  for (int32_t c = 0; c < helium_spread_channels; ++c) offsets[c] = static_cast<uint16_t>(c * pitch);
  helium_fill(zeros, static_cast<int8_t>(p.zero), helium_spread_channels * (1 + pitch));
  int8_t* const inner = patch + p.pad_left * p.kernel_h;  // the first column that is not padding
  const int32_t inside = clamp(p.columns - p.pad_left, 0, p.in_w);
  HeliumDepthwiseTile tile{nullptr,
                           pitch,
                           nullptr,
                           p.channels,
                           p.out_w,
                           nullptr,
                           p.kernel_h * p.kernel_w,
                           nullptr,
                           p.to.offset,
                           p.kernel_h * p.stride_w};
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  for (int32_t left = f.count * p.step_rows; left > 0; --left, ++row, ++y) {
    while (y >= p.out_h) {
      y -= p.out_h;
      image += p.in_h;
    }
    bool three = p.kernel_h == 3;  // rows, none of which lies in the padding
    int32_t in_y = y * p.stride_h - p.pad_top;
    for (int32_t kh = 0; kh < p.kernel_h; ++kh, in_y += p.dilation_h) {
      const bool outside = in_y < 0 || in_y >= p.in_h;
      three = three && !outside;
      rows[kh] = outside ? helium_outside : static_cast<int32_t>(f.in<int8_t>(1, image + in_y) - in);
    }
    auto* const out = f.out<int8_t>(0, row);
    const auto* const weights = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
    tile.scales = f.constant<int32_t>(static_cast<uint32_t>(p.scales));
    for (int32_t next = 0; next < p.channels; next += helium_spread_channels) {
      const int32_t first = next + 4 > p.channels ? p.channels - 4 : next;
      const int32_t n = clamp(p.channels - first, 4, helium_spread_channels);
      if (three) {
        const int8_t* x = in + first;
        helium_spread_three(inner, offsets, x + rows[0], x + rows[1], x + rows[2], p.channels, inside, n);
      }
      for (int32_t kh = 0; kh < p.kernel_h && !three; ++kh) {
        const bool outside = rows[kh] == helium_outside;
        helium_spread(inner + kh, p.kernel_h, offsets, outside ? zeros : in + rows[kh] + first,
                      outside ? 0 : p.channels, inside, n);
      }
      for (int32_t c = 0; c < n; c += 4, tile.scales += 8) {
        const int32_t from = c + 4 > n ? n - 4 : c;
        tile.patch = patch + from * pitch;
        tile.out = out + first + from;
        tile.weights = weights + (first + from) * tile.taps;
        HeliumDepthwise<step>::run(tile);
      }
    }
    if (p.to.span != 255) clamp_bytes(out, p.out_w * p.channels, p.to);
  }
}

}  // namespace smelt

#endif
