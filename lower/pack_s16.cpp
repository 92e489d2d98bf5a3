#include "lower/pack_s16.hpp"

#include <utility>

#include "lower/pack.hpp"
#include "runtime/arch/tile_s16.hpp"

namespace smelt::pack {

std::vector<int8_t> blocks_s16(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps, int32_t block) {
  std::vector<int8_t> packed;
  for (int32_t g = 0; g < groups; ++g, rows += int64_t{channels} * taps) {
    for (int32_t begin = 0; begin < channels; begin += block) {
      for (int32_t four = 0; four < taps; four += 4) {
        for (int32_t c = begin; c < begin + block; ++c) {
          for (int32_t order : order_s16) {
            const int32_t k = four + order;
            packed.push_back(c < channels && k < taps ? rows[int64_t{c} * taps + k] : int8_t{0});
          }
        }
      }
    }
  }
  return packed;
}

std::vector<int8_t> depthwise_s16(const int8_t* weights, int32_t channels, int32_t taps, bool blocked) {
  std::vector<int8_t> packed = depthwise(weights, channels, taps, blocked);
  const int32_t in_blocks = blocked ? channels / 4 * 4 * taps : 0;
  for (int32_t i = 0; i < in_blocks; i += 4) std::swap(packed[static_cast<size_t>(i) + 1], packed[static_cast<size_t>(i) + 2]);
  return packed;
}

}  // namespace smelt::pack
