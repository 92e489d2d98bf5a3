// Copies with Helium; see helium.hpp.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_COPY_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_COPY_HPP

#include "tile.hpp"

namespace smelt {

#if defined(__ARM_FEATURE_MVE)

/// n bytes, any number; returns their end.
inline int8_t* helium_copy(int8_t* to, const int8_t* from, int32_t n) {
  int8_t* at = to;
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n\t"
      "1:\n\t"
      "vldrb.u8 q0, [%[from]], #16\n\t"
      "vstrb.8 q0, [%[at]], #16\n\t"
      "letp lr, 1b\n\t"
      "2:\n\t"
      : [at] "+r"(at), [from] "+r"(from)
      : [n] "r"(n)
      : "lr", "d0", "d1", "memory");
  return to + n;
}
/// n > 0 bytes from each of the offsets up to `end`, which are not none, side by side; returns their end.
inline int8_t* helium_copy_rows(int8_t* to, const int8_t* from, const int32_t* offsets, const int32_t* end, int32_t n) {
  int8_t* at;
  const int8_t* x;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[x], [%[offsets]], #4\n\t"
      "mov %[at], %[to]\n\t"
      "add %[x], %[x], %[from]\n\t"
      "add %[to], %[to], %[n]\n\t"
      "dlstp.8 lr, %[n]\n\t"
      "2:\n\t"
      "vldrb.u8 q0, [%[x]], #16\n\t"
      "vstrb.8 q0, [%[at]], #16\n\t"
      "letp lr, 2b\n\t"
      "cmp %[offsets], %[end]\n\t"
      "bne 1b\n\t"
      : [to] "+r"(to), [offsets] "+r"(offsets), [at] "=&r"(at), [x] "=&r"(x)
      : [from] "r"(from), [end] "r"(end), [n] "r"(n)
      : "lr", "d0", "d1", "cc", "memory");
  return to;
}
inline int8_t* helium_fill(int8_t* to, int8_t value, int32_t n) {
  int8_t* at = to;
  __asm__ volatile(
      "vdup.8 q0, %[value]\n\t"
      "wlstp.8 lr, %[n], 2f\n\t"
      "1:\n\t"
      "vstrb.8 q0, [%[at]], #16\n\t"
      "letp lr, 1b\n\t"
      "2:\n\t"
      : [at] "+r"(at)
      : [n] "r"(n), [value] "r"(value)
      : "lr", "d0", "d1", "memory");
  return to + n;
}

#else

inline int8_t* helium_copy(int8_t* to, const int8_t* from, int32_t n) {
  copy_bytes(to, from, n);
  return to + n;
}
inline int8_t* helium_copy_rows(int8_t* to, const int8_t* from, const int32_t* offsets, const int32_t* end, int32_t n) {
  for (; offsets != end; to += n) copy_bytes(to, from + *offsets++, n);
  return to;
}
inline int8_t* helium_fill(int8_t* to, int8_t value, int32_t n) {
  fill_bytes(to, value, n);
  return to + n;
}

#endif

}  // namespace smelt

#endif
