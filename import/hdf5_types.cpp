// Source: HDF5 File Format Specification, version 1.1 and 2.0, IV.A.2 (header messages).
#include "import/hdf5_types.hpp"

#include <zlib.h>

#include <algorithm>

namespace smelt::hdf5 {
namespace {

/// Positions and sizes that IEEE 754 gives the parts of a binary float.
struct Ieee {
  uint32_t size;
  uint8_t exponent_at, exponent_bits, mantissa_bits;
  uint32_t bias;
  Type::Kind kind;
};
constexpr Ieee ieee[] = {
    {2, 10, 5, 10, 15, Type::float16}, {4, 23, 8, 23, 127, Type::float32}, {8, 52, 11, 52, 1023, Type::float64}};

Type::Kind float_kind(Cursor c, uint32_t flags, uint32_t size) {
  const uint16_t bit_offset = c.u16(), precision = c.u16();
  const uint8_t exponent_at = c.u8(), exponent_bits = c.u8(), mantissa_at = c.u8(), mantissa_bits = c.u8();
  const uint32_t bias = c.u32();
  const bool big_endian = (flags & 0x41) != 0;
  for (const Ieee& f : ieee) {
    if (!big_endian && size == f.size && bit_offset == 0 && precision == 8 * size && exponent_at == f.exponent_at &&
        exponent_bits == f.exponent_bits && mantissa_at == 0 && mantissa_bits == f.mantissa_bits && bias == f.bias &&
        (flags >> 8 & 0xff) == 8 * size - 1) {
      return f.kind;
    }
  }
  return Type::other;
}

Bytes inflate_to(Span stored, size_t size) {
  Bytes out(size);
  z_stream z{};
  if (inflateInit(&z) != Z_OK) throw Wrong{"E0004", "this machine has not enough memory", ""};
  z.next_in = const_cast<Bytef*>(stored.data());
  z.avail_in = static_cast<uInt>(stored.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&z, Z_FINISH);
  const bool whole = status == Z_STREAM_END && z.avail_out == 0;
  inflateEnd(&z);
  if (!whole) damaged("a chunk does not unpack to its size");
  return out;
}

/// Bytes 0 of all elements first, then bytes 1, and so on.
Bytes unshuffle(Span stored, uint32_t element) {
  Bytes out(stored.begin(), stored.end());
  const size_t n = stored.size() / element;
  for (size_t i = 0; i < n; ++i) {
    for (size_t b = 0; b < element; ++b) out[i * element + b] = stored[b * n + i];
  }
  return out;
}

}  // namespace

uint64_t Space::count() const {
  if (null) return 0;
  uint64_t n = 1;
  for (int32_t d : shape) {
    n *= static_cast<uint64_t>(d);
    if (n > static_cast<uint64_t>(max_graph_bytes))
      throw Wrong{"E0133", "an array of " + to_string(shape) + " is too large", ""};
  }
  return n;
}

Type read_type(Cursor c) {
  const uint32_t head = c.u32();
  const uint32_t cls = head & 0xf, flags = head >> 8;
  Type type;
  type.size = c.u32();
  if (type.size == 0) damaged("a data type of no bytes");
  if (cls == 1) type.kind = float_kind(c, flags, type.size);
  if (cls == 3) type.kind = Type::fixed_string;
  if (cls == 9 && (flags & 0xf) == 1 && type.size == 16) type.kind = Type::variable_string;
  return type;
}

Space read_space(Cursor c) {
  const uint8_t version = c.u8(), rank = c.u8();
  c.skip(1);  // flags: whether greatest sizes follow
  const uint8_t type = c.u8();
  if (version != 1 && version != 2) unread("a data space of version " + std::to_string(version));
  if (version == 1) c.skip(4);
  if (rank > max_rank) throw Wrong{"E0133", "an array of " + std::to_string(rank) + " dimensions is too large", ""};
  Space space;
  space.null = version == 2 && type == 2;
  for (uint8_t d = 0; d < rank; ++d) {
    const uint64_t size = c.u64();
    if (size > static_cast<uint64_t>(max_tensor_bytes))
      throw Wrong{"E0133", "an array has a dimension of " + std::to_string(size), ""};
    space.shape.push_back(static_cast<int32_t>(size));
  }
  return space;
}

Layout read_layout(Cursor c) {
  const uint8_t version = c.u8(), kind = c.u8();
  if (version != 3) unread("a data layout of version " + std::to_string(version));
  Layout layout;
  if (kind == 0) {
    layout.kind = Layout::compact;
    layout.data = c.take(c.u16());
  } else if (kind == 1) {
    layout.kind = Layout::contiguous;
    layout.address = c.u64();
    layout.size = c.u64();
  } else if (kind == 2) {
    layout.kind = Layout::chunked;
    const uint8_t rank = c.u8();
    if (rank < 2 || rank > max_rank + 1) damaged("chunks of " + std::to_string(rank) + " dimensions");
    layout.address = c.u64();
    for (uint8_t d = 0; d + 1 < rank; ++d) layout.chunk.push_back(c.u32());
  } else {
    unread("a data layout of class " + std::to_string(kind));
  }
  return layout;
}

std::vector<Filter> read_filters(Cursor c) {
  const uint8_t version = c.u8(), count = c.u8();
  if (version != 1 && version != 2) unread("a filter pipeline of version " + std::to_string(version));
  if (version == 1) c.skip(6);
  std::vector<Filter> filters;
  for (uint8_t i = 0; i < count; ++i) {
    const uint16_t id = c.u16();
    const uint16_t name = version == 1 || id >= 256 ? c.u16() : 0;
    c.skip(2);  // flags
    const uint16_t values = c.u16();
    version == 1 ? c.take_padded(name) : c.take(name);
    c.skip(4 * uint64_t{values} + (version == 1 && values % 2 != 0 ? 4 : 0));
    if (id < 1 || id > 3) unread("data filtered by method " + std::to_string(id));
    filters.push_back(static_cast<Filter>(id - 1));
  }
  return filters;
}

Bytes unfilter(Span stored, const std::vector<Filter>& filters, uint32_t skipped, size_t size, uint32_t element) {
  Bytes data(stored.begin(), stored.end());
  for (size_t i = filters.size(); i-- > 0;) {
    if (i < 32 && (skipped >> i & 1) != 0) continue;
    if (filters[i] == Filter::fletcher32) {
      if (data.size() < 4) damaged("a chunk lacks its checksum");
      data.resize(data.size() - 4);
    } else if (filters[i] == Filter::deflate) {
      const bool checked = std::find(filters.begin(), filters.begin() + static_cast<ptrdiff_t>(i),
                                     Filter::fletcher32) != filters.begin() + static_cast<ptrdiff_t>(i);
      data = inflate_to(data, size + (checked ? 4 : 0));
    } else {
      data = unshuffle(data, element);
    }
  }
  if (data.size() != size) damaged("a chunk is not of its size");
  return data;
}

}  // namespace smelt::hdf5
