// Frames of samples to the logarithms of their power, by frequency or by mel band.
#ifndef SMELT_RUNTIME_OPS_LOG_MEL_HPP
#define SMELT_RUNTIME_OPS_LOG_MEL_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../fft.hpp"
#include "../log2.hpp"
#include "../math.hpp"
#include "../math_log.hpp"

namespace smelt {

struct LogMel {
  int32_t hop;         ///< samples of an input row, and from one frame to the next
  int32_t frame;       ///< samples of a frame
  int32_t log2;        ///< of the complex points, half of the FFT's length
  int32_t bands;       ///< 0: an output for each of the 2^log2 + 1 frequencies
  int32_t circle;      ///< in the constants: e^(-2 pi i k / 2^(log2 + 1)), k < 3/4 of it all
  int32_t window;      ///< in the constants, a factor for each sample; -1: none
  int32_t edges;       ///< in the constants: int16_t[bands + 2], frequencies where bands begin, peak and end
  int32_t emphasis;    ///< of the sample before; Q15, or bits
  int32_t base;        ///< int16: log2 of what one unit of power stands for, Q16. f32: bits, factor of power
  int32_t multiplier;  ///< int16: from log2 in Q16 to the output, Q24. f32: bits, factor of the logarithm
  int32_t low;         ///< int16: least output. f32: bits, least power
};

/// Calls visit(samples, count, first) for the pieces of a frame; `first` counts samples of the frame.
template <class T, class Visit>
inline void each_piece(const Firing& f, const LogMel& p, int32_t row, Visit visit) {
  for (int32_t first = 0; first < p.frame; first += p.hop, ++row) {
    const int32_t left = p.frame - first;
    visit(f.in<T>(1, row), left < p.hop ? left : p.hop, first);
  }
}

/// Calls emit(power) for each band: triangles over `power`, each rising from the peak of the one before to its own peak,
/// then falling to the next one's.
template <class Bands, class P, class Emit>
inline void each_band(const P* power, const int16_t* edges, int32_t bands, Emit emit) {
  auto before = Bands::none();
  for (int32_t s = 0; s <= bands; ++s) {
    const int32_t first = edges[s], count = edges[s + 1] - first;
    const auto step = Bands::step(count);
    auto weight = step - step;
    auto rising = Bands::none(), all = Bands::none();
    for (int32_t k = 0; k < count; ++k) {
      rising += Bands::weighted(power[first + k], weight);
      weight += step;
      all += power[first + k];
    }
    if (s != 0) emit(before + (Bands::whole(all) - rising));
    before = rising;
  }
}

// ---- floats ----

struct BandsF32 {
  static float none() { return 0.0F; }
  static float step(int32_t count) { return count == 0 ? 0.0F : 1.0F / static_cast<float>(count); }
  static float weighted(float power, float weight) { return power * weight; }
  static float whole(float all) { return all; }
};

inline void load_frame_f32(const Firing& f, const LogMel& p, int32_t row, ComplexF32* z) {
  const float* window = p.window < 0 ? nullptr : f.constant<float>(static_cast<uint32_t>(p.window));
  const float emphasis = as_float(p.emphasis);
  for (int32_t i = 0; i < 1 << p.log2; ++i) z[i] = {0.0F, 0.0F};
  float before = f.in<float>(1, row)[0];
  each_piece<float>(f, p, row, [&](const float* x, int32_t count, int32_t first) {
    for (int32_t i = 0; i < count; ++i) {
      const int32_t at = first + i;
      float y = x[i] - emphasis * before;
      before = x[i];
      if (window != nullptr) y *= window[at];
      ComplexF32& to = z[reverse_bits(static_cast<uint32_t>(at) >> 1, p.log2)];
      if (at % 2 == 0) to.re = y;
      else to.im = y;
    }
  });
}

/// The transform of 2n real values from that of n complex ones, as powers: n + 1 of them, in the same memory.
inline void powers_f32(ComplexF32* z, int32_t n, const ComplexF32* circle) {
  auto* power = reinterpret_cast<float*>(z);
  const float first = z[0].re + z[0].im, last = z[0].re - z[0].im;
  for (int32_t k = 1; 2 * k <= n; ++k) {
    const ComplexF32 x = z[k], y = {z[n - k].re, -z[n - k].im};
    const ComplexF32 a = x + y, c = circle[k] * (x - y);
    const float pr = a.re + c.im, pi = a.im - c.re, qr = a.re - c.im, qi = a.im + c.re;
    z[k].re = 0.25F * (pr * pr + pi * pi);
    z[n - k].re = 0.25F * (qr * qr + qi * qi);
  }
  power[0] = first * first;
  for (int32_t k = 1; k < n; ++k) power[k] = z[k].re;
  power[n] = last * last;
}

inline void log_mel_f32(const Firing& f) {
  const LogMel& p = f.as<LogMel>();
  const auto* circle = f.constant<ComplexF32>(static_cast<uint32_t>(p.circle));
  auto* z = f.out<ComplexF32>(2, 0);
  const int32_t n = 1 << p.log2;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    load_frame_f32(f, p, row, z);
    FftF32 floats;
    fft(floats, z, p.log2, circle, 2 * n);
    powers_f32(z, n, circle);
    float* out = f.out<float>(0, row);
    const auto emit = [&](float power) {
      power *= as_float(p.base);
      const float low = as_float(p.low);
      *out++ = as_float(p.multiplier) * log_f32(power > low ? power : low);
    };
    const auto* power = reinterpret_cast<const float*>(z);
    if (p.bands != 0) {
      each_band<BandsF32>(power, f.constant<int16_t>(static_cast<uint32_t>(p.edges)), p.bands, emit);
    } else {
      for (int32_t k = 0; k <= n; ++k) emit(power[k]);
    }
  }
}

// ---- int16 ----

struct BandsS16 {
  static uint64_t none() { return 0; }
  static uint32_t step(int32_t count) {
    const auto n = static_cast<uint32_t>(count);
    return n == 0 ? 0 : (32768U + n / 2) / n;
  }
  static uint64_t weighted(uint32_t power, uint32_t weight) { return static_cast<uint64_t>(power) * weight; }
  static uint64_t whole(uint64_t all) { return all << 15; }
};

/// A frame on its way into pairs, sample by sample: emphasized, windowed, put to reversed places.
struct LoadingS16 {
  uint32_t* z;
  int32_t log2;
  int32_t emphasis;
  int32_t shift;
  int32_t half;            ///< of what is shifted away
  const int16_t* window;   ///< null: none
  int32_t before;
  uint32_t at = 0;         ///< samples so far
  uint32_t low = 0;        ///< the lower half of the next pair
  uint32_t energies = 0;   ///< of all pairs, ORed

  int32_t emphasized(int32_t x) {
    const int32_t y = (x * 32768 + half - emphasis * before) >> shift;
    before = x;
    return y;
  }
  int32_t windowed(int32_t y, uint32_t i) const { return (y * window[i] + 16384) >> 15; }
  void put(uint32_t pair) {
    z[reverse_bits(at >> 1, log2)] = pair;
    energies |= energy(pair);
  }
  void take(int32_t x) {
    int32_t y = emphasized(x);
    if (window != nullptr) y = windowed(y, at);
    if (at % 2 == 0) low = static_cast<uint32_t>(y) & 0xffffU;
    else put(low | static_cast<uint32_t>(y) << 16);
    ++at;
  }
  void take(const int16_t* x, int32_t count) {
    const int16_t* end = x + count;
    if (at % 2 != 0 && x != end) take(*x++);
    LoadingS16 s = *this;  // a copy, which no store to z can change
    if (window == nullptr) {
      for (; end - x >= 2; x += 2, s.at += 2) {
        const int32_t a = s.emphasized(x[0]), b = s.emphasized(x[1]);
        s.put(pair_of(a, b));
      }
    } else {
      for (; end - x >= 2; x += 2, s.at += 2) {
        const int32_t a = windowed(s.emphasized(x[0]), s.at), b = windowed(s.emphasized(x[1]), s.at + 1);
        s.put(pair_of(a, b));
      }
    }
    *this = s;
    if (x != end) take(*x);
  }
};

/// ORs what tells the largest of x, whatever its sign.
inline int32_t magnitude_bits(const int16_t* x, int32_t count, int32_t bits) {
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    bits |= (x[i] ^ (x[i] >> 15)) | (x[i + 1] ^ (x[i + 1] >> 15)) | (x[i + 2] ^ (x[i + 2] >> 15)) | (x[i + 3] ^ (x[i + 3] >> 15));
  }
  for (; i < count; ++i) bits |= x[i] ^ (x[i] >> 15);
  return bits;
}

/// The frame, its greatest value brought to 2^14, in pairs at reversed places. Returns by how many bits it was raised.
SMELT_APART inline int32_t load_frame_s16(const Firing& f, const LogMel& p, int32_t row, uint32_t* z, uint32_t& energies) {
  int32_t bits = 0;
  each_piece<int16_t>(f, p, row, [&bits](const int16_t* x, int32_t count, int32_t) { bits = magnitude_bits(x, count, bits); });
  const int32_t up = bits == 0 ? 14 : __builtin_clz(static_cast<uint32_t>(bits)) - 18;
  const int32_t shift = 15 - up;
  const int16_t* window = p.window < 0 ? nullptr : f.constant<int16_t>(static_cast<uint32_t>(p.window));
  LoadingS16 loading{z, p.log2, p.emphasis, shift, 1 << (shift - 1), window, f.in<int16_t>(1, row)[0]};
  each_piece<int16_t>(f, p, row, [&loading](const int16_t* x, int32_t count, int32_t) { loading.take(x, count); });
  if (loading.at % 2 != 0) {
    loading.put(loading.low);
    ++loading.at;
  }
  for (uint32_t i = loading.at / 2; i < 1U << p.log2; ++i) z[reverse_bits(i, p.log2)] = 0;
  energies = loading.energies;
  return up;
}

/// As powers_f32, of half the transform: below 2^31.
SMELT_APART inline void powers_s16(uint32_t* z, int32_t n, const uint32_t* circle) {
  const int32_t r = low_half(z[0]), i = high_half(z[0]);
  const int32_t sum = (r + i) >> 1, difference = (r - i) >> 1;
  z[0] = static_cast<uint32_t>(sum * sum);
  z[n] = static_cast<uint32_t>(difference * difference);
  for (int32_t k = 1; 2 * k <= n; ++k) {
    const uint32_t x = z[k], y = conjugate(z[n - k]);
    const uint32_t a = halved(half_add_pairs(x, y)), c = half_product(half_sub_pairs(x, y), circle[k]);
    z[k] = energy(sub_turned(a, c));
    z[n - k] = energy(add_turned(a, c));
  }
}

inline void log_mel_s16(const Firing& f) {
  const LogMel& p = f.as<LogMel>();
  const auto* circle = f.constant<uint32_t>(static_cast<uint32_t>(p.circle));
  auto* z = f.out<uint32_t>(2, 0);
  const int32_t n = 1 << p.log2;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    uint32_t energies = 0;
    const int32_t up = load_frame_s16(f, p, row, z, energies);
    FftS16 integers(energies);
    fft(integers, z, p.log2, circle, 2 * n);
    powers_s16(z, n, circle);
    const int32_t base = p.base + (integers.exponent - up) * 131072;
    auto* out = f.out<int16_t>(0, row);
    const int32_t multiplier = p.multiplier, low = p.low;
    const auto emit = [=, &out](uint64_t power) {
      int32_t y = low;
      if (power != 0) {
        const int64_t scaled = static_cast<int64_t>((log2_q16(power) + base) * 256) * multiplier;
        y = static_cast<int32_t>((scaled + (int64_t{1} << 31)) >> 32);
      }
      *out++ = static_cast<int16_t>(y < low ? low : (y > 32767 ? 32767 : y));
    };
    if (p.bands != 0) {
      each_band<BandsS16>(z, f.constant<int16_t>(static_cast<uint32_t>(p.edges)), p.bands, emit);
    } else {
      for (int32_t k = 0; k <= n; ++k) emit(static_cast<uint64_t>(z[k]) << 15);
    }
  }
}

}  // namespace smelt

#endif
