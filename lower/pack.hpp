// The order in which weights lie in the device's constants. Kernels of another instruction set may want another; it is
// decided here and in runtime/arch/, nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/quantize.hpp"

namespace smelt::pack {

/// Output channels that meet an input datum together.
constexpr int32_t block = 4;
constexpr int32_t round_up(int32_t n, int32_t to) { return (n + to - 1) / to * to; }

/// `groups` of `channels` rows of `taps` weights each, to [group][block of four channels][tap][channel in block], zeros
/// where a group's channels or its taps (rounded up to `taps_multiple`) end earlier.
template <class T>
std::vector<T> blocks(const T* rows, int32_t groups, int32_t channels, int32_t taps, int32_t taps_multiple) {
  const int32_t padded = round_up(taps, taps_multiple);
  const int32_t per_group = round_up(channels, block);
  std::vector<T> packed(static_cast<size_t>(groups) * static_cast<size_t>(per_group) * static_cast<size_t>(padded));
  for (int32_t g = 0; g < groups; ++g) {
    for (int32_t c = 0; c < channels; ++c) {
      T* to = packed.data() + (int64_t{g} * per_group + c / block * block) * padded + c % block;
      const T* from = rows + (int64_t{g} * channels + c) * taps;
      for (int32_t k = 0; k < taps; ++k) to[int64_t{k} * block] = from[k];
    }
  }
  return packed;
}

/// Depthwise weights [tap][channel]: blocks of four channels as [block][tap][channel in block], then each of the
/// remaining channels (all of them unless `blocked`) as [tap].
template <class T>
std::vector<T> depthwise(const T* weights, int32_t channels, int32_t taps, bool blocked) {
  const int32_t in_blocks = blocked ? channels / block * block : 0;
  std::vector<T> packed;
  packed.reserve(static_cast<size_t>(channels) * static_cast<size_t>(taps));
  for (int32_t c = 0; c < channels;) {
    const int32_t n = c < in_blocks ? block : 1;
    for (int32_t k = 0; k < taps; ++k) {
      for (int32_t j = 0; j < n; ++j) packed.push_back(weights[int64_t{k} * channels + c + j]);
    }
    c += n;
  }
  return packed;
}

/// Depthwise weights [tap][channel] of at least four channels as DepthwiseTile has them; the last block begins four
/// channels before the end. `depthwise_scales` puts scales in the same order.
std::vector<int8_t> depthwise_blocks(const int8_t* weights, int32_t channels, int32_t taps);
std::vector<int8_t> depthwise_3x3(const int8_t* weights, int32_t channels);  ///< the same as DepthwisePatch has them
std::vector<Scale> depthwise_scales(const std::vector<Scale>& scales, int32_t channels);

/// One record for each output channel, each group padded to whole blocks.
template <class T>
std::vector<T> padded_channels(const std::vector<T>& records, int32_t groups) {
  const size_t channels = records.size() / static_cast<size_t>(groups);
  const auto per_group = static_cast<size_t>(round_up(static_cast<int32_t>(channels), block));
  std::vector<T> padded(static_cast<size_t>(groups) * per_group);
  for (size_t i = 0; i < records.size(); ++i) padded[i / channels * per_group + i % channels] = records[i];
  return padded;
}

/// Channel records as the words that the constants hold.
std::vector<int32_t> words(const std::vector<Channel>& channels);

std::vector<int32_t> words(const std::vector<Scale>& scales);

/// Rows of weights by twos, as runtime/arch/tile.hpp has them: [pair of channels][tap], taps rounded up to a multiple of
/// four. Nothing where a high -128 meets a negative low weight, or a high channel's sum may leave 24 bits.
std::optional<std::vector<int16_t>> pairs(const int8_t* rows, int32_t channels, int32_t taps);

/// What a convolution of `groups` of `channels` reads: ConvTile's blocks of two pairs and their scales.
std::optional<std::vector<int16_t>> pair_blocks(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps,
                                                const std::vector<Scale>& scales);

/// The same for cores without vector instructions, as runtime/arch/swar.hpp has it: two pairs of channels in a block of
/// four. Nothing where the sum of two taps next to each other may leave 16 bits.
std::optional<std::vector<int8_t>> swar_blocks(const int8_t* rows, int32_t groups, int32_t channels, int32_t taps,
                                               const std::vector<Scale>& scales);

/// What a fully connected layer of `units` reads: DotTile's blocks and their Scale::bias_right.
std::optional<std::vector<int16_t>> dot_blocks(const int8_t* rows, int32_t units, int32_t taps,
                                               const std::vector<Scale>& scales);

/// The same cut into `slices` of the taps, each with blocks of its own, without biases: for sums that run over the slices,
/// of which each is a multiple of four and must bear what a whole vector must in pairs().
std::optional<std::vector<int16_t>> dot_slices(const int8_t* rows, int32_t units, int32_t taps, int32_t slices);

/// The same two for cores without vector instructions, as ByteDotS8 has them.
std::vector<int8_t> swar_dot_blocks(const int8_t* rows, int32_t units, int32_t taps, const std::vector<Scale>& scales);

/// Rows of weights cut into `slices` of the taps, each in blocks of its own.
template <class T>
std::vector<T> sliced_blocks(const T* rows, int32_t units, int32_t taps, int32_t slices) {
  const int32_t n = taps / slices;
  std::vector<T> packed;
  for (int32_t s = 0; s < slices; ++s) {
    std::vector<T> slice;
    for (int32_t u = 0; u < units; ++u) {
      const T* from = rows + int64_t{u} * taps + int64_t{s} * n;
      slice.insert(slice.end(), from, from + n);
    }
    const std::vector<T> all = blocks(slice.data(), 1, units, n, 1);
    packed.insert(packed.end(), all.begin(), all.end());
  }
  return packed;
}

/// Channels of sums of |w| * 128 at most, `heaviest` being sum |w| of each, as rescale wants them. Nothing where a
/// channel's range does not allow it.
std::optional<std::vector<Scale>> scales(const std::vector<Channel>& channels, const std::vector<int64_t>& heaviest);

}  // namespace smelt::pack
