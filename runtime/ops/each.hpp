// What the operators on one tensor share: a function on every element of the firing's rows.
#ifndef SMELT_RUNTIME_OPS_EACH_HPP
#define SMELT_RUNTIME_OPS_EACH_HPP

#include <stdint.h>

#include "../core.hpp"

namespace smelt {

struct UnaryF32 {
  int32_t row;  ///< elements of a row
};

/// Of a function with up to two parameters.
struct ParametricF32 {
  int32_t row;
  int32_t alpha;  ///< bits of a float
  int32_t beta;   ///< bits of a float
};

/// Views: output, input, which may be the same bytes where the types are of one size.
template <class In, class Out, class F>
inline void each_element(const Firing& f, int32_t row, F function) {
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const In* in = f.in<In>(1, r);
    Out* out = f.out<Out>(0, r);
    for (int32_t i = 0; i < row; ++i) out[i] = function(in[i]);
  }
}

template <class F>
inline void each_f32(const Firing& f, int32_t row, F function) {
  each_element<float, float>(f, row, function);
}

}  // namespace smelt

#endif
