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

// The same from a patch of bytes, 29 cycles: r7 = 0xff00ff, r12 = -0x800080; what was in r7 is in lr as r10 is.
#define SMELT_TWO_SMALL_TAPS \
  "ldmia r0!, {r2}\n\t"      \
  "lsrs r3, r2, #8\n\t"      \
  "ands r2, r2, r7\n\t"      \
  "ands r3, r3, r7\n\t"      \
  "add r2, r2, r12\n\t"      \
  "add r3, r3, r12\n\t"      \
  "ldmia r1!, {r4}\n\t"      \
  "sxtb r5, r4\n\t"          \
  "lsls r6, r4, #16\n\t"     \
  "asrs r6, r6, #24\n\t"     \
  "muls r5, r2, r5\n\t"      \
  "muls r6, r3, r6\n\t"      \
  "adds r5, r5, r6\n\t"      \
  "add r5, r5, r11\n\t"      \
  "add r8, r8, r5\n\t"       \
  "asrs r5, r5, #16\n\t"     \
  "add lr, lr, r5\n\t"       \
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

// Stack: out, out, left, centre, patch, what r9 starts with so that it ends without the halves, the patch's end. `bytes`
// is log2 of those that a tap takes in the patch, `odd` moves into the sign whether taps, a multiple of four, are none of
// eight. `start`: what is the same for all pairs of channels, from the patch's end in r0. `sums`: those of a pair from the
// word that r9 starts with in r7; `end` compares r0.
#define SMELT_TILE(bytes, odd, start, sums, two, end, first)                                                        \
  ".syntax unified\n\t"                                                                                             \
  "push {r4-r7, lr}\n\t"                                                                                            \
  "mov r4, r8\n\t"                                                                                                  \
  "mov r5, r9\n\t"                                                                                                  \
  "mov r6, r10\n\t"                                                                                                 \
  "mov r7, r11\n\t"                                                                                                 \
  "push {r4-r7}\n\t"                                                                                                \
  "ldmia r0!, {r2-r7}\n\t"                                                                                          \
  "mov r1, r7\n\t"                                                                                                  \
  "ldr r0, [r0]\n\t"                                                                                                \
  "lsls r7, r0, #14\n\t"                                                                                            \
  "rsbs r7, r7, #0\n\t"                                                                                             \
  "lsls r0, r0, #" bytes "\n\t"                                                                                     \
  "adds r0, r0, r6\n\t"                                                                                             \
  "push {r0}\n\t"                                                                                                   \
  "push {r2-r7}\n\t" start                                                                                          \
  "movs r0, #1\n\t"                                                                                                 \
  "lsls r0, r0, #15\n\t"                                                                                            \
  "mov r11, r0\n\t"                                                                                                 \
  "2:\n\t" /* a pair of channels */                                                                                 \
  "ldr r0, [sp, #16]\n\t"                                                                                           \
  "ldr r7, [sp, #20]\n\t"                                                                                           \
  "ldr r2, [sp, #24]\n\t"                                                                                           \
  "mov r9, r7\n\t"                                                                                                  \
  "subs r2, r2, r0\n\t" sums                                                                                        \
  "lsls r2, r2, #" odd "\n\t"                                                                                       \
  "bmi 3f\n\t"                                                                                                      \
  "1:\n\t" two two                                                                                                  \
  "3:\n\t" two two end                                                                                              \
  "bne 1b\n\t" first /* sums r6 r7, and for the second channel r8 r10 */                                            \
  "mov r5, r10\n\t"                                                                                                 \
  "lsls r5, r5, #16\n\t"                                                                                            \
  "mov r4, r9\n\t"                                                                                                  \
  "subs r4, r4, r5\n\t"                                                                                             \
  "mov r8, r4\n\t" SMELT_RESCALE_TWO("#0")                                                                          \
  "ldr r6, [sp, #8]\n\t"                                                                                            \
  "cmp r6, #1\n\t"                                                                                                  \
  "beq 4f\n\t"                                                                                                      \
  "mov r6, r8\n\t"                                                                                                  \
  "mov r7, r10\n\t" SMELT_RESCALE_TWO("#1")                                                                         \
  "mov r0, sp\n\t"                                                                                                  \
  "ldmia r0!, {r4, r5, r6}\n\t"                                                                                     \
  "adds r4, r4, #2\n\t"                                                                                             \
  "adds r5, r5, #2\n\t"                                                                                             \
  "subs r6, r6, #2\n\t"                                                                                             \
  "mov r0, sp\n\t"                                                                                                  \
  "stmia r0!, {r4, r5, r6}\n\t"                                                                                     \
  "ble 4f\n\t"                                                                                                      \
  "b 2b\n\t"                                                                                                        \
  "4:\n\t"                                                                                                          \
  "add sp, sp, #28\n\t"                                                                                             \
  "pop {r4-r7}\n\t"                                                                                                 \
  "mov r8, r4\n\t"                                                                                                  \
  "mov r9, r5\n\t"                                                                                                  \
  "mov r10, r6\n\t"                                                                                                 \
  "mov r11, r7\n\t"                                                                                                 \
  "pop {r4-r7, pc}\n\t"

struct ThumbConvS8 : SwarPatch {
  __attribute__((naked, noinline)) static void tile(const ConvTile&) {
    __asm__ volatile(SMELT_TILE("2", "27",
                                "mov r12, r0\n\t",
                                "movs r7, #0\n\t"
                                "mov r8, r7\n\t"
                                "mov r10, r7\n\t",
                                SMELT_TWO_TAPS,
                                "cmp r0, r12\n\t",
                                "lsls r5, r7, #16\n\t"
                                "mov r6, r8\n\t"
                                "subs r6, r6, r5\n\t"));
  }
};

struct ThumbSmallConvS8 : SwarSmallPatch {
  __attribute__((naked, noinline)) static void tile(const ConvTile&) {
    __asm__ volatile(SMELT_TILE("1", "28",
                                "movs r2, #128\n\t"
                                "lsls r3, r2, #16\n\t"
                                "adds r2, r2, r3\n\t"
                                "rsbs r2, r2, #0\n\t"
                                "mov r12, r2\n\t",
                                "mov r8, r7\n\t"
                                "movs r3, #0\n\t"
                                "mov r10, r3\n\t"
                                "mov lr, r3\n\t"
                                "movs r7, #255\n\t"
                                "lsls r3, r7, #16\n\t"
                                "adds r7, r7, r3\n\t",
                                SMELT_TWO_SMALL_TAPS,
                                "ldr r2, [sp, #24]\n\t"
                                "cmp r0, r2\n\t",
                                "mov r7, lr\n\t"
                                "lsls r5, r7, #16\n\t"
                                "mov r6, r8\n\t"
                                "subs r6, r6, r5\n\t"));
  }
};

#undef SMELT_TWO_TAPS
#undef SMELT_TWO_SMALL_TAPS
#undef SMELT_TILE

static_assert(sizeof(void*) != 4 ||
              (offsetof(ConvTile, left) == 8 && offsetof(ConvTile, centre) == 12 && offsetof(ConvTile, patch) == 16 &&
               offsetof(ConvTile, weights) == 20 && offsetof(ConvTile, taps) == 24));

}  // namespace smelt

#undef SMELT_RESCALE_TWO

#endif
