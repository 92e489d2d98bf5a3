// What reader and writer learn from the schema by reflection. Internal to import/ and export/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ir/graph.hpp"

#include "flatbuffers/flatbuffer_builder.h"

namespace smelt::tflite {

/// Name of a value of an enumeration of the schema ("TensorType", 9: "INT8"); empty when it has no such value.
std::string enum_name(const char* enumeration, int64_t value);

/// The value of a name, within an enumeration or a union.
std::optional<int64_t> enum_value(const char* enumeration, const std::string& name);

/// Sets one attribute for each field of a verified options table; `member` is its number in the union. Members that the
/// schema does not know set nothing. Returns how many bytes of vectors and strings were copied.
size_t read_options(uint8_t member, const flatbuffers::Table& table, Attrs& attrs);

/// The way back: a table of the union's member `member`, each of its fields from the attribute of its name, where there is
/// one.
flatbuffers::Offset<void> write_options(uint8_t member, const Attrs& attrs, flatbuffers::FlatBufferBuilder& builder);

}  // namespace smelt::tflite
