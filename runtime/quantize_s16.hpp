// Requantization of 16-bit activations, bit-exact to TensorFlow Lite's reference kernels: sums of 64 bits are rounded
// once, by a multiplier cut down to 16 bits; where a model asks for sums of 32 bits, twice as those of int8.
//
// Source: TensorFlow Lite, kernels/internal/common.cc (MultiplyByQuantizedMultiplier of int64_t).
#ifndef SMELT_RUNTIME_QUANTIZE_S16_HPP
#define SMELT_RUNTIME_QUANTIZE_S16_HPP

#include <stdint.h>

#include "quantize.hpp"

namespace smelt {

// How sums of 16-bit activations become outputs, three ways. `Sum` holds a sum without its bias; `most_taps` products of
// int16 and int8 at most fit the int32_t in which primitives add them up.

/// The host has proven that a sum and its bias fit 32 bits, and that the shift to the right is by 16 to 32.
struct NarrowS16 {
  using Sum = uint32_t;
  static constexpr int32_t most_taps = INT32_MAX;
  struct PerChannel {
    int32_t bias;
    int32_t multiplier;  ///< moved to the left, so that the shift is by 32
  };
  static int32_t scaled(const PerChannel& c, Sum sum) {
    const int32_t x = static_cast<int32_t>(sum + static_cast<uint32_t>(c.bias));
#if defined(__ARM_FEATURE_DSP)
    int32_t y;
    __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(x), "r"(c.multiplier));
    return y;
#else
    return static_cast<int32_t>((static_cast<int64_t>(x) * c.multiplier + (int64_t{1} << 31)) >> 32);
#endif
  }
};

/// Any other sum of 64 bits. Below 2^47 with its bias, as the host has proven, so that nothing overflows before the
/// result is cut to 32 bits.
struct WideS16 {
  using Sum = int64_t;
  static constexpr int32_t most_taps = 508;  // a multiple of four; 508 * 2^15 * 2^7 < 2^31
  struct PerChannel {
    int32_t bias_low, bias_high;
    int32_t multiplier;  ///< below 2^15
    int32_t shift;       ///< to the right, 8 to 46
  };
  static int32_t scaled(const PerChannel& c, Sum sum) {
    const int64_t bias = static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(c.bias_high)) << 32 |
                                              static_cast<uint32_t>(c.bias_low));
    return static_cast<int32_t>(((sum + bias) * c.multiplier + (int64_t{1} << (c.shift - 1))) >> c.shift);
  }
};

/// Sums of 32 bits, which wrap around and are rounded twice.
struct TwiceS16 {
  using Sum = uint32_t;
  static constexpr int32_t most_taps = INT32_MAX;
  using PerChannel = Channel;
  static int32_t scaled(const PerChannel& c, Sum sum) {
    return requantize_right(static_cast<int32_t>(sum + static_cast<uint32_t>(c.bias)), c.multiplier, c.right);
  }
};

/// n sums to n outputs of consecutive channels. `to` holds the lowest output in `offset`, the highest in `span`.
template <class F>
inline void store_s16(const typename F::PerChannel* channel, const typename F::Sum* sum, int32_t n, const Clamp& to,
                      int16_t* out) {
  const int32_t low = to.offset;
  const int32_t high = to.span;
  for (; n > 0; --n) *out++ = static_cast<int16_t>(clamp(F::scaled(*channel++, *sum++), low, high));
}

}  // namespace smelt

#endif
