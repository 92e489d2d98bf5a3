// Depthwise convolution by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_DEPTHWISE_HPP
#define SMELT_RUNTIME_ARCH_DSP_DEPTHWISE_HPP

#include "tile.hpp"

namespace smelt {

struct DspDepthwiseS8 {
  __attribute__((naked, noinline)) static void tile(const DepthwiseTile&) {
    // Two taps are eighteen instructions of four bytes each; the loop makes eight taps and is entered like that of a
    // convolution. Two taps' bytes x0 x1 x2 x3 and y0 y1 y2 y3 become x0 x1 y0 y1 and x2 x3 y2 y3, of which one
    // instruction each makes (x0, y0), (x1, y1), (x2, y2), (x3, y3).
    // Sums: r8 to r11. Stack: table, end, scales, out, centre, last, way in, way into the loop.
#define SMELT_TAPS                  \
  "ldrd r3, r4, [r0], #8\n\t"       \
  "ldrd r5, r6, [r1], #8\n\t"       \
  "ldr.w r3, [r3, r2]\n\t"          \
  "ldr.w r4, [r4, r2]\n\t"          \
  "pkhbt r7, r3, r4, lsl #16\n\t"   \
  "pkhtb r4, r4, r3, asr #16\n\t"   \
  "sxtb16 r3, r7\n\t"               \
  "sxtb16 r12, r5\n\t"              \
  "smlad r8, r3, r12, r8\n\t"       \
  "sxtb16 r7, r7, ror #8\n\t"       \
  "sxtb16 r5, r5, ror #8\n\t"       \
  "smlad r9, r7, r5, r9\n\t"        \
  "sxtb16 r3, r4\n\t"               \
  "sxtb16 r12, r6\n\t"              \
  "smlad r10, r3, r12, r10\n\t"     \
  "sxtb16 r4, r4, ror #8\n\t"       \
  "sxtb16 r6, r6, ror #8\n\t"       \
  "smlad r11, r4, r6, r11\n\t"
#define SMELT_STORE(x)                \
  "ldrd r3, r4, [r0], #8\n\t"         \
  "asr r5, r3, #7\n\t"                \
  "lsl r6, r12, r3\n\t"               \
  "add " x ", r5, " x ", lsl #1\n\t"  \
  "smmlar r5, " x ", r4, r6\n\t"      \
  "add r5, r5, " x ", asr #31\n\t"    \
  "asr r5, r5, r3\n\t"                \
  "ssat r5, #8, r5, asr #1\n\t"       \
  "strb r5, [lr], #1\n\t"
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "ldm r0, {r3-r10}\n\t"
        "mov r1, r9\n\t"
        "mov r2, r10\n\t"
        "sub r0, r4, r3\n\t"            // table bytes: eight for two taps
        "lsr r12, r0, #3\n\t"           // pairs
        "rsb r11, r12, #0\n\t"
        "and r11, r11, #3\n\t"          // pairs to leave out
        "add r11, r11, r11, lsl #3\n\t"
        "lsl r11, r11, #3\n\t"          // 72 bytes each
        "adr r10, 1f\n\t"
        "add r10, r10, r11\n\t"
        "cmp r12, #0\n\t"
        "bne 4f\n\t"
        "adr r10, 5f\n\t"
        "4:\n\t"
        "orr r10, r10, #1\n\t"
        "adr r9, 3f\n\t"
        "tst r0, #4\n\t"
        "beq 6f\n\t"
        "adr r9, 7f\n\t"
        "6:\n\t"
        "orr r9, r9, #1\n\t"
        "push {r3-r10}\n\t"
        "2:\n\t"
        "ldrd r0, lr, [sp]\n\t"
        "ldr pc, [sp, #24]\n\t"
        ".balign 4\n\t"
        "3:\n\t"  // even taps
        "mov r8, #0\n\t"
        "mov r9, #0\n\t"
        "mov r10, #0\n\t"
        "mov r11, #0\n\t"
        "ldr pc, [sp, #28]\n\t"
        ".balign 4\n\t"
        "7:\n\t"  // odd taps: the first one
        "ldr r3, [r0], #4\n\t"
        "ldr r5, [r1], #4\n\t"
        "ldr r3, [r3, r2]\n\t"
        "sxtb16 r7, r5\n\t"
        "sxtb16 r4, r3\n\t"
        "smulbb r8, r4, r7\n\t"
        "smultt r10, r4, r7\n\t"
        "sxtb16 r5, r5, ror #8\n\t"
        "sxtb16 r3, r3, ror #8\n\t"
        "smulbb r9, r3, r5\n\t"
        "smultt r11, r3, r5\n\t"
        "ldr pc, [sp, #28]\n\t"
        ".balign 4\n\t"
        "1:\n\t" SMELT_TAPS SMELT_TAPS SMELT_TAPS SMELT_TAPS
        "cmp r0, lr\n\t"
        "bne 1b\n\t"
        ".balign 4\n\t"
        "5:\n\t"
        "ldrd r0, lr, [sp, #8]\n\t"
        "ldr r12, [sp, #16]\n\t"
        SMELT_STORE("r8") SMELT_STORE("r9") SMELT_STORE("r10") SMELT_STORE("r11")
        "strd r0, lr, [sp, #8]\n\t"
        "add r2, r2, #4\n\t"
        "ldr r3, [sp, #20]\n\t"
        "cmp r2, r3\n\t"
        "bne 2b\n\t"
        "add sp, sp, #32\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_TAPS
#undef SMELT_STORE
  }
};

}  // namespace smelt

#endif
