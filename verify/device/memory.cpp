// The memory functions that compilers call by themselves. Emitted models need whichever of them their code ends up
// calling, so they stand in sections of their own and are counted as the model's code.
#include <stddef.h>
#include <stdint.h>

// Keeps the compiler from turning these loops into calls to the very functions they are.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

namespace {

/// A word that may alias anything.
using Word [[gnu::may_alias]] = uint32_t;

bool both_aligned(const void* a, const void* b) {
  return ((reinterpret_cast<uintptr_t>(a) | reinterpret_cast<uintptr_t>(b)) & 3) == 0;
}

}  // namespace

extern "C" {

void* memcpy(void* to, const void* from, size_t bytes) {
  uint8_t* d = static_cast<uint8_t*>(to);
  const uint8_t* s = static_cast<const uint8_t*>(from);
  if (both_aligned(d, s)) {
    for (; bytes >= 4; bytes -= 4, d += 4, s += 4) *reinterpret_cast<Word*>(d) = *reinterpret_cast<const Word*>(s);
  }
  while (bytes-- != 0) *d++ = *s++;
  return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
  uint8_t* d = static_cast<uint8_t*>(to);
  const uint8_t* s = static_cast<const uint8_t*>(from);
  if (d <= s || d >= s + bytes) {
    if (both_aligned(d, s)) {
      for (; bytes >= 4; bytes -= 4, d += 4, s += 4) *reinterpret_cast<Word*>(d) = *reinterpret_cast<const Word*>(s);
    }
    while (bytes-- != 0) *d++ = *s++;
  } else {
    while (bytes-- != 0) d[bytes] = s[bytes];
  }
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  uint8_t* d = static_cast<uint8_t*>(to);
  const uint8_t byte = static_cast<uint8_t>(value);
  while (bytes != 0 && (reinterpret_cast<uintptr_t>(d) & 3) != 0) {
    *d++ = byte;
    --bytes;
  }
  const uint32_t word = byte * 0x01010101U;
  for (; bytes >= 4; bytes -= 4, d += 4) *reinterpret_cast<Word*>(d) = word;
  while (bytes-- != 0) *d++ = byte;
  return to;
}

int memcmp(const void* left, const void* right, size_t bytes) {
  const uint8_t* a = static_cast<const uint8_t*>(left);
  const uint8_t* b = static_cast<const uint8_t*>(right);
  for (; bytes != 0; --bytes, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}
}
