// Convolution with two pixels in a word, for Armv6-M; see swar.hpp and thumb.hpp.
#ifndef SMELT_RUNTIME_ARCH_THUMB_CONV_HPP
#define SMELT_RUNTIME_ARCH_THUMB_CONV_HPP

#include "swar.hpp"
#include "thumb_scale.hpp"

namespace smelt {

// Two taps of two channels by two pixels, 24 cycles. r0 patch, r1 weights. Sums, each of both pixels: of the first channel
// r8, of the second r9; of the second pixel alone r7 and r10. ASRS leaves in the carry whether to round up, which ADCS
// takes, but not of high registers: there a half is added first, r11 = 2^15, and r9 gathers that, too.
#define SMELT_TWO_TAPS       \
  "ldmia r0!, {r2, r3}\n\t"  \
  "ldmia r1!, {r4}\n\t"      \
  "sxtb r5, r4\n\t"          \
  "lsls r6, r4, #16\n\t"     \
  "asrs r6, r6, #24\n\t"     \
  "muls r5, r2, r5\n\t"      \
  "muls r6, r3, r6\n\t"      \
  "adds r5, r5, r6\n\t"      \
  "add r8, r8, r5\n\t"       \
  "asrs r5, r5, #16\n\t"     \
  "adcs r7, r7, r5\n\t"      \
  "lsls r5, r4, #8\n\t"      \
  "asrs r5, r5, #24\n\t"     \
  "asrs r4, r4, #24\n\t"     \
  "muls r2, r5, r2\n\t"      \
  "muls r3, r4, r3\n\t"      \
  "adds r2, r2, r3\n\t"      \
  "add r2, r2, r11\n\t"      \
  "add r9, r9, r2\n\t"       \
  "asrs r2, r2, #16\n\t"     \
  "add r10, r10, r2\n\t"

struct ThumbConvS8 : SwarPatch {
  __attribute__((naked, noinline)) static void tile(const ConvTile&) {
    // Stack: out, out, left, centre, patch, what r9 starts with so that it ends without the halves. r12: the patch's end.
    __asm__ volatile(
        ".syntax unified\n\t"
        "push {r4-r7, lr}\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "push {r4-r7}\n\t"
        "ldmia r0!, {r2-r7}\n\t"
        "mov r1, r7\n\t"
        "ldr r0, [r0]\n\t"
        "lsls r7, r0, #14\n\t"
        "rsbs r7, r7, #0\n\t"
        "lsls r0, r0, #2\n\t"
        "adds r0, r0, r6\n\t"
        "mov r12, r0\n\t"
        "push {r2-r7}\n\t"
        "movs r0, #1\n\t"
        "lsls r0, r0, #15\n\t"
        "mov r11, r0\n\t"
        "2:\n\t"  // a pair of channels
        "ldr r0, [sp, #16]\n\t"
        "ldr r7, [sp, #20]\n\t"
        "mov r9, r7\n\t"
        "movs r7, #0\n\t"
        "mov r8, r7\n\t"
        "mov r10, r7\n\t"
        "mov r2, r12\n\t"
        "subs r2, r2, r0\n\t"
        "lsls r2, r2, #27\n\t"  // taps are a multiple of four: four more or less than one of eight?
        "bmi 3f\n\t"
        "1:\n\t" SMELT_TWO_TAPS SMELT_TWO_TAPS
        "3:\n\t" SMELT_TWO_TAPS SMELT_TWO_TAPS
        "cmp r0, r12\n\t"
        "bne 1b\n\t"
        // Sums r6 r7, and for the second channel r8 r10.
        "lsls r5, r7, #16\n\t"
        "mov r6, r8\n\t"
        "subs r6, r6, r5\n\t"
        "mov r5, r10\n\t"
        "lsls r5, r5, #16\n\t"
        "mov r4, r9\n\t"
        "subs r4, r4, r5\n\t"
        "mov r8, r4\n\t" SMELT_RESCALE_TWO("#0")
        "ldr r6, [sp, #8]\n\t"
        "cmp r6, #1\n\t"
        "beq 4f\n\t"
        "mov r6, r8\n\t"
        "mov r7, r10\n\t" SMELT_RESCALE_TWO("#1")
        "mov r0, sp\n\t"
        "ldmia r0!, {r4, r5, r6}\n\t"
        "adds r4, r4, #2\n\t"
        "adds r5, r5, #2\n\t"
        "subs r6, r6, #2\n\t"
        "mov r0, sp\n\t"
        "stmia r0!, {r4, r5, r6}\n\t"
        "ble 4f\n\t"
        "b 2b\n\t"
        "4:\n\t"
        "add sp, sp, #24\n\t"
        "pop {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "pop {r4-r7, pc}\n\t");
  }
};

#undef SMELT_TWO_TAPS

static_assert(sizeof(void*) != 4 ||
              (offsetof(ConvTile, left) == 8 && offsetof(ConvTile, centre) == 12 && offsetof(ConvTile, patch) == 16 &&
               offsetof(ConvTile, weights) == 20 && offsetof(ConvTile, taps) == 24));

}  // namespace smelt

#undef SMELT_RESCALE_TWO

#endif
