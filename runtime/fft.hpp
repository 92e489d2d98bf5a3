// Fast Fourier transform of 2^n complex values in place, decimation in time, radix 4 (and one stage of radix 2 where n is
// odd), in two arithmetics.
// Source: Cooley and Tukey 1965; block floating point: Oppenheim and Weinstein 1972, "Effects of finite register length in
// digital filtering and the fast Fourier transform".
#ifndef SMELT_RUNTIME_FFT_HPP
#define SMELT_RUNTIME_FFT_HPP

#include <stdint.h>

#include "arch/pairs.hpp"

namespace smelt {

struct ComplexF32 {
  float re;
  float im;
};

inline ComplexF32 operator+(ComplexF32 a, ComplexF32 b) { return {a.re + b.re, a.im + b.im}; }
inline ComplexF32 operator-(ComplexF32 a, ComplexF32 b) { return {a.re - b.re, a.im - b.im}; }
inline ComplexF32 operator*(ComplexF32 a, ComplexF32 b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/// Floats.
struct FftF32 {
  using Complex = ComplexF32;
  void begin(int32_t /*radix*/) {}
  void two(Complex* z, int32_t h) const {
    const Complex a = z[0], b = z[h];
    z[0] = a + b;
    z[h] = a - b;
  }
  void four(Complex* z, int32_t h) const { combine(z, h, z[2 * h], z[h], z[3 * h]); }
  void four(Complex* z, int32_t h, Complex w1, Complex w2, Complex w3) const {
    combine(z, h, z[2 * h] * w1, z[h] * w2, z[3 * h] * w3);
  }

 private:
  static void combine(Complex* z, int32_t h, Complex b, Complex c, Complex d) {
    const Complex s = z[0] + c, t = z[0] - c, u = b + d, v = b - d;
    z[0] = s + u;
    z[h] = {t.re + v.im, t.im - v.re};
    z[2 * h] = s - u;
    z[3 * h] = {t.re - v.im, t.im + v.re};
  }
};

/// Words of two 16-bit integers. Before each stage it is known how large the values are: where the stage could make more
/// than 16 bits hold, its results are shifted down. `exponent` counts these shifts: real values are 2^exponent as large.
/// Products by a twiddle factor (Q15) are cut to Q13, sums are rounded once, half up.
struct FftS16 {
  using Complex = uint32_t;
  uint32_t bits;         ///< of all |z|^2, ORed; of the values that come in, then of each stage's results
  int32_t exponent = 0;

  explicit FftS16(uint32_t energies) : bits(energies) {}

  void begin(int32_t radix) {
    // |z| < 2^(n/2), so a result is < radix * 2^(n/2); it has to be below 2^15.
    const int32_t n = bits == 0 ? 0 : 32 - __builtin_clz(bits);
    const int32_t over = n - (radix == 4 ? 25 : 27);
    const int32_t down = over > 1 ? over / 2 : 0;
    exponent += down;
    shift_ = 13 + down;
    bits = 0;
  }
  void two(Complex* z, int32_t h) {
    const int32_t ar = start(low_half(z[0])), ai = start(high_half(z[0]));
    const int32_t br = low_half(z[h]) * 8192, bi = high_half(z[h]) * 8192;
    put(z[0], ar + br, ai + bi);
    put(z[h], ar - br, ai - bi);
  }
  void four(Complex* z, int32_t h) {
    const Complex b = z[2 * h], c = z[h], d = z[3 * h];
    combine(z, h, low_half(b) * 8192, high_half(b) * 8192, low_half(c) * 8192, high_half(c) * 8192, low_half(d) * 8192,
            high_half(d) * 8192);
  }
  void four(Complex* z, int32_t h, Complex w1, Complex w2, Complex w3) {
    const Complex b = z[2 * h], c = z[h], d = z[3 * h];
    combine(z, h, real_product(b, w1) >> 2, imaginary_product(b, w1) >> 2, real_product(c, w2) >> 2,
            imaginary_product(c, w2) >> 2, real_product(d, w3) >> 2, imaginary_product(d, w3) >> 2);
  }

 private:
  int32_t shift_ = 13;

  int32_t start(int32_t a) const { return a * 8192 + (1 << (shift_ - 1)); }
  void put(Complex& z, int32_t re, int32_t im) {
    z = pair_of(re >> shift_, im >> shift_);
    bits |= energy(z);
  }
  void combine(Complex* z, int32_t h, int32_t br, int32_t bi, int32_t cr, int32_t ci, int32_t dr, int32_t di) {
    const int32_t ar = start(low_half(z[0])), ai = start(high_half(z[0]));
    const int32_t sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
    const int32_t ur = br + dr, ui = bi + di, vr = br - dr, vi = bi - di;
    put(z[0], sr + ur, si + ui);
    put(z[h], tr + vi, ti - vr);
    put(z[2 * h], sr - ur, si - ui);
    put(z[3 * h], tr - vi, ti + vr);
  }
};

/// z holds 2^log2 values, value i at reverse_bits(i, log2). `circle` holds e^(-2 pi i k / turn) for k < 3/4 turn; turn is a
/// multiple of 2^log2.
template <class A>
inline void fft(A& a, typename A::Complex* z, int32_t log2, const typename A::Complex* circle, int32_t turn) {
  const int32_t n = 1 << log2;
  int32_t h = 1;
  if (log2 % 2 != 0) {
    a.begin(2);
    for (int32_t g = 0; g < n; g += 2) a.two(z + g, 1);
    h = 2;
  }
  for (; h < n; h *= 4) {
    const int32_t step = turn / (4 * h);
    a.begin(4);
    for (int32_t g = 0; g < n; g += 4 * h) a.four(z + g, h);
    for (int32_t j = 1; j < h; ++j) {
      const typename A::Complex w1 = circle[j * step], w2 = circle[2 * j * step], w3 = circle[3 * j * step];
      for (int32_t g = j; g < n; g += 4 * h) a.four(z + g, h, w1, w2, w3);
    }
  }
}

}  // namespace smelt

#endif
