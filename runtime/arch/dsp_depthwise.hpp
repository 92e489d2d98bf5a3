// Depthwise convolution by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_DEPTHWISE_HPP
#define SMELT_RUNTIME_ARCH_DSP_DEPTHWISE_HPP

#include "tile.hpp"

namespace smelt {

struct DspDepthwiseS8 {
  static constexpr uint32_t flip = 0;  ///< see ScalarDepthwiseS8

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

  /// n > 0 columns of a patch, from `at` on in each row of the input.
  __attribute__((naked, noinline)) static void gather(const DepthwisePatch&, uint32_t* /*to*/, int32_t /*at*/,
                                                      int32_t /*n*/) {
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "mov r9, r1\n\t"
        "ldr r10, [r0, #20]\n\t"
        "ldr r7, [r0, #32]\n\t"
        "mov r6, r2\n\t"
        "mla r8, r3, r7, r2\n\t"
        "add r0, r0, #56\n\t"
        "ldm r0, {r0-r5}\n\t"
        "cmp r10, #1\n\t"
        "beq 2f\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        "ldr r10, [r0, r6]\n\t"
        "ldr r11, [r1, r6]\n\t"
        "ldr r12, [r2, r6]\n\t"
        "ldr lr, [r3, r6]\n\t"
        "str r11, [r9, #4]\n\t"
        "str r12, [r9, #8]\n\t"
        "str lr, [r9, #12]\n\t"
        "ldr r11, [r4, r6]\n\t"
        "ldr r12, [r5, r6]\n\t"
        "str r11, [r9, #16]\n\t"
        "str r12, [r9, #20]\n\t"
        "str r10, [r9], #24\n\t"
        "add r6, r6, r7\n\t"
        "cmp r6, r8\n\t"
        "bne 1b\n\t"
        "pop {r4-r11, pc}\n\t"
        ".balign 4\n\t"
        "2:\n\t"  // one output row sees three
        "ldr r10, [r0, r6]\n\t"
        "ldr r11, [r1, r6]\n\t"
        "ldr r12, [r2, r6]\n\t"
        "str r11, [r9, #4]\n\t"
        "str r12, [r9, #8]\n\t"
        "str r10, [r9], #24\n\t"
        "add r6, r6, r7\n\t"
        "cmp r6, r8\n\t"
        "bne 2b\n\t"
        "pop {r4-r11, pc}\n\t");
  }

  // Of a window, with weights doubled, lie in registers: (w00, w10) in r1, (w01, w11) in r2, (w02, w12) in r3,
  // (w20, w21) in r4, w22 in the top of r5; r5 has in its low byte the shift, in four bits each from bit 8 what is left
  // of groups of columns and of rows; r11 the multiplier, r12 the addend of rescale, lr twice the bias. r0 is where the
  // column lies.
  // Stack: r0 of the channel before, weights, last, scales, centre, rows, from the last column to the next row, groups,
  // from the first column to that of the way in, way in; the argument.
#define SMELT_COLUMN(at)              \
  "ldrsb r8, [r0, #" #at "]\n\t"      \
  "ldrsb r9, [r0, #" #at "+4]\n\t"    \
  "ldrsb r10, [r0, #" #at "+8]\n\t"   \
  "pkhbt r8, r8, r9, lsl #16\n\t"
#define SMELT_CHANNEL                \
  "ldm sp, {r0-r5}\n\t"              \
  "ldrd r6, r7, [r1], #8\n\t"        \
  "ldrd r10, r11, [r3], #8\n\t"      \
  "ldrsb r8, [r2], #1\n\t"           \
  "add r0, r0, #1\n\t"               \
  "stm sp, {r0-r3}\n\t"              \
  "asr lr, r10, #7\n\t"              \
  "uxtb r10, r10\n\t"                \
  "orr r5, r5, r10\n\t"              \
  "orr r5, r5, r8, lsl #17\n\t"      \
  "lsl r12, r4, r10\n\t"             \
  "sxtb16 r1, r6\n\t"                \
  "sxtb16 r2, r6, ror #8\n\t"        \
  "sxtb16 r3, r7\n\t"                \
  "sxtb16 r4, r7, ror #8\n\t"        \
  "sadd16 r1, r1, r1\n\t"            \
  "sadd16 r2, r2, r2\n\t"            \
  "sadd16 r3, r3, r3\n\t"            \
  "sadd16 r4, r4, r4\n\t"
#define SMELT_NEXT(channel, row)     \
  "ldr r8, [sp, #24]\n\t"            \
  "sub r5, r5, #0x1000\n\t"          \
  "add r0, r0, r8\n\t"               \
  "tst r5, #0xf000\n\t"              \
  "bne " row "\n\t"                  \
  "ldr r8, [sp, #8]\n\t"             \
  "tst r8, #3\n\t"                   \
  "bne " channel "\n\t"
// Outputs to where they belong, `step` bytes apart.
#define SMELT_DRAIN(step)            \
  "ldr r0, [sp, #40]\n\t"            \
  "add sp, sp, #44\n\t"              \
  "add r12, r0, #20\n\t"             \
  "ldm r12, {r1-r5}\n\t"             \
  "ldr r6, [r0]\n\t"                 \
  "add r12, r0, #40\n\t"             \
  "add r6, r6, #24\n\t"              \
  "4:\n\t"                           \
  "ldr r7, [r12], #4\n\t"            \
  "mov r8, r6\n\t"                   \
  "lsrs r0, r3, #1\n\t"              \
  "add r7, r7, r5\n\t"               \
  "bcc 5f\n\t"                       \
  "ldr r9, [r8], #" #step "\n\t"     \
  "str r9, [r7]\n\t"                 \
  "add r7, r7, r4\n\t"               \
  "cbz r0, 6f\n\t"                   \
  "5:\n\t"                           \
  "ldr r9, [r8]\n\t"                 \
  "ldr r10, [r8, #" #step "]\n\t"    \
  "str r10, [r7, r4]\n\t"            \
  "str r9, [r7]\n\t"                 \
  "add r8, r8, #2*" #step "\n\t"     \
  "add r7, r7, r4, lsl #1\n\t"       \
  "subs r0, r0, #1\n\t"              \
  "bne 5b\n\t"                       \
  "6:\n\t"                           \
  "add r6, r6, r2\n\t"               \
  "subs r1, r1, #1\n\t"              \
  "bne 4b\n\t"                       \
  "pop {r4-r11, pc}\n\t"

  __attribute__((naked, noinline)) static void windows(const DepthwisePatch&) {
    // A column is fifteen instructions of four bytes each and the third of a window, whose sum r6 has; it is the second
    // of the next one, of which r7 has the first. The loop makes six and is entered where the remainder asks for it.
#define SMELT_WINDOW(at)             \
  SMELT_COLUMN(at)                   \
  "smlad r6, r8, r3, r6\n\t"         \
  "smlabt r6, r10, r5, r6\n\t"       \
  "smmlar r9, r6, r11, r12\n\t"      \
  "add r9, r9, r6, asr #31\n\t"      \
  "smlad r6, r8, r2, r7\n\t"         \
  "smlabt r6, r10, r4, r6\n\t"       \
  "asr r9, r9, r5\n\t"               \
  "smlad r7, r8, r1, lr\n\t"         \
  "smlabb r7, r10, r4, r7\n\t"       \
  "ssat r9, #8, r9, asr #1\n\t"      \
  "strb r9, [r0, #" #at "-24]\n\t"
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "push {r0}\n\t"
        "ldm r0, {r1-r8}\n\t"
        "sub r1, r1, #1\n\t"
        "lsl r6, r6, #12\n\t"
        "add r9, r8, #5\n\t"
        "mov r10, #43\n\t"
        "mul r9, r9, r10\n\t"
        "lsr r9, r9, #8\n\t"                // groups: (columns + 5) / 6
        "add r10, r9, r9, lsl #1\n\t"
        "rsb r10, r8, r10, lsl #1\n\t"      // columns to leave out
        "lsl r9, r9, #8\n\t"
        "add r12, r8, r8, lsl #1\n\t"
        "sub r7, r7, r12, lsl #3\n\t"
        "sub r7, r7, #48\n\t"
        "adr r11, 1f\n\t"
        "rsb r12, r10, r10, lsl #4\n\t"     // fifteen instructions each
        "add r11, r11, r12, lsl #2\n\t"
        "orr r11, r11, #1\n\t"
        "add r12, r10, r10, lsl #1\n\t"
        "mov r10, #48\n\t"
        "sub r10, r10, r12, lsl #3\n\t"
        "push {r1-r7, r9-r11}\n\t"
        "2:\n\t" SMELT_CHANNEL
        ".balign 4\n\t"
        "3:\n\t" SMELT_COLUMN(0)
        "smlad r7, r8, r1, lr\n\t"
        "smlabb r7, r10, r4, r7\n\t" SMELT_COLUMN(24)
        "smlad r6, r8, r2, r7\n\t"
        "smlabt r6, r10, r4, r6\n\t"
        "smlad r7, r8, r1, lr\n\t"
        "smlabb r7, r10, r4, r7\n\t"
        "ldr r8, [sp, #28]\n\t"
        "ldr r9, [sp, #32]\n\t"
        "ldr r10, [sp, #36]\n\t"
        "orr r5, r5, r8\n\t"
        "add r0, r0, r9\n\t"
        "bx r10\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        SMELT_WINDOW(0) SMELT_WINDOW(24) SMELT_WINDOW(48) SMELT_WINDOW(72) SMELT_WINDOW(96) SMELT_WINDOW(120)
        "sub r5, r5, #0x100\n\t"
        "add r0, r0, #144\n\t"
        "tst r5, #0xf00\n\t"
        "bne 1b\n\t"
        SMELT_NEXT("2b", "3b") SMELT_DRAIN(24));
#undef SMELT_WINDOW
  }

  /// The same for windows two columns apart.
  __attribute__((naked, noinline)) static void windows_2(const DepthwisePatch&) {
    // The second and the third column of a window are nineteen instructions; the third is the first of the next one. The
    // loop makes three windows; r6 has the sum, r7 what is left of the groups.
#define SMELT_WINDOW(second, third)  \
  SMELT_COLUMN(second)               \
  "smlad r6, r8, r2, r6\n\t"         \
  "smlabt r6, r10, r4, r6\n\t"       \
  SMELT_COLUMN(third)                \
  "smlad r6, r8, r3, r6\n\t"         \
  "smlabt r6, r10, r5, r6\n\t"       \
  "smmlar r9, r6, r11, r12\n\t"      \
  "add r9, r9, r6, asr #31\n\t"      \
  "smlad r6, r8, r1, lr\n\t"         \
  "smlabb r6, r10, r4, r6\n\t"       \
  "asr r9, r9, r5\n\t"               \
  "ssat r9, #8, r9, asr #1\n\t"      \
  "strb r9, [r0, #" #second "]\n\t"
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "push {r0}\n\t"
        "ldm r0, {r1-r8}\n\t"
        "sub r1, r1, #1\n\t"
        "lsl r6, r6, #12\n\t"
        "add r9, r8, #2\n\t"
        "mov r10, #86\n\t"
        "mul r9, r9, r10\n\t"
        "lsr r9, r9, #8\n\t"                // groups: (columns + 2) / 3
        "add r10, r9, r9, lsl #1\n\t"
        "sub r10, r10, r8\n\t"              // windows to leave out
        "add r12, r8, r8, lsl #1\n\t"
        "sub r7, r7, r12, lsl #4\n\t"
        "sub r7, r7, #24\n\t"
        "adr r11, 1f\n\t"
        "add r12, r10, r10, lsl #1\n\t"
        "add r8, r12, r10, lsl #4\n\t"      // nineteen instructions each
        "add r11, r11, r8, lsl #2\n\t"
        "orr r11, r11, #1\n\t"
        "mov r10, #24\n\t"
        "sub r10, r10, r12, lsl #4\n\t"
        "push {r1-r7, r9-r11}\n\t"
        "2:\n\t" SMELT_CHANNEL
        ".balign 4\n\t"
        "3:\n\t" SMELT_COLUMN(0)
        "smlad r6, r8, r1, lr\n\t"
        "smlabb r6, r10, r4, r6\n\t"
        "ldr r7, [sp, #28]\n\t"
        "ldr r9, [sp, #32]\n\t"
        "ldr r10, [sp, #36]\n\t"
        "add r0, r0, r9\n\t"
        "bx r10\n\t"
        ".balign 4\n\t"
        "1:\n\t" SMELT_WINDOW(0, 24) SMELT_WINDOW(48, 72) SMELT_WINDOW(96, 120)
        "add r0, r0, #144\n\t"
        "subs r7, r7, #1\n\t"
        "bne 1b\n\t"
        SMELT_NEXT("2b", "3b") SMELT_DRAIN(48));
#undef SMELT_WINDOW
  }
#undef SMELT_COLUMN
#undef SMELT_CHANNEL
#undef SMELT_NEXT
#undef SMELT_DRAIN
};
static_assert(DepthwisePatch::column == 24);
static_assert(sizeof(void*) != 4 || (offsetof(DepthwisePatch, patch) == 0 && offsetof(DepthwisePatch, columns) == 28 &&
                                     offsetof(DepthwisePatch, pixel) == 32 && offsetof(DepthwisePatch, at) == 36 &&
                                     offsetof(DepthwisePatch, out) == 40 && offsetof(DepthwisePatch, in) == 56));

}  // namespace smelt

#endif
