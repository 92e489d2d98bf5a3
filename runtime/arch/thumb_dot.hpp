// Products of a vector with four rows of weights, for Armv6-M; see thumb.hpp.
#ifndef SMELT_RUNTIME_ARCH_THUMB_DOT_HPP
#define SMELT_RUNTIME_ARCH_THUMB_DOT_HPP

#include <stdint.h>

namespace smelt {

// One tap of four units: x in r2, their weights behind r1; sums r8 to r11.
#define SMELT_FOUR_UNITS     \
  "ldmia r1!, {r3}\n\t"      \
  "sxtb r4, r3\n\t"          \
  "muls r4, r2, r4\n\t"      \
  "add r8, r8, r4\n\t"       \
  "lsls r4, r3, #16\n\t"     \
  "asrs r4, r4, #24\n\t"     \
  "muls r4, r2, r4\n\t"      \
  "add r9, r9, r4\n\t"       \
  "lsls r4, r3, #8\n\t"      \
  "asrs r4, r4, #24\n\t"     \
  "muls r4, r2, r4\n\t"      \
  "add r10, r10, r4\n\t"     \
  "asrs r3, r3, #24\n\t"     \
  "muls r3, r2, r3\n\t"      \
  "add r11, r11, r3\n\t"

struct ThumbDot4 {
  /// See dot4_s8. w is word-aligned.
  __attribute__((naked, noinline)) static void run(const int8_t*, const int8_t*, int32_t, int32_t*) {
    __asm__ volatile(
        ".syntax unified\n\t"
        "push {r3-r7, lr}\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "push {r4-r7}\n\t"
        "adds r2, r2, r0\n\t"
        "mov r12, r2\n\t"
        "movs r4, #0\n\t"
        "mov r8, r4\n\t"
        "mov r9, r4\n\t"
        "mov r10, r4\n\t"
        "mov r11, r4\n\t"
        "movs r5, #1\n\t"
        "movs r6, #2\n\t"
        "movs r7, #3\n\t"
        "1:\n\t"
        "ldrb r2, [r0]\n\t"
        "sxtb r2, r2\n\t" SMELT_FOUR_UNITS
        "ldrsb r2, [r0, r5]\n\t" SMELT_FOUR_UNITS
        "ldrsb r2, [r0, r6]\n\t" SMELT_FOUR_UNITS
        "ldrsb r2, [r0, r7]\n\t" SMELT_FOUR_UNITS
        "adds r0, r0, #4\n\t"
        "cmp r0, r12\n\t"
        "bne 1b\n\t"
        "ldr r0, [sp, #16]\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "stmia r0!, {r4-r7}\n\t"
        "pop {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "pop {r3-r7, pc}\n\t");
  }
};

#undef SMELT_FOUR_UNITS

}  // namespace smelt

#endif
