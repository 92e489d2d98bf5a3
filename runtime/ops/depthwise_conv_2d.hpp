// Depthwise convolution: for each output pixel a table says where its window's taps lie; taps in the padding lie in a
// row of zero points, so that every pixel takes the same way.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch (the table, where the window's rows are, then a pixel of zero points).
struct DepthwiseConv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  int32_t kernel_h, kernel_w;
  int32_t multiplier;  ///< output channels of an input channel
  int32_t weights;     ///< offset: see pack::depthwise
  int32_t channels;    ///< offset: Scale, Channel or float bias of each output channel
  int32_t zero;        ///< stands for padding: the input's zero point
  Clamp to;  ///< for Scale `offset` is rescale's centre
};

struct DepthwiseInt8 {
  using Element = int8_t;
  using Sum = int32_t;
  using PerChannel = Channel;
  static void taps4(const uint8_t* base, const uint32_t* offsets, const int8_t* w, int32_t n, int32_t* acc) {
    for (int32_t j = 0; j < 4; ++j) {
      acc[j] = 0;
      for (int32_t k = 0; k < n; ++k) acc[j] += reinterpret_cast<const int8_t*>(base + offsets[k])[j] * w[4 * k + j];
    }
  }
  static void store(const Channel* channel, const int32_t* acc, int32_t n, const Clamp& to, int8_t* out) {
    requantize_store(channel, acc, n, to, out);
  }
};

struct DepthwiseFloat {
  using Element = float;
  using Sum = float;
  using PerChannel = float;
  static void taps4(const uint8_t* base, const uint32_t* offsets, const float* w, int32_t n, float* acc) {
    taps4_f32(base, offsets, w, n, acc);
  }
  static void store(const float* bias, const float* acc, int32_t n, const Clamp& to, float* out) {
    clamp_store(bias, acc, n, to, out);
  }
};

inline constexpr uint32_t depthwise_outside = UINT32_MAX;  ///< in place of where a row is: in the padding

/// Byte offsets from the arena of the taps of the window at column `left`, whose rows begin at `rows`.
inline void depthwise_window(const DepthwiseConv2D& p, const uint32_t* rows, int32_t left, uint32_t pixel, uint32_t zeros,
                             uint32_t* offsets) {
  const uint32_t step = static_cast<uint32_t>(p.dilation_w) * pixel;
  for (const uint32_t* end = rows + p.kernel_h; rows != end; ++rows) {
    uint32_t at = *rows + static_cast<uint32_t>(left) * pixel;
    int32_t x = *rows == depthwise_outside ? -1 - p.kernel_w * p.dilation_w : left;
    for (int32_t kw = p.kernel_w; kw > 0; --kw, x += p.dilation_w, at += step) {
      *offsets++ = static_cast<uint32_t>(x) < static_cast<uint32_t>(p.in_w) ? at : zeros;
    }
  }
}

template <class A>
inline void depthwise_pixel(const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets, uint32_t moved,
                            typename A::Element* out) {
  using T = typename A::Element;
  const int32_t taps = p.kernel_h * p.kernel_w;
  const uint8_t* base = f.arena + moved;
  const auto* w = f.constant<T>(static_cast<uint32_t>(p.weights));
  const auto* channel = f.constant<typename A::PerChannel>(static_cast<uint32_t>(p.channels));
  int32_t left = p.out_c;
  if (p.multiplier == 1) {
    for (; left >= 4; left -= 4) {
      typename A::Sum acc[4];
      A::taps4(base, offsets, w, taps, acc);
      A::store(channel, acc, 4, p.to, out);
      base += 4 * sizeof(T);
      w += 4 * taps;
      channel += 4;
      out += 4;
    }
  }
  for (int32_t same = p.multiplier; left > 0; --left) {
    typename A::Sum acc = 0;
    for (int32_t k = 0; k < taps; ++k) acc += *reinterpret_cast<const T*>(base + offsets[k]) * *w++;
    A::store(channel++, &acc, 1, p.to, out++);
    if (--same == 0) {
      same = p.multiplier;
      base += sizeof(T);
    }
  }
}

/// D: a set of primitives, see DepthwiseTile. Where channels are no multiple of four, the last block overlaps the one
/// before it.
template <class D>
struct DepthwiseBlocks {
  using Element = int8_t;
};
template <class A>
inline void depthwise_at(A*, const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets, uint32_t moved,
                         typename A::Element* out) {
  depthwise_pixel<A>(f, p, offsets, moved, out);
}
template <class D>
inline void depthwise_at(DepthwiseBlocks<D>*, const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets,
                         uint32_t moved, int8_t* out) {
  const int32_t taps = p.kernel_h * p.kernel_w;
  const int32_t even = p.out_c & ~3;
  const uint8_t* at = f.arena + moved;
  DepthwiseTile t{offsets,     offsets + taps, f.constant<Scale>(static_cast<uint32_t>(p.channels)),
                  out,         p.to.offset,    at + even,
                  f.constant<int8_t>(static_cast<uint32_t>(p.weights)), at};
  D::tile(t);
  if (even != p.out_c) {
    t.scales += even;
    t.weights += even * taps;
    t.out = out + p.out_c - 4;
    t.at = at + p.out_c - 4;
    t.last = at + p.out_c;
    D::tile(t);
  }
  if (p.to.span != 255) clamp_bytes(out, p.out_c, p.to);
}

template <class A>
inline void depthwise_conv_2d(const Firing& f) {
  using T = typename A::Element;
  const auto& p = f.as<DepthwiseConv2D>();
  auto* offsets = f.out<uint32_t>(2, 0);
  uint32_t* rows = offsets + p.kernel_h * p.kernel_w;
  auto* zeros = reinterpret_cast<T*>(rows + p.kernel_h);
  for (int32_t c = 0; c < p.in_c; ++c) zeros[c] = static_cast<T>(p.zero);
  const auto zeros_at = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(zeros) - f.arena);
  const uint32_t pixel = static_cast<uint32_t>(p.in_c) * static_cast<uint32_t>(sizeof(T));
  const int32_t last_inside = p.in_w - 1 - (p.kernel_w - 1) * p.dilation_w;  // leftmost column of such a window
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  for (int32_t left = f.count * p.step_rows; left > 0; --left, ++row, ++y) {
    while (y >= p.out_h) {
      y -= p.out_h;
      image += p.in_h;
    }
    bool whole = true;  // no row of the window lies in the padding
    int32_t in_y = y * p.stride_h - p.pad_top;
    for (int32_t kh = 0; kh < p.kernel_h; ++kh, in_y += p.dilation_h) {
      const bool inside = in_y >= 0 && in_y < p.in_h;
      rows[kh] = inside ? static_cast<uint32_t>(f.in<uint8_t>(1, image + in_y) - f.arena) : depthwise_outside;
      whole = whole && inside;
    }
    auto* out = f.out<T>(0, row);
    int32_t x = -p.pad_left;
    int32_t table_x = -1;  // column of a table of taps that all lie in the input: it serves all such pixels of the row
    for (int32_t i = p.out_w; i > 0; --i, x += p.stride_w, out += p.out_c) {
      uint32_t moved = 0;
      const bool inside = whole && x >= 0 && x <= last_inside;
      if (inside && table_x >= 0) {
        moved = static_cast<uint32_t>(x - table_x) * pixel;
      } else {
        depthwise_window(p, rows, x, pixel, zeros_at, offsets);
        if (inside) table_x = x;
      }
      depthwise_at(static_cast<A*>(nullptr), f, p, offsets, moved, out);
    }
  }
}

/// Of weights and scales that pack::scales bears, one output channel for each input channel, at least four.
inline void depthwise_conv_2d_s8(const Firing& f) { depthwise_conv_2d<DepthwiseBlocks<DepthwiseS8>>(f); }
inline void depthwise_conv_2d_any_s8(const Firing& f) { depthwise_conv_2d<DepthwiseInt8>(f); }
inline void depthwise_conv_2d_f32(const Firing& f) { depthwise_conv_2d<DepthwiseFloat>(f); }

}  // namespace smelt

#endif
