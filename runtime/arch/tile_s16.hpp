// What all sets of primitives for 16-bit activations have in common: how weights lie, and tiles.
//
// Weights of convolutions come in blocks of two output channels, those of fully connected layers of four: of each four
// taps the first channel's four bytes, then the next one's. Within four, taps stand in the order 0, 2, 1, 3: that in
// which SXTB16 makes pairs of them. Depthwise, of each tap the four bytes of channels 0, 2, 1, 3.
#ifndef SMELT_RUNTIME_ARCH_TILE_S16_HPP
#define SMELT_RUNTIME_ARCH_TILE_S16_HPP

#include <stddef.h>
#include <stdint.h>

#include "../quantize_s16.hpp"

namespace smelt {

inline constexpr int32_t order_s16[] = {0, 2, 1, 3};  // by position

/// Two output pixels, whose windows lie in a patch, of each four taps four elements of the one and four of the other, meet
/// blocks of two channels. To be given as a copy: it is used up.
struct ConvTileS16 {
  int16_t* out[2];  ///< where there is but one pixel, it is that one's again
  int32_t left;     ///< output channels, more than 0
  const int16_t* patch;
  const int8_t* weights;
  int32_t taps;  ///< a multiple of four, more than 0
  const NarrowS16::PerChannel* channels;  ///< for whole blocks
  int32_t low;                            ///< 0 or -32768, below which no output goes
};

/// Blocks of four channels of a depthwise convolution at one output pixel. Where the taps lie, a table says. To be given as
/// a copy: it is used up.
struct DepthwiseTileS16 {
  const uint32_t* table;  ///< offset of each tap
  const uint32_t* end;    ///< of the table, not its beginning
  const NarrowS16::PerChannel* channels;
  int16_t* out;
  int32_t low;          ///< as above
  const uint8_t* last;  ///< `at` after the last block
  const uint8_t* at;    ///< to which a tap's offset is added for its first channel
  const int8_t* weights;
};

/// What tiles do of a clamp by themselves, and the rest of it.
inline int32_t tile_low(const Clamp& to) { return to.span == 32767 && to.offset == 0 ? 0 : -32768; }
inline bool clamps_behind_tile(const Clamp& to) {
  return to.span != 32767 || (to.offset != 0 && to.offset != -32768);
}
__attribute__((noinline)) inline void clamp_halves(int16_t* x, int32_t n, const Clamp& to) {
  const int32_t low = to.offset;
  const int32_t high = to.span;
  for (const int16_t* end = x + n; x != end; ++x) *x = static_cast<int16_t>(clamp(*x, low, high));
}

}  // namespace smelt

#endif
