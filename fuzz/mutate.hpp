// Changes that keep a model readable, so that fuzzing reaches what lies behind the reader.
#pragma once

#include <cstdint>

#include "fuzz/random.hpp"
#include "import/tflite_generated.h"

namespace smelt::fuzz {

/// Changes one thing in the model: shapes, types, quantization, constants, operands, operators, ports.
void mutate(tflite::ModelT& model, Random& random);

/// Changes one field of one operator's options in a packed model, all of whose fields are stored.
void mutate_options(uint8_t* packed, Random& random);

/// Appends the other model's nodes, fed by this one's output where the types fit.
void graft(tflite::ModelT& model, const tflite::ModelT& other, Random& random);

}  // namespace smelt::fuzz
