// Functions of one float made of the error function.
#ifndef SMELT_RUNTIME_OPS_UNARY_ERF_HPP
#define SMELT_RUNTIME_OPS_UNARY_ERF_HPP

#include "../math_erf.hpp"
#include "unary.hpp"

namespace smelt {

SMELT_UNARY_F32(erf_rows_f32, erf_f32(x))
SMELT_UNARY_F32(gelu_rows_f32, 0.5F * x * erfc_f32(x * -0.707106781F))

}  // namespace smelt

#endif
