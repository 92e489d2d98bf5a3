// Primitives for the tool itself: loops that compilers turn into vector instructions. The same packed weights and the
// same patch of 16-bit numbers as dsp.hpp, pixel by pixel, without a trick in the arithmetic: its portable twin.
#ifndef SMELT_RUNTIME_ARCH_HOST_HPP
#define SMELT_RUNTIME_ARCH_HOST_HPP

#include "scalar.hpp"

namespace smelt {

struct HostConvS8 {
  using Element = int8_t;
  static constexpr int32_t pixels = 1;
  static constexpr bool plain = false;
  static constexpr int32_t tap_bytes = 2;

  static int16_t* slot(void* patch, int32_t) { return static_cast<int16_t*>(patch); }
  static int16_t* put(int16_t* at, const int8_t* x, int32_t n) {
    for (const int8_t* end = x + n; x != end; x += 4, at += 4) {
      at[0] = x[0];
      at[1] = x[2];
      at[2] = x[1];
      at[3] = x[3];
    }
    return at;
  }
  static int16_t* fill(int16_t* at, int8_t value, int32_t n) {
    for (int32_t i = 0; i < n; ++i) at[i] = value;
    return at + n;
  }
  static void tile(ConvTile& t) {
    const auto* x = static_cast<const int16_t*>(t.patch);
    for (const int16_t* w = t.weights; t.left > 0; t.left -= 2, t.scales += 2, w += t.taps) {
      int32_t low = 0, high = 0;
      for (int32_t k = 0; k < t.taps; ++k) {
        const auto l = static_cast<int16_t>(low_weight(w[k]));
        const auto h = static_cast<int16_t>(high_weight(w[k]));
        low += x[k] * l;
        high += x[k] * h;
      }
      ScalarConvS8::store_pair(t, low, high);
    }
  }
};

}  // namespace smelt

#endif
