// What the reader learns from the schema by reflection. Internal to import/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ir/graph.hpp"

namespace flatbuffers {
class Table;
}

namespace smelt::tflite {

/// Name of a value of an enumeration of the schema ("TensorType", 9: "INT8"); empty when it has no such value.
std::string enum_name(const char* enumeration, int64_t value);

/// Sets one attribute for each field of a verified options table; `member` is its number in the union. Members that the
/// schema does not know set nothing. Returns how many bytes of vectors and strings were copied.
size_t read_options(uint8_t member, const flatbuffers::Table& table, Attrs& attrs);

}  // namespace smelt::tflite
