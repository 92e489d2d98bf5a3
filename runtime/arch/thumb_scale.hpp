// Requantization on Armv6-M, which has no long multiplication; see rescale in quantize.hpp.
#ifndef SMELT_RUNTIME_ARCH_THUMB_SCALE_HPP
#define SMELT_RUNTIME_ARCH_THUMB_SCALE_HPP

// A channel's Scale at r1, which moves on, with rescale's centre in r0: r2 = right + 1, r3 and r4 the multiplier's lower and
// upper half, lr = centre * 2^right, r5 twice the bias.
#define SMELT_LOAD_SCALE      \
  "ldmia r1!, {r2, r3}\n\t"   \
  "lsrs r4, r3, #16\n\t"      \
  "uxth r3, r3\n\t"           \
  "asrs r5, r2, #7\n\t"       \
  "lsls r0, r2\n\t"           \
  "mov lr, r0\n\t"            \
  "adds r2, r2, #1\n\t"

// x = r5, below 2^30, to its int8 r0. Of x = h * 2^16 + l, -2^15 <= l < 2^15, and the multiplier's halves a and b, the
// product's upper word is h * b + (h * a + l * b + l * a / 2^16) / 2^16, rounded by what the last shift leaves in the carry.
#define SMELT_RESCALE         \
  "sxth r0, r5\n\t"           \
  "subs r6, r5, r0\n\t"       \
  "asrs r6, r6, #16\n\t"      \
  "movs r7, r0\n\t"           \
  "muls r7, r3, r7\n\t"       \
  "asrs r7, r7, #16\n\t"      \
  "muls r0, r4, r0\n\t"       \
  "adds r0, r0, r7\n\t"       \
  "movs r7, r6\n\t"           \
  "muls r7, r3, r7\n\t"       \
  "adds r0, r0, r7\n\t"       \
  "muls r6, r4, r6\n\t"       \
  "asrs r0, r0, #16\n\t"      \
  "adcs r6, r6, r0\n\t"       \
  "asrs r5, r5, #31\n\t"      \
  "adds r6, r6, r5\n\t"       \
  "add r6, r6, lr\n\t"        \
  "asrs r6, r2\n\t"           \
  "sxtb r0, r6\n\t"           \
  "cmp r0, r6\n\t"            \
  "beq 9f\n\t"                \
  "asrs r6, r6, #31\n\t"      \
  "movs r0, #127\n\t"         \
  "eors r0, r0, r6\n\t"       \
  "9:\n\t"

// Two pixels' sums r6 and r7 of a channel to byte `at` of what the first two words of the stack point to; the fourth is the
// centre. The first pixel last: the second may have been sent to its place.
#define SMELT_RESCALE_TWO(at)                 \
  "ldr r0, [sp, #12]\n\t" SMELT_LOAD_SCALE    \
  "lsls r6, r6, #1\n\t"                       \
  "adds r6, r6, r5\n\t"                       \
  "mov r9, r6\n\t"                            \
  "lsls r7, r7, #1\n\t"                       \
  "adds r5, r5, r7\n\t" SMELT_RESCALE         \
  "ldr r6, [sp, #4]\n\t"                      \
  "strb r0, [r6, " at "]\n\t"                 \
  "mov r5, r9\n\t" SMELT_RESCALE              \
  "ldr r6, [sp]\n\t"                          \
  "strb r0, [r6, " at "]\n\t"

#endif
