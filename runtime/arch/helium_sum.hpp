// Weighted sums of two operands with Helium.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_SUM_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_SUM_HPP

#include "sum.hpp"

namespace smelt {

struct HeliumSumS8 {
  /// n sums, a multiple of four and more than 0. The output may be the same bytes as an operand.
  __attribute__((naked, noinline)) static void run(const int8_t*, const int8_t*, int8_t*, const SumScale*, int32_t) {
    // The high word of weight * (byte << 24) is weight * byte / 2^8. What is left after the shift by 20 fits 16 bits.
    __asm__ volatile(
        "push {r4-r7, lr}\n\t"
        "ldm r3, {r4-r7}\n\t"
        "ldr r3, [sp, #20]\n\t"
        "mov r12, #1\n\t"
        "lsrs r3, r3, #2\n\t"
        "vdup.32 q2, r4\n\t"
        "vdup.32 q3, r5\n\t"
        "dls lr, r3\n\t"
        "1:\n\t"
        "vldrb.u32 q0, [r0], #4\n\t"
        "vldrb.u32 q1, [r1], #4\n\t"
        "vshl.i32 q0, q0, #24\n\t"
        "vshl.i32 q1, q1, #24\n\t"
        "vmulh.s32 q0, q0, q2\n\t"
        "vmulh.s32 q1, q1, q3\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "vadd.i32 q0, q0, r6\n\t"
        "vpt.s32 lt, q0, zr\n\t"
        "vsubt.i32 q0, q0, r12\n\t"
        "vqadd.s32 q0, q0, r7\n\t"
        "vshr.s32 q0, q0, #20\n\t"
        "vqmovnb.s16 q0, q0\n\t"
        "vstrb.32 q0, [r2], #4\n\t"
        "le lr, 1b\n\t"
        "pop {r4-r7, pc}\n\t");
  }
};
/// See ScalarColumnsS8.
struct HeliumColumnsS8 {
  static void add(int32_t* acc, const int8_t* in, int32_t taps, int32_t channels) {
    const int32_t rest = channels & 3;
    const int32_t n = channels - rest;
    if (n != 0) fours(acc, in, taps, n, channels);
    acc += n;
    for (const int8_t* const end = in + channels; (in + n) != end; ++in, ++acc) {
      const int8_t* x = in + n;
      for (int32_t i = taps; i != 0; --i, x += channels) *acc += *x;
    }
  }

 private:
  /// n: of the columns, a multiple of four and more than 0.
  __attribute__((naked, noinline)) static void fours(int32_t*, const int8_t*, int32_t, int32_t, int32_t) {
    __asm__ volatile(
        "push {r4, r5, r6, lr}\n\t"
        "ldr r4, [sp, #16]\n\t"
        "add r5, r1, r3\n\t"
        "2:\n\t"
        "mov r6, r1\n\t"
        "vldrw.u32 q0, [r0]\n\t"
        "dls lr, r2\n\t"
        "1:\n\t"
        "vldrb.s32 q1, [r6]\n\t"
        "add r6, r6, r4\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "le lr, 1b\n\t"
        "vstrw.32 q0, [r0], #16\n\t"
        "adds r1, r1, #4\n\t"
        "cmp r1, r5\n\t"
        "bne 2b\n\t"
        "pop {r4, r5, r6, pc}\n\t");
  }
};
static_assert(offsetof(SumScale, weight_b) == 4 && offsetof(SumScale, bias) == 8 && offsetof(SumScale, centre) == 12);

}  // namespace smelt

#endif
