// What all sets of primitives for int8 have in common: how weights lie, and a tile of a convolution.
#ifndef SMELT_RUNTIME_ARCH_TILE_HPP
#define SMELT_RUNTIME_ARCH_TILE_HPP

#include <stddef.h>
#include <stdint.h>

#include "../quantize.hpp"

namespace smelt {

// Weights of two output channels travel together, high and low, tap by tap, as high * 256 + low in 16 bits (the host
// packs so only where no such number overflows). A multiply-add by it gathers 256 * H + L, of H the sum of the high
// channel and L that of the low one; L gathered by itself in the usual way takes it apart, modulo 2^24, in which the host
// has proven H to fit. Taps come in fours, in the order 0, 2, 1, 3: that in which SXTB16 takes bytes from a word.

inline int32_t low_weight(int16_t pair) { return static_cast<int8_t>(pair); }
inline int32_t high_weight(int16_t pair) { return (pair - low_weight(pair)) >> 8; }

/// What one or two output pixels, whose windows lie in a patch, meet. Weights of a convolution stand in blocks of four
/// channels, two pairs: of each four taps the first pair's words (taps 0 and 2), the second pair's, and so again of taps
/// 1 and 3; behind them the four channels' Scale.
struct ConvTile {
  int8_t* out[2];  ///< where there is but one pixel, it is that one's again
  int32_t left;    ///< output channels
  int32_t centre;  ///< of rescale
  const void* patch;
  const int16_t* weights;
  int32_t taps;  ///< a multiple of four, more than 0

  /// Of what is common to all blocks, and of the block at w.
  int32_t block() const { return 2 * taps + 16; }
  const Scale* scales(const int16_t* w) const {
    const void* behind = w + 2 * taps;
    return static_cast<const Scale*>(behind);
  }
};

/// An input vector of a fully connected layer meets blocks of four units. Weights as those of a convolution, but behind
/// each block stand only the four Scale::bias_right.
struct DotTile {
  const int8_t* x;
  const int16_t* weights;
  int32_t taps;  ///< a multiple of four, more than 0
  const int32_t* multipliers;
  int32_t multiplier_step;  ///< bytes; 0 where all units have one
  int32_t centre;           ///< of rescale
  int8_t* out;
  int32_t units;  ///< a multiple of four, more than 0

  int32_t block() const { return 2 * taps + 8; }
};

/// Blocks of four channels of a depthwise convolution at one output pixel. Where the taps lie, a table says. Of the
/// weights, bytes, for each block: the first tap's four where the taps are odd, then for each two taps x and y
/// x0 x1 y0 y1 x2 x3 y2 y3.
struct DepthwiseTile {
  const uint32_t* table;  ///< offset of each tap
  const uint32_t* end;    ///< of the table
  const Scale* scales;
  int8_t* out;
  int32_t centre;
  const uint8_t* last;  ///< `at` after the last block
  const int8_t* weights;
  const uint8_t* at;  ///< to which a tap's offset is added for its first channel
};

/// Four channels of a depthwise convolution of 3x3 taps, some columns of some rows of its output. The patch holds the
/// input that they see: column by column `rows_held` words, one a row, each of four channels. A window's rows are three
/// words that follow each other; it begins a row, or `row_step` bytes, further down for each output row, and one or two
/// columns further right for each output. An output takes the place of what lay at the top of its window in the middle,
/// so that columns outside of those are left as they are, and is copied from there.
/// Of the weights, bytes, for each of the channels, w01 being the top one in the middle:
/// w00 w01 w10 w11 w02 w20 w12 w21; behind those of all four, the four w22.
struct DepthwisePatch {
  static constexpr int32_t rows_held = 6;
  static constexpr int32_t column = 4 * rows_held;  ///< bytes
  static constexpr int32_t most_columns = 24;       ///< of the output: what more of them save is less than what they take
  uint32_t* patch;
  const int8_t* weights;
  const int8_t* last;  ///< the four w22
  const Scale* scales;
  int32_t centre;    ///< of rescale
  int32_t rows;      ///< of the output, 1 to 15
  int32_t row_step;  ///< bytes
  int32_t columns;   ///< of the output, 1 to most_columns
  int32_t pixel;     ///< bytes from one input pixel to the next, and from one output pixel to the next
  int32_t at;        ///< where in each of `out` the outputs go
  int8_t* out[rows_held - 2];
  const int8_t* in[rows_held];
};

inline void copy_bytes(int8_t* to, const int8_t* from, int32_t n) {
#if defined(__ARM_FEATURE_UNALIGNED) || __SIZEOF_POINTER__ == 8
  if (n >= 4) {
    const int8_t* last = from + n - 4;
    int8_t* to_last = to + n - 4;
    for (; from < last; to += 4, from += 4) __builtin_memcpy(to, from, 4);
    __builtin_memcpy(to_last, last, 4);
    return;
  }
#endif
  for (int32_t i = 0; i < n; ++i) to[i] = from[i];
}

inline void fill_bytes(int8_t* to, int8_t value, int32_t n) {
  for (int32_t i = 0; i < n; ++i) to[i] = value;
}

}  // namespace smelt

#endif
