// Functions of one float made of logarithms.
#ifndef SMELT_RUNTIME_OPS_UNARY_LOG_HPP
#define SMELT_RUNTIME_OPS_UNARY_LOG_HPP

#include "../math.hpp"
#include "../math_log.hpp"
#include "unary.hpp"

namespace smelt {

SMELT_UNARY_F32(log_rows_f32, log_f32(x))
SMELT_UNARY_F32(asinh_rows_f32, asinh_f32(x))
SMELT_UNARY_F32(acosh_rows_f32, acosh_f32(x))
SMELT_UNARY_F32(atanh_rows_f32, atanh_f32(x))
SMELT_UNARY_F32(softplus_rows_f32, (x > 0.0F ? x : 0.0F) + log1p_f32(exp_f32(-abs_f32(x))))

}  // namespace smelt

#endif
