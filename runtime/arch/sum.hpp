// int8 sums of two operands as one weighted sum, and its portable primitive.
#ifndef SMELT_RUNTIME_ARCH_SUM_HPP
#define SMELT_RUNTIME_ARCH_SUM_HPP

#include <stddef.h>
#include <stdint.h>

#include "../quantize.hpp"

namespace smelt {

/// (weight_a * a) / 2^8 + (weight_b * b) / 2^8 + bias, quotients towards minus infinity, is the sum in 2^-20 of the
/// output's unit. It rounds to nearest, halves away from zero. The host has proven that no partial sum leaves 32 bits.
struct SumScale {
  int32_t weight_a;
  int32_t weight_b;
  int32_t bias;
  int32_t centre;  ///< (zero point + 1/2) * 2^20
};

/// weight * x / 2^8 towards minus infinity, in 32 bits.
inline int32_t weighted(int32_t weight, int32_t x) { return (weight >> 8) * x + (((weight & 0xff) * x) >> 8); }

inline int8_t weighted_sum(const SumScale& s, int32_t a, int32_t b) {
  const int32_t x = s.bias + weighted(s.weight_a, a) + weighted(s.weight_b, b);
  // Halved, as the sum with the centre may have 33 bits; the centre is even.
  const int32_t y = (((x + sign_mask(x)) >> 1) + (s.centre >> 1)) >> 19;
  return static_cast<int8_t>(y < -128 ? -128 : (y > 127 ? 127 : y));
}

/// acc[c] += every x in column c of `taps` > 0 rows of `channels` elements.
struct ScalarColumnsS8 {
  [[gnu::noinline]] static void add(int32_t* acc, const int8_t* in, int32_t taps, int32_t channels) {
    for (const int8_t* const end = in + channels; in != end; ++in, ++acc) {
      int32_t a = *acc;
      const int8_t* x = in;
      for (int32_t i = taps; i != 0; --i, x += channels) a += *x;
      *acc = a;
    }
  }
};

struct ScalarSumS8 {
  static void run(const int8_t* a, const int8_t* b, int8_t* out, const SumScale* scale, int32_t n) {
    const SumScale s = *scale;
    for (int8_t* end = out + n; out != end;) *out++ = weighted_sum(s, *a++, *b++);
  }
};

}  // namespace smelt

#endif
