// Chooses the primitives for the core that this is compiled for.
#ifndef SMELT_RUNTIME_ARCH_ARCH_HPP
#define SMELT_RUNTIME_ARCH_ARCH_HPP

#include "scalar.hpp"  // IWYU pragma: export

#if defined(__ARM_FEATURE_DSP) || __SIZEOF_POINTER__ == 8
#include "paired.hpp"  // IWYU pragma: export
namespace smelt {
using ConvS8 = PairedConvS8;
using DotS8 = PairedDotS8;
}  // namespace smelt
#else
namespace smelt {
using ConvS8 = ScalarConvS8;
using DotS8 = ScalarDotS8;
}  // namespace smelt
#endif

#endif
