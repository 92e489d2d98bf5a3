// Resizing of NHWC images: nearest neighbour and bilinear.
#ifndef SMELT_RUNTIME_OPS_RESIZE_HPP
#define SMELT_RUNTIME_OPS_RESIZE_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

struct ResizeNearest {
  int32_t in_h;
  int32_t out_h;
  int32_t out_w;
  int32_t channels;
  int32_t rows;     ///< constant int16_t[out_h]: the input row of each output row
  int32_t columns;  ///< constant int16_t[out_w]: the input column of each output column
};

struct ResizeBilinear {
  int32_t in_h;
  int32_t out_h;
  int32_t out_w;
  int32_t channels;
  int32_t scale_y;  ///< int8: output row y stands at y * scale_y + offset_y of the input, in 1/1024,
  int32_t offset_y;
  int32_t last_y;   ///< clamped to [0, last_y]; float: constant float[out_h] of clamped positions is at scale_y
  int32_t scale_x;  ///< columns likewise
  int32_t offset_x;
  int32_t last_x;
};

/// Output row -> row in its batch; `in_row` becomes the batch's first input row.
inline int32_t row_in_batch(int32_t row, int32_t out_h, int32_t in_h, int32_t& in_row) {
  for (in_row = 0; row >= out_h; row -= out_h) in_row += in_h;
  return row;
}

template <class T>
inline void resize_nearest(const Firing& f) {
  const ResizeNearest& p = f.as<ResizeNearest>();
  const int16_t* rows = f.constant<int16_t>(static_cast<uint32_t>(p.rows));
  const int16_t* columns = f.constant<int16_t>(static_cast<uint32_t>(p.columns));
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    int32_t in_row;
    const int32_t y = row_in_batch(row, p.out_h, p.in_h, in_row);
    const T* in = f.in<T>(1, in_row + rows[y]);
    T* out = f.out<T>(0, row);
    for (int32_t x = 0; x < p.out_w; ++x) {
      const T* from = in + columns[x] * p.channels;
      for (int32_t c = p.channels; c > 0; --c) *out++ = *from++;
    }
  }
}

/// Elements of one byte, or parts of larger ones.
inline void resize_nearest_8(const Firing& f) { resize_nearest<int8_t>(f); }
inline void resize_nearest_f32(const Firing& f) { resize_nearest<float>(f); }

/// Where an output row or column falls between two of the input.
template <class W>
struct Between {
  int32_t index;  ///< of the first
  W after;        ///< weight of the second; where it is 0, the second may not exist
};

/// Calls finish(weighted sum) for each element; `one` is the sum of the two weights of an axis.
template <class T, class W, class Vertical, class Horizontal, class Finish>
inline void resize_bilinear(const Firing& f, W one, Vertical vertical, Horizontal horizontal, Finish finish) {
  const ResizeBilinear& p = f.as<ResizeBilinear>();
  const int32_t channels = p.channels;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    int32_t in_row;
    const int32_t y = row_in_batch(row, p.out_h, p.in_h, in_row);
    const Between<W> v = vertical(y);
    const T* above = f.in<T>(1, in_row + v.index);
    const T* below = v.after > 0 ? f.in<T>(1, in_row + v.index + 1) : above;
    T* out = f.out<T>(0, row);
    for (int32_t x = 0; x < p.out_w; ++x) {
      const Between<W> h = horizontal(x);
      const int32_t left = h.index * channels;
      const int32_t right = h.after > 0 ? left + channels : left;
      const W above_left = (one - v.after) * (one - h.after);
      const W below_left = v.after * (one - h.after);
      const W above_right = (one - v.after) * h.after;
      const W below_right = v.after * h.after;
      for (int32_t c = 0; c < channels; ++c) {
        *out++ = finish(above[left + c] * above_left + below[left + c] * below_left + above[right + c] * above_right +
                        below[right + c] * below_right);
      }
    }
  }
}

/// Weights in 1/1024; sums of int8 times 2^20 fit 28 bits.
inline void resize_bilinear_s8(const Firing& f) {
  const ResizeBilinear& p = f.as<ResizeBilinear>();
  const auto place = [](int32_t at, int32_t last) {
    at = clamp(at, 0, last);
    return Between<int32_t>{at >> 10, at & 1023};
  };
  resize_bilinear<int8_t, int32_t>(
      f, 1024, [&](int32_t y) { return place(y * p.scale_y + p.offset_y, p.last_y); },
      [&](int32_t x) { return place(x * p.scale_x + p.offset_x, p.last_x); },
      // To nearest, halves away from zero: for negative sums floor((s + 2^19 - 1) / 2^20).
      [](int32_t s) { return static_cast<int8_t>((s + (1 << 19) + sign_mask(s)) >> 20); });
}

inline void resize_bilinear_f32(const Firing& f) {
  const ResizeBilinear& p = f.as<ResizeBilinear>();
  const float* rows = f.constant<float>(static_cast<uint32_t>(p.scale_y));
  const float* columns = f.constant<float>(static_cast<uint32_t>(p.scale_x));
  const auto place = [](float at) {
    const auto index = static_cast<int32_t>(at);
    return Between<float>{index, at - static_cast<float>(index)};
  };
  resize_bilinear<float, float>(
      f, 1.0F, [&](int32_t y) { return place(rows[y]); }, [&](int32_t x) { return place(columns[x]); },
      [](float s) { return s; });
}

}  // namespace smelt

#endif
