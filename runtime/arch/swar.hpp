// Primitives for 32-bit cores without vector instructions: a word holds two output pixels, so that one multiplication
// by a weight serves both (SIMD within a register). This is portable; thumb.hpp has the same for Armv6-M.
//
// x0 + 2^16 * x1, times a weight, is w * x0 + 2^16 * w * x1. Sums over two taps at a time, l and h: the host has proven
// that either fits 16 bits, and packs them so. What l + 2^16 * h gathers to, modulo 2^32, is L + 2^16 * H; H is
// gathered beside it, in 32 bits, from the upper halves, rounded to nearest, as l is at most half of 2^16; and L is
// what remains.
#ifndef SMELT_RUNTIME_ARCH_SWAR_HPP
#define SMELT_RUNTIME_ARCH_SWAR_HPP

#include <stdint.h>

#include "scalar.hpp"
#include "tile.hpp"

namespace smelt {

// Weights of two output channels a and b stand together: of each two taps k and k + 1 the bytes a[k] a[k+1] b[k]
// b[k+1]; taps are a multiple of four. Behind them the Scale of a and that of b. Two such pairs take the bytes of a
// block of ConvTile, and a group is padded to that.

/// Of one channel: what its sums gather to.
struct SwarSum {
  uint32_t both = 0;  ///< L + 2^16 * H
  int32_t high = 0;   ///< H
  void add(uint32_t x, uint32_t y, int32_t u, int32_t v) {
    const uint32_t two = x * static_cast<uint32_t>(u) + y * static_cast<uint32_t>(v);
    both += two;
    high += static_cast<int32_t>(two + 0x8000U) >> 16;
  }
  int32_t low() const { return static_cast<int32_t>(both - (static_cast<uint32_t>(high) << 16)); }
};

/// A patch of words x0 + 2^16 * x1, one a tap. The first pixel is put before the second.
struct SwarPatch {
  using Element = int8_t;
  static constexpr int32_t pixels = 2;
  static constexpr bool plain = true;
  static constexpr int32_t tap_bytes = 4;

  /// Where taps go: to the words of a patch, or, two bytes further, into their upper halves.
  static uint8_t* slot(uint8_t* patch, int32_t pixel) { return patch + 2 * pixel; }
  /// n > 0 taps; returns where the next ones go.
  static __attribute__((noinline)) uint8_t* put(uint8_t* at, const int8_t* x, int32_t n) {
    auto* word = words(at);
    const uint32_t* end = word + n;
    if (second(at)) {
      for (; word != end; ++word, ++x) *word += static_cast<uint32_t>(*x) << 16;
    } else {
      for (; word != end; ++word, ++x) *word = static_cast<uint32_t>(*x);
    }
    return at + 4 * n;
  }
  static void put_last(uint8_t* at, const int8_t* x, int32_t n) { put(at, x, n); }
  static uint8_t* fill(uint8_t* at, int8_t value, int32_t n) {
    auto* word = words(at);
    for (const uint32_t* end = word + n; word != end; ++word) {
      *word = second(at) ? *word + (static_cast<uint32_t>(value) << 16) : static_cast<uint32_t>(value);
    }
    return at + 4 * n;
  }

  /// Two taps at `from`, which moves on, as words x0 + 2^16 * x1.
  static void two(const uint32_t*& from, uint32_t& x, uint32_t& y) {
    x = *from++;
    y = *from++;
  }

 private:
  static bool second(const uint8_t* at) { return (reinterpret_cast<uintptr_t>(at) & 2) != 0; }
  static uint32_t* words(uint8_t* at) { return reinterpret_cast<uint32_t*>(second(at) ? at - 2 : at); }
};

/// For less RAM and more time: a word of bytes for each two taps k and k + 1, x + 128 each: x0[k] x0[k+1] x1[k] x1[k+1].
struct SwarSmallPatch {
  using Element = int8_t;
  static constexpr int32_t pixels = 2;
  static constexpr bool plain = true;
  static constexpr int32_t tap_bytes = 2;

  /// Where the next tap goes; the address says whether it is the first one of two.
  static uint8_t* slot(uint8_t* patch, int32_t pixel) { return patch + 2 * pixel; }
  static __attribute__((noinline)) uint8_t* put(uint8_t* at, const int8_t* x, int32_t n) {
    for (const int8_t* end = x + n; x != end; ++x) at = put_tap(at, *x);
    return at;
  }
  static uint8_t* fill(uint8_t* at, int8_t value, int32_t n) {
    for (; n > 0; --n) at = put_tap(at, value);
    return at;
  }
  static void two(const uint32_t*& from, uint32_t& x, uint32_t& y) {
    const uint32_t all = *from++;
    x = (all & 0xff00ffU) - 0x800080U;
    y = (all >> 8 & 0xff00ffU) - 0x800080U;
  }

 private:
  static uint8_t* put_tap(uint8_t* at, int8_t x) {
    *at = static_cast<uint8_t>(x + 128);
    return at + ((reinterpret_cast<uintptr_t>(at) & 1) != 0 ? 3 : 1);
  }
};

/// P: a patch.
template <class P>
struct PortableSwarConvS8 : P {
  /// sums: of channel a the first pixel's and the second's, then of channel b.
  static __attribute__((noinline)) void gather(const uint32_t* x, const int8_t* w, int32_t taps, int32_t* sums) {
    SwarSum a, b;
    for (const int8_t* end = w + 2 * taps; w != end; w += 8) {
      uint32_t u, v;
      P::two(x, u, v);
      a.add(u, v, w[0], w[1]);
      b.add(u, v, w[2], w[3]);
      SMELT_IN_ORDER();
      P::two(x, u, v);
      a.add(u, v, w[4], w[5]);
      b.add(u, v, w[6], w[7]);
      SMELT_IN_ORDER();
    }
    sums[0] = a.low();
    sums[1] = a.high;
    sums[2] = b.low();
    sums[3] = b.high;
  }
  static void tile(const ConvTile& t) {
    const auto* w = reinterpret_cast<const int8_t*>(t.weights);
    int8_t* first = t.out[0];
    int8_t* second = t.out[1];
    for (int32_t left = t.left; left > 0; left -= 2) {
      int32_t sums[4];
      gather(static_cast<const uint32_t*>(t.patch), w, t.taps, sums);
      w += 2 * t.taps;
      const auto* scale = reinterpret_cast<const Scale*>(w);
      w += 2 * sizeof(Scale);
      for (int32_t c = 0; c < (left > 1 ? 2 : 1); ++c, ++scale) {
        const int32_t bias = scale->bias_right >> 7;
        *second++ = rescale(2 * sums[2 * c + 1] + bias, *scale, t.centre);  // may be sent to the first one's place
        *first++ = rescale(2 * sums[2 * c] + bias, *scale, t.centre);
      }
    }
  }
};

struct PortableDot4 {
  static void run(const int8_t* x, const int8_t* w, int32_t n, int32_t* acc) { dot4_s8(x, w, n, acc); }
};

/// Fully connected layers of int8. There is but one pixel: weights are bytes, tap by tap four units, behind each block
/// its four Scale::bias_right. Dot4: as dot4_s8.
template <class Dot4>
struct ByteDotS8 {
  /// See ScalarDotS8.
  static void add(const int8_t* x, const int16_t* w, int32_t n, int32_t* sums) {
    int32_t more[4];
    Dot4::run(x, reinterpret_cast<const int8_t*>(w), n, more);
    for (int32_t j = 0; j < 4; ++j) sums[j] += more[j];
  }
  static void run(const DotTile& t) {
    const int16_t* w = t.weights;
    const int32_t* multiplier = t.multipliers;
    int8_t* out = t.out;
    for (int32_t left = t.units; left > 0; left -= 4, w += t.block()) {
      int32_t sums[4];
      Dot4::run(t.x, reinterpret_cast<const int8_t*>(w), t.taps, sums);
      const void* behind = w + 2 * t.taps;
      const auto* bias_right = static_cast<const int32_t*>(behind);
      for (int32_t sum : sums) {
        const Scale scale = {*bias_right++, *multiplier};
        *out++ = rescale(2 * sum + (scale.bias_right >> 7), scale, t.centre);
        multiplier += t.multiplier_step / 4;
      }
    }
  }
};

}  // namespace smelt

#endif
