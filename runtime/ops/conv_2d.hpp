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

inline constexpr int32_t conv_outside = INT32_MIN;  ///< in place of where a row is: in the padding

/// Copies one group's window from `in`, where its rows begin at `rows`, the leftmost column being `left`.
template <class P, class At>
inline void conv_gather(const Conv2D& p, const typename P::Element* in, const int32_t* rows, int32_t left, At at) {
  const auto zero = static_cast<typename P::Element>(p.zero);
  const int32_t* end_row = rows + p.kernel_h;
  if (p.runs == 1 && left >= 0 && left <= p.in_w - p.run_columns) {
    const int32_t n = p.run_columns * p.depth;
    in += left * p.in_c;
    do {
      at = *rows == conv_outside ? P::fill(at, zero, n) : P::put(at, in + *rows, n);
    } while (++rows != end_row);
    return;
  }
  for (; rows != end_row; ++rows) {
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

/// What a patch meets, for each kind of primitives.
template <class P>
struct ConvBlocks : P {
  using Tile = typename P::Tile;
  static void begin(Tile& t, const Firing& f, const Conv2D& p, const uint8_t* patch) {
    t.channels = f.constant<typename Tile::Channels>(static_cast<uint32_t>(p.channels));
    t.weights = f.constant<typename P::Element>(static_cast<uint32_t>(p.weights));
    t.patch = reinterpret_cast<const typename P::Element*>(patch);
    t.taps = p.taps;
    t.to = p.to;
  }
  static void run(Tile t, typename P::Element* const* out, int32_t, const Conv2D& p) {
    t.out = *out;
    t.left = p.group_out;
    P::tile(t);
  }
  static void next_group(Tile& t, const Conv2D& p) {
    const int32_t blocks = (p.group_out + 3) / 4;
    t.channels += 4 * blocks;
    t.weights += 4 * blocks * p.taps;
  }
};

template <class P>
struct ConvPairs : P {
  using Tile = ConvTile;
  static void begin(Tile& t, const Firing& f, const Conv2D& p, const uint8_t* patch) {
    t.left = p.group_out;
    t.centre = p.to.offset;
    t.patch = patch;
    t.weights = f.constant<int16_t>(static_cast<uint32_t>(p.weights));
    t.taps = p.taps;
  }
  static void run(Tile& t, int8_t* const* out, int32_t n, const Conv2D& p) {
    t.out[0] = out[0];
    t.out[1] = out[n - 1];
    P::tile(t);
    if (p.to.span != 255) {
      while (--n >= 0) clamp_bytes(out[n], p.group_out, p.to);
    }
  }
  static void next_group(Tile& t, const Conv2D& p) { t.weights += (p.group_out + 3) / 4 * t.block(); }
};

template <class A>
inline void conv_2d(const Firing& f) {
  using T = typename A::Element;
  const auto& p = f.as<Conv2D>();
  auto* rows = f.out<int32_t>(2, 0);
  auto* patch = reinterpret_cast<uint8_t*>(rows + p.kernel_h);
  const int32_t patch_bytes = p.taps * A::tap_bytes;
  const T* in = f.in<T>(1, 0);
  typename A::Tile tile;
  A::begin(tile, f, p, patch);
  for (int32_t g = 0; g < p.groups; ++g, in += p.depth, A::next_group(tile, p)) {
    T* pixels[A::pixels];
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
      for (int32_t i = p.out_w; i > 0; --i, x += p.stride_w, out += p.groups * p.group_out) {
        const auto slot = A::slot(patch, n);
        if (A::plain || p.depth % 4 == 0 || p.kernel_h * p.runs * p.run_columns == 1) {
          conv_gather<A>(p, in, rows, x, slot);
        } else {
          T* elements = reinterpret_cast<T*>(patch + patch_bytes);
          conv_gather<PlainPatch<T>>(p, in, rows, x, elements);
          A::put(slot, elements, p.taps);
        }
        pixels[n++] = out;
        if (n == A::pixels || (i == 1 && left == 1)) {
          A::run(tile, pixels, n, p);
          n = 0;
        }
      }
    }
  }
}

/// Of weights and scales that pack::pairs and pack::scales bear.
inline void conv_2d_s8(const Firing& f) { conv_2d<ConvPairs<ConvS8>>(f); }
inline void conv_2d_any_s8(const Firing& f) { conv_2d<ConvBlocks<BlockConvS8>>(f); }
inline void conv_2d_f32(const Firing& f) { conv_2d<ConvBlocks<BlockConvF32>>(f); }

}  // namespace smelt

#endif
