// The sums of dot_s16.hpp by multiplications of pairs.
#ifndef SMELT_RUNTIME_ARCH_DSP_DOT_S16_HPP
#define SMELT_RUNTIME_ARCH_DSP_DOT_S16_HPP

#include <stdint.h>

namespace smelt {

struct DspDotS16 {
  __attribute__((naked, noinline)) static void two_by_two(const int16_t*, const int8_t*, int32_t, int32_t*) {
    // r0 windows, r1 weights, r2 end of the windows; sums in r8 to r11.
#define SMELT_CHANNEL(w, first, second)     \
  "sxtb16 r12, " w "\n\t"                   \
  "sxtb16 " w ", " w ", ror #8\n\t"         \
  "smlad " first ", r4, r12, " first "\n\t" \
  "smlad " second ", r6, r12, " second "\n\t" \
  "smlad " first ", r5, " w ", " first "\n\t" \
  "smlad " second ", r7, " w ", " second "\n\t"
#define SMELT_FOUR                      \
  "ldm r0!, {r4-r7}\n\t"                \
  "ldrd r3, lr, [r1], #8\n\t"           \
  SMELT_CHANNEL("r3", "r8", "r9")       \
  SMELT_CHANNEL("lr", "r10", "r11")
    __asm__ volatile(
        "push {r3-r11, lr}\n\t"
        "tst r2, #4\n\t"
        "add r2, r0, r2, lsl #2\n\t"
        "mov r8, #0\n\t"
        "mov r9, r8\n\t"
        "mov r10, r8\n\t"
        "mov r11, r8\n\t"
        "bne 2f\n\t"
        ".balign 4\n\t"
        "1:\n\t" SMELT_FOUR
        "2:\n\t" SMELT_FOUR
        "cmp r0, r2\n\t"
        "bne 1b\n\t"
        "pop {r3}\n\t"
        "stm r3, {r8-r11}\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_FOUR
#undef SMELT_CHANNEL
  }

  __attribute__((naked, noinline)) static void one_by_four(const int16_t*, const int8_t*, int32_t, int32_t*) {
    // r0 input, which may lie at any halfword, r1 weights, r2 end of the input; sums in r8 to r11.
#define SMELT_CHANNEL(w, sum)                   \
  "sxtb16 r12, " w "\n\t"                       \
  "sxtb16 " w ", " w ", ror #8\n\t"             \
  "smlad " sum ", r3, r12, " sum "\n\t"         \
  "smlad " sum ", lr, " w ", " sum "\n\t"
    __asm__ volatile(
        "push {r3-r11, lr}\n\t"
        "add r2, r0, r2, lsl #1\n\t"
        "mov r8, #0\n\t"
        "mov r9, r8\n\t"
        "mov r10, r8\n\t"
        "mov r11, r8\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        "ldr lr, [r0, #4]\n\t"
        "ldr r3, [r0], #8\n\t"
        "ldm r1!, {r4-r7}\n\t"
        SMELT_CHANNEL("r4", "r8")
        SMELT_CHANNEL("r5", "r9")
        SMELT_CHANNEL("r6", "r10")
        SMELT_CHANNEL("r7", "r11")
        "cmp r0, r2\n\t"
        "bne 1b\n\t"
        "pop {r3}\n\t"
        "stm r3, {r8-r11}\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_CHANNEL
  }
};

}  // namespace smelt

#endif
