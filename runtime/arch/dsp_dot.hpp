// Fully connected layers by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_DOT_HPP
#define SMELT_RUNTIME_ARCH_DSP_DOT_HPP

#include "tile.hpp"

namespace smelt {

struct DspDotS8 {
  /// See ScalarDotS8.
  static void add(const int8_t* x, const int16_t* w, int32_t n, int32_t* sums) {
    uint32_t low_0 = 0, both_0 = 0, low_1 = 0, both_1 = 0;
    const auto* pairs = reinterpret_cast<const uint32_t*>(w);
    for (const int8_t* end = x + n; x != end; x += 4, pairs += 4) {
      uint32_t odd, even;
      __builtin_memcpy(&odd, x, 4);
      __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(odd));
      __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(odd));
      low_0 = multiply_low(even, pairs[0], multiply_low(odd, pairs[2], low_0));
      both_0 = multiply(even, pairs[0], multiply(odd, pairs[2], both_0));
      low_1 = multiply_low(even, pairs[1], multiply_low(odd, pairs[3], low_1));
      both_1 = multiply(even, pairs[1], multiply(odd, pairs[3], both_1));
    }
    sums[0] += static_cast<int32_t>(low_0);
    sums[1] += static_cast<int32_t>(both_0 - low_0) >> 8;
    sums[2] += static_cast<int32_t>(low_1);
    sums[3] += static_cast<int32_t>(both_1 - low_1) >> 8;
  }
  __attribute__((naked, noinline)) static void run(const DotTile&) {
    // Four taps, 68 bytes of code. All five loads stand together and cost six cycles. Sums: low channels r8 and r10,
    // 256 * high + low r9 and r11.
#define SMELT_TAPS(at)                   \
  "ldr r3, [r0], #4\n\t"                 \
  "ldr.n r4, [r1, #" #at "]\n\t"         \
  "ldr.n r5, [r1, #" #at " + 4]\n\t"     \
  "ldr.n r6, [r1, #" #at " + 8]\n\t"     \
  "ldr.n r7, [r1, #" #at " + 12]\n\t"    \
  "sxtb16 r12, r3\n\t"                   \
  "sxtb16 r3, r3, ror #8\n\t"            \
  "smlad r9, r12, r4, r9\n\t"            \
  "sxtb16 r4, r4\n\t"                    \
  "smlad r11, r12, r5, r11\n\t"          \
  "sxtb16 r5, r5\n\t"                    \
  "smlad r8, r12, r4, r8\n\t"            \
  "smlad r10, r12, r5, r10\n\t"          \
  "smlad r9, r3, r6, r9\n\t"             \
  "sxtb16 r6, r6\n\t"                    \
  "smlad r11, r3, r7, r11\n\t"           \
  "sxtb16 r7, r7\n\t"                    \
  "smlad r8, r3, r6, r8\n\t"             \
  "smlad r10, r3, r7, r10\n\t"
// A unit: bias and right in r2, multiplier in r12; r4 multipliers, r5 their step, r6 centre, r7 out.
#define SMELT_UNIT(x, shift)            \
  "ldr r2, [r1], #4\n\t"                \
  "ldr r12, [r4]\n\t"                   \
  "asr r3, r2, #7\n\t"                  \
  "add " x ", r3, " x ", " shift "\n\t" \
  "lsl r3, r6, r2\n\t"                  \
  "smmlar r3, " x ", r12, r3\n\t"       \
  "add r3, r3, " x ", asr #31\n\t"      \
  "asr r3, r3, r2\n\t"                  \
  "ssat r3, #8, r3, asr #1\n\t"         \
  "strb r3, [r7], #1\n\t"               \
  "add r4, r4, r5\n\t"
    // The loop makes 32 taps and is entered where what remains of them is a multiple. lr: way in. Stack: x, its end, bytes
    // of weights in front of the way in, multipliers, their step, centre, out, its end.
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "ldm r0, {r0-r7}\n\t"
        "add r7, r7, r6\n\t"          // out's end
        "rsb r9, r2, #0\n\t"
        "and r9, r9, #28\n\t"         // taps to leave out
        "add r8, r0, r2\n\t"          // x's end
        "mov r2, #17\n\t"
        "adr r10, 1f\n\t"
        "mla r10, r9, r2, r10\n\t"
        "orr lr, r10, #1\n\t"
        "lsl r2, r9, #2\n\t"
        "push {r2-r7}\n\t"
        "push {r0, r8}\n\t"
        ".balign 4\n\t"
        "2:\n\t"
        "mov r8, #0\n\t"
        "mov r9, #0\n\t"
        "mov r10, #0\n\t"
        "mov r11, #0\n\t"
        "ldm sp, {r0, r2, r3}\n\t"
        "sub r1, r1, r3\n\t"
        "bx lr\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        SMELT_TAPS(0) SMELT_TAPS(16) SMELT_TAPS(32) SMELT_TAPS(48)
        SMELT_TAPS(64) SMELT_TAPS(80) SMELT_TAPS(96) SMELT_TAPS(112)
        "add r1, r1, #128\n\t"
        "cmp r0, r2\n\t"
        "bne 1b\n\t"
        "ldr r4, [sp, #12]\n\t"
        "ldr r5, [sp, #16]\n\t"
        "ldr r6, [sp, #20]\n\t"
        "ldr r7, [sp, #24]\n\t"
        "sub r9, r9, r8\n\t"
        "sub r11, r11, r10\n\t"
        SMELT_UNIT("r8", "lsl #1") SMELT_UNIT("r9", "asr #7")
        SMELT_UNIT("r10", "lsl #1") SMELT_UNIT("r11", "asr #7")
        "ldr r0, [sp, #28]\n\t"
        "str r4, [sp, #12]\n\t"
        "str r7, [sp, #24]\n\t"
        "cmp r7, r0\n\t"
        "bne 2b\n\t"
        "add sp, sp, #32\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_TAPS
#undef SMELT_UNIT
  }

 private:
  static uint32_t multiply(uint32_t x, uint32_t w, uint32_t sum) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(w));
    return sum;
  }
  static uint32_t multiply_low(uint32_t x, uint32_t w, uint32_t sum) {
    __asm__("sxtb16 %0, %1" : "=r"(w) : "r"(w));
    return multiply(x, w, sum);
  }
};
static_assert(sizeof(void*) != 4 ||
              (offsetof(DotTile, weights) == 4 && offsetof(DotTile, taps) == 8 && offsetof(DotTile, multipliers) == 12 &&
               offsetof(DotTile, multiplier_step) == 16 && offsetof(DotTile, centre) == 20 && offsetof(DotTile, out) == 24 &&
               offsetof(DotTile, units) == 28));

}  // namespace smelt

#endif
