// Primitives of convolution for cores that multiply 32 x 32 bits into a 64-bit sum in one cycle (SMLAL on Cortex-M4 and
// up).
//
// One long multiply-add serves two pixels: their taps x and y travel as x + 2^23 * y, which fits 32 bits for every pair
// of int8, so a 64-bit sum over k of (x + 2^23 * y) * w holds the sum of x * w in its low 23 bits and the sum of y * w
// above them. Exact while |sum of x * w| < 2^22: the host chooses the chunk length so that 128 * sum |w| stays below.
#ifndef SMELT_RUNTIME_ARCH_PAIRED_HPP
#define SMELT_RUNTIME_ARCH_PAIRED_HPP

#include <stdint.h>

#include "scalar.hpp"

namespace smelt {

#if defined(__arm__) && defined(__OPTIMIZE__)  // unoptimised code has no register to spare
#define SMELT_LONG_MULTIPLY
#endif

/// A 64-bit sum that starts at `start`, half the reach of its low field, so that the low field is never negative and
/// takes nothing from the high one. On Arm it is two registers: compilers copy 64-bit pairs to and fro, which was a
/// third of the inner loops.
struct WideSum {
#ifdef SMELT_LONG_MULTIPLY
  uint32_t bits;
  uint32_t upper = 0;
  explicit WideSum(uint32_t start) : bits(start) {}
  void add(int32_t x, int32_t w) { __asm__("smlal %0, %1, %2, %3" : "+r"(bits), "+r"(upper) : "r"(x), "r"(w)); }
  uint32_t high(int32_t bit) const { return bits >> bit | upper << (32 - bit); }
#else
  uint64_t bits;
  explicit WideSum(uint32_t start) : bits(start) {}
  void add(int32_t x, int32_t w) { bits += static_cast<uint64_t>(int64_t{x} * w); }
  uint32_t high(int32_t bit) const { return static_cast<uint32_t>(bits >> bit); }
#endif
  /// The sum of the low field, `bit` bits wide; `high` is that of the rest.
  uint32_t low(int32_t bit) const {
    return (static_cast<uint32_t>(bits) & ((uint32_t{1} << bit) - 1)) - (uint32_t{1} << (bit - 1));
  }
};

/// Two bytes of a word of weights, 24 bits apart, meet an input in one product: the lower is never negative
/// (pack::words adds 128), the upper has its sign at the top of the word. Their sums part at bit 24: those of 256 taps
/// stay below 2^23.
struct PairedDotS8 {
  static int32_t lift(const int8_t* x, int32_t n) { return ScalarDotS8::lift(x, n); }

  static __attribute__((noinline)) void dot(const int8_t* x, const uint32_t* w, int32_t n, int32_t lift, int32_t* acc) {
    uint32_t a = static_cast<uint32_t>(lift), b = 0, c = a, d = 0;
    for (; n > 0; n -= 256) {
      Sums s;
      const int32_t chunk = n < 256 ? n : 256;
      for (const int8_t* end = x + (chunk & ~3); x != end;) s.add_taps(x, w);
      for (const int8_t* end = x + (chunk & 3); x != end;) s.add_tap(*x++, *w++);
      a += s.ad.low(24);
      b += s.cb.high(24);
      c += s.cb.low(24);
      d += s.ad.high(24);
    }
    acc[0] = static_cast<int32_t>(a);
    acc[1] = static_cast<int32_t>(b);
    acc[2] = static_cast<int32_t>(c);
    acc[3] = static_cast<int32_t>(d);
  }

 private:
  struct Sums {
    WideSum ad{1 << 23}, cb{1 << 23};

    void add_tap(int32_t x, uint32_t w) {
      constexpr uint32_t bytes = 0xff0000ff;
      ad.add(x, static_cast<int32_t>(w & bytes));
      cb.add(x, static_cast<int32_t>((w >> 16 | w << 16) & bytes));
    }

    /// Four taps; advances both pointers past them.
    void add_taps(const int8_t*& x, const uint32_t*& w) {
#ifdef SMELT_LONG_MULTIPLY
      uint32_t u, v, t;
#define SMELT_TAP                     \
  "ldrsb %[u], [%[x]], #1\n\t"        \
  "ldr %[v], [%[w]], #4\n\t"          \
  "and %[t], %[m], %[v]\n\t"          \
  "and %[v], %[m], %[v], ror #16\n\t" \
  "smlal %[a], %[d], %[t], %[u]\n\t"  \
  "smlal %[c], %[b], %[v], %[u]\n\t"
      __asm__ volatile(SMELT_TAP SMELT_TAP SMELT_TAP SMELT_TAP
                       : [a] "+r"(ad.bits), [d] "+r"(ad.upper), [c] "+r"(cb.bits), [b] "+r"(cb.upper), [x] "+r"(x),
                         [w] "+r"(w), [u] "=&r"(u), [v] "=&r"(v), [t] "=&r"(t)
                       : [m] "r"(0xff0000ff)
                       : "memory");
#undef SMELT_TAP
#else
      for (int32_t k = 0; k < 4; ++k) add_tap(*x++, *w++);
#endif
    }
  };
};

}  // namespace smelt

#endif
