// Primitives for Helium, the vector extension of Armv8.1-M (Cortex-M55, M85): dot products of sixteen bytes into 32-bit
// sums, four of which are requantized together. Each is assembly, the same under every compiler and at every
// optimization level, with a portable twin of the same name, so that a model compiled for Helium runs everywhere.
//
// Weights lie as they come, output channel by output channel, without gaps; zero points are folded into biases.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_HPP

#include "helium_copy.hpp"       // IWYU pragma: export
#include "helium_depthwise.hpp"  // IWYU pragma: export
#include "helium_dot.hpp"        // IWYU pragma: export

#endif
