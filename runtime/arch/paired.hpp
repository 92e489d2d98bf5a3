// Primitives of convolution for cores that multiply 32 x 32 bits into a 64-bit sum in one cycle (SMLAL on Cortex-M4 and up).
//
// One long multiply-add serves two pixels: their taps x and y travel as x + 2^23 * y, which fits 32 bits for every pair
// of int8, so a 64-bit sum over k of (x + 2^23 * y) * w holds the sum of x * w in its low 23 bits and the sum of y * w
// above them. Exact while |sum of x * w| < 2^22: the host chooses the chunk length so that 128 * sum |w| stays below.
#ifndef SMELT_RUNTIME_ARCH_PAIRED_HPP
#define SMELT_RUNTIME_ARCH_PAIRED_HPP

#include <stdint.h>

#include "scalar.hpp"

namespace smelt {

struct PairedConvS8 {
  using Lane = int32_t;
  static constexpr int32_t pixels = 2;

  static void put(Lane* patch, const int8_t* x, int32_t n, int32_t pixel) {
    const Lane* end = patch + n;
    if (pixel == 0) {
      while (patch != end) *patch++ = *x++;
    } else {
      while (patch != end) *patch++ += *x++ * unit;
    }
  }
  static void fill(Lane* patch, int8_t value, int32_t n, int32_t pixel) {
    const Lane* end = patch + n;
    if (pixel == 0) {
      while (patch != end) *patch++ = value;
    } else {
      while (patch != end) *patch++ += value * unit;
    }
  }

  /// n and chunk are multiples of four.
  static void dot(const Lane* patch, const int8_t* w, int32_t n, int32_t chunk, int32_t* acc) {
    for (int32_t i = 0; i < 8; ++i) acc[i] = 0;
    for (; n > 0; n -= chunk, patch += chunk, w += 4 * chunk) add_chunk(patch, w, n < chunk ? n : chunk, acc);
  }

 private:
  static constexpr int32_t unit = 1 << 23;

  /// Four sums, each of two pixels. They start at 2^22, so that the low field is never negative and takes nothing from
  /// the high one. On Arm a sum is two registers: compilers copy 64-bit pairs to and fro, a third of the inner loop.
  struct Sums {
#if defined(__arm__) && defined(__OPTIMIZE__)  // unoptimised code has no register to spare
    uint32_t a = unit / 2, b = unit / 2, c = unit / 2, d = unit / 2;
    uint32_t a_high = 0, b_high = 0, c_high = 0, d_high = 0;

    /// Four sums of one tap each, then advances both pointers past it.
    void add_taps(const Lane*& x, const int8_t*& w) {
      int32_t u, v, y;
#define SMELT_TAP                       \
  "ldr %[u], [%[x]], #4\n\t"            \
  "ldrsb %[v], [%[w]], #1\n\t"          \
  "ldrsb %[y], [%[w]], #1\n\t"          \
  "smlal %[a], %[ah], %[u], %[v]\n\t"   \
  "smlal %[b], %[bh], %[u], %[y]\n\t"   \
  "ldrsb %[v], [%[w]], #1\n\t"          \
  "ldrsb %[y], [%[w]], #1\n\t"          \
  "smlal %[c], %[ch], %[u], %[v]\n\t"   \
  "smlal %[d], %[dh], %[u], %[y]\n\t"
      __asm__ volatile(SMELT_TAP SMELT_TAP SMELT_TAP SMELT_TAP
                       : [a] "+r"(a), [ah] "+r"(a_high), [b] "+r"(b), [bh] "+r"(b_high), [c] "+r"(c),
                         [ch] "+r"(c_high), [d] "+r"(d), [dh] "+r"(d_high), [x] "+r"(x), [w] "+r"(w), [u] "=&r"(u),
                         [v] "=&r"(v), [y] "=&r"(y)
                       :
                       : "memory");
#undef SMELT_TAP
    }
    static uint32_t high(uint32_t low, uint32_t high) { return low >> 23 | high << 9; }
#else
    uint64_t a = unit / 2, b = unit / 2, c = unit / 2, d = unit / 2;
    static constexpr uint32_t a_high = 0, b_high = 0, c_high = 0, d_high = 0;

    void add_taps(const Lane*& x, const int8_t*& w) {
      for (int32_t k = 0; k < 4; ++k, ++x, w += 4) {
        const int64_t u = *x;
        a += static_cast<uint64_t>(u * w[0]);
        b += static_cast<uint64_t>(u * w[1]);
        c += static_cast<uint64_t>(u * w[2]);
        d += static_cast<uint64_t>(u * w[3]);
      }
    }
    static uint32_t high(uint64_t sum, uint32_t) { return static_cast<uint32_t>(sum >> 23); }
#endif
    static uint32_t low(uint64_t sum) { return (static_cast<uint32_t>(sum) & (unit - 1)) - unit / 2; }
  };

  static void add(int32_t& acc, uint32_t part) { acc = static_cast<int32_t>(static_cast<uint32_t>(acc) + part); }

  static __attribute__((noinline)) void add_chunk(const Lane* x, const int8_t* w, int32_t n, int32_t* acc) {
    Sums s;
    for (const Lane* end = x + n; x != end;) s.add_taps(x, w);
    add(acc[0], Sums::low(s.a));
    add(acc[1], Sums::low(s.b));
    add(acc[2], Sums::low(s.c));
    add(acc[3], Sums::low(s.d));
    add(acc[4], Sums::high(s.a, s.a_high));
    add(acc[5], Sums::high(s.b, s.b_high));
    add(acc[6], Sums::high(s.c, s.c_high));
    add(acc[7], Sums::high(s.d, s.d_high));
  }
};

/// Two bytes of a word of weights, 24 bits apart, meet an input in one product: the lower is never negative (pack::words
/// adds 128), the upper has its sign at the top of the word. Their sums part at bit 24: 256 taps stay below 2^23.
struct PairedDotS8 {
  static int32_t lift(const int8_t* x, int32_t n) { return ScalarDotS8::lift(x, n); }

  static __attribute__((noinline)) void dot(const int8_t* x, const uint32_t* w, int32_t n, int32_t lift, int32_t* acc) {
    uint32_t a = static_cast<uint32_t>(lift), b = 0, c = a, d = 0;
    for (; n > 0; n -= 256) {
      int64_t ad = 1 << 23, cb = 1 << 23;  // so that the low fields are not negative
      const int8_t* end = x + (n < 256 ? n : 256);
      while (end - x >= 4) {
        add_tap(ad, cb, x[0], w[0]);
        add_tap(ad, cb, x[1], w[1]);
        add_tap(ad, cb, x[2], w[2]);
        add_tap(ad, cb, x[3], w[3]);
        x += 4;
        w += 4;
      }
      while (x != end) add_tap(ad, cb, *x++, *w++);
      a += (static_cast<uint32_t>(ad) & 0xffffff) - (1 << 23);
      b += static_cast<uint32_t>(cb >> 24);
      c += (static_cast<uint32_t>(cb) & 0xffffff) - (1 << 23);
      d += static_cast<uint32_t>(ad >> 24);
    }
    acc[0] = static_cast<int32_t>(a);
    acc[1] = static_cast<int32_t>(b);
    acc[2] = static_cast<int32_t>(c);
    acc[3] = static_cast<int32_t>(d);
  }

 private:
  static void add_tap(int64_t& ad, int64_t& cb, int64_t x, uint32_t w) {
    constexpr uint32_t bytes = 0xff0000ff;
    ad += x * static_cast<int32_t>(w & bytes);
    cb += x * static_cast<int32_t>((w >> 16 | w << 16) & bytes);
    SMELT_IN_ORDER();
  }
};

}  // namespace smelt

#endif
