// Sums of products of 16-bit inputs and 8-bit weights.
//
// Weights come in blocks of two output channels (convolutions) or four (fully connected layers): of each four taps the
// first channel's four bytes, then the next one's. Within four, taps stand in the order 0, 2, 1, 3: that in which SXTB16
// makes pairs of them.
#ifndef SMELT_RUNTIME_ARCH_DOT_S16_HPP
#define SMELT_RUNTIME_ARCH_DOT_S16_HPP

#include <stdint.h>

#include "tile.hpp"

namespace smelt {

inline constexpr int32_t tap_order_s16[] = {0, 2, 1, 3};  // by position

/// For any core. Sums are taken modulo 2^32; n taps are a multiple of four.
struct ScalarDotS16 {
  /// Two windows, of each four taps four elements of the one and four of the other, meet two channels: sums of the first
  /// channel, then of the second.
  static __attribute__((noinline)) void two_by_two(const int16_t* x, const int8_t* w, int32_t n, int32_t* sums) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    for (const int16_t* end = x + 2 * n; x != end; x += 8, w += 8) {
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t k = tap_order_s16[i];
        a += static_cast<uint32_t>(x[k] * w[i]);
        b += static_cast<uint32_t>(x[k + 4] * w[i]);
        c += static_cast<uint32_t>(x[k] * w[i + 4]);
        d += static_cast<uint32_t>(x[k + 4] * w[i + 4]);
      }
    }
    put(sums, a, b, c, d);
  }
  /// A vector meets four channels.
  static __attribute__((noinline)) void one_by_four(const int16_t* x, const int8_t* w, int32_t n, int32_t* sums) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    for (const int16_t* end = x + n; x != end; x += 4, w += 16) {
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t u = x[tap_order_s16[i]];
        a += static_cast<uint32_t>(u * w[i]);
        b += static_cast<uint32_t>(u * w[i + 4]);
        c += static_cast<uint32_t>(u * w[i + 8]);
        d += static_cast<uint32_t>(u * w[i + 12]);
      }
    }
    put(sums, a, b, c, d);
  }

 private:
  static void put(int32_t* sums, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    sums[0] = static_cast<int32_t>(a);
    sums[1] = static_cast<int32_t>(b);
    sums[2] = static_cast<int32_t>(c);
    sums[3] = static_cast<int32_t>(d);
  }
};

}  // namespace smelt

#if defined(__ARM_FEATURE_DSP)
#include "dsp_dot_s16.hpp"  // IWYU pragma: export
namespace smelt {
using DotS16 = DspDotS16;
}
#else
namespace smelt {
using DotS16 = ScalarDotS16;
}
#endif

#endif
