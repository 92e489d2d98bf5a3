// Convolution of int8 with Helium's primitives, one group and no dilation across: windows are gathered into patches, some
// pixels at a time; those of one row and column are read where they lie.
//
// A pixel's taps are in registers before its outputs are written, so a 1x1 convolution of stride 1 with few channels may
// work in place.
#ifndef SMELT_RUNTIME_OPS_CONV_2D_HELIUM_HPP
#define SMELT_RUNTIME_OPS_CONV_2D_HELIUM_HPP

#include "../arch/helium.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch (where the window's rows are, then the patches).
struct HeliumConv2D {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h;
  int32_t kernel_h, kernel_w;
  int32_t weights;  ///< offset: see runtime/arch/helium.hpp
  int32_t scales;   ///< offset
  int32_t zero;     ///< stands for padding: the input's zero point
  Clamp to;         ///< `offset` is the output's zero point
};

/// Patches together, for HeliumPixels<vectors>.
inline constexpr int32_t helium_patches(int32_t vectors) { return vectors == 0 ? 3 : 4; }

/// Outputs of `t.pixels` pixels, t.out being at the first one.
template <class P>
inline void helium_run(HeliumTile t, const HeliumConv2D& p) {
  const int32_t outputs = t.pixels * p.out_c;
  int8_t* const out = t.out;
  P::run(t);
  if (p.to.span != 255) clamp_bytes(out, outputs, p.to);
}

inline HeliumTile helium_tile(const Firing& f, const HeliumConv2D& p) {
  return {nullptr,
          0,
          nullptr,
          0,
          f.constant<int8_t>(static_cast<uint32_t>(p.weights)),
          p.kernel_h * p.kernel_w * p.in_c,
          f.constant<int32_t>(static_cast<uint32_t>(p.scales)),
          nullptr,
          p.out_c / 4,
          (4 - p.out_c % 4) % 4,
          p.to.offset};
}

/// Copies a window that reaches into the padding from `in`, where its rows begin at `rows`, the leftmost column being
/// `left`.
[[gnu::noinline]] inline int8_t* helium_gather(const HeliumConv2D& p, const int8_t* in, const int32_t* rows, int32_t left, int8_t* at) {
  const auto zero = static_cast<int8_t>(p.zero);
  // Columns [first, end) of the window lie in the input.
  const int32_t end = clamp(p.in_w - left, 0, p.kernel_w);
  const int32_t first = clamp(-left, 0, end);
  const int32_t before = first * p.in_c, inside = (end - first) * p.in_c, after = (p.kernel_w - end) * p.in_c;
  in += (left + first) * p.in_c;
  for (const int32_t* const end_row = rows + p.kernel_h; rows != end_row; ++rows) {
    if (*rows == helium_outside) {
      at = helium_fill(at, zero, before + inside + after);
      continue;
    }
    if (before > 0) at = helium_fill(at, zero, before);
    at = helium_copy(at, in + *rows, inside);
    if (after > 0) at = helium_fill(at, zero, after);
  }
  return at;
}

/// Pixels: what takes up to `patches` of them at once.
template <class Pixels, int32_t patches>
__attribute__((always_inline)) inline void conv_2d_helium(const Firing& f) {
  const auto& p = f.as<HeliumConv2D>();
  auto* rows = f.out<int32_t>(2, 0);
  auto* const patch = reinterpret_cast<int8_t*>(rows + p.kernel_h);
  const int8_t* in = f.in<int8_t>(1, 0);
  HeliumTile tile = helium_tile(f, p);
  tile.x = patch;
  tile.step = tile.taps;
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
      rows[kh] = inside ? static_cast<int32_t>(f.in<int8_t>(1, image + in_y) - in) : helium_outside;
      whole = whole && inside;
    }
    tile.out = f.out<int8_t>(0, row);
    int8_t* at = patch;
    int32_t x = -p.pad_left;
    for (int32_t i = p.out_w; i > 0; --i, x += p.stride_w) {
      if (whole && x >= 0 && x <= p.in_w - p.kernel_w) {
        at = helium_copy_rows(at, in + x * p.in_c, rows, rows + p.kernel_h, p.kernel_w * p.in_c);
      } else {
        at = helium_gather(p, in, rows, x, at);
      }
      ++tile.pixels;
      if (tile.pixels == patches || i == 1) {
        helium_run<Pixels>(tile, p);
        tile.out += tile.pixels * p.out_c;
        tile.pixels = 0;
        at = patch;
      }
    }
  }
}

/// vectors: of 16 taps each that a pixel has, up to 4; 0: more.
template <int32_t vectors>
inline void conv_2d_helium_s8(const Firing& f) {
  conv_2d_helium<HeliumPixels<vectors>, helium_patches(vectors)>(f);
}
/// The same for any number of taps, in a third of the scratch.
inline void conv_2d_small_helium_s8(const Firing& f) { conv_2d_helium<HeliumLong<false>, 1>(f); }

/// The same without scratch, for a window of one row and column.
template <int32_t vectors>
inline void pointwise_helium_s8(const Firing& f) {
  const auto& p = f.as<HeliumConv2D>();
  HeliumTile tile = helium_tile(f, p);
  tile.step = p.stride_w * p.in_c;
  tile.pixels = p.out_w;
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  for (int32_t left = f.count * p.step_rows; left > 0; --left, ++row, ++y) {
    while (y >= p.out_h) {
      y -= p.out_h;
      image += p.in_h;
    }
    tile.x = f.in<int8_t>(1, image + y * p.stride_h);
    tile.out = f.out<int8_t>(0, row);
    helium_run<HeliumPixels<vectors>>(tile, p);
  }
}

}  // namespace smelt

#endif
