// Source: gemmlowp, fixedpoint/fixedpoint.h.
#include "ops/fixed_s16.hpp"

#include <algorithm>
#include <cstdlib>

namespace smelt::oracle {

int32_t saturate_16(int64_t x) { return static_cast<int32_t>(std::clamp<int64_t>(x, -32768, 32767)); }

int32_t divided(int64_t x, int exponent) {
  const int64_t half = exponent == 0 ? 0 : int64_t{1} << (exponent - 1);
  const int64_t magnitude = (std::abs(x) + half) >> exponent;
  return static_cast<int32_t>(x < 0 ? -magnitude : magnitude);
}

namespace {

/// gemmlowp's FixedPoint<int16_t, bits>: 16 bits, of which `bits` stand in front of the point and one is the sign.
struct Fixed {
  int32_t raw;
  int bits;

  static Fixed constant(int64_t of_32_bits, int bits) { return {divided(of_32_bits, 16), bits}; }
  static Fixed one(int bits) { return {bits == 0 ? 32767 : 1 << (15 - bits), bits}; }
  Fixed operator+(Fixed b) const { return {static_cast<int16_t>(raw + b.raw), bits}; }
  Fixed operator-(Fixed b) const { return {static_cast<int16_t>(raw - b.raw), bits}; }
  Fixed operator*(Fixed b) const {
    const int32_t product = raw * b.raw;
    return {(product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15), bits + b.bits};
  }
  /// Times 2^exponent.
  Fixed scaled(int exponent) const {
    return {exponent < 0 ? divided(raw, -exponent) : saturate_16(int64_t{raw} * (1 << exponent)), bits};
  }
  Fixed rescaled(int to) const { return {scaled(bits - to).raw, to}; }
};

Fixed exp_of_quarter(Fixed a) {
  const Fixed center = Fixed::constant(1895147668, 0), third = Fixed::constant(715827883, 0);
  const Fixed x = a + Fixed{1 << 12, 0}, x2 = x * x, x3 = x2 * x, x4 = x2 * x2;
  const Fixed sum = ((x4.scaled(-2) + x3) * third + x2).scaled(-1);
  return {saturate_16(center.raw + (center * (x + sum)).raw), 0};
}

/// e^a for a <= 0.
Fixed exp_of_negative(Fixed a) {
  if (a.raw == 0) return Fixed::one(0);
  const int fraction = 15 - a.bits;
  if (a.bits > 5 && a.raw < -(32 << fraction)) return {0, 0};
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t within = (a.raw & (quarter - 1)) - quarter;
  Fixed y = exp_of_quarter(Fixed{within, a.bits}.rescaled(0));
  const int64_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  for (int exponent = -2; exponent <= 4 && exponent < a.bits; ++exponent) {
    if (((within - a.raw) >> (fraction + exponent) & 1) != 0) y = y * Fixed::constant(factors[exponent + 2], 0);
  }
  return y;
}

/// 2 / (1 + a) for a in [0, 1].
Fixed twice_reciprocal(Fixed a) {
  const Fixed half{(a.raw + 32767 + 1) / 2, 0};
  Fixed x = Fixed::constant(1515870810, 2) + half * Fixed::constant(-1010580540, 2);
  for (int i = 0; i < 3; ++i) x = x + (x * (Fixed::one(2) - half * x)).rescaled(2);
  return x;
}

}  // namespace

int32_t logistic_16(int32_t a) {
  if (a == 0) return 1 << 14;
  const Fixed negative{static_cast<int16_t>(a > 0 ? -a : a), 3};
  const int32_t y = Fixed{twice_reciprocal(exp_of_negative(negative)).raw, 1}.rescaled(0).raw;
  return a > 0 ? y : 32767 - y;
}

int32_t tanh_16(int32_t a, int bits) {
  if (a == 0) return 0;
  const Fixed twice{static_cast<int16_t>(a > 0 ? -a : a), bits + 1};
  const int32_t y = (twice_reciprocal(exp_of_negative(twice)) - Fixed::one(2)).rescaled(0).raw;
  return a < 0 ? -y : y;
}

}  // namespace smelt::oracle
