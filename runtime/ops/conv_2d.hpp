// Convolution, also grouped: the input windows of a tile of output pixels are gathered into a patch, in which taps in the
// padding hold the zero point, and the patch meets all output channels.
//
// As a tile's windows are copied before its outputs are written, a 1x1 convolution of stride 1 may work in place.
#ifndef SMELT_RUNTIME_OPS_CONV_2D_HPP
#define SMELT_RUNTIME_OPS_CONV_2D_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch (where the window's rows are, the patch, the window's elements in their own type). A
/// window row is `runs` runs of `run_columns` pixels that lie side by side in the input: one run of all columns, or, where
/// dilation or groups set them apart, one for each column.
struct Conv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  int32_t kernel_h, runs, run_columns;
  int32_t depth;  ///< input channels of a group
  int32_t groups, group_out;
  int32_t taps;      ///< of a patch, rounded up as the packing wants it
  int32_t weights;   ///< offset, for each group: see runtime/arch/
  int32_t channels;  ///< offset: Channel or float bias of each output channel, padded like the weights; not of pairs
  int32_t zero;      ///< stands for padding: the input's zero point
  Clamp to;          ///< for Scale `offset` is rescale's centre; for floats see clamp_store
};

/// A 1x1 convolution in one group, of one image, without padding: pixels are windows as they lie. Scratch is the patch.
struct Pointwise {
  int32_t out_w;
  int32_t stride_h;
  int32_t step;   ///< elements from one pixel's window to the next one's
  int32_t depth;  ///< input channels
  int32_t group_out, taps, weights;
  Clamp to;  ///< these four as in Conv2D
};

inline constexpr int32_t conv_outside = INT32_MIN;  ///< in place of where a row is: in the padding

/// Copies one group's window from `in`, where its rows begin at `rows`, the leftmost column being `left`.
template <class P, class At>
__attribute__((noinline)) void conv_border(const Conv2D& p, const typename P::Element* in, const int32_t* rows,
                                           int32_t left, At at) {
  const auto zero = static_cast<typename P::Element>(p.zero);
  for (const int32_t* end_row = rows + p.kernel_h; rows != end_row; ++rows) {
    int32_t x = left;
    for (int32_t r = 0; r < p.runs; ++r, x += p.dilation_w) {
      // Columns [first, end) of the run lie in the input.
      const int32_t end = *rows == conv_outside ? 0 : clamp(p.in_w - x, 0, p.run_columns);
      const int32_t first = clamp(-x, 0, end);
      if (first > 0) at = P::fill(at, zero, first * p.depth);
      if (end > first) at = P::put(at, in + *rows + (x + first) * p.in_c, (end - first) * p.depth);
      if (end < p.run_columns) at = P::fill(at, zero, (p.run_columns - end) * p.depth);
    }
  }
}

/// The same where all columns lie in the input, as one run of n elements from `window` on.
template <class P, class At>
inline void conv_inside(const Conv2D& p, const typename P::Element* window, const int32_t* rows, const int32_t* end_row,
                        int32_t n, At at) {
  do {
    at = *rows == conv_outside ? P::fill(at, static_cast<typename P::Element>(p.zero), n) : P::put(at, window + *rows, n);
  } while (++rows != end_row);
}

/// What a patch meets, for each kind of primitives. `out` is where the tile's pixel n goes.
template <class P>
struct ConvBlocks : P {
  using Tile = typename P::Tile;
  static void begin(Tile& t, const Firing& f, const Conv2D& p, const uint8_t* patch) {
    t.channels = f.constant<typename Tile::Channels>(static_cast<uint32_t>(p.channels));
    t.weights = f.constant<typename P::Element>(static_cast<uint32_t>(p.weights));
    t.patch = reinterpret_cast<const typename P::Element*>(patch);
    t.left = p.group_out;
    t.taps = p.taps;
    t.to = p.to;
  }
  static typename P::Element*& out(Tile& t, int32_t) { return t.out; }
  static void run(Tile t, int32_t, const Conv2D&) { P::tile(t); }
  static void next_group(Tile& t, const Conv2D& p) {
    const int32_t blocks = (p.group_out + 3) / 4;
    t.channels += 4 * blocks;
    t.weights += 4 * blocks * p.taps;
  }
};

template <class P>
struct ConvPairs : P {
  using Tile = ConvTile;
  template <class Params>
  static void begin(Tile& t, const Firing& f, const Params& p, const uint8_t* patch) {
    t.left = p.group_out;
    t.centre = p.to.offset;
    t.patch = patch;
    t.weights = f.constant<int16_t>(static_cast<uint32_t>(p.weights));
    t.taps = p.taps;
  }
  static int8_t*& out(Tile& t, int32_t n) { return t.out[n]; }
  template <class Params>
  static void run(Tile& t, int32_t n, const Params& p) {
    if (n == 1) t.out[1] = t.out[0];
    P::tile(t);
    if (p.to.span != 255) {
      while (--n >= 0) clamp_bytes(t.out[n], p.group_out, p.to);
    }
  }
  static void next_group(Tile& t, const Conv2D& p) { t.weights += (p.group_out + 3) / 4 * t.block(); }
};

template <class A>
inline void conv_2d(const Firing& f) {
  using T = typename A::Element;
  const auto& p = f.as<Conv2D>();
  auto* rows = f.out<int32_t>(2, 0);
  const int32_t* end_row = rows + p.kernel_h;
  auto* patch = reinterpret_cast<uint8_t*>(rows + p.kernel_h);
  const bool direct = A::plain || p.depth % 4 == 0;
  auto* elements = reinterpret_cast<T*>(patch + p.taps * A::tap_bytes);
  const T* in = f.in<T>(1, 0);
  const int32_t run = p.run_columns * p.depth;
  const int32_t step = p.stride_w * p.in_c;
  const int32_t out_step = p.groups * p.group_out;
  const int32_t insides = p.runs == 1 ? p.in_w - p.run_columns + 1 : 0;  // columns at which a window may begin
  typename A::Tile tile;
  A::begin(tile, f, p, patch);
  for (int32_t g = 0; g < p.groups; ++g, in += p.depth, A::next_group(tile, p)) {
    int32_t n = 0;
    int32_t row = f.step * p.step_rows;
    int32_t image = 0;
    int32_t y = row;
    for (int32_t left = f.count * p.step_rows; left > 0; --left, ++row, ++y) {
      while (y >= p.out_h) {
        y -= p.out_h;
        image += p.in_h;
      }
      int32_t in_y = y * p.stride_h - p.pad_top;
      for (int32_t kh = 0; kh < p.kernel_h; ++kh, in_y += p.dilation_h) {
        const bool inside = in_y >= 0 && in_y < p.in_h;
        rows[kh] = inside ? static_cast<int32_t>(f.in<T>(1, image + in_y) - f.in<T>(1, 0)) : conv_outside;
      }
      T* out = f.out<T>(0, row) + g * p.group_out;
      int32_t x = -p.pad_left;
      const T* window = in + x * p.in_c;
      for (int32_t i = p.out_w; i > 0; --i, x += p.stride_w, window += step, out += out_step) {
        const auto slot = A::slot(patch, n);
        const bool inside = x >= 0 && x < insides;
        if (direct) {
          if (inside) {
            conv_inside<A>(p, window, rows, end_row, run, slot);
          } else {
            conv_border<A>(p, in, rows, x, slot);
          }
        } else {
          if (inside) {
            conv_inside<PlainPatch<T>>(p, window, rows, end_row, run, elements);
          } else {
            conv_border<PlainPatch<T>>(p, in, rows, x, elements);
          }
          A::put(slot, elements, p.taps);
        }
        A::out(tile, n) = out;
        if (++n == A::pixels || (i == 1 && left == 1)) {
          A::run(tile, n, p);
          n = 0;
        }
      }
    }
  }
}

template <class A>
inline void pointwise(const Firing& f) {
  const auto& p = f.as<Pointwise>();
  const int32_t depth = p.depth;
  const int32_t step = p.step;
  const int32_t out_step = p.group_out;
  auto* patch = f.out<uint8_t>(2, 0);
  typename A::Tile tile;
  A::begin(tile, f, p, patch);
  int32_t n = 0;
  for (int32_t row = f.step, last = f.step + f.count - 1; row <= last; ++row) {
    const auto* window = f.in<int8_t>(1, row * p.stride_h);
    auto* out = f.out<int8_t>(0, row);
    for (int32_t left = p.out_w; left > 0; --left, window += step, out += out_step) {
      A::put_last(A::slot(patch, n), window, depth);
      A::out(tile, n) = out;
      if (++n == A::pixels || (left == 1 && row == last)) {
        A::run(tile, n, p);
        n = 0;
      }
    }
  }
}

/// Of weights and scales that pack::pair_blocks and pack::scales bear.
inline void pointwise_s8(const Firing& f) { pointwise<ConvPairs<ConvS8>>(f); }
inline void conv_2d_s8(const Firing& f) { conv_2d<ConvPairs<ConvS8>>(f); }
/// With half the patch.
inline void conv_2d_small_s8(const Firing& f) { conv_2d<ConvPairs<SmallConvS8>>(f); }
inline void conv_2d_any_s8(const Firing& f) { conv_2d<ConvBlocks<BlockConvS8>>(f); }
inline void conv_2d_f32(const Firing& f) { conv_2d<ConvBlocks<BlockConvF32>>(f); }

}  // namespace smelt

#endif
