// Primitives of convolution and fully connected layers for any 32-bit core: one load a datum, 32-bit multiply-add.
//
// A set of primitives (this one, paired.hpp, later those for DSP and vector instructions) says how a patch of input is
// held while it meets the weights, and multiplies. Weights stand in blocks of four output channels, tap by tap:
// w[4 * tap + channel]; a host function (lower/pack.hpp) packs them so, with taps rounded up to a multiple of four.
#ifndef SMELT_RUNTIME_ARCH_SCALAR_HPP
#define SMELT_RUNTIME_ARCH_SCALAR_HPP

#include <stdint.h>

namespace smelt {

/// Keeps the compiler's scheduler from loading further ahead than there are registers; no instruction.
#define SMELT_IN_ORDER() __asm__ volatile("" ::: "memory")

/// acc[j] = sum over k of x[k] * w[4k + j]; n is a multiple of four and below 2^17, so that no sum overflows.
__attribute__((noinline)) inline void dot4_s8(const int8_t* x, const int8_t* w, int32_t n, int32_t* acc) {
  int32_t a = 0, b = 0, c = 0, d = 0;
#define SMELT_TAP(k)        \
  {                         \
    const int32_t u = x[k]; \
    a += u * w[4 * k];      \
    b += u * w[4 * k + 1];  \
    c += u * w[4 * k + 2];  \
    d += u * w[4 * k + 3];  \
    SMELT_IN_ORDER();       \
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

/// Convolution of int8: a patch is the bytes of one pixel's window.
struct ScalarConvS8 {
  using Lane = int8_t;
  static constexpr int32_t pixels = 1;  ///< computed together

  /// n taps of pixel number `pixel`, from x or all equal to `value`; pixel 0 is always put first.
  static void put(Lane* patch, const int8_t* x, int32_t n, int32_t pixel) {
    static_cast<void>(pixel);
    for (int32_t i = 0; i < n; ++i) patch[i] = x[i];
  }
  static void fill(Lane* patch, int8_t value, int32_t n, int32_t pixel) {
    static_cast<void>(pixel);
    for (int32_t i = 0; i < n; ++i) patch[i] = value;
  }
  /// acc[4 * pixel + j]; `chunk` is for primitives whose partial sums are narrower.
  static void dot(const Lane* patch, const int8_t* w, int32_t n, int32_t chunk, int32_t* acc) {
    static_cast<void>(chunk);
    dot4_s8(patch, w, n, acc);
  }
};

/// Convolution of floats: products are summed tap by tap, as the reference does.
struct ScalarConvF32 {
  using Lane = float;
  static constexpr int32_t pixels = 1;

  static void put(Lane* patch, const float* x, int32_t n, int32_t pixel) {
    static_cast<void>(pixel);
    for (int32_t i = 0; i < n; ++i) patch[i] = x[i];
  }
  static void fill(Lane* patch, float value, int32_t n, int32_t pixel) {
    static_cast<void>(pixel);
    for (int32_t i = 0; i < n; ++i) patch[i] = value;
  }
  static void dot(const Lane* patch, const float* w, int32_t n, int32_t chunk, float* acc) {
    static_cast<void>(chunk);
    dot4_f32(patch, w, n, acc);
  }
};

/// acc[j] = sum over n taps of base[offsets[k] + j] * w[4k + j]: a window of four channels of a depthwise convolution.
__attribute__((noinline)) inline void taps4_s8(const uint8_t* base, const uint32_t* offsets, const int8_t* w, int32_t n,
                                               int32_t* acc) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (const uint32_t* end = offsets + n; offsets != end; w += 4) {
    const auto* x = reinterpret_cast<const int8_t*>(base + *offsets++);
    a += x[0] * w[0];
    b += x[1] * w[1];
    SMELT_IN_ORDER();
    c += x[2] * w[2];
    d += x[3] * w[3];
  }
  acc[0] = a;
  acc[1] = b;
  acc[2] = c;
  acc[3] = d;
}

__attribute__((noinline)) inline void taps4_f32(const uint8_t* base, const uint32_t* offsets, const float* w, int32_t n,
                                                float* acc) {
  float a = 0, b = 0, c = 0, d = 0;
  for (const uint32_t* end = offsets + n; offsets != end; w += 4) {
    const auto* x = reinterpret_cast<const float*>(base + *offsets++);
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

/// A vector against a block of four rows of weights, packed by pack::words: for each tap one 32-bit word, its bytes
/// from the lowest w0 + 128, w1, w2 + 128, w3. `lift` takes the 128 out again.
struct ScalarDotS8 {
  static int32_t lift(const int8_t* x, int32_t n) {
    int32_t sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += x[i];
    return -128 * sum;
  }
  static __attribute__((noinline)) void dot(const int8_t* x, const uint32_t* words, int32_t n, int32_t lift,
                                            int32_t* acc) {
    const auto* w = reinterpret_cast<const int8_t*>(words);
    int32_t a = lift, b = 0, c = lift, d = 0;
    for (const int8_t* end = x + n; x != end; w += 4) {
      const int32_t u = *x++;
      a += u * static_cast<uint8_t>(w[0]);
      b += u * w[1];
      c += u * static_cast<uint8_t>(w[2]);
      d += u * w[3];
    }
    acc[0] = a;
    acc[1] = b;
    acc[2] = c;
    acc[3] = d;
  }
};

}  // namespace smelt

#endif
