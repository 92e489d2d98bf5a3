// Fully connected layers for cores without vector instructions: the algorithm of fully_connected.hpp by the primitives
// of arch/swar.hpp.
#ifndef SMELT_RUNTIME_OPS_FULLY_CONNECTED_SWAR_HPP
#define SMELT_RUNTIME_OPS_FULLY_CONNECTED_SWAR_HPP

#include "fully_connected.hpp"

namespace smelt {

/// Of weights that pack::swar_dot_blocks made, scales that pack::scales bears, and a depth that is a multiple of four.
inline void fully_connected_swar_s8(const Firing& f) { fully_connected_pairs<SwarDotS8>(f); }
inline void fully_connected_slices_swar_s8(const Firing& f) { fully_connected_slices<SwarDotS8>(f); }

}  // namespace smelt

#endif
