// Primitives of convolution and fully connected layers for any 32-bit core: one load a datum, 32-bit multiply-add.
//
// A set of primitives (this one, dsp.hpp, host.hpp, later those for vector instructions) says how a patch of input is
// held while it meets the weights, and multiplies. How weights lie is common to all sets: see tile.hpp for int8. For
// floats, and for the rare int8 that the tile does not bear, they stand in blocks of four output channels, tap by tap:
// w[4 * tap + channel].
#ifndef SMELT_RUNTIME_ARCH_SCALAR_HPP
#define SMELT_RUNTIME_ARCH_SCALAR_HPP

#include <stdint.h>

#include "tile.hpp"

namespace smelt {

/// Keeps the compiler's scheduler from loading further ahead than there are registers; no instruction.
#define SMELT_IN_ORDER() __asm__ volatile("" ::: "memory")

/// acc[j] = sum over k of x[k] * w[4k + j]; n is a multiple of four and below 2^17, so that no sum overflows.
__attribute__((noinline)) inline void dot4_s8(const int8_t* x, const int8_t* w, int32_t n, int32_t* acc) {
  int32_t a = 0, b = 0, c = 0, d = 0;
#define SMELT_TAP(k)         \
  {                          \
    const int32_t u = x[k];  \
    a += u * w[4 * (k)];     \
    b += u * w[4 * (k) + 1]; \
    c += u * w[4 * (k) + 2]; \
    d += u * w[4 * (k) + 3]; \
    SMELT_IN_ORDER();        \
  }
  for (const int8_t* end = x + n; x != end; x += 4, w += 16) {
    SMELT_TAP(0)
    SMELT_TAP(1)
    SMELT_TAP(2)
    SMELT_TAP(3)
  }
#undef SMELT_TAP
  acc[0] = a;
  acc[1] = b;
  acc[2] = c;
  acc[3] = d;
}

/// The same for floats; any n.
__attribute__((noinline)) inline void dot4_f32(const float* x, const float* w, int32_t n, float* acc) {
  float a = 0, b = 0, c = 0, d = 0;
  for (const float* end = x + n; x != end; ++x, w += 4) {
    const float u = *x;
    a += u * w[0];
    b += u * w[1];
    c += u * w[2];
    d += u * w[3];
  }
  acc[0] = a;
  acc[1] = b;
  acc[2] = c;
  acc[3] = d;
}

/// What convolutions do with a window where a patch is nothing but its elements.
template <class T>
struct PlainPatch {
  using Element = T;
  static constexpr int32_t pixels = 1;  ///< computed together
  static constexpr bool plain = true;
  static constexpr int32_t tap_bytes = sizeof(T);

  static T* slot(void* patch, int32_t) { return static_cast<T*>(patch); }
  /// n > 0 taps; returns where the next ones go.
  static T* put(T* at, const T* x, int32_t n) {
    if constexpr (sizeof(T) == 1) {
      copy_bytes(at, x, n);
    } else {
      for (int32_t i = 0; i < n; ++i) at[i] = x[i];
    }
    return at + n;
  }
  static void put_last(T* at, const T* x, int32_t n) { put(at, x, n); }
  static T* fill(T* at, T value, int32_t n) {
    for (int32_t i = 0; i < n; ++i) at[i] = value;
    return at + n;
  }
};

/// The pixel's sums in one channel pair: modulo 2^32 of all products with pairs, and of those with low weights. Taps 1
/// and 3 of four stand `second` bytes behind taps 0 and 2, the next four twice as far.
template <int32_t second>
__attribute__((noinline)) inline void pair_sums_s8(const int8_t* x, const int8_t* w, int32_t n, uint32_t* both,
                                                   uint32_t* low) {
  uint32_t a = 0, b = 0;
#define SMELT_TAP(at, k)                                                                  \
  {                                                                                       \
    const int32_t u = x[k];                                                               \
    a += static_cast<uint32_t>(u * *reinterpret_cast<const int16_t*>(w + (at)));          \
    b += static_cast<uint32_t>(u * w[at]);                                                \
  }
  for (const int8_t* end = x + n; x != end; x += 4, w += 2 * second) {
    SMELT_TAP(0, 0)
    SMELT_TAP(2, 2)
    SMELT_TAP(second, 1)
    SMELT_TAP(second + 2, 3)
  }
#undef SMELT_TAP
  *both = a;
  *low = b;
}

/// A pixel that meets blocks of four channels.
template <class T, class C>
struct BlockTile {
  using Channels = C;
  T* out;
  const C* channels;
  int32_t left;
  const T* weights;
  const T* patch;
  int32_t taps;
  Clamp to;
};

/// Convolution of int8 for any weights, biases and scales.
struct BlockConvS8 : PlainPatch<int8_t> {
  using Tile = BlockTile<int8_t, Channel>;
  static void tile(Tile& t) {
    for (; t.left > 0; t.left -= 4, t.channels += 4, t.weights += 4 * t.taps, t.out += 4) {
      int32_t acc[4];
      dot4_s8(t.patch, t.weights, t.taps, acc);
      requantize_store(t.channels, acc, t.left < 4 ? t.left : 4, t.to, t.out);
    }
  }
};

/// Convolution of floats: products are summed tap by tap, as the reference does.
struct BlockConvF32 : PlainPatch<float> {
  using Tile = BlockTile<float, float>;
  static void tile(Tile& t) {
    for (; t.left > 0; t.left -= 4, t.channels += 4, t.weights += 4 * t.taps, t.out += 4) {
      float acc[4];
      dot4_f32(t.patch, t.weights, t.taps, acc);
      clamp_store(t.channels, acc, t.left < 4 ? t.left : 4, t.to, t.out);
    }
  }
};

/// Depthwise convolution of int8: four channels of an output, whatever the window.
struct ScalarDepthwiseTile {
  static __attribute__((noinline)) void tile(const DepthwiseTile& t) {
    const Scale* scale = t.scales;
    const int8_t* w = t.weights;
    int8_t* out = t.out;
    for (const uint8_t* at = t.at; at != t.last; at += 4) {
      int32_t a = 0, b = 0, c = 0, d = 0;
      const uint32_t* tap = t.table;
      if ((t.end - tap) % 2 != 0) {
        const auto* x = reinterpret_cast<const int8_t*>(at + *tap++);
        a = x[0] * w[0];
        b = x[1] * w[1];
        c = x[2] * w[2];
        d = x[3] * w[3];
        w += 4;
      }
      for (; tap != t.end; w += 8) {
        const auto* x = reinterpret_cast<const int8_t*>(at + *tap++);
        const auto* y = reinterpret_cast<const int8_t*>(at + *tap++);
        a += x[0] * w[0] + y[0] * w[2];
        b += x[1] * w[1] + y[1] * w[3];
        SMELT_IN_ORDER();
        c += x[2] * w[4] + y[2] * w[6];
        d += x[3] * w[5] + y[3] * w[7];
      }
      const int32_t sums[] = {a, b, c, d};
      for (int32_t sum : sums) {
        *out++ = rescale(2 * sum + (scale->bias_right >> 7), *scale, t.centre);
        ++scale;
      }
    }
  }
};

/// The same, and windows of 3x3 over a patch.
struct ScalarDepthwiseS8 : ScalarDepthwiseTile {
  static constexpr uint32_t flip = 0;  ///< what a patch's words differ by from the input's

  /// n > 0 columns of a patch, from `at` on in each row of the input.
  static __attribute__((noinline)) void gather(const DepthwisePatch& t, uint32_t* to, int32_t at, int32_t n) {
    for (; n > 0; --n, at += t.pixel) {
      for (const int8_t* row : t.in) __builtin_memcpy(to++, row + at, 4);
    }
  }
  static __attribute__((noinline)) void windows(const DepthwisePatch& t) {
    for (int32_t j = 0; j < 4; ++j) {
      const Window w(t, j);
      const Scale scale = t.scales[j];
      int8_t* row = reinterpret_cast<int8_t*>(t.patch) + j;
      for (int32_t r = t.rows; r > 0; --r, row += t.row_step) {
        int8_t* at = row;
        int32_t middle = w.left(at), old = 0;  // sums of the windows in whose middle, and at whose right, the column is
        for (int32_t i = t.columns; i >= 0; --i) {
          at += DepthwisePatch::column;
          const int32_t sum = old + w.right(at);
          old = middle + w.middle(at);
          middle = w.left(at);
          if (i != t.columns) at[-DepthwisePatch::column] = rescale(2 * sum + (scale.bias_right >> 7), scale, t.centre);
        }
      }
    }
    drain(t, DepthwisePatch::rows_held);
  }
  static __attribute__((noinline)) void windows_2(const DepthwisePatch& t) {
    for (int32_t j = 0; j < 4; ++j) {
      const Window w(t, j);
      const Scale scale = t.scales[j];
      int8_t* row = reinterpret_cast<int8_t*>(t.patch) + j;
      for (int32_t r = t.rows; r > 0; --r, row += t.row_step) {
        int8_t* at = row;
        int32_t next = w.left(at);
        for (int32_t i = t.columns; i > 0; --i) {
          at += 2 * DepthwisePatch::column;
          const int32_t sum = next + w.middle(at - DepthwisePatch::column) + w.right(at);
          next = w.left(at);
          at[-DepthwisePatch::column] = rescale(2 * sum + (scale.bias_right >> 7), scale, t.centre);
        }
      }
    }
    drain(t, 2 * DepthwisePatch::rows_held);
  }

 private:
  /// Outputs lie `step` words apart.
  static void drain(const DepthwisePatch& t, int32_t step) {
    const uint32_t* row = t.patch + DepthwisePatch::rows_held;
    for (int32_t r = 0; r < t.rows; ++r, row += t.row_step / 4) {
      const uint32_t* from = row;
      int8_t* to = t.out[r] + t.at;
      for (int32_t n = t.columns; n > 0; --n, to += t.pixel, from += step) __builtin_memcpy(to, from, 4);
    }
  }
  /// What a column of a patch adds to the windows that it lies in.
  struct Window {
    int32_t w00, w01, w10, w11, w02, w20, w12, w21, w22;
    Window(const DepthwisePatch& t, int32_t channel) : Window(t.weights + 8 * channel, t.last[channel]) {}
    Window(const int8_t* w, int32_t last)
        : w00(w[0]), w01(w[1]), w10(w[2]), w11(w[3]), w02(w[4]), w20(w[5]), w12(w[6]), w21(w[7]), w22(last) {}
    int32_t left(const int8_t* x) const { return x[0] * w00 + x[4] * w10 + x[8] * w20; }
    int32_t middle(const int8_t* x) const { return x[0] * w01 + x[4] * w11 + x[8] * w21; }
    int32_t right(const int8_t* x) const { return x[0] * w02 + x[4] * w12 + x[8] * w22; }
  };
};

__attribute__((noinline)) inline void taps4_f32(const uint8_t* base, const uint32_t* offsets, const float* w, int32_t n,
                                                float* acc) {
  float a = 0, b = 0, c = 0, d = 0;
  for (const uint32_t* end = offsets + n; offsets != end; w += 4) {
    const auto* x = static_cast<const float*>(static_cast<const void*>(base + *offsets++));
    a += x[0] * w[0];
    b += x[1] * w[1];
    c += x[2] * w[2];
    d += x[3] * w[3];
  }
  acc[0] = a;
  acc[1] = b;
  acc[2] = c;
  acc[3] = d;
}

/// Fully connected layers of int8.
struct ScalarDotS8 {
  /// Adds what a block of four units makes of n taps of x to their sums.
  static void add(const int8_t* x, const int16_t* w, int32_t n, int32_t* sums) {
    for (int32_t pair = 0; pair < 2; ++pair, w += 2, sums += 2) {
      uint32_t both, low;
      pair_sums_s8<8>(x, reinterpret_cast<const int8_t*>(w), n, &both, &low);
      sums[0] += static_cast<int32_t>(low);
      sums[1] += static_cast<int32_t>(both - low) >> 8;
    }
  }
  static void run(const DotTile& t) {
    const int16_t* w = t.weights;
    const int32_t* multiplier = t.multipliers;
    int8_t* out = t.out;
    for (int32_t left = t.units; left > 0; left -= 4, w += t.block()) {
      const void* behind = w + 2 * t.taps;
      const auto* bias_right = static_cast<const int32_t*>(behind);
      for (int32_t pair = 0; pair < 2; ++pair) {
        uint32_t both, low;
        pair_sums_s8<8>(t.x, reinterpret_cast<const int8_t*>(w + 2 * pair), t.taps, &both, &low);
        const int32_t sums[] = {static_cast<int32_t>(low), static_cast<int32_t>(both - low) >> 8};
        for (int32_t sum : sums) {
          const Scale scale = {*bias_right++, *multiplier};
          *out++ = rescale(2 * sum + (scale.bias_right >> 7), scale, t.centre);
          multiplier += t.multiplier_step / 4;
        }
      }
    }
  }
};

}  // namespace smelt

#endif
