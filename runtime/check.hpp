// Self-test helpers: a checksum, and a repeatable pseudo-random input.
#ifndef SMELT_RUNTIME_CHECK_HPP
#define SMELT_RUNTIME_CHECK_HPP

#include <stddef.h>
#include <stdint.h>

namespace smelt {

/// FNV-1a, 32 bits. Volatile: the bytes that are in memory now, not those that the compiler once saw.
inline uint32_t checksum(const void* data, size_t bytes) {
  const volatile uint8_t* p = static_cast<const volatile uint8_t*>(data);
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < bytes; ++i) hash = (hash ^ p[i]) * 16777619U;
  return hash;
}

/// Marsaglia's xorshift32.
inline uint32_t xorshift(uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/// The self-test's input: bytes for integers, values in [-1, 1) with 8 bits for floats.
inline void pattern_bytes(uint8_t* to, size_t count, uint32_t& state) {
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(xorshift(state) >> 24);
}
inline void pattern_floats(float* to, size_t count, uint32_t& state) {
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(static_cast<int8_t>(xorshift(state) >> 24)) / 128.0F;
}

}  // namespace smelt

#endif
