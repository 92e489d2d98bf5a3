// Scales that the IR's quantization does not know: one for each slice or block of activations, zero points of 16 bits,
// scales of run time. QuantizeLinear and DequantizeLinear by such are arithmetic of floats. Internal to import/.
#pragma once

#include "import/onnx_call.hpp"

namespace smelt::onnx {

struct Scales {
  TensorId scale;
  TensorId zero;  ///< no_tensor: 0
  int64_t axis;   ///< of a scale that is a vector, or of blocks
  int64_t block;  ///< elements along the axis that share a scale; 0: a scale is one number or a vector
};

/// x / scale, halves to even, plus the zero point, saturated to `type`.
TensorId quantized_by(Call& c, TensorId x, DType type, const Scales& s);
/// (x - zero point) * scale.
TensorId dequantized_by(Call& c, TensorId x, const Scales& s);

}  // namespace smelt::onnx
