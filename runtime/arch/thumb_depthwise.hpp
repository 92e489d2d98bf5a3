// Depthwise convolution of 3x3 taps for Armv6-M; see thumb.hpp.
#ifndef SMELT_RUNTIME_ARCH_THUMB_DEPTHWISE_HPP
#define SMELT_RUNTIME_ARCH_THUMB_DEPTHWISE_HPP

#include "scalar.hpp"
#include "thumb_scale.hpp"

namespace smelt {

// One tap by a weight in a high register, or in a low one: the input, a byte without a sign, at r0; the sum in r3.
#define SMELT_TAP(at, weight)     \
  "ldrb r1, [r0, #" #at "]\n\t"   \
  "mov r2, " #weight "\n\t"       \
  "muls r1, r2, r1\n\t"           \
  "adds r3, r3, r1\n\t"
#define SMELT_LOW_TAP(at, weight) \
  "ldrb r1, [r0, #" #at "]\n\t"   \
  "muls r1, " #weight ", r1\n\t"  \
  "adds r3, r3, r1\n\t"

/// The patch holds x + 128: bytes without a sign load in one instruction.
struct ThumbDepthwiseS8 : ScalarDepthwiseTile {
  static constexpr uint32_t flip = 0x80808080;

  /// n > 0 columns of a patch, from `at` on in each row of the input.
  static __attribute__((noinline)) void gather(const DepthwisePatch& t, uint32_t* to, int32_t at, int32_t n) {
    const int8_t* const* in = t.in;
    for (const int8_t* const* end = in + (t.rows - 1) * (t.row_step / 4) + 3; in != end; ++in, ++to) {
      const auto* x = reinterpret_cast<const uint8_t*>(*in) + at;
      uint32_t* word = to;
      if (((reinterpret_cast<uintptr_t>(x) | static_cast<uint32_t>(t.pixel)) & 3) == 0) {
        for (int32_t i = n; i > 0; --i, x += t.pixel, word += DepthwisePatch::rows_held) {
          *word = *static_cast<const uint32_t*>(static_cast<const void*>(x)) ^ flip;
        }
      } else {
        for (int32_t i = n; i > 0; --i, x += t.pixel, word += DepthwisePatch::rows_held) {
          *word = (x[0] | static_cast<uint32_t>(x[1]) << 8 | static_cast<uint32_t>(x[2]) << 16 |
                   static_cast<uint32_t>(x[3]) << 24) ^ flip;
        }
      }
    }
  }
  static void windows(const DepthwisePatch& t) {
    for (int32_t j = 0; j < 4; ++j) channel(t, j, DepthwisePatch::column - 28);
  }
  static void windows_2(const DepthwisePatch& t) {
    for (int32_t j = 0; j < 4; ++j) channel(t, j, 2 * DepthwisePatch::column - 28);
  }

 private:
  /// All outputs of channel j, whose windows are, but for 28, `step` bytes apart: row by row the sums, then what they
  /// scale to.
  __attribute__((naked, noinline)) static void channel(const DepthwisePatch&, int32_t, int32_t) {
    // Stack: sums, of at most 24 columns; from #96 on nine weights in the order of the packing; #132 twice the bias, less
    // 256 for each weight, as of x + 128; #136 pixel; #140 the multiplier's halves, #148 right + 1, #152 centre * 2^right;
    // #156 the sums' end; #160 where the row's first window is; #164 rows left; #168 row_step; #172 step; #176 where in
    // `out` the row is; #180 where in the row the channel is.
    __asm__ volatile(
        ".syntax unified\n\t"
        "push {r4-r7, lr}\n\t"
        "mov r4, r8\n\t"
        "mov r5, r9\n\t"
        "mov r6, r10\n\t"
        "mov r7, r11\n\t"
        "push {r4-r7}\n\t"
        "sub sp, sp, #184\n\t"
        "str r2, [sp, #172]\n\t"
        "ldr r3, [r0]\n\t"
        "adds r3, r3, r1\n\t"
        "str r3, [sp, #160]\n\t"
        "ldr r3, [r0, #20]\n\t"
        "str r3, [sp, #164]\n\t"
        "ldr r3, [r0, #24]\n\t"
        "str r3, [sp, #168]\n\t"
        "ldr r3, [r0, #32]\n\t"
        "str r3, [sp, #136]\n\t"
        "ldr r3, [r0, #36]\n\t"
        "adds r3, r3, r1\n\t"
        "str r3, [sp, #180]\n\t"
        "movs r3, r0\n\t"
        "adds r3, r3, #40\n\t"
        "str r3, [sp, #176]\n\t"
        "ldr r3, [r0, #28]\n\t"
        "lsls r3, r3, #2\n\t"
        "add r3, r3, sp\n\t"
        "str r3, [sp, #156]\n\t"
        "ldr r3, [r0, #8]\n\t"
        "ldrsb r3, [r3, r1]\n\t"
        "str r3, [sp, #128]\n\t"
        "ldr r4, [r0, #4]\n\t"
        "lsls r5, r1, #3\n\t"
        "adds r4, r4, r5\n\t"
        "movs r6, #0\n\t"
        "add r7, sp, #96\n\t"
        "1:\n\t"
        "ldrsb r2, [r4, r6]\n\t"
        "adds r3, r3, r2\n\t"
        "stmia r7!, {r2}\n\t"
        "adds r6, r6, #1\n\t"
        "cmp r6, #8\n\t"
        "bne 1b\n\t"
        "ldr r4, [r0, #12]\n\t"
        "adds r4, r4, r5\n\t"
        "ldmia r4!, {r5, r6}\n\t"
        "asrs r7, r5, #7\n\t"
        "lsls r3, r3, #8\n\t"
        "subs r7, r7, r3\n\t"
        "str r7, [sp, #132]\n\t"
        "uxth r7, r6\n\t"
        "str r7, [sp, #140]\n\t"
        "lsrs r6, r6, #16\n\t"
        "str r6, [sp, #144]\n\t"
        "ldr r6, [r0, #16]\n\t"
        "lsls r6, r5\n\t"
        "str r6, [sp, #152]\n\t"
        "adds r5, r5, #1\n\t"
        "str r5, [sp, #148]\n\t"
        "2:\n\t"  // a row
        "add r0, sp, #96\n\t"
        "ldmia r0!, {r1-r6}\n\t"
        "mov r8, r1\n\t"
        "mov r9, r2\n\t"
        "mov r10, r3\n\t"
        "mov r11, r4\n\t"
        "mov r12, r5\n\t"
        "mov lr, r6\n\t"
        "ldmia r0!, {r4-r6}\n\t"
        "ldr r0, [sp, #160]\n\t"
        "mov r7, sp\n\t"
        "3:\n\t"
        "ldrb r3, [r0]\n\t"
        "mov r2, r8\n\t"
        "muls r3, r2, r3\n\t"
        SMELT_TAP(4, r10) SMELT_TAP(8, lr) SMELT_TAP(24, r9) SMELT_TAP(28, r11)
        "adds r0, r0, #28\n\t"
        SMELT_LOW_TAP(4, r5) SMELT_TAP(20, r12) SMELT_LOW_TAP(24, r4) SMELT_LOW_TAP(28, r6)
        "stmia r7!, {r3}\n\t"
        "ldr r2, [sp, #172]\n\t"
        "adds r0, r0, r2\n\t"
        "ldr r2, [sp, #156]\n\t"
        "cmp r7, r2\n\t"
        "bne 3b\n\t"
        "ldr r0, [sp, #132]\n\t"
        "mov r8, r0\n\t"
        "ldr r0, [sp, #136]\n\t"
        "mov r10, r0\n\t"
        "mov r11, r7\n\t"
        "ldr r0, [sp, #176]\n\t"
        "ldmia r0!, {r1}\n\t"
        "str r0, [sp, #176]\n\t"
        "ldr r0, [sp, #180]\n\t"
        "adds r1, r1, r0\n\t"
        "mov r9, r1\n\t"
        "ldr r0, [sp, #152]\n\t"
        "mov lr, r0\n\t"
        "mov r1, sp\n\t"
        "ldr r2, [sp, #148]\n\t"
        "ldr r3, [sp, #140]\n\t"
        "ldr r4, [sp, #144]\n\t"
        "4:\n\t"
        "ldmia r1!, {r5}\n\t"
        "lsls r5, r5, #1\n\t"
        "add r5, r5, r8\n\t" SMELT_RESCALE
        "mov r6, r9\n\t"
        "strb r0, [r6]\n\t"
        "add r6, r6, r10\n\t"
        "mov r9, r6\n\t"
        "cmp r1, r11\n\t"
        "bne 4b\n\t"
        "ldr r0, [sp, #164]\n\t"
        "subs r0, r0, #1\n\t"
        "beq 5f\n\t"
        "str r0, [sp, #164]\n\t"
        "ldr r0, [sp, #160]\n\t"
        "ldr r1, [sp, #168]\n\t"
        "adds r0, r0, r1\n\t"
        "str r0, [sp, #160]\n\t"
        "b 2b\n\t"
        "5:\n\t"
        "add sp, sp, #184\n\t"
        "pop {r4-r7}\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "pop {r4-r7, pc}\n\t");
  }
};

#undef SMELT_TAP
#undef SMELT_LOW_TAP

static_assert(sizeof(void*) != 4 ||
              (offsetof(DepthwisePatch, weights) == 4 && offsetof(DepthwisePatch, last) == 8 &&
               offsetof(DepthwisePatch, scales) == 12 && offsetof(DepthwisePatch, centre) == 16 &&
               offsetof(DepthwisePatch, rows) == 20 && offsetof(DepthwisePatch, row_step) == 24 &&
               offsetof(DepthwisePatch, columns) == 28 && offsetof(DepthwisePatch, pixel) == 32 &&
               offsetof(DepthwisePatch, at) == 36 && offsetof(DepthwisePatch, out) == 40));
static_assert(DepthwisePatch::most_columns <= 24);

}  // namespace smelt

#endif
