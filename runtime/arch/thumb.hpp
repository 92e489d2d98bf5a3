// Primitives for Armv6-M (Cortex-M0, M0+): eight registers that everything takes, multiplication of 32 bits, no SIMD.
// Assembly, as compilers keep no inner loop in so few registers.
#ifndef SMELT_RUNTIME_ARCH_THUMB_HPP
#define SMELT_RUNTIME_ARCH_THUMB_HPP

#include "thumb_conv.hpp"  // IWYU pragma: export
#include "thumb_depthwise.hpp"  // IWYU pragma: export
#include "thumb_dot.hpp"   // IWYU pragma: export

#endif
