// Powers of floats, element by element with broadcasting.
#ifndef SMELT_RUNTIME_OPS_POWER_HPP
#define SMELT_RUNTIME_OPS_POWER_HPP

#include "../math_power.hpp"
#include "functions.hpp"

namespace smelt {

SMELT_PAIRS_F32(pow_rows_f32, pow_f32(a, b))

}  // namespace smelt

#endif
