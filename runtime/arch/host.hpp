// Primitives for the tool itself, and for any core that meets weights in pairs without having 16-bit multiplications:
// loops that compilers turn into vector instructions. The same packed weights and the same patch of 16-bit numbers as
// dsp.hpp, pixel by pixel, without a trick in the arithmetic: its portable twin.
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
  static void put_last(int16_t* at, const int8_t* x, int32_t n) {
    const int32_t odd = n % 4;
    int8_t last[4] = {};
    copy_bytes(last, x + n - odd, odd);
    at = put(at, x, n - odd);
    if (odd != 0) put(at, last, 4);
  }
  static int16_t* fill(int16_t* at, int8_t value, int32_t n) {
    for (int32_t i = 0; i < n; ++i) at[i] = value;
    return at + n;
  }
  static void tile(const ConvTile& t) {
    const auto* x = static_cast<const int16_t*>(t.patch);
    const int16_t* w = t.weights;
    int8_t* out = t.out[0];
    for (int32_t left = t.left; left > 0; left -= 4, w += t.block(), out += 4) {
      int32_t low[2] = {}, high[2] = {};
      for (int32_t k = 0; k < t.taps; k += 2) {
        for (int32_t i = 0; i < 4; ++i) {
          const int16_t pair = w[2 * k + i];
          low[i / 2] += x[k + i % 2] * static_cast<int16_t>(low_weight(pair));
          high[i / 2] += x[k + i % 2] * static_cast<int16_t>(high_weight(pair));
        }
      }
      const Scale* scale = t.scales(w);
      store_pair(out, scale, left, low[0], high[0], t.centre);
      if (left > 2) store_pair(out + 2, scale + 2, left - 2, low[1], high[1], t.centre);
    }
  }

 private:
  static void store_pair(int8_t* out, const Scale* scale, int32_t left, int32_t low, int32_t high, int32_t centre) {
    out[0] = rescale(2 * low + (scale[0].bias_right >> 7), scale[0], centre);
    if (left > 1) out[1] = rescale(2 * high + (scale[1].bias_right >> 7), scale[1], centre);
  }
};

}  // namespace smelt

#endif
