// Two models in one program, step by step in turns; each also alone. Exits with 0 where both ways agree.
#include <cstring>

#include "branches.hpp"
#include "tones.hpp"

namespace {
tones::Model first;
branches::Model second;

void fill(void* to, uint32_t bytes, uint32_t seed) {
  auto* p = static_cast<uint8_t*>(to);
  for (uint32_t i = 0; i < bytes; ++i) p[i] = static_cast<uint8_t>((seed = seed * 1664525U + 1013904223U) >> 24);
}
}  // namespace

int main() {
  uint8_t alone_first[TONES_OUTPUT_BYTES], alone_second[BRANCHES_OUTPUT_BYTES];
  fill(first.input(), TONES_INPUT_BYTES, 1);
  if (first.begin() != TONES_OK) return 1;
  while (first.step(1000) == TONES_PENDING) {}
  std::memcpy(alone_first, first.output(), sizeof alone_first);
  fill(second.input(), BRANCHES_INPUT_BYTES, 2);
  if (second.begin() != BRANCHES_OK) return 1;
  while (second.step(1000) == BRANCHES_PENDING) {}
  std::memcpy(alone_second, second.output(), sizeof alone_second);

  fill(first.input(), TONES_INPUT_BYTES, 1);
  fill(second.input(), BRANCHES_INPUT_BYTES, 2);
  first.begin();
  second.begin();
  for (bool left = true; left;) {
    const bool of_first = first.step(1) == TONES_PENDING;
    const bool of_second = second.step(2) == BRANCHES_PENDING;
    left = of_first || of_second;
  }
  if (std::memcmp(alone_first, first.output(), sizeof alone_first) != 0) return 2;
  if (std::memcmp(alone_second, second.output(), sizeof alone_second) != 0) return 3;
  return first.selftest() == TONES_OK && second.selftest() == BRANCHES_OK ? 0 : 4;
}
