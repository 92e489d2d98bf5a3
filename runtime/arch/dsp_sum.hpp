// Weighted sums of two operands by multiplications of 32 by 16 bits; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_SUM_HPP
#define SMELT_RUNTIME_ARCH_DSP_SUM_HPP

#include "sum.hpp"

namespace smelt {

struct DspSumS8 {
  /// n sums, a multiple of four and more than 0. The output may be the same bytes as an operand.
  __attribute__((naked, noinline)) static void run(const int8_t*, const int8_t*, int8_t*, const SumScale*, int32_t) {
    // Bytes 1 and 3 of a word, then 0 and 2, each as the high byte of a halfword: the product with a weight, less its
    // low 16 bits, is weight * byte / 2^8.
#define SMELT_FOUR                 \
  "ldr r8, [r0], #4\n\t"           \
  "ldr r9, [r1], #4\n\t"           \
  "and r10, r12, r8\n\t"           \
  "and r11, r12, r9\n\t"           \
  "and r8, r12, r8, lsl #8\n\t"    \
  "and r9, r12, r9, lsl #8\n\t"    \
  "smlawb lr, r4, r10, r6\n\t"     \
  "smlawt r10, r4, r10, r6\n\t"    \
  "smlawb lr, r5, r11, lr\n\t"     \
  "smlawt r10, r5, r11, r10\n\t"   \
  "smlawb r11, r4, r8, r6\n\t"     \
  "smlawt r8, r4, r8, r6\n\t"      \
  "smlawb r11, r5, r9, r11\n\t"    \
  "smlawt r8, r5, r9, r8\n\t"      \
  "add lr, lr, lr, asr #31\n\t"    \
  "add r10, r10, r10, asr #31\n\t" \
  "add r11, r11, r11, asr #31\n\t" \
  "add r8, r8, r8, asr #31\n\t"    \
  "qadd lr, lr, r7\n\t"            \
  "qadd r10, r10, r7\n\t"          \
  "qadd r11, r11, r7\n\t"          \
  "qadd r8, r8, r7\n\t"            \
  "ssat lr, #8, lr, asr #20\n\t"   \
  "ssat r10, #8, r10, asr #20\n\t" \
  "ssat r11, #8, r11, asr #20\n\t" \
  "ssat r8, #8, r8, asr #20\n\t"   \
  "strb lr, [r2, #1]\n\t"          \
  "strb r10, [r2, #3]\n\t"         \
  "strb r8, [r2, #2]\n\t"          \
  "strb r11, [r2], #4\n\t"
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "ldm r3, {r4-r7}\n\t"
        "ldr r3, [sp, #36]\n\t"
        "mov r12, #0xff00ff00\n\t"
        "tst r3, #4\n\t"
        "add r3, r3, r2\n\t"
        "bne 2f\n\t"
        ".balign 4\n\t"
        "1:\n\t" SMELT_FOUR "2:\n\t" SMELT_FOUR
        "cmp r2, r3\n\t"
        "bne 1b\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_FOUR
  }
};
static_assert(offsetof(SumScale, weight_b) == 4 && offsetof(SumScale, bias) == 8 && offsetof(SumScale, centre) == 12);

}  // namespace smelt

#endif
