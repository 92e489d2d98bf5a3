// Fixed point of 16 bits by gemmlowp's definitions, for oracles; shares nothing with runtime/.
#pragma once

#include <cstdint>

namespace smelt::oracle {

int32_t saturate_16(int64_t x);

/// x / 2^exponent to nearest, halves away from zero.
int32_t divided(int64_t x, int exponent);

/// Logistic function of a in units of 2^-12, and tanh of a in units of 2^(bits - 15); both in units of 2^-15.
int32_t logistic_16(int32_t a);
int32_t tanh_16(int32_t a, int bits);

}  // namespace smelt::oracle
