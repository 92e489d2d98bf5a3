// Reader of TensorFlow Lite models, schema version 3.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

/// Whether the bytes carry the format's identifier.
bool is_tflite(std::span<const uint8_t> bytes);

/// Graph of a model: every operator is normalized, every rule of verify_graph() holds. Whatever the bytes are, the
/// answer is a graph or a Failure, in memory proportional to their number. `name` is the file's name in messages; the
/// graph is named by its stem.
///
/// Attributes of an operator are its builtin options by reflection over the schema: enumerations as their names,
/// booleans and integers as int64, floats as double, integer vectors as such, absent fields with the schema's default.
/// So a new operator needs nothing here. Class names come from the files that TensorFlow Lite Metadata packs behind a model.
Result<Graph> parse_tflite(std::span<const uint8_t> bytes, const std::string& name);

Result<Graph> read_tflite(const std::string& path);

}  // namespace smelt
