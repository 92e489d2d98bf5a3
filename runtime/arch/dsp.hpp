// Primitives for Armv7E-M and Armv8-M with the DSP extension (Cortex-M4, M7, M33): 16-bit multiplications in pairs.
// Assembly, so that it is the same under every compiler and at every optimization level.
#ifndef SMELT_RUNTIME_ARCH_DSP_HPP
#define SMELT_RUNTIME_ARCH_DSP_HPP

#include "dsp_conv.hpp"       // IWYU pragma: export
#include "dsp_depthwise.hpp"  // IWYU pragma: export
#include "dsp_dot.hpp"        // IWYU pragma: export
#include "dsp_sum.hpp"        // IWYU pragma: export

#endif
