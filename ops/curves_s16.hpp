// Functions of 16 bits that TensorFlow Lite's reference interpolates between values of tables; the tables, from their
// definitions.
#pragma once

#include <cstdint>
#include <vector>

namespace smelt::curves_s16 {

/// 65536 / (1 + e^(-i/24)) for i from 0 to 255, raised by half of what a chord lacks in its middle; the last one is 65535.
/// With it LOGISTIC and TANH equal the reference for every input (kernels/internal/common.cc, sigmoid_table_uint16).
std::vector<int32_t> logistic_table();

/// `function` in 512 steps from `from` to `to` in Q0.15, each lowered by half of what its chord is too high in its middle.
/// Source: TensorFlow Lite, kernels/internal/common.h, LUTPopulate, in double precision.
std::vector<int16_t> steps_table(double (*function)(double), double from, double to);

/// Softmax's: e^x from -10 to 0, 1 / (1 + x) from 0 to 1.
std::vector<int16_t> exp_table();
std::vector<int16_t> reciprocal_table();

/// Whether a scale counts as a power of two, and which. Source: kernels/kernel_util.cc, CheckedLog2.
bool power_of_two(float scale, int& log2);

}  // namespace smelt::curves_s16
