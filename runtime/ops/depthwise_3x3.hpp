// Depthwise convolution of 3x3 taps, strides of one or two columns: four channels of a few rows are gathered into a
// patch, in which the padding holds the zero point, and there each channel runs along the columns with its weights in
// registers.
#ifndef SMELT_RUNTIME_OPS_DEPTHWISE_3X3_HPP
#define SMELT_RUNTIME_OPS_DEPTHWISE_3X3_HPP

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch (the patch).
struct Depthwise3x3 {
  int32_t step_rows;  ///< output rows of a step: 1, or all of all images
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t stride_h, pad_top, pad_left;
  int32_t rows, columns;  ///< of the output, that a patch serves
  int32_t weights;  ///< offset: see DepthwisePatch; where channels are no multiple of four, the last block overlaps
  int32_t scales;   ///< offset, in the same order
  int32_t zero;     ///< stands for padding: the input's zero point
  Clamp to;         ///< `offset` is rescale's centre
};

inline void fill_words(uint32_t* at, int32_t step, uint32_t value, int32_t n) {
  for (; n > 0; --n, at += step) *at = value;
}

/// D: a set of primitives, of which `windows` is one.
template <class D>
SMELT_APART inline void depthwise_3x3(const Firing& f, int32_t stride, void (*windows)(const DepthwisePatch&)) {
  constexpr int32_t rows_held = DepthwisePatch::rows_held;
  const auto& p = f.as<Depthwise3x3>();
  const uint32_t zeros = static_cast<uint8_t>(p.zero) * 0x1010101U ^ D::flip;
  DepthwisePatch t;
  t.patch = f.out<uint32_t>(2, 0);
  t.centre = p.to.offset;
  t.row_step = 4 * p.stride_h;
  t.pixel = p.channels;
  int32_t row = f.step * p.step_rows;
  int32_t image = 0;
  int32_t y = row;
  for (int32_t left = f.count * p.step_rows; left > 0; left -= t.rows, row += t.rows, y += t.rows) {
    while (y >= p.out_h) {
      y -= p.out_h;
      image += p.in_h;
    }
    t.rows = left < p.rows ? left : p.rows;
    if (t.rows > p.out_h - y) t.rows = p.out_h - y;
    // Rows above `top` and from `bottom` on lie in the padding, for which any row stands until it is filled in.
    const int32_t in_y = y * p.stride_h - p.pad_top;
    const int32_t seen = (t.rows - 1) * p.stride_h + 3;
    const int32_t top = clamp(-in_y, 0, seen);
    const int32_t bottom = clamp(p.in_h - in_y, top, seen);
    for (int32_t i = 0; i < rows_held; ++i) {
      t.in[i] = f.in<int8_t>(1, image + clamp(in_y + (i < seen ? i : seen - 1), 0, p.in_h - 1));
    }
    for (int32_t i = 0; i < t.rows; ++i) t.out[i] = f.out<int8_t>(0, row + i);
    for (int32_t left_column = 0; left_column < p.out_w; left_column += t.columns) {
      t.columns = p.columns < p.out_w - left_column ? p.columns : p.out_w - left_column;
      const int32_t x = left_column * stride - p.pad_left;
      const int32_t columns = (t.columns - 1) * stride + 3;
      const int32_t first = clamp(-x, 0, columns);  // columns first to end of the patch lie in the input
      const int32_t end = clamp(p.in_w - x, first, columns);
      t.weights = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
      t.scales = f.constant<Scale>(static_cast<uint32_t>(p.scales));
      for (int32_t c = 0; c < p.channels; c += 4, t.weights += 36, t.scales += 4) {
        const int32_t channel = c <= p.channels - 4 ? c : p.channels - 4;
        if (end > first) D::gather(t, t.patch + first * rows_held, (x + first) * p.channels + channel, end - first);
        if (c == 0 || first > 1 || columns - end > 1) {  // outputs leave the outermost columns as they are
          fill_words(t.patch, 1, zeros, first * rows_held);
          fill_words(t.patch + end * rows_held, 1, zeros, (columns - end) * rows_held);
        }
        for (int32_t i = 0; i < top; ++i) fill_words(t.patch + i, rows_held, zeros, columns);
        for (int32_t i = bottom; i < seen; ++i) fill_words(t.patch + i, rows_held, zeros, columns);
        t.last = t.weights + 32;
        t.at = left_column * p.channels + channel;
        windows(t);
      }
    }
    for (int32_t i = 0; i < t.rows && p.to.span != 255; ++i) clamp_bytes(t.out[i], p.out_w * p.channels, p.to);
  }
}

/// Of weights and scales that pack::scales bears, one output channel for each input channel, at least four.
inline void depthwise_3x3_s8(const Firing& f) { depthwise_3x3<DepthwiseS8>(f, 1, &DepthwiseS8::windows); }
inline void depthwise_3x3_stride_2_s8(const Firing& f) { depthwise_3x3<DepthwiseS8>(f, 2, &DepthwiseS8::windows_2); }

}  // namespace smelt

#endif
