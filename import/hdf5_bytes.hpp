// Little-endian fields one behind the other, each read checked. Internal to the HDF5 reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ir/diagnostic.hpp"

namespace smelt::hdf5 {

using Span = std::span<const uint8_t>;

/// Thrown at the first thing that is wrong, caught by Hdf5's public functions.
struct Wrong {
  const char* code;
  std::string reason, help;
};

[[noreturn]] inline void damaged(const std::string& what) {
  throw Wrong{"E0130", "the HDF5 file is damaged: " + what, "save or download it again"};
}

[[noreturn]] inline void unread(const std::string& what) {
  throw Wrong{"E0131", what + ", a form of HDF5 that is not read", "save the model again with Keras's own model.save"};
}

constexpr uint64_t undefined_address = ~uint64_t{0};

class Cursor {
 public:
  explicit Cursor(Span bytes) : bytes_(bytes) {}
  size_t left() const { return bytes_.size(); }

  Span take(uint64_t n) {
    if (n > bytes_.size()) damaged("a structure ends too early");
    const Span part = bytes_.first(static_cast<size_t>(n));
    bytes_ = bytes_.subspan(static_cast<size_t>(n));
    return part;
  }
  void skip(uint64_t n) { take(n); }
  /// n bytes, and what fills them up to a multiple of 8.
  Span take_padded(uint64_t n) {
    const Span part = take(n);
    skip((8 - n % 8) % 8);
    return part;
  }
  void expect(const char* signature) {
    for (const char* c = signature; *c != '\0'; ++c) {
      if (u8() != static_cast<uint8_t>(*c))
        damaged(std::string("the signature ") + signature + " is not where it should be");
    }
  }
  uint8_t u8() { return take(1)[0]; }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }

 private:
  uint64_t number(unsigned size) {
    const Span part = take(size);
    uint64_t value = 0;
    for (unsigned i = size; i-- > 0;) value = value << 8 | part[i];
    return value;
  }

  Span bytes_;
};

}  // namespace smelt::hdf5
