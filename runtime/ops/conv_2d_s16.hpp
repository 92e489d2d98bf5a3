// Convolution of 16-bit activations and 8-bit weights: conv_2d.hpp's way over the image, two pixels at a time.
#ifndef SMELT_RUNTIME_OPS_CONV_2D_S16_HPP
#define SMELT_RUNTIME_OPS_CONV_2D_S16_HPP

#include "../arch/dot_s16.hpp"
#include "../quantize_s16.hpp"
#include "conv_2d.hpp"

namespace smelt {

/// A patch holds of each four taps those of one pixel, then those of the other.
template <class D, class F>
struct ConvHalves {
  using Element = int16_t;
  static constexpr int32_t pixels = 2;
  static constexpr bool plain = false;
  static constexpr int32_t tap_bytes = 4;

  static int16_t* slot(uint8_t* patch, int32_t pixel) { return reinterpret_cast<int16_t*>(patch) + 4 * pixel; }
  /// n > 0 taps, a multiple of four.
  static int16_t* put(int16_t* at, const int16_t* x, int32_t n) {
    for (const int16_t* end = x + n; x != end; x += 4, at += 8) __builtin_memcpy(at, x, 8);
    return at;
  }
  static int16_t* fill(int16_t* at, int16_t value, int32_t n) {
    for (; n > 0; n -= 4, at += 8) at[0] = at[1] = at[2] = at[3] = value;
    return at;
  }

  struct Tile {
    int16_t* out[2];
    const int16_t* patch;
    const int8_t* weights;
    const typename F::PerChannel* channels;
  };
  static void begin(Tile& t, const Firing& f, const Conv2D& p, const uint8_t* patch) {
    t.patch = reinterpret_cast<const int16_t*>(patch);
    t.weights = f.constant<int8_t>(static_cast<uint32_t>(p.weights));
    t.channels = f.constant<typename F::PerChannel>(static_cast<uint32_t>(p.channels));
  }
  static int16_t*& out(Tile& t, int32_t n) { return t.out[n]; }
  static void run(Tile& t, int32_t n, const Conv2D& p) {
    if (n == 1) t.out[1] = t.out[0];
    run(t, n, p, static_cast<const F*>(nullptr));
  }
  static void next_group(Tile& t, const Conv2D& p) {
    t.weights += (p.group_out + 1) / 2 * 2 * p.taps;
    t.channels += p.group_out;
  }

 private:
  static void run(const Tile& t, int32_t n, const Conv2D& p, const NarrowS16*) {
    ConvTileS16 tile{{t.out[0], t.out[1]}, p.group_out, t.patch, t.weights, p.taps, t.channels, tile_low(p.to)};
    D::conv(tile);
    if (!clamps_behind_tile(p.to)) return;
    while (--n >= 0) clamp_halves(t.out[n], p.group_out, p.to);
  }
  template <class Other>
  static void run(const Tile& t, int32_t, const Conv2D& p, const Other*) { blocks(t, p.taps, p.group_out, p.to); }
  static __attribute__((noinline)) void blocks(const Tile& t, int32_t taps, int32_t left, const Clamp& to) {
    const int8_t* w = t.weights;
    const auto* channel = t.channels;
    int16_t* first = t.out[0];
    int16_t* second = t.out[1];
    for (; left > 0; left -= 2, channel += 2, first += 2, second += 2) {
      typename F::Sum sums[4] = {};
      for (int32_t at = 0, n = 0; at < taps; at += n, w += 2 * n) {
        n = taps - at < F::most_taps ? taps - at : F::most_taps;
        int32_t part[4];
        D::two_by_two(t.patch + 2 * at, w, n, part);
        for (int32_t i = 0; i < 4; ++i) sums[i] += static_cast<typename F::Sum>(part[i]);
      }
      const typename F::Sum pixels_sums[2][2] = {{sums[0], sums[2]}, {sums[1], sums[3]}};
      const int32_t n = left < 2 ? left : 2;
      store_s16<F>(channel, pixels_sums[1], n, to, second);
      store_s16<F>(channel, pixels_sums[0], n, to, first);
    }
  }
};

inline void conv_2d_s16(const Firing& f) { conv_2d<ConvHalves<DotS16, NarrowS16>>(f); }
inline void conv_2d_wide_s16(const Firing& f) { conv_2d<ConvHalves<DotS16, WideS16>>(f); }
inline void conv_2d_twice_s16(const Firing& f) { conv_2d<ConvHalves<DotS16, TwiceS16>>(f); }

}  // namespace smelt

#endif
