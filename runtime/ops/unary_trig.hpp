// Trigonometric functions of one float.
#ifndef SMELT_RUNTIME_OPS_UNARY_TRIG_HPP
#define SMELT_RUNTIME_OPS_UNARY_TRIG_HPP

#include "../math_trig.hpp"
#include "unary.hpp"

namespace smelt {

SMELT_UNARY_F32(sin_rows_f32, sin_f32(x))
SMELT_UNARY_F32(cos_rows_f32, cos_f32(x))
SMELT_UNARY_F32(tan_rows_f32, tan_f32(x))
SMELT_UNARY_F32(asin_rows_f32, asin_f32(x))
SMELT_UNARY_F32(acos_rows_f32, acos_f32(x))
SMELT_UNARY_F32(atan_rows_f32, atan_f32(x))

}  // namespace smelt

#endif
