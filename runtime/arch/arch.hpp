// Chooses the primitives for the core that this is compiled for.
#ifndef SMELT_RUNTIME_ARCH_ARCH_HPP
#define SMELT_RUNTIME_ARCH_ARCH_HPP

#include "scalar.hpp"  // IWYU pragma: export
#include "sum.hpp"     // IWYU pragma: export
#include "swar.hpp"    // IWYU pragma: export

#if defined(__ARM_FEATURE_MVE)
#include "helium_sum.hpp"  // IWYU pragma: export
#endif

#if defined(__ARM_FEATURE_DSP)
#include "dsp.hpp"  // IWYU pragma: export
namespace smelt {
using ConvS8 = DspConvS8;
using SmallConvS8 = DspSmallConvS8;
using DepthwiseS8 = DspDepthwiseS8;
using DotS8 = DspDotS8;
#if defined(__ARM_FEATURE_MVE)
using SumS8 = HeliumSumS8;
using ColumnsS8 = HeliumColumnsS8;
#else
using SumS8 = DspSumS8;
using ColumnsS8 = ScalarColumnsS8;
#endif
}  // namespace smelt
#else
#include "host.hpp"  // IWYU pragma: export
namespace smelt {
using ConvS8 = HostConvS8;
using SmallConvS8 = HostConvS8;
using DotS8 = ScalarDotS8;
using SumS8 = ScalarSumS8;
using ColumnsS8 = ScalarColumnsS8;
}  // namespace smelt
#endif

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#include "thumb.hpp"  // IWYU pragma: export
namespace smelt {
using DepthwiseS8 = ThumbDepthwiseS8;
using SwarConvS8 = ThumbConvS8;
using SwarSmallConvS8 = ThumbSmallConvS8;
using SwarDotS8 = ByteDotS8<ThumbDot4>;
}  // namespace smelt
#else
namespace smelt {
#if !defined(__ARM_FEATURE_DSP)
using DepthwiseS8 = ScalarDepthwiseS8;
#endif
using SwarConvS8 = PortableSwarConvS8<SwarPatch>;
using SwarSmallConvS8 = PortableSwarConvS8<SwarSmallPatch>;
using SwarDotS8 = ByteDotS8<PortableDot4>;
}  // namespace smelt
#endif

#endif
