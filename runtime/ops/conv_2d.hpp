// Convolution, also grouped: for each tile of output pixels the input windows are gathered into a patch, in which taps
// in the padding hold the zero point, and the patch meets every block of four output channels.
//
// As a pixel's window is copied before its outputs are written, a 1x1 convolution of stride 1 may work in place.
#ifndef SMELT_RUNTIME_OPS_CONV_2D_HPP
#define SMELT_RUNTIME_OPS_CONV_2D_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, patch. A window row is `runs` runs of `run` elements that lie side by side in the input: one
/// run of all columns, or, where dilation or groups set them apart, one for each column.
struct Conv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  int32_t kernel_h, runs, run_columns;
  int32_t depth;  ///< input channels of a group
  int32_t groups, group_out;
  int32_t taps;      ///< of a patch, rounded up as the packing wants it
  int32_t chunk;     ///< taps that partial sums can bear
  int32_t weights;   ///< offset: for each group, for each four output channels, for each tap, four weights
  int32_t channels;  ///< offset: Channel (or float bias) of each output channel, padded like the weights
  int32_t zero;      ///< stands for padding: the input's zero point
  Clamp to;          ///< for floats: see clamp_store
};

/// P: primitives for int8, see runtime/arch/.
template <class P>
struct Conv2DInt8 : P {
  using Element = int8_t;
  using Weight = int8_t;
  using Sum = int32_t;
  using PerChannel = Channel;
  static Element zero(const Conv2D& p) { return static_cast<int8_t>(p.zero); }
  static void store(const Channel* channel, const int32_t* acc, int32_t n, const Clamp& to, int8_t* out) {
    requantize_store(channel, acc, n, to, out);
  }
};

struct Conv2DFloat : ScalarConvF32 {
  using Element = float;
  using Weight = float;
  using Sum = float;
  using PerChannel = float;
  static Element zero(const Conv2D&) { return 0; }
  static void store(const float* bias, const float* acc, int32_t n, const Clamp& to, float* out) {
    clamp_store(bias, acc, n, to, out);
  }
};

/// Where an output pixel's window begins, and where its outputs go.
template <class T>
struct ConvPixel {
  int32_t image;  ///< first input row of its image
  int32_t top, left;
  T* out;
};

template <class A>
inline void conv_gather(const Firing& f, const Conv2D& p, const ConvPixel<typename A::Element>& at, int32_t channel,
                        int32_t pixel, typename A::Lane* patch) {
  const auto zero = A::zero(p);
  for (int32_t kh = 0; kh < p.kernel_h; ++kh) {
    const int32_t y = at.top + kh * p.dilation_h;
    const bool inside = y >= 0 && y < p.in_h;
    const typename A::Element* row = inside ? f.in<typename A::Element>(1, at.image + y) + channel : nullptr;
    int32_t x = at.left;
    for (int32_t r = 0; r < p.runs; ++r, x += p.dilation_w) {
      // Columns [first, end) of the run lie in the input.
      const int32_t end = inside ? clamp(p.in_w - x, 0, p.run_columns) : 0;
      const int32_t first = clamp(-x, 0, end);
      A::fill(patch, zero, first * p.depth, pixel);
      patch += first * p.depth;
      const int32_t n = (end - first) * p.depth;
      if (n > 0) A::put(patch, row + (x + first) * p.in_c, n, pixel);
      patch += n;
      A::fill(patch, zero, (p.run_columns - end) * p.depth, pixel);
      patch += (p.run_columns - end) * p.depth;
    }
  }
}

template <class A>
inline void conv_2d(const Firing& f) {
  const auto& p = f.as<Conv2D>();
  auto* patch = f.out<typename A::Lane>(2, 0);
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  int32_t x = 0;
  for (int32_t left = f.count * p.step_rows * p.out_w; left > 0;) {
    ConvPixel<typename A::Element> pixel[A::pixels];
    int32_t tile = 0;
    for (; tile < A::pixels && left > 0; ++tile, --left) {
      while (y >= p.out_h) {
        y -= p.out_h;
        image += p.in_h;
      }
      pixel[tile] = {image, y * p.stride_h - p.pad_top, x * p.stride_w - p.pad_left,
                     f.out<typename A::Element>(0, row) + x * p.groups * p.group_out};
      if (++x == p.out_w) {
        x = 0;
        ++y;
        ++row;
      }
    }
    const auto* weights = f.constant<typename A::Weight>(static_cast<uint32_t>(p.weights));
    const auto* channels = f.constant<typename A::PerChannel>(static_cast<uint32_t>(p.channels));
    for (int32_t g = 0; g < p.groups; ++g) {
      for (int32_t i = 0; i < tile; ++i) conv_gather<A>(f, p, pixel[i], g * p.depth, i, patch);
      for (int32_t c = p.group_out; c > 0; c -= 4) {
        typename A::Sum acc[4 * A::pixels];
        A::dot(patch, weights, p.taps, p.chunk, acc);
        const int32_t n = c < 4 ? c : 4;
        for (int32_t i = 0; i < tile; ++i) {
          A::store(channels, acc + 4 * i, n, p.to, pixel[i].out);
          pixel[i].out += n;
        }
        weights += 4 * p.taps;
        channels += 4;
      }
    }
  }
}

inline void conv_2d_s8(const Firing& f) { conv_2d<Conv2DInt8<ConvS8>>(f); }
inline void conv_2d_f32(const Firing& f) { conv_2d<Conv2DFloat>(f); }

}  // namespace smelt

#endif
