// SVDF: filters of the input, each remembered for some inferences, and weighted over that time.
#ifndef SMELT_RUNTIME_OPS_SVDF_HPP
#define SMELT_RUNTIME_OPS_SVDF_HPP

#include <stdint.h>

#include "../arch/arch.hpp"
#include "../arch/window_s16.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, state. A row of the state holds, filter by filter, the last `memory` values, the newest at the end.
struct Svdf {
  int32_t depth;    ///< of an input vector
  int32_t filters;
  int32_t rank;     ///< filters that make an output
  int32_t memory;
  int32_t weights;  ///< offset: blocks of four filters, see svdf_s8, svdf_any_s8, svdf_f32
  int32_t biases;   ///< offset: int8: int32_t of each filter, padded like the weights
  int32_t time;     ///< offset: [filter][memory]
  int32_t outputs;  ///< offset: int32_t or float bias of each output
  int32_t multiplier;
  int32_t right;         ///< int8: with `multiplier`, from sums to the state
  int32_t out_multiplier;
  int32_t out_right;     ///< int8: from sums over time to the output
  int32_t zero;          ///< int8: zero point of the output
  int32_t low;
  int32_t high;          ///< of the output; floats as their bits
};

/// Of weights that pack::dot_slices bears, and a depth that is a multiple of four.
struct SvdfPairs {
  static void add(const int8_t* x, const int8_t* w, int32_t n, int32_t* sums) {
    const void* pairs = w;
    DotS8::add(x, static_cast<const int16_t*>(pairs), n, sums);
  }
};

/// Of blocks of four filters.
struct SvdfBytes {
  static void add(const int8_t* x, const int8_t* w, int32_t n, int32_t* sums) {
    for (const int8_t* end = x + n; x != end; ++x, w += 4) {
      for (int32_t i = 0; i < 4; ++i) sums[i] += *x * w[i];
    }
  }
};

inline int8_t svdf_output(const Svdf& p, uint32_t sum) {
  const int32_t scaled = requantize_right(static_cast<int32_t>(sum), p.out_multiplier, p.out_right);
  return static_cast<int8_t>(clamp(scaled, p.low - p.zero, p.high - p.zero) + p.zero);
}

template <class D>
inline void svdf_integers(const Firing& f) {
  const auto& p = f.as<Svdf>();
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<int8_t>(1, row);
    auto* out = f.out<int8_t>(0, row);
    auto* state = f.out<int16_t>(2, row);
    const auto* w = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
    const auto* bias = f.constant<int32_t>(static_cast<uint32_t>(p.biases));
    const auto* time = f.constant<int16_t>(static_cast<uint32_t>(p.time));
    const auto* start = f.constant<int32_t>(static_cast<uint32_t>(p.outputs));
    int32_t missing = p.rank;
    auto sum = static_cast<uint32_t>(*start++);
    for (int32_t left = p.filters; left > 0; left -= 4, w += 4 * p.depth, bias += 4) {
      int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
      D::add(x, w, p.depth, sums);
      const int32_t n = left < 4 ? left : 4;
      for (int32_t i = 0; i < n; ++i, state += p.memory, time += p.memory) {
        const int32_t newest = clamp(requantize_right(sums[i], p.multiplier, p.right), -32768, 32767);
        sum += WindowS16::move(state, p.memory, newest, time);
        if (--missing != 0) continue;
        *out++ = svdf_output(p, sum);
        missing = p.rank;
        if (left > 4 || i + 1 < n) sum = static_cast<uint32_t>(*start++);
      }
    }
  }
}

inline void svdf_s8(const Firing& f) { svdf_integers<SvdfPairs>(f); }
inline void svdf_any_s8(const Firing& f) { svdf_integers<SvdfBytes>(f); }

/// As WindowS16.
inline float svdf_move(float* window, int32_t n, float newest, const float* weights) {
  float sum = 0;
  for (int32_t i = 0; i + 1 < n; ++i) {
    window[i] = window[i + 1];
    sum += window[i] * weights[i];
  }
  window[n - 1] = newest;
  return sum + newest * weights[n - 1];
}

inline void svdf_f32(const Firing& f) {
  const auto& p = f.as<Svdf>();
  const float low = as_float(p.low), high = as_float(p.high);
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const auto* x = f.in<float>(1, row);
    auto* out = f.out<float>(0, row);
    auto* state = f.out<float>(2, row);
    const auto* w = f.constant<float>(static_cast<uint32_t>(p.weights));
    const auto* time = f.constant<float>(static_cast<uint32_t>(p.time));
    const auto* start = f.constant<float>(static_cast<uint32_t>(p.outputs));
    int32_t missing = p.rank;
    float sum = 0;
    for (int32_t left = p.filters; left > 0; left -= 4, w += 4 * p.depth) {
      float newest[4];
      dot4_f32(x, w, p.depth, newest);
      const int32_t n = left < 4 ? left : 4;
      for (int32_t i = 0; i < n; ++i, state += p.memory, time += p.memory) {
        sum += svdf_move(state, p.memory, newest[i], time);
        if (--missing != 0) continue;
        sum += *start++;
        *out++ = sum < low ? low : (sum > high ? high : sum);
        missing = p.rank;
        sum = 0;
      }
    }
  }
}

}  // namespace smelt

#endif
