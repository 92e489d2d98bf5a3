// The error function without libm (tests/runtime/math_test.cpp has the errors).
#ifndef SMELT_RUNTIME_MATH_ERF_HPP
#define SMELT_RUNTIME_MATH_ERF_HPP

#include <stdint.h>

#include "math.hpp"
#include "math_round.hpp"

namespace smelt {

/// erf(x) for |x| < 0.93.
inline float erf_near_0(float x) {
  const float z = x * x;
  const float p = (((((7.99664995e-05F * z - 0.000804976968F) * z + 0.00519240508F) * z - 0.0268557314F) * z +
                    0.112836257F) * z - 0.376126289F) * z + 0.128379166F;
  return x + x * p;
}

/// 1 - erf(a) for a >= 0.92: nothing is left of it beyond 4 that a float would tell from 1.
inline float erf_complement(float a) {
  if (a > 4.0F) return 0.0F;
  const float p = ((((((1.12319112e-05F * a - 0.000322812703F) * a + 0.00364250597F) * a - 0.0237621833F) * a +
                     0.106237039F) * a + 0.635151207F) * a + 1.12864852F) * a;
  return exp_f32(-p);
}

inline float erf_f32(float x) {
  const float a = abs_f32(x);
  if (!(a >= 0.925F)) return erf_near_0(x);
  return copy_sign(1.0F - erf_complement(a), x);
}

/// 1 - erf(x), exact to about 1e-7 (of 1; of itself where x < 2).
inline float erfc_f32(float x) { return x >= 0.925F ? erf_complement(x) : 1.0F - erf_f32(x); }

}  // namespace smelt

#endif
