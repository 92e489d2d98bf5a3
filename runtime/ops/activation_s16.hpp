// Activations of 16 bits, zero points 0.
// Source: TensorFlow Lite, kernels/activations.cc, kernels/internal/reference/leaky_relu.h,
// reference/integer_ops/{logistic,tanh}.h.
#ifndef SMELT_RUNTIME_OPS_ACTIVATION_S16_HPP
#define SMELT_RUNTIME_OPS_ACTIVATION_S16_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// `element` of every element of a row. The output may be the same bytes as the input.
template <class F>
inline void each_s16(const Firing& f, int32_t row, F element) {
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const int16_t* in = f.in<int16_t>(1, r);
    int16_t* out = f.out<int16_t>(0, r);
    for (int32_t i = 0; i < row; ++i) out[i] = static_cast<int16_t>(element(in[i]));
  }
}

struct ClipS16 {
  int32_t row;
  int32_t multiplier;
  int32_t right;  ///< of requantize_right
  int32_t low;
  int32_t high;
};

/// Requantization and a clamp.
inline void clip_s16(const Firing& f) {
  const auto& p = f.as<ClipS16>();
  each_s16(f, p.row, [&p](int32_t x) { return clamp(requantize_right(x, p.multiplier, p.right), p.low, p.high); });
}

struct LeakyReluS16 {
  int32_t row;
  int32_t multiplier;
  int32_t right;
  int32_t negative_multiplier;  ///< itself never negative
  int32_t negative_right;
  int32_t negative_sign;  ///< 1 or -1
};

inline void leaky_relu_s16(const Firing& f) {
  const auto& p = f.as<LeakyReluS16>();
  each_s16(f, p.row, [&p](int32_t x) {
    const int32_t y = x >= 0 ? requantize_right(x, p.multiplier, p.right)
                             : requantize_right(x * p.negative_sign, p.negative_multiplier, p.negative_right);
    return clamp(y, -32768, 32767);
  });
}

/// 65536 / (1 + e^(-i/24)) for i from 0 to 255 stands in a table, between whose values functions are interpolated.
struct CurveS16 {
  int32_t row;
  int32_t table;       ///< int32_t[256]
  int32_t multiplier;  ///< of the input,
  int32_t half;        ///< half of what is shifted away,
  int32_t shift;       ///< to a scale on which i is 2^9 (logistic), or twice i is (tanh)
};

/// The table at `magnitude`, of which `bits` are the fraction; with as many bits behind it.
inline uint32_t interpolated(const int32_t* table, uint32_t magnitude, int32_t bits, uint32_t beyond) {
  const uint32_t i = magnitude >> bits;
  if (i >= 255) return beyond << bits;
  const auto a = static_cast<uint32_t>(table[i]);
  const auto b = static_cast<uint32_t>(table[i + 1]);
  return (a << bits) + (magnitude & ((1U << bits) - 1)) * (b - a);
}

inline void logistic_s16(const Firing& f) {
  const auto& p = f.as<CurveS16>();
  const int32_t* table = f.constant<int32_t>(static_cast<uint32_t>(p.table));
  each_s16(f, p.row, [&p, table](int32_t x) {
    x = (x * p.multiplier + p.half) >> p.shift;
    const uint32_t y = interpolated(table, static_cast<uint32_t>(x < 0 ? -x : x), 9, 0x7fff << 1);
    return static_cast<int32_t>((x >= 0 ? y + (1 << 9) : (1U << 25) - y + (1 << 9) - 1) >> 10);
  });
}

/// tanh(x) = 2 / (1 + e^(-2x)) - 1.
inline void tanh_s16(const Firing& f) {
  const auto& p = f.as<CurveS16>();
  const int32_t* table = f.constant<int32_t>(static_cast<uint32_t>(p.table));
  each_s16(f, p.row, [&p, table](int32_t x) {
    x = (x * p.multiplier + p.half) >> p.shift;
    const auto y = static_cast<int32_t>(interpolated(table, static_cast<uint32_t>(x < 0 ? -x : x), 8, 0xffff)) - (1 << 23);
    return (x >= 0 ? y + (1 << 7) : -y + (1 << 7) - 1) >> 8;
  });
}

}  // namespace smelt

#endif
