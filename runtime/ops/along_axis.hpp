// Operators along one axis of [outer][extent][inner]: where the extreme is, running sums, the k largest.
#ifndef SMELT_RUNTIME_OPS_ALONG_AXIS_HPP
#define SMELT_RUNTIME_OPS_ALONG_AXIS_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../int64.hpp"

namespace smelt {

/// Of one row of the input, or of the whole tensor where that is one step.
struct AlongAxis {
  int32_t outer;
  int32_t extent;
  int32_t inner;
  int32_t options;  ///< bits, by operator
};

/// Index of the first greatest, or with option 1 the last one. `better` compares a later element with the best so far.
template <class In, class Out, class Better>
inline void arg_extreme(const Firing& f, Better better) {
  const AlongAxis& p = f.as<AlongAxis>();
  const bool last = p.options != 0;
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const In* in = f.in<In>(1, r);
    Out* out = f.out<Out>(0, r);
    for (int32_t o = 0; o < p.outer; ++o, in += p.extent * p.inner) {
      for (int32_t i = 0; i < p.inner; ++i) {
        const In* best = in + i;
        const In* at = best;
        int32_t index = 0;
        for (int32_t k = 1; k < p.extent; ++k) {
          at += p.inner;
          if (better(*at, *best) || (last && *at == *best)) {
            best = at;
            index = k;
          }
        }
        *out++ = index;
      }
    }
  }
}

template <class In, class Out>
inline void arg_max(const Firing& f) {
  arg_extreme<In, Out>(f, [](In a, In b) { return a > b; });
}
template <class In, class Out>
inline void arg_min(const Firing& f) {
  arg_extreme<In, Out>(f, [](In a, In b) { return a < b; });
}

inline void arg_max_f32(const Firing& f) { arg_max<float, int32_t>(f); }
inline void arg_max_s8(const Firing& f) { arg_max<int8_t, int32_t>(f); }
inline void arg_max_s32(const Firing& f) { arg_max<int32_t, int32_t>(f); }
inline void arg_max_f32_to_64(const Firing& f) { arg_max<float, Int64>(f); }
inline void arg_max_s8_to_64(const Firing& f) { arg_max<int8_t, Int64>(f); }
inline void arg_max_s32_to_64(const Firing& f) { arg_max<int32_t, Int64>(f); }
inline void arg_min_f32(const Firing& f) { arg_min<float, int32_t>(f); }
inline void arg_min_s8(const Firing& f) { arg_min<int8_t, int32_t>(f); }
inline void arg_min_s32(const Firing& f) { arg_min<int32_t, int32_t>(f); }
inline void arg_min_f32_to_64(const Firing& f) { arg_min<float, Int64>(f); }
inline void arg_min_s8_to_64(const Firing& f) { arg_min<int8_t, Int64>(f); }
inline void arg_min_s32_to_64(const Firing& f) { arg_min<int32_t, Int64>(f); }

/// Whole tensors. Options: 1, an element's own sum leaves it out; 2, from the last element to the first.
template <class T, class Add>
inline void cumsum(const Firing& f, Add add) {
  const AlongAxis& p = f.as<AlongAxis>();
  const bool exclusive = (p.options & 1) != 0;
  const bool reverse = (p.options & 2) != 0;
  const int32_t step = reverse ? -p.inner : p.inner;
  for (int32_t o = 0; o < p.outer; ++o) {
    for (int32_t i = 0; i < p.inner; ++i) {
      int32_t at = (o * p.extent + (reverse ? p.extent - 1 : 0)) * p.inner + i;
      T sum{};
      for (int32_t k = 0; k < p.extent; ++k, at += step) {
        const T x = f.in<T>(1, 0)[at];
        const T with = add(sum, x);
        f.out<T>(0, 0)[at] = exclusive ? sum : with;
        sum = with;
      }
    }
  }
}

inline void cumsum_f32(const Firing& f) {
  cumsum<float>(f, [](float a, float b) { return a + b; });
}
inline void cumsum_s32(const Firing& f) {
  cumsum<int32_t>(f, [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  });
}
inline void cumsum_s64(const Firing& f) {
  cumsum<Int64>(f, [](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  });
}

/// The k = `options` largest of each vector, the largest first, of equal ones the first; and where they stood. Views:
/// values, indices, input. inner is 1.
template <class T>
inline void top_k(const Firing& f) {
  const AlongAxis& p = f.as<AlongAxis>();
  const int32_t k = p.options;
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const T* in = f.in<T>(2, r);
    T* values = f.out<T>(0, r);
    int32_t* indices = f.out<int32_t>(1, r);
    for (int32_t o = 0; o < p.outer; ++o, in += p.extent, values += k, indices += k) {
      int32_t known = 0;
      for (int32_t i = 0; i < p.extent; ++i) {
        int32_t at = known;
        while (at > 0 && in[i] > values[at - 1]) --at;
        if (at == k) continue;
        if (known < k) ++known;
        for (int32_t j = known - 1; j > at; --j) {
          values[j] = values[j - 1];
          indices[j] = indices[j - 1];
        }
        values[at] = in[i];
        indices[at] = i;
      }
    }
  }
}
inline void top_k_f32(const Firing& f) { top_k<float>(f); }
inline void top_k_s8(const Firing& f) { top_k<int8_t>(f); }
inline void top_k_s32(const Firing& f) { top_k<int32_t>(f); }
inline void top_k_s64(const Firing& f) { top_k<Int64>(f); }

}  // namespace smelt

#endif
