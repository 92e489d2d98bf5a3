// Depthwise convolution: for each output pixel a table says where its window's taps lie; taps in the padding lie in a
// row of zero points, so that every pixel takes the same way.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_CONV_2D_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch (the table, then the row of zero points).
struct DepthwiseConv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  int32_t kernel_h, kernel_w;
  int32_t multiplier;  ///< output channels of an input channel
  int32_t weights;     ///< offset: see pack::depthwise
  int32_t channels;    ///< offset: Channel (or float bias) of each output channel
  int32_t zero;        ///< stands for padding: the input's zero point
  Clamp to;
};

struct DepthwiseInt8 {
  using Element = int8_t;
  using Sum = int32_t;
  using PerChannel = Channel;
  static Element zero(const DepthwiseConv2D& p) { return static_cast<int8_t>(p.zero); }
  static void taps4(const uint8_t* base, const uint32_t* offsets, const int8_t* w, int32_t n, int32_t* acc) {
    taps4_s8(base, offsets, w, n, acc);
  }
  static void store(const Channel* channel, const int32_t* acc, int32_t n, const Clamp& to, int8_t* out) {
    requantize_store(channel, acc, n, to, out);
  }
};

struct DepthwiseFloat {
  using Element = float;
  using Sum = float;
  using PerChannel = float;
  static Element zero(const DepthwiseConv2D&) { return 0; }
  static void taps4(const uint8_t* base, const uint32_t* offsets, const float* w, int32_t n, float* acc) {
    taps4_f32(base, offsets, w, n, acc);
  }
  static void store(const float* bias, const float* acc, int32_t n, const Clamp& to, float* out) {
    clamp_store(bias, acc, n, to, out);
  }
};

/// Byte offsets of the taps of the window at (top, left) from the arena, row by row.
template <class T>
inline void depthwise_window(const Firing& f, const DepthwiseConv2D& p, int32_t image, int32_t top, int32_t left,
                             uint32_t zeros, uint32_t* offsets) {
  const auto pixel = static_cast<uint32_t>(p.in_c) * sizeof(T);
  const auto step = static_cast<uint32_t>(p.dilation_w) * pixel;
  for (int32_t kh = 0; kh < p.kernel_h; ++kh, top += p.dilation_h) {
    const bool inside = top >= 0 && top < p.in_h;
    uint32_t at = static_cast<uint32_t>(left) * pixel;
    if (inside) at += static_cast<uint32_t>(f.in<uint8_t>(1, image + top) - f.arena);
    int32_t x = inside ? left : -1 - p.kernel_w * p.dilation_w;
    for (int32_t kw = 0; kw < p.kernel_w; ++kw, x += p.dilation_w, at += step) {
      *offsets++ = static_cast<uint32_t>(x) < static_cast<uint32_t>(p.in_w) ? at : zeros;
    }
  }
}

template <class A>
inline void depthwise_pixel(const Firing& f, const DepthwiseConv2D& p, const uint32_t* offsets,
                            typename A::Element* out) {
  using T = typename A::Element;
  const int32_t taps = p.kernel_h * p.kernel_w;
  const uint8_t* base = f.arena;
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

template <class A>
inline void depthwise_conv_2d(const Firing& f) {
  using T = typename A::Element;
  const auto& p = f.as<DepthwiseConv2D>();
  auto* offsets = f.out<uint32_t>(2, 0);
  auto* zeros = reinterpret_cast<T*>(offsets + p.kernel_h * p.kernel_w);
  for (int32_t c = 0; c < p.in_c; ++c) zeros[c] = A::zero(p);
  const auto zeros_at = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(zeros) - f.arena);
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  for (int32_t left = f.count * p.step_rows; left > 0; --left, ++row, ++y) {
    while (y >= p.out_h) {
      y -= p.out_h;
      image += p.in_h;
    }
    auto* out = f.out<T>(0, row);
    for (int32_t x = 0; x < p.out_w; ++x, out += p.out_c) {
      depthwise_window<T>(f, p, image, y * p.stride_h - p.pad_top, x * p.stride_w - p.pad_left, zeros_at, offsets);
      depthwise_pixel<A>(f, p, offsets, out);
    }
  }
}

inline void depthwise_conv_2d_s8(const Firing& f) { depthwise_conv_2d<DepthwiseInt8>(f); }
inline void depthwise_conv_2d_f32(const Firing& f) { depthwise_conv_2d<DepthwiseFloat>(f); }

}  // namespace smelt

#endif
