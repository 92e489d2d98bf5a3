#include "lower/pack.hpp"

#include <algorithm>
#include <cstdlib>

namespace smelt::pack {

std::vector<int32_t> words(const std::vector<Channel>& channels) {
  std::vector<int32_t> all;
  for (const Channel& c : channels) all.insert(all.end(), {c.bias, c.multiplier, c.right});
  return all;
}

std::vector<int8_t> depthwise_blocks(const int8_t* weights, int32_t channels, int32_t taps) {
  std::vector<int8_t> packed;
  for (int32_t begin = 0; begin < channels; begin += 4) {
    const int8_t* w = weights + std::min(begin, channels - 4);
    int32_t k = taps % 2;
    if (k != 0) packed.insert(packed.end(), w, w + 4);
    for (; k < taps; k += 2) {
      const int8_t* x = w + int64_t{k} * channels;
      const int8_t* y = x + channels;
      packed.insert(packed.end(), {x[0], x[1], y[0], y[1], x[2], x[3], y[2], y[3]});
    }
  }
  return packed;
}

std::vector<int8_t> depthwise_3x3(const int8_t* weights, int32_t channels) {
  std::vector<int8_t> packed;
  for (int32_t begin = 0; begin < channels; begin += 4) {
    const int8_t* w = weights + std::min(begin, channels - 4);
    for (int32_t c = 0; c < 4; ++c) {
      for (int32_t tap : {0, 1, 3, 4, 2, 6, 5, 7}) packed.push_back(w[tap * channels + c]);
    }
    packed.insert(packed.end(), w + 8 * channels, w + 8 * channels + 4);
  }
  return packed;
}

std::vector<Scale> depthwise_scales(const std::vector<Scale>& scales, int32_t channels) {
  std::vector<Scale> all(scales.begin(), scales.begin() + channels / 4 * 4);
  if (channels % 4 != 0) all.insert(all.end(), scales.begin() + channels - 4, scales.begin() + channels);
  return all;
}

std::vector<int32_t> words(const std::vector<Scale>& scales) {
  std::vector<int32_t> all;
  for (const Scale& s : scales) all.insert(all.end(), {s.bias_right, s.multiplier});
  return all;
}

std::optional<std::vector<int16_t>> pairs(const int8_t* rows, int32_t channels, int32_t taps) {
  constexpr int32_t order[] = {0, 2, 1, 3};
  const int32_t padded = round_up(taps, 4);
  std::vector<int16_t> packed;
  packed.reserve(static_cast<size_t>((channels + 1) / 2) * static_cast<size_t>(padded));
  for (int32_t c = 0; c < channels; c += 2) {
    const int8_t* low = rows + int64_t{c} * taps;
    int64_t high_sum = 0;
    for (int32_t i = 0; i < padded; ++i) {
      const int32_t k = i / 4 * 4 + order[i % 4];
      const int32_t l = k < taps ? low[k] : 0;
      const int32_t h = k < taps && c + 1 < channels ? low[taps + k] : 0;
      const int32_t pair = h * 256 + l;
      high_sum += std::abs(h);
      if (pair < -(1 << 15) || pair >= 1 << 15 || 128 * high_sum >= 1 << 23) return std::nullopt;
      packed.push_back(static_cast<int16_t>(pair));
    }
  }
  return packed;
}

namespace {

/// Appends one block: of each four taps two words of one pair, then of the other. Channels that are not there are
/// zeros.
bool append_block(std::vector<int16_t>& packed, const int8_t* rows, int32_t channels, int32_t taps) {
  const auto padded = static_cast<size_t>(round_up(taps, 4));
  auto two = pairs(rows, channels, taps);
  if (!two) return false;
  two->resize(2 * padded);
  for (size_t k = 0; k < padded; k += 2) {
    packed.insert(packed.end(), {two->at(k), two->at(k + 1), two->at(padded + k), two->at(padded + k + 1)});
  }
  return true;
}

void append_word(std::vector<int16_t>& packed, int32_t word) {
  packed.insert(packed.end(), {static_cast<int16_t>(word), static_cast<int16_t>(word >> 16)});
}

}  // namespace

std::optional<std::vector<int16_t>> pair_blocks(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps,
                                                const std::vector<Scale>& scales) {
  std::vector<int16_t> packed;
  for (int32_t g = 0; g < groups; ++g) {
    for (int32_t begin = g * channels, end = begin + channels; begin < end; begin += block) {
      if (!append_block(packed, rows + int64_t{begin} * taps, std::min(block, end - begin), taps)) return std::nullopt;
      for (int32_t c = begin; c < begin + block; ++c) {
        const Scale s = c < end ? scales.at(static_cast<size_t>(c)) : Scale{0, 0};
        append_word(packed, s.bias_right);
        append_word(packed, s.multiplier);
      }
    }
  }
  return packed;
}

namespace {

void append_word(std::vector<int8_t>& packed, int32_t word) {
  for (int32_t shift = 0; shift < 32; shift += 8) packed.push_back(static_cast<int8_t>(word >> shift));
}

}  // namespace

std::optional<std::vector<int8_t>> swar_blocks(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps,
                                               const std::vector<Scale>& scales) {
  std::vector<int8_t> packed;
  for (int32_t g = 0; g < groups; ++g) {
    const int8_t* group = rows + int64_t{g} * channels * taps;
    const auto weight = [=](int32_t c, int32_t k) { return c < channels && k < taps ? group[int64_t{c} * taps + k] : 0; };
    for (int32_t c = 0; c < round_up(channels, block); c += 2) {
      for (int32_t k = 0; k < round_up(taps, 4); k += 2) {
        for (int32_t of : {c, c + 1}) {
          const int32_t u = weight(of, k), v = weight(of, k + 1);
          if (u + v == -256) return std::nullopt;  // 2^15 of two lowest inputs
          packed.insert(packed.end(), {static_cast<int8_t>(u), static_cast<int8_t>(v)});
        }
      }
      for (int32_t of : {c, c + 1}) {
        const Scale s = of < channels ? scales.at(static_cast<size_t>(g * channels + of)) : Scale{0, 0};
        append_word(packed, s.bias_right);
        append_word(packed, s.multiplier);
      }
    }
  }
  return packed;
}

std::optional<std::vector<int16_t>> dot_blocks(const int8_t* rows, int32_t units, int32_t taps,
                                               const std::vector<Scale>& scales) {
  std::vector<int16_t> packed;
  for (int32_t begin = 0; begin < units; begin += block) {
    if (!append_block(packed, rows + int64_t{begin} * taps, std::min(block, units - begin), taps)) return std::nullopt;
    for (int32_t u = begin; u < begin + block; ++u) {
      append_word(packed, u < units ? scales.at(static_cast<size_t>(u)).bias_right : 0);
    }
  }
  return packed;
}

std::optional<std::vector<int16_t>> dot_slices(const int8_t* rows, int32_t units, int32_t taps, int32_t slices) {
  const int32_t n = taps / slices;
  std::vector<int16_t> packed;
  for (int32_t s = 0; s < slices; ++s) {
    std::vector<int8_t> slice;
    for (int32_t u = 0; u < units; ++u) {
      const int8_t* from = rows + int64_t{u} * taps + int64_t{s} * n;
      slice.insert(slice.end(), from, from + n);
    }
    for (int32_t begin = 0; begin < units; begin += block) {
      if (!append_block(packed, slice.data() + int64_t{begin} * n, std::min(block, units - begin), n)) return std::nullopt;
    }
  }
  return packed;
}

std::vector<int8_t> swar_dot_blocks(const int8_t* rows, int32_t units, int32_t taps, const std::vector<Scale>& scales) {
  std::vector<int8_t> packed;
  for (int32_t begin = 0; begin < units; begin += block) {
    const std::vector<int8_t> four = blocks(rows + int64_t{begin} * taps, 1, std::min(block, units - begin), taps, 1);
    packed.insert(packed.end(), four.begin(), four.end());
    for (int32_t u = begin; u < begin + block; ++u) {
      append_word(packed, u < units ? scales.at(static_cast<size_t>(u)).bias_right : 0);
    }
  }
  return packed;
}

std::optional<std::vector<Scale>> scales(const std::vector<Channel>& channels, const std::vector<int64_t>& heaviest) {
  std::vector<Scale> all;
  for (size_t i = 0; i < channels.size(); ++i) {
    const Channel& c = channels[i];
    const int64_t most = 128 * heaviest[i] + std::abs(int64_t{c.bias});
    if (heaviest[i] == 0) {
      // A constant y: of four times that, doubled, rescale makes 2 y by the multiplier 2^30, and halves it. Beyond 300
      // it saturates with any zero point.
      const int32_t y = std::clamp(requantize_right(c.bias, c.multiplier, c.right), -300, 300);
      all.push_back({4 * y * 256, 1 << 30});
    } else if (c.multiplier == 0 || (c.right > 21 && c.right <= 30 && most < int64_t{1} << c.right)) {
      all.push_back({0, 0});  // what is below a half rounds to 0
    } else if (c.right < 0 || c.right > 21 || std::abs(int64_t{c.bias}) >= 1 << 23 || most >= 1 << 29) {
      return std::nullopt;
    } else {
      all.push_back({c.bias * 256 + c.right, c.multiplier});
    }
  }
  return all;
}

}  // namespace smelt::pack
