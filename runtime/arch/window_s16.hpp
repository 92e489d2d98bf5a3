// A window over the newest 16-bit values of a sequence: it moves on by one and meets its weights on the way.
#ifndef SMELT_RUNTIME_ARCH_WINDOW_S16_HPP
#define SMELT_RUNTIME_ARCH_WINDOW_S16_HPP

#include <stdint.h>

namespace smelt {

/// For any core. The window's n values move one place to the front and `newest` takes the last; the sum of their products
/// with the weights, modulo 2^32.
struct ScalarWindowS16 {
  static uint32_t move(int16_t* window, int32_t n, int32_t newest, const int16_t* weights) {
    uint32_t sum = 0;
    for (int32_t i = 0; i + 1 < n; ++i) {
      window[i] = window[i + 1];
      sum += static_cast<uint32_t>(window[i] * weights[i]);
    }
    window[n - 1] = static_cast<int16_t>(newest);
    return sum + static_cast<uint32_t>(newest * weights[n - 1]);
  }
};

#if defined(__ARM_FEATURE_DSP)
/// The same by pairs.
struct DspWindowS16 {
  static uint32_t move(int16_t* window, int32_t n, int32_t newest, const int16_t* weights) {
    uint32_t sum = 0;
    for (const int16_t* end = window + ((n - 1) & ~1); window != end; window += 2, weights += 2) {
      uint32_t pair, w;
      __builtin_memcpy(&pair, window + 1, 4);
      __builtin_memcpy(window, &pair, 4);
      __builtin_memcpy(&w, weights, 4);
      __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(pair), "r"(w));
    }
    if ((n & 1) == 0) {
      window[0] = window[1];
      sum += static_cast<uint32_t>(*window++ * *weights++);
    }
    *window = static_cast<int16_t>(newest);
    return sum + static_cast<uint32_t>(newest * *weights);
  }
};
using WindowS16 = DspWindowS16;
#else
using WindowS16 = ScalarWindowS16;
#endif

}  // namespace smelt

#endif
