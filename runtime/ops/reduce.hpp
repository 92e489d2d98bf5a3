// Mean, sum, product, maximum and minimum over any axes; also global average pooling. Rows are taken as they arrive, into accumulators.
#ifndef SMELT_RUNTIME_OPS_REDUCE_HPP
#define SMELT_RUNTIME_OPS_REDUCE_HPP

#include <stdint.h>

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Input rows stand as [outer][rows][inner], elements of a row as [blocks][taps][channels]; `rows` and `taps` are
/// reduced. One group of `rows` gives inner * blocks * channels results, accumulated in scratch (view 2), which follow
/// each other in the output, cut into rows of `out_row` elements.
struct Reduce {
  int32_t step_rows;  ///< input rows taken by one step
  int32_t rows;
  int32_t inner;
  int32_t blocks;
  int32_t taps;
  int32_t channels;
  int32_t out_row;
  int32_t count;       ///< elements that make one result
  int32_t initial;     ///< of a sum of int8
  int32_t multiplier;  ///< means and sums of int8: requantization; averages: reciprocal(count)
  int32_t shift;
  int32_t zero;  ///< added to a requantized result
  int32_t low;   ///< clamp of a result; bits of floats for floats
  int32_t high;
};

// What joins one more element to an accumulator.
template <class T, class Acc>
struct Sum {
  Acc operator()(Acc a, T x) const { return a + x; }
};
template <class T>
struct Maximum {
  T operator()(T a, T x) const { return x > a ? x : a; }
};

template <class T>
struct Minimum {
  T operator()(T a, T x) const { return x < a ? x : a; }
};
struct Product {
  float operator()(float a, float x) const { return a * x; }
};

/// acc[c] = step(acc[c], x) for every x in column c of `taps` > 0 rows of `channels` elements. Not inlined: by itself
/// it has registers enough, and all kernels of a type share it.
template <class T, class Acc, class Step>
__attribute__((noinline)) void accumulate(Acc* acc, const T* in, int32_t taps, int32_t channels, Step step) {
  for (const T* const end = in + channels; in != end; ++in, ++acc) {
    Acc a = *acc;
    const T* p = in;
    for (int32_t i = taps; i != 0; --i, p += channels) a = step(a, *p);
    *acc = a;
  }
}

inline void accumulate(int32_t* acc, const int8_t* in, int32_t taps, int32_t channels, Sum<int8_t, int32_t>) {
  ColumnsS8::add(acc, in, taps, channels);
}

template <class T, class Acc, class Step, class Finish>
inline void reduce(const Firing& f, Acc initial, Step step, Finish finish) {
  const Reduce& p = f.as<Reduce>();
  const int32_t chunk = p.blocks * p.channels;
  const int32_t end = (f.step + f.count) * p.step_rows;
  for (int32_t row = f.step * p.step_rows; row < end; ++row) {
    const int32_t line = row / p.inner;  // counts [outer][rows]
    const int32_t inner = row - line * p.inner;
    const int32_t outer = line / p.rows;
    const int32_t at = line - outer * p.rows;
    Acc* acc = f.out<Acc>(2, 0) + inner * chunk;
    if (at == 0) {
      for (int32_t c = 0; c < chunk; ++c) acc[c] = initial;
    }
    const T* in = f.in<T>(1, row);
    for (int32_t b = 0; b < p.blocks; ++b, in += p.taps * p.channels) {
      accumulate(acc + b * p.channels, in, p.taps, p.channels, step);
    }
    if (at != p.rows - 1) continue;
    const int32_t first = (outer * p.inner + inner) * chunk;
    int32_t out_row = first / p.out_row;
    int32_t column = first - out_row * p.out_row;
    T* out = f.out<T>(0, out_row);
    for (int32_t c = 0; c < chunk; ++c) {
      if (column == p.out_row) {
        out = f.out<T>(0, ++out_row);
        column = 0;
      }
      out[column++] = finish(acc[c]);
    }
  }
}

/// Mean and sum of int8. `initial` is -input_zero_point * count, `multiplier` and `shift` hold 1 / count for means.
inline void reduce_sum_s8(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<int8_t, int32_t>(f, p.initial, Sum<int8_t, int32_t>{}, [&p](int32_t a) {
    return static_cast<int8_t>(clamp(requantize(a, p.multiplier, p.shift) + p.zero, p.low, p.high));
  });
}

/// Mean and sum of floats; `count` is 1 for sums.
inline void reduce_mean_f32(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  const float count = static_cast<float>(p.count);
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  reduce<float, float>(f, 0.0F, Sum<float, float>{}, [=](float a) {
    const float y = a / count;
    return y < low ? low : (y > high ? high : y);
  });
}

/// Maxima start at the lower clamp.
inline void reduce_max_s8(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  const auto high = static_cast<int8_t>(p.high);
  reduce<int8_t, int8_t>(f, static_cast<int8_t>(p.low), Maximum<int8_t>{},
                         [high](int8_t a) { return a > high ? high : a; });
}

inline void reduce_max_f32(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  const float high = as_float(p.high);
  reduce<float, float>(f, as_float(p.low), Maximum<float>{}, [high](float a) { return a > high ? high : a; });
}

/// Minima start at the upper clamp.
inline void reduce_min_s8(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<int8_t, int8_t>(f, static_cast<int8_t>(p.high), Minimum<int8_t>{}, [](int8_t a) { return a; });
}

inline void reduce_min_f32(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<float, float>(f, as_float(p.high), Minimum<float>{}, [](float a) { return a; });
}

inline void reduce_prod_f32(const Firing& f) {
  reduce<float, float>(f, 1.0F, Product{}, [](float a) { return a; });
}

// ---- averages of int8 ----

inline constexpr int32_t max_average_count = 130000;

/// 2^24 / count, rounded up, for rounding_average.
inline uint32_t reciprocal(int32_t count) {
  const uint32_t n = static_cast<uint32_t>(count);
  return ((uint32_t{1} << 24) + n - 1) / n;
}

/// sum / count, rounded to nearest, halves away from zero, for sums of `count` <= max_average_count int8 values.
///
/// With m = |sum| + count/2 <= 128.5 * count, m * reciprocal < 128.5 * 2^24 + m fits 32 bits. The reciprocal exceeds
/// 2^24 / count by less than 1, so the estimate exceeds m / count by less than m / 2^24 < 1: it is the quotient or one
/// more.
inline int32_t rounding_average(int32_t sum, int32_t count, uint32_t reciprocal) {
  const uint32_t n = static_cast<uint32_t>(count);
  const uint32_t m = static_cast<uint32_t>(sum < 0 ? -sum : sum) + (n >> 1);
  uint32_t q = m * reciprocal >> 24;
  if (q * n > m) --q;
  return sum < 0 ? -static_cast<int32_t>(q) : static_cast<int32_t>(q);
}

/// Average pooling whose only window is the whole map: clamped, but not requantized.
inline void reduce_average_s8(const Firing& f) {
  const Reduce& p = f.as<Reduce>();
  reduce<int8_t, int32_t>(f, 0, Sum<int8_t, int32_t>{}, [&p](int32_t a) {
    return static_cast<int8_t>(clamp(rounding_average(a, p.count, static_cast<uint32_t>(p.multiplier)), p.low, p.high));
  });
}

}  // namespace smelt

#endif
