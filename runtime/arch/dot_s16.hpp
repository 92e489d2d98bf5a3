// Sums of products of 16-bit inputs and 8-bit weights.
#ifndef SMELT_RUNTIME_ARCH_DOT_S16_HPP
#define SMELT_RUNTIME_ARCH_DOT_S16_HPP

#include <stdint.h>

#include "tile_s16.hpp"

namespace smelt {

/// For any core. Sums are taken modulo 2^32; n taps are a multiple of four.
struct ScalarDotS16 {
  /// Two windows, of each four taps four elements of the one and four of the other, meet two channels: sums of the first
  /// channel, then of the second.
  static __attribute__((noinline)) void two_by_two(const int16_t* x, const int8_t* w, int32_t n, int32_t* sums) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    for (const int16_t* end = x + 2 * n; x != end; x += 8, w += 8) {
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t k = order_s16[i];
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
        const int32_t u = x[order_s16[i]];
        a += static_cast<uint32_t>(u * w[i]);
        b += static_cast<uint32_t>(u * w[i + 4]);
        c += static_cast<uint32_t>(u * w[i + 8]);
        d += static_cast<uint32_t>(u * w[i + 12]);
      }
    }
    put(sums, a, b, c, d);
  }

  static void conv(ConvTileS16& t) {
    const Clamp to = {t.low, 32767, 0};
    for (; t.left > 0; t.left -= 2, t.weights += 2 * t.taps, t.channels += 2) {
      int32_t s[4];
      two_by_two(t.patch, t.weights, t.taps, s);
      const uint32_t pixels[2][2] = {{static_cast<uint32_t>(s[0]), static_cast<uint32_t>(s[2])},
                                     {static_cast<uint32_t>(s[1]), static_cast<uint32_t>(s[3])}};
      for (int32_t p = 1; p >= 0; --p) {
        store_s16<NarrowS16>(t.channels, pixels[p], t.left < 2 ? 1 : 2, to, t.out[p]);
        t.out[p] += 2;
      }
    }
  }
  static void depthwise(DepthwiseTileS16& t) {
    const Clamp to = {t.low, 32767, 0};
    for (; t.at != t.last; t.at += 8, t.channels += 4, t.out += 4) {
      uint32_t sums[4];
      depthwise_sums<uint32_t>(t.at, t.table, static_cast<int32_t>(t.end - t.table), t.weights, sums);
      t.weights += 4 * (t.end - t.table);
      store_s16<NarrowS16>(t.channels, sums, 4, to, t.out);
    }
  }
  /// Of four channels.
  template <class Sum>
  static __attribute__((noinline)) void depthwise_sums(const uint8_t* at, const uint32_t* table, int32_t taps,
                                                       const int8_t* w, Sum* sums) {
    Sum a = 0, b = 0, c = 0, d = 0;
    for (const uint32_t* end = table + taps; table != end; w += 4) {
      const auto* x = reinterpret_cast<const int16_t*>(at + *table++);
      a += static_cast<Sum>(x[0] * w[0]);
      b += static_cast<Sum>(x[1] * w[2]);
      c += static_cast<Sum>(x[2] * w[1]);
      d += static_cast<Sum>(x[3] * w[3]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
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
