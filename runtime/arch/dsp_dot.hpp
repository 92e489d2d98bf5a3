// Dot products by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_DOT_HPP
#define SMELT_RUNTIME_ARCH_DSP_DOT_HPP

#include "tile.hpp"

namespace smelt {

struct DspDotS8 {
  /// Sums of four channels, two pairs, over taps of x, a multiple of four and more than 0; x need not be aligned.
  __attribute__((naked, noinline)) static void dot(const int8_t*, const int16_t*, int32_t, int32_t*) {
#define SMELT_PAIR(w, both, low)        \
  "ldrd r6, r7, [" w "], #8\n\t"        \
  "sxtb16 r12, r6\n\t"                  \
  "smlad " both ", r4, r6, " both "\n\t" \
  "smlad " low ", r4, r12, " low "\n\t"  \
  "sxtb16 r12, r7\n\t"                  \
  "smlad " both ", r5, r7, " both "\n\t" \
  "smlad " low ", r5, r12, " low "\n\t"
#define SMELT_TAPS               \
  "ldr r4, [r0], #4\n\t"         \
  "sxtb16 r5, r4, ror #8\n\t"    \
  "sxtb16 r4, r4\n\t" SMELT_PAIR("r1", "r9", "r8") SMELT_PAIR("r2", "r11", "r10")
    __asm__ volatile(
        "push {r3-r11, lr}\n\t"
        "add r3, r0, r2\n\t"
        "mov r8, #0\n\t"
        "mov r9, #0\n\t"
        "mov r10, #0\n\t"
        "mov r11, #0\n\t"
        "tst r2, #4\n\t"
        "add r2, r1, r2, lsl #1\n\t"
        "bne 2f\n\t"
        "1:\n\t" SMELT_TAPS
        "2:\n\t" SMELT_TAPS
        "cmp r0, r3\n\t"
        "bne 1b\n\t"
        "sub r9, r9, r8\n\t"
        "asr r9, r9, #8\n\t"
        "sub r11, r11, r10\n\t"
        "asr r11, r11, #8\n\t"
        "ldr r0, [sp]\n\t"
        "stm r0, {r8-r11}\n\t"
        "pop {r3-r11, pc}\n\t");
#undef SMELT_PAIR
#undef SMELT_TAPS
  }
};

}  // namespace smelt

#endif
