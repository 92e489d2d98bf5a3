// What the primitives for Helium and their twins have in common: tiles, and the scales of sums; see helium.hpp.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_TILE_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_TILE_HPP

#include <stddef.h>
#include <stdint.h>

#include "../quantize.hpp"

namespace smelt {

/// Pixels that meet all weights. Output channels, at least four, come in fours, the last four overlapping those before
/// where they are no multiple. Scales of four channels are eight words: bias * 2^8 + the low byte of -(bits to shift to
/// the right, at least 1), four times; then the multipliers.
struct HeliumTile {
  const int8_t* x;
  int32_t step;  ///< from one pixel's taps to the next one's
  int8_t* out;   ///< pixels lie side by side
  int32_t pixels;
  const int8_t* weights;
  int32_t taps;
  const int32_t* scales;
  const int32_t* multiplier;  ///< four times the one multiplier of all channels, where there is one: none in `scales`
  int32_t fours;              ///< of channels that do not overlap
  int32_t back;               ///< channels by which the last four overlap; 0: there are no such
  int32_t zero;               ///< point of the output
};
static_assert(sizeof(void*) != 4 || (offsetof(HeliumTile, step) == 4 && offsetof(HeliumTile, out) == 8 &&
                                     offsetof(HeliumTile, pixels) == 12 && offsetof(HeliumTile, weights) == 16 &&
                                     offsetof(HeliumTile, taps) == 20 && offsetof(HeliumTile, scales) == 24 &&
                                     offsetof(HeliumTile, multiplier) == 28 && offsetof(HeliumTile, fours) == 32 &&
                                     offsetof(HeliumTile, back) == 36 && offsetof(HeliumTile, zero) == 40));

inline constexpr int32_t helium_outside = INT32_MIN;  ///< in place of where a row is: in the padding

/// A row of outputs in four channels of a depthwise convolution, of at most 16 taps. For each channel a patch holds the
/// window's rows side by side, column by column, so that a window's bytes follow each other; its weights likewise.
struct HeliumDepthwiseTile {
  const int8_t* patch;  ///< the first channel's
  int32_t pitch;        ///< from one channel's patch to the next
  int8_t* out;
  int32_t out_step;  ///< from one pixel to the next
  int32_t pixels;    ///< more than 0
  const int8_t* weights;
  int32_t taps;
  const int32_t* scales;  ///< eight words, as above
  int32_t zero;           ///< point of the output
  int32_t step;           ///< from one pixel's window to the next
};
static_assert(sizeof(void*) != 4 || (offsetof(HeliumDepthwiseTile, out) == 8 && offsetof(HeliumDepthwiseTile, pixels) == 16 &&
                                     offsetof(HeliumDepthwiseTile, weights) == 20 &&
                                     offsetof(HeliumDepthwiseTile, scales) == 28 &&
                                     offsetof(HeliumDepthwiseTile, step) == 36));

/// One sum in portable terms.
inline int8_t helium_rescale(int32_t sum, int32_t bias_shift, int32_t multiplier, int32_t zero) {
  const int32_t bits = -static_cast<int8_t>(bias_shift);
  const int32_t high = doubling_high_mul(sum + (bias_shift >> 8), multiplier);
  return static_cast<int8_t>(clamp(rounding_shift_right(high, bits) + zero, -128, 127));
}

}  // namespace smelt

#endif
