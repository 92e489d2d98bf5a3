// Convolution with two output pixels in a word: the algorithm of conv_2d.hpp by the primitives of arch/swar.hpp.
#ifndef SMELT_RUNTIME_OPS_CONV_2D_SWAR_HPP
#define SMELT_RUNTIME_OPS_CONV_2D_SWAR_HPP

#include "conv_2d.hpp"

namespace smelt {

/// Of weights and scales that pack::swar_blocks and pack::scales bear.
inline void pointwise_swar_s8(const Firing& f) { pointwise<ConvPairs<SwarConvS8>>(f); }
inline void conv_2d_swar_s8(const Firing& f) { conv_2d<ConvPairs<SwarConvS8>>(f); }
/// With half the patch.
inline void conv_2d_small_swar_s8(const Firing& f) { conv_2d<ConvPairs<SwarSmallConvS8>>(f); }

}  // namespace smelt

#endif
