// Fast Fourier transform of 2^n complex values in place, decimation in time, radix 4 (and one stage of radix 2 where n is
// odd), in two arithmetics.
// Source: Cooley and Tukey 1965; block floating point: Oppenheim and Weinstein 1972, "Effects of finite register length in
// digital filtering and the fast Fourier transform".
#ifndef SMELT_RUNTIME_FFT_HPP
#define SMELT_RUNTIME_FFT_HPP

#include <stdint.h>

#include "arch/pairs.hpp"
#include "core.hpp"

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
  template <int32_t>
  void two(Complex* z, int32_t h) const {
    const Complex a = z[0], b = z[h];
    z[0] = a + b;
    z[h] = a - b;
  }
  template <int32_t>
  void four(Complex* z, int32_t h) const { combine(z, h, z[2 * h], z[h], z[3 * h]); }
  template <int32_t>
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

/// Words of two 16-bit integers. Before each stage it is known how large the values are, and with that by how many bits its
/// results have to be shifted down: 1 to 3 in radix 4, none or 1 in radix 2. `exponent` counts them: real values are
/// 2^exponent as large. Operands, multiplied by twiddle factors (Q15), are halved and rounded half up; then come two levels of
/// sums, each halved (towards minus infinity) or not. What rounding makes exceed 16 bits is saturated.
struct FftS16 {
  using Complex = uint32_t;
  uint32_t bits;         ///< of all |z|^2, ORed; of the values that come in, then of each stage's results
  int32_t exponent = 0;

  explicit FftS16(uint32_t energies) : bits(energies) {}

  /// How far to shift so that results of at most 2^13 (radix 4) or 2^14 times 2^shift as large as |z| < 2^(n/2) fit.
  int32_t begin(int32_t radix) {
    const int32_t n = bits == 0 ? 0 : 32 - __builtin_clz(bits);
    const int32_t down = radix == 2 ? (n > 28 ? 1 : 0) : (n > 30 ? 3 : (n > 28 ? 2 : 1));
    exponent += down;
    bits = 0;
    return down;
  }
  template <int32_t Down>
  void two(Complex* z, int32_t h) {
    const Complex a = z[0], b = z[h];
    put(z[0], Down == 0 ? add_pairs(a, b) : half_add_pairs(a, b));
    put(z[h], Down == 0 ? sub_pairs(a, b) : half_sub_pairs(a, b));
  }
  template <int32_t Down>
  void four(Complex* z, int32_t h) {
    combine<Down>(z, h, halved(z[2 * h]), halved(z[h]), halved(z[3 * h]));
  }
  template <int32_t Down>
  void four(Complex* z, int32_t h, Complex w1, Complex w2, Complex w3) {
    combine<Down>(z, h, half_product(z[2 * h], w1), half_product(z[h], w2), half_product(z[3 * h], w3));
  }

 private:
  void put(Complex& z, uint32_t value) {
    z = value;
    bits |= energy(value);
  }
  template <int32_t Down>
  void combine(Complex* z, int32_t h, Complex b, Complex c, Complex d) {
    const Complex a = halved(z[0]);
    const Complex s = Down == 3 ? half_add_pairs(a, c) : add_pairs(a, c), t = Down == 3 ? half_sub_pairs(a, c) : sub_pairs(a, c);
    const Complex u = Down == 3 ? half_add_pairs(b, d) : add_pairs(b, d), v = Down == 3 ? half_sub_pairs(b, d) : sub_pairs(b, d);
    put(z[0], Down == 1 ? add_pairs(s, u) : half_add_pairs(s, u));
    put(z[h], Down == 1 ? sub_turned(t, v) : half_sub_turned(t, v));
    put(z[2 * h], Down == 1 ? sub_pairs(s, u) : half_sub_pairs(s, u));
    put(z[3 * h], Down == 1 ? add_turned(t, v) : half_add_turned(t, v));
  }
};

/// One stage: transforms of `h` values become transforms of 4 h. Apart, so that its loops have the registers.
template <class A, int32_t Down>
SMELT_APART inline void four_stage(A& arithmetic, typename A::Complex* z, int32_t n, int32_t h, const typename A::Complex* circle,
                                   int32_t step) {
  using Complex = typename A::Complex;
  A a = arithmetic;  // a copy, which no store to z can change
  for (Complex* g = z; g < z + n; g += 4 * h) a.template four<Down>(g, h);
  const Complex *w1 = circle, *w2 = circle, *w3 = circle;
  for (int32_t j = 1; j < h; ++j) {
    w1 += step;
    w2 += 2 * step;
    w3 += 3 * step;
    if (4 * h == n) {
      a.template four<Down>(z + j, h, *w1, *w2, *w3);
      continue;
    }
    const Complex v1 = *w1, v2 = *w2, v3 = *w3;
    for (Complex* g = z + j; g < z + n; g += 4 * h) a.template four<Down>(g, h, v1, v2, v3);
  }
  arithmetic = a;
}

template <class A, int32_t Down>
inline void two_stage(A& arithmetic, typename A::Complex* z, int32_t n) {
  A a = arithmetic;
  for (int32_t g = 0; g < n; g += 2) a.template two<Down>(z + g, 1);
  arithmetic = a;
}

/// z holds 2^log2 values, value i at reverse_bits(i, log2). `circle` holds e^(-2 pi i k / turn) for k < 3/4 turn; turn is a
/// multiple of 2^log2.
template <class A>
inline void fft(A& a, typename A::Complex* z, int32_t log2, const typename A::Complex* circle, int32_t turn) {
  const int32_t n = 1 << log2;
  int32_t h = 1;
  if (log2 % 2 != 0) {
    if (a.begin(2) == 0) two_stage<A, 0>(a, z, n);
    else two_stage<A, 1>(a, z, n);
    h = 2;
  }
  for (; h < n; h *= 4) {
    const int32_t down = a.begin(4), step = turn / (4 * h);
    if (down == 1) four_stage<A, 1>(a, z, n, h, circle, step);
    else if (down == 2) four_stage<A, 2>(a, z, n, h, circle, step);
    else four_stage<A, 3>(a, z, n, h, circle, step);
  }
}

/// Floats have one form only.
template <>
inline void fft<FftF32>(FftF32& a, ComplexF32* z, int32_t log2, const ComplexF32* circle, int32_t turn) {
  const int32_t n = 1 << log2;
  int32_t h = 1;
  if (log2 % 2 != 0) {
    two_stage<FftF32, 0>(a, z, n);
    h = 2;
  }
  for (; h < n; h *= 4) four_stage<FftF32, 0>(a, z, n, h, circle, turn / (4 * h));
}

}  // namespace smelt

#endif
