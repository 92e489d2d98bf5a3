// Keras models, .h5 and .keras, to a graph.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

/// HDF5, or a zip archive with a config.json: whether it is a model shows when it is read.
bool is_keras(std::span<const uint8_t> bytes);

/// Reads and verifies a Sequential or Functional model, whole, of Keras 2 or 3. `shapes` are those of inputs by their
/// names, for dimensions that the file leaves open; a batch left open is 1.
Result<Graph> parse_keras(std::span<const uint8_t> bytes, const std::string& file,
                          const std::map<std::string, Shape>& shapes = {});

}  // namespace smelt
