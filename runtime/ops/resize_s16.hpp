// Bilinear resizing of NHWC images of 16 bits.
#ifndef SMELT_RUNTIME_OPS_RESIZE_S16_HPP
#define SMELT_RUNTIME_OPS_RESIZE_S16_HPP

#include <stdint.h>

#include "resize.hpp"

namespace smelt {

/// As resize_bilinear_s8, but sums times 2^20 take 36 bits.
inline void resize_bilinear_s16(const Firing& f) {
  const ResizeBilinear& p = f.as<ResizeBilinear>();
  const auto place = [](int32_t at, int32_t last) {
    at = clamp(at, 0, last);
    return Between<int64_t>{at >> 10, at & 1023};
  };
  resize_bilinear<int16_t, int64_t>(
      f, 1024, [&](int32_t y) { return place(y * p.scale_y + p.offset_y, p.last_y); },
      [&](int32_t x) { return place(x * p.scale_x + p.offset_x, p.last_x); },
      [](int64_t s) { return static_cast<int16_t>((s + (1 << 19) - (s < 0 ? 1 : 0)) >> 20); });
}

}  // namespace smelt

#endif
