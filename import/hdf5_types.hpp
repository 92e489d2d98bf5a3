// Data types, data spaces, layouts and filters out of object header messages. Internal to the HDF5 reader.
#pragma once

#include <vector>

#include "import/hdf5_bytes.hpp"
#include "ir/graph.hpp"

namespace smelt::hdf5 {

struct Type {
  enum Kind : uint8_t { float16, float32, float64, fixed_string, variable_string, other } kind = other;
  uint32_t size = 0;  ///< bytes of an element
};

struct Space {
  Shape shape;
  bool null = false;  ///< no elements at all

  uint64_t count() const;
};

struct Layout {
  enum Kind : uint8_t { compact, contiguous, chunked } kind = compact;
  Span data;                    ///< compact
  uint64_t address = 0;         ///< contiguous: of the data; chunked: of the tree
  uint64_t size = 0;            ///< contiguous
  std::vector<uint32_t> chunk;  ///< elements in each dimension
};

enum class Filter : uint8_t { deflate, shuffle, fletcher32 };

Type read_type(Cursor c);
Space read_space(Cursor c);
Layout read_layout(Cursor c);
std::vector<Filter> read_filters(Cursor c);

/// A chunk as it was before its filters; bit i of `skipped` says that filter i was not applied to it.
Bytes unfilter(Span stored, const std::vector<Filter>& filters, uint32_t skipped, size_t size, uint32_t element);

}  // namespace smelt::hdf5
