// Functions of one float made of exponentials.
#ifndef SMELT_RUNTIME_OPS_UNARY_EXP_HPP
#define SMELT_RUNTIME_OPS_UNARY_EXP_HPP

#include "../math.hpp"
#include "../math_round.hpp"
#include "unary.hpp"

namespace smelt {

inline float cosh_f32(float x) {
  const float a = abs_f32(x);
  const float half = exp_f32(a - 0.693147181F);  // e^a / 2, in range wherever cosh is
  return half + 0.25F / half;
}

inline float sinh_f32(float x) {
  const float a = abs_f32(x);
  if (a > 9.0F) return copy_sign(exp_f32(a - 0.693147181F), x);
  const float t = expm1_f32(a);
  return copy_sign(0.5F * (t + t / (t + 1.0F)), x);
}

/// x * tanh(log(1 + e^x)): with e = e^x, tanh is (e^2 + 2e) / (e^2 + 2e + 2).
inline float mish_f32(float x) {
  if (x > 20.0F) return x;
  const float e = exp_f32(x);
  const float t = e * (e + 2.0F);
  return x * (t / (t + 2.0F));
}

SMELT_UNARY_F32(exp_rows_f32, exp_f32(x))
SMELT_UNARY_F32(sinh_rows_f32, sinh_f32(x))
SMELT_UNARY_F32(cosh_rows_f32, cosh_f32(x))
SMELT_UNARY_F32(mish_rows_f32, mish_f32(x))
SMELT_PARAMETRIC_F32(elu_rows_f32, x < 0.0F ? alpha * expm1_f32(x) : x)
SMELT_PARAMETRIC_F32(celu_rows_f32, x < 0.0F ? alpha * expm1_f32(x / alpha) : x)
SMELT_PARAMETRIC_F32(selu_rows_f32, beta * (x < 0.0F ? alpha * expm1_f32(x) : x))
SMELT_UNARY_F32(gelu_tanh_rows_f32, 0.5F * x * (1.0F + tanh_f32(0.797884561F * (x + 0.044715F * x * x * x))))

}  // namespace smelt

#endif
