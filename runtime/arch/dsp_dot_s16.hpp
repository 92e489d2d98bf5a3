// The sums of dot_s16.hpp by multiplications of pairs.
#ifndef SMELT_RUNTIME_ARCH_DSP_DOT_S16_HPP
#define SMELT_RUNTIME_ARCH_DSP_DOT_S16_HPP

#include <stddef.h>
#include <stdint.h>

#include "tile_s16.hpp"

namespace smelt {

// Of two pixels and two channels, from r0 (patch) and r1 (weights) until r2: sums in r8 to r11.
#define SMELT_CHANNEL(w, first, second)       \
  "sxtb16 r12, " w "\n\t"                     \
  "sxtb16 " w ", " w ", ror #8\n\t"           \
  "smlad " first ", r4, r12, " first "\n\t"   \
  "smlad " second ", r6, r12, " second "\n\t" \
  "smlad " first ", r5, " w ", " first "\n\t" \
  "smlad " second ", r7, " w ", " second "\n\t"
#define SMELT_FOUR                \
  "ldm r0!, {r4-r7}\n\t"          \
  "ldrd r3, lr, [r1], #8\n\t"     \
  SMELT_CHANNEL("r3", "r8", "r9") \
  SMELT_CHANNEL("lr", "r10", "r11")
#define SMELT_TWO_BY_TWO       \
  "tst r2, #4\n\t"             \
  "add r2, r0, r2, lsl #2\n\t" \
  "mov r8, #0\n\t"             \
  "mov r9, r8\n\t"             \
  "mov r10, r8\n\t"            \
  "mov r11, r8\n\t"            \
  "bne 3f\n\t"                 \
  ".balign 4\n\t"              \
  "2:\n\t" SMELT_FOUR          \
  "3:\n\t" SMELT_FOUR          \
  "cmp r0, r2\n\t"             \
  "bne 2b\n\t"

// Requantized outputs in r8 to r11 to 16 bits, not below 0 where r7 is 0.
#define SMELT_SATURATE      \
  "ssat r8, #16, r8\n\t"    \
  "ssat r9, #16, r9\n\t"    \
  "ssat r10, #16, r10\n\t"  \
  "ssat r11, #16, r11\n\t"  \
  "cmp r7, #0\n\t"          \
  "bne 4f\n\t"              \
  "usat r8, #15, r8\n\t"    \
  "usat r9, #15, r9\n\t"    \
  "usat r10, #15, r10\n\t"  \
  "usat r11, #15, r11\n\t"  \
  "4:\n\t"

struct DspDotS16 {
  __attribute__((naked, noinline)) static void two_by_two(const int16_t*, const int8_t*, int32_t, int32_t*) {
    __asm__ volatile(
        "push {r3-r11, lr}\n\t" SMELT_TWO_BY_TWO
        "pop {r3}\n\t"
        "stm r3, {r8-r11}\n\t"
        "pop {r4-r11, pc}\n\t");
  }

  __attribute__((naked, noinline)) static void conv(ConvTileS16&) {
    __asm__ volatile(
        "push {r0, r4-r11, lr}\n\t"
        "ldr r1, [r0, #16]\n\t"
        "1:\n\t"
        "ldr r3, [sp]\n\t"
        "ldr r0, [r3, #12]\n\t"
        "ldr r2, [r3, #20]\n\t" SMELT_TWO_BY_TWO
        "ldr r0, [sp]\n\t"
        "ldr r12, [r0, #24]\n\t"
        "ldr r7, [r0, #28]\n\t"
        "ldm r12!, {r3-r6}\n\t"
        "str r12, [r0, #24]\n\t"
        "add r8, r8, r3\n\t"
        "add r9, r9, r3\n\t"
        "add r10, r10, r5\n\t"
        "add r11, r11, r5\n\t"
        "smmulr r8, r8, r4\n\t"
        "smmulr r9, r9, r4\n\t"
        "smmulr r10, r10, r6\n\t"
        "smmulr r11, r11, r6\n\t" SMELT_SATURATE
        "ldm r0, {r2, r3, r7}\n\t"
        "subs r7, r7, #2\n\t"
        "bmi 5f\n\t"
        "pkhbt r9, r9, r11, lsl #16\n\t"
        "pkhbt r8, r8, r10, lsl #16\n\t"
        "str r9, [r3], #4\n\t"
        "str r8, [r2], #4\n\t"
        "stm r0, {r2, r3, r7}\n\t"
        "bne 1b\n\t"
        "pop {r0, r4-r11, pc}\n\t"
        "5:\n\t"
        "strh r9, [r3]\n\t"
        "strh r8, [r2]\n\t"
        "pop {r0, r4-r11, pc}\n\t");
  }

  __attribute__((naked, noinline)) static void depthwise(DepthwiseTileS16&) {
    // r0 table, r1 weights, r2 where the block's channels are, lr the same behind the first two; r3 end of the table.
#define SMELT_TAP                 \
  "ldr r4, [r0], #4\n\t"          \
  "ldr r7, [r1], #4\n\t"          \
  "ldr r5, [r2, r4]\n\t"          \
  "ldr r6, [lr, r4]\n\t"          \
  "sxtb16 r12, r7\n\t"            \
  "sxtb16 r7, r7, ror #8\n\t"     \
  "smlabb r8, r5, r12, r8\n\t"    \
  "smlatt r9, r5, r12, r9\n\t"    \
  "smlabb r10, r6, r7, r10\n\t"   \
  "smlatt r11, r6, r7, r11\n\t"
    __asm__ volatile(
        "push {r0, r4-r11, lr}\n\t"
        "ldr r1, [r0, #28]\n\t"
        "ldr r2, [r0, #24]\n\t"
        "1:\n\t"
        "ldr r4, [sp]\n\t"
        "ldrd r0, r3, [r4]\n\t"
        "add lr, r2, #4\n\t"
        "sub r4, r3, r0\n\t"
        "mov r8, #0\n\t"
        "mov r9, r8\n\t"
        "mov r10, r8\n\t"
        "mov r11, r8\n\t"
        "tst r4, #4\n\t"
        "bne 3f\n\t"
        ".balign 4\n\t"
        "2:\n\t" SMELT_TAP
        "3:\n\t" SMELT_TAP
        "cmp r0, r3\n\t"
        "bne 2b\n\t"
        "ldr r0, [sp]\n\t"
        "ldr r3, [r0, #8]\n\t"
        "ldm r3!, {r4-r7}\n\t"
        "add r8, r8, r4\n\t"
        "add r9, r9, r6\n\t"
        "smmulr r8, r8, r5\n\t"
        "smmulr r9, r9, r7\n\t"
        "ldm r3!, {r4-r7}\n\t"
        "add r10, r10, r4\n\t"
        "add r11, r11, r6\n\t"
        "smmulr r10, r10, r5\n\t"
        "smmulr r11, r11, r7\n\t"
        "str r3, [r0, #8]\n\t"
        "ldrd r7, r12, [r0, #16]\n\t"
        "ldr r3, [r0, #12]\n\t" SMELT_SATURATE
        "pkhbt r8, r8, r9, lsl #16\n\t"
        "pkhbt r10, r10, r11, lsl #16\n\t"
        "str r8, [r3], #4\n\t"
        "str r10, [r3], #4\n\t"
        "str r3, [r0, #12]\n\t"
        "add r2, r2, #8\n\t"
        "cmp r2, r12\n\t"
        "bne 1b\n\t"
        "pop {r0, r4-r11, pc}\n\t");
#undef SMELT_TAP
  }

  __attribute__((naked, noinline)) static void one_by_four(const int16_t*, const int8_t*, int32_t, int32_t*) {
    // r0 input, which may lie at any halfword, r1 weights, r2 end of the input; sums in r8 to r11.
#define SMELT_UNIT(w, sum)                      \
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
        SMELT_UNIT("r4", "r8")
        SMELT_UNIT("r5", "r9")
        SMELT_UNIT("r6", "r10")
        SMELT_UNIT("r7", "r11")
        "cmp r0, r2\n\t"
        "bne 1b\n\t"
        "pop {r3}\n\t"
        "stm r3, {r8-r11}\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_UNIT
  }
};

#undef SMELT_CHANNEL
#undef SMELT_FOUR
#undef SMELT_TWO_BY_TWO
#undef SMELT_SATURATE

static_assert(offsetof(ConvTileS16, left) == 8 && offsetof(ConvTileS16, patch) == 12 &&
              offsetof(ConvTileS16, weights) == 16 && offsetof(ConvTileS16, taps) == 20 &&
              offsetof(ConvTileS16, channels) == 24 && offsetof(ConvTileS16, low) == 28);
static_assert(offsetof(DepthwiseTileS16, channels) == 8 && offsetof(DepthwiseTileS16, out) == 12 &&
              offsetof(DepthwiseTileS16, low) == 16 && offsetof(DepthwiseTileS16, last) == 20 &&
              offsetof(DepthwiseTileS16, at) == 24 && offsetof(DepthwiseTileS16, weights) == 28);

}  // namespace smelt

#endif
