// Pooling and reductions of 16 bits.
#ifndef SMELT_RUNTIME_OPS_POOL_2D_S16_HPP
#define SMELT_RUNTIME_OPS_POOL_2D_S16_HPP

#include <stdint.h>

#include "pool_2d.hpp"

namespace smelt {

inline constexpr int32_t max_average_count_s16 = 65000;  // a sum of so many, and half as much, fits 32 bits

/// sum / count, rounded to nearest, halves away from zero.
inline int32_t divided_average(int32_t sum, int32_t count) {
  const int32_t half = count / 2;
  return (sum > 0 ? sum + half : sum - half) / count;
}

/// View 2 is scratch for `channels` sums.
inline void average_pool_2d_s16(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  pool_2d<int16_t, int32_t>(
      f, f.out<int32_t>(2, 0), 0, Sum<int16_t, int32_t>{}, [&p](const int32_t* acc, int16_t* out, int32_t taps) {
        for (int32_t c = 0; c < p.channels; ++c) {
          out[c] = static_cast<int16_t>(clamp(divided_average(acc[c], taps), p.low, p.high));
        }
      });
}

/// The maximum starts at the lower clamp.
inline void max_pool_2d_s16(const Firing& f) {
  const Pool2D& p = f.as<Pool2D>();
  const auto high = static_cast<int16_t>(p.high);
  pool_2d<int16_t, int16_t>(f, nullptr, static_cast<int16_t>(p.low), Maximum<int16_t>{},
                            [&p, high](const int16_t*, int16_t* out, int32_t) {
                              for (int32_t c = 0; c < p.channels; ++c) {
                                if (out[c] > high) out[c] = high;
                              }
                            });
}

inline void reduce_average_s16(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<int16_t, int32_t>(f, 0, Sum<int16_t, int32_t>{}, [&p](int32_t a) {
    return static_cast<int16_t>(clamp(divided_average(a, p.count), p.low, p.high));
  });
}

inline void reduce_sum_s16(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<int16_t, int32_t>(f, 0, Sum<int16_t, int32_t>{}, [&p](int32_t a) {
    return static_cast<int16_t>(clamp(requantize(a, p.multiplier, p.shift), p.low, p.high));
  });
}

inline void reduce_max_s16(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  const auto high = static_cast<int16_t>(p.high);
  reduce<int16_t, int16_t>(f, static_cast<int16_t>(p.low), Maximum<int16_t>{},
                           [high](int16_t a) { return a > high ? high : a; });
}

}  // namespace smelt

#endif
