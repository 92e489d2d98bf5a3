// Average and maximum pooling.
#ifndef SMELT_RUNTIME_OPS_POOL_2D_HPP
#define SMELT_RUNTIME_OPS_POOL_2D_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"
#include "reduce.hpp"

namespace smelt {

struct Pool2D {
  int32_t in_h;
  int32_t in_w;
  int32_t out_h;
  int32_t out_w;
  int32_t channels;
  int32_t filter_h;
  int32_t filter_w;
  int32_t stride_h;
  int32_t stride_w;
  int32_t pad_top;
  int32_t pad_left;
  int32_t low;  ///< the activation's clamp; bits of floats for floats
  int32_t high;
};

/// Where a window overlaps the input, along one axis. Padding takes no part in an average or a maximum.
struct Overlap {
  int32_t first;
  int32_t end;
  Overlap(int32_t out, int32_t stride, int32_t pad, int32_t filter, int32_t size)
      : first(out * stride - pad), end(first + filter) {
    if (first < 0) first = 0;
    if (end > size) end = size;
  }
};

/// One output pixel after the other; the accumulators of its channels are the output itself where `scratch` is null.
/// Calls finish(accumulators, output, taps) for each.
template <class T, class Acc, class Step, class Finish>
inline void pool_2d(const Firing& f, Acc* scratch, Acc initial, Step step, Finish finish) {
  const Pool2D& p = f.as<Pool2D>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    int32_t y = row;
    int32_t in_row = 0;  // first of this batch
    for (; y >= p.out_h; y -= p.out_h) in_row += p.in_h;
    const Overlap v(y, p.stride_h, p.pad_top, p.filter_h, p.in_h);
    T* out = f.out<T>(0, row);
    for (int32_t x = 0; x < p.out_w; ++x, out += p.channels) {
      const Overlap h(x, p.stride_w, p.pad_left, p.filter_w, p.in_w);
      Acc* acc = scratch != nullptr ? scratch : reinterpret_cast<Acc*>(out);
      for (int32_t c = 0; c < p.channels; ++c) acc[c] = initial;
      for (int32_t r = v.first; r < v.end; ++r) {
        accumulate(acc, f.in<T>(1, in_row + r) + h.first * p.channels, h.end - h.first, p.channels, step);
      }
      finish(acc, out, (v.end - v.first) * (h.end - h.first));
    }
  }
}

/// View 2 is scratch for `channels` sums.
inline void average_pool_2d_s8(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  int32_t known = 0;  // windows at the edges have fewer taps; most have as many as the one before
  uint32_t scale = 0;
  pool_2d<int8_t, int32_t>(
      f, f.out<int32_t>(2, 0), 0, Sum<int8_t, int32_t>{}, [&](const int32_t* acc, int8_t* out, int32_t taps) {
        if (taps != known) scale = reciprocal(known = taps);
        for (int32_t c = 0; c < p.channels; ++c) {
          out[c] = static_cast<int8_t>(clamp(rounding_average(acc[c], taps, scale), p.low, p.high));
        }
      });
}

inline void average_pool_2d_f32(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  pool_2d<float, float>(f, nullptr, 0.0F, Sum<float, float>{}, [&](const float* acc, float* out, int32_t taps) {
    const float count = static_cast<float>(taps);
    for (int32_t c = 0; c < p.channels; ++c) {
      const float y = acc[c] / count;
      out[c] = y < low ? low : (y > high ? high : y);
    }
  });
}

/// The maximum starts at the lower clamp.
inline void max_pool_2d_s8(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  const auto high = static_cast<int8_t>(p.high);
  pool_2d<int8_t, int8_t>(f, nullptr, static_cast<int8_t>(p.low), Maximum<int8_t>{},
                          [&](const int8_t*, int8_t* out, int32_t) {
                            for (int32_t c = 0; c < p.channels; ++c) {
                              if (out[c] > high) out[c] = high;
                            }
                          });
}

inline void max_pool_2d_f32(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  const float high = as_float(p.high);
  pool_2d<float, float>(f, nullptr, as_float(p.low), Maximum<float>{}, [&](const float*, float* out, int32_t) {
    for (int32_t c = 0; c < p.channels; ++c) {
      if (out[c] > high) out[c] = high;
    }
  });
}

}  // namespace smelt

#endif
