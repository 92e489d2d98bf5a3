// Arithmetic of 8-bit quantization on the host: for lowering (scales to multipliers) and, apart from it, for oracles.
#pragma once

#include <cstdint>
#include <string>

#include "ir/graph.hpp"

namespace smelt {

/// real = multiplier / 2^31 * 2^shift, multiplier in [2^30, 2^31) or 0.
/// Source: TensorFlow Lite, kernels/internal/quantization_util.cc, QuantizeMultiplier.
struct Multiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;
};
Multiplier quantize_multiplier(double real);

/// Real values from `low` to `high`, the latter just out of reach.
struct RealRange {
  float low;
  float high;
};
/// What holds all of `range` in i8 or i16: 1 is 2^8 steps of 2^-8.
Quantization quantization_of(RealRange range, DType dtype);

/// The clamp of a fused activation ("none", "relu", "relu6", "relu_n1_to_1") in the output's quantized domain.
/// Source: TensorFlow Lite, kernels/kernel_util.cc, CalculateActivationRangeQuantized.
struct ActivationRange {
  int32_t low = -128;
  int32_t high = 127;
};
ActivationRange quantized_activation(const std::string& activation, const Quantization& output, DType dtype);

/// The same for floats; infinities where unbounded.
struct FloatRange {
  float low;
  float high;
};
FloatRange float_activation(const std::string& activation);

/// The same for integers that are no quantized numbers. Not bounded: all of the type.
struct IntegerRange {
  bool bounded = false;
  int32_t low = INT32_MIN;
  int32_t high = INT32_MAX;

  template <class T>
  T clamped(T x) const {
    if (x < low && low != INT32_MIN) return low;
    return x > high && high != INT32_MAX ? high : x;
  }
};
IntegerRange integer_activation(const std::string& activation);

/// Bits of a float for a parameter struct.
int32_t float_bits(float f);

namespace oracle {
/// The two-rounding requantization written from its definition with exact wide integers; shares nothing with runtime/.
int32_t requantize(int32_t x, Multiplier m);
/// gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT by definition.
int32_t doubling_high_mul(int32_t a, int32_t b);
int32_t rounding_shift_right(int32_t x, int exponent);
}  // namespace oracle

}  // namespace smelt
