// Angles of points (b, a), element by element with broadcasting.
#ifndef SMELT_RUNTIME_OPS_ATAN2_HPP
#define SMELT_RUNTIME_OPS_ATAN2_HPP

#include "../math_trig.hpp"
#include "functions.hpp"

namespace smelt {

SMELT_PAIRS_F32(atan2_rows_f32, atan2_f32(a, b))

}  // namespace smelt

#endif
