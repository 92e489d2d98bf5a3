// memcpy, memmove and memset for programs without a C library: compilers emit calls to them by themselves. Compiled only
// where SMELT_PROVIDE_MEM is defined; weak, so that any other definition wins.
#ifndef SMELT_RUNTIME_MEM_HPP
#define SMELT_RUNTIME_MEM_HPP

#include <stddef.h>
#include <stdint.h>

// The compiler must not turn these loops into calls to the very functions that they define.
#if defined(__clang__)
#define SMELT_MEM __attribute__((weak, used, no_builtin))
#else
#define SMELT_MEM __attribute__((weak, used, optimize("no-tree-loop-distribute-patterns")))
#endif

extern "C" {

SMELT_MEM void* memcpy(void* to, const void* from, size_t bytes) {
  uint8_t* t = static_cast<uint8_t*>(to);
  const uint8_t* f = static_cast<const uint8_t*>(from);
  while (bytes-- != 0) *t++ = *f++;
  return to;
}

SMELT_MEM void* memmove(void* to, const void* from, size_t bytes) {
  uint8_t* t = static_cast<uint8_t*>(to);
  const uint8_t* f = static_cast<const uint8_t*>(from);
  if (reinterpret_cast<uintptr_t>(t) < reinterpret_cast<uintptr_t>(f)) {
    while (bytes-- != 0) *t++ = *f++;
  } else {
    while (bytes-- != 0) t[bytes] = f[bytes];
  }
  return to;
}

SMELT_MEM void* memset(void* to, int value, size_t bytes) {
  uint8_t* t = static_cast<uint8_t*>(to);
  while (bytes-- != 0) *t++ = static_cast<uint8_t>(value);
  return to;
}

}  // extern "C"

#undef SMELT_MEM

#endif
