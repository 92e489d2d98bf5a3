// The order in which weights of layers with 16-bit activations lie in the device's constants: see
// runtime/arch/tile_s16.hpp.
#pragma once

#include <cstdint>
#include <vector>

namespace smelt::pack {

/// `groups` of `channels` rows of `taps` weights, in blocks of `block` channels; zeros where channels or taps end earlier.
std::vector<int8_t> blocks_s16(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps, int32_t block);

/// Depthwise weights [tap][channel] as pack::depthwise has them, but of blocks the four in the order that tiles want.
std::vector<int8_t> depthwise_s16(const int8_t* weights, int32_t channels, int32_t taps, bool blocked);

}  // namespace smelt::pack
