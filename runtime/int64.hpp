// 64-bit integers in tensors.
#ifndef SMELT_RUNTIME_INT64_HPP
#define SMELT_RUNTIME_INT64_HPP

#include <stdint.h>

namespace smelt {

/// As it stands in a tensor: those are aligned to 4 bytes, where an int64_t may want 8.
struct Int64 {
  uint32_t low;
  uint32_t high;

  Int64(int64_t v = 0) : low(static_cast<uint32_t>(v)), high(static_cast<uint32_t>(static_cast<uint64_t>(v) >> 32)) {}
  operator int64_t() const { return static_cast<int64_t>(static_cast<uint64_t>(high) << 32 | low); }
};

}  // namespace smelt

#endif
