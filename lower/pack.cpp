#include "lower/pack.hpp"

#include <algorithm>
#include <cstdlib>

namespace smelt::pack {

std::vector<int32_t> words(const std::vector<Channel>& channels) {
  std::vector<int32_t> all;
  for (const Channel& c : channels) all.insert(all.end(), {c.bias, c.multiplier, c.right});
  return all;
}

std::vector<int32_t> words(const int8_t* rows, int32_t channels, int32_t taps) {
  const std::vector<int8_t> bytes = blocks(rows, 1, channels, taps, 1);
  std::vector<int32_t> all;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    uint32_t word = 0;
    for (size_t j = 0; j < 4; ++j) {
      word |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i + j] + (j % 2 == 0 ? 128 : 0))) << (8 * j);
    }
    all.push_back(static_cast<int32_t>(word));
  }
  return all;
}

int32_t paired_chunk(const int8_t* rows, int32_t channels, int32_t taps) {
  const auto fits = [&](int32_t chunk) {
    for (int32_t c = 0; c < channels; ++c) {
      for (int32_t first = 0; first < taps; first += chunk) {
        int32_t sum = 0;
        const int32_t end = std::min(first + chunk, taps);
        for (int32_t k = first; k < end; ++k) sum += std::abs(int32_t{rows[int64_t{c} * taps + k]});
        if (sum >= 1 << 15) return false;
      }
    }
    return true;
  };
  constexpr int32_t always = 252;  // 252 * 128 < 2^15
  for (int32_t parts = 1;; ++parts) {
    const int32_t chunk = round_up((taps + parts - 1) / parts, 4);
    if (chunk <= always) return std::min(chunk, always);
    if (fits(chunk)) return chunk;
  }
}

}  // namespace smelt::pack
