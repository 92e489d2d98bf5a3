// Convolution by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_CONV_HPP
#define SMELT_RUNTIME_ARCH_DSP_CONV_HPP

#include "tile.hpp"

namespace smelt {

/// Six sums, two channels by three pixels, live in registers. Of four taps the patch holds for each pixel two words, a =
/// (x0, x2) and b = (x1, x3): a0 a1 a2 b0 b1 b2.
struct DspConvS8 {
  using Element = int8_t;
  static constexpr int32_t pixels = 3;
  static constexpr bool plain = false;
  static constexpr int32_t tap_bytes = 6;

  static uint8_t* slot(uint8_t* patch, int32_t pixel) { return patch + 4 * pixel; }

  /// n > 0 taps, a multiple of four; returns where the next ones go.
  static uint8_t* put(uint8_t* at, const int8_t* x, int32_t n) {
    uint32_t a, b;
    const int8_t* end = x + n;
    __asm__ volatile(
        "1:\n\t"
        "ldr %[a], [%[x]], #4\n\t"
        "sxtb16 %[b], %[a], ror #8\n\t"
        "sxtb16 %[a], %[a]\n\t"
        "str %[b], [%[at], #12]\n\t"
        "str %[a], [%[at]], #24\n\t"
        "cmp %[x], %[end]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(x), [at] "+r"(at), [a] "=&r"(a), [b] "=&r"(b)
        : [end] "r"(end)
        : "memory", "cc");
    return at;
  }
  static uint8_t* fill(uint8_t* at, int8_t value, int32_t n) {
    const uint32_t two = static_cast<uint16_t>(value) * 0x10001U;
    for (; n > 0; n -= 4, at += 24) {
      *reinterpret_cast<uint32_t*>(at) = two;
      *reinterpret_cast<uint32_t*>(at + 12) = two;
    }
    return at;
  }

  __attribute__((naked, noinline)) static void tile(ConvTile&) {
    // Four taps are eighteen instructions of four bytes each. The loop makes sixteen taps; it is entered where what
    // remains of them is a multiple.
    // Sums: low channel r8 r9 r10, 256 * high + low r11 r12 lr. Stack: tile, entry.
#define SMELT_TAPS               \
  "ldrd r3, r4, [r0], #8\n\t"    \
  "ldrd r5, r6, [r1], #8\n\t"    \
  "sxtb16 r7, r5\n\t"            \
  "smlad r11, r3, r5, r11\n\t"   \
  "smlad r12, r4, r5, r12\n\t"   \
  "smlad r8, r3, r7, r8\n\t"     \
  "smlad r9, r4, r7, r9\n\t"     \
  "ldrd r3, r4, [r0], #8\n\t"    \
  "smlad lr, r3, r5, lr\n\t"     \
  "smlad r10, r3, r7, r10\n\t"   \
  "sxtb16 r7, r6\n\t"            \
  "smlad r11, r4, r6, r11\n\t"   \
  "smlad r8, r4, r7, r8\n\t"     \
  "ldrd r3, r4, [r0], #8\n\t"    \
  "smlad r12, r3, r6, r12\n\t"   \
  "smlad lr, r4, r6, lr\n\t"     \
  "smlad r9, r3, r7, r9\n\t"     \
  "smlad r10, r4, r7, r10\n\t"
// x is the bias added sum, doubled; scale in r3 (right in its low byte) and r4, addend in r6.
#define SMELT_RESCALE(x)             \
  "smmlar r5, " x ", r4, r6\n\t"     \
  "add r5, r5, " x ", asr #31\n\t"   \
  "asr " x ", r5, r3\n\t"
#define SMELT_SCALE(to)         \
  "ldrd r3, r4, [r7], #8\n\t" to \
  "asr r5, r3, #7\n\t"          \
  "lsl r6, r2, r3\n\t"
#define SMELT_STORE(x, at)             \
  "ssat " x ", #8, " x ", asr #1\n\t"  \
  "strb " x ", [" at "], #1\n\t"
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "ldr r1, [r0, #24]\n\t"
        "ldr r3, [r0, #36]\n\t"
        "rsb r3, r3, #0\n\t"
        "and r3, r3, #12\n\t"         // taps to leave out
        "add r3, r3, r3, lsl #3\n\t"  // 18 bytes each
        "lsl r3, r3, #1\n\t"
        "adr r4, 1f\n\t"
        "add r3, r3, r4\n\t"
        "orr r3, r3, #1\n\t"
        "push {r0, r3}\n\t"
        "2:\n\t"
        "mov r8, #0\n\t"
        "mov r9, #0\n\t"
        "mov r10, #0\n\t"
        "mov r11, #0\n\t"
        "mov r12, #0\n\t"
        "mov lr, #0\n\t"
        "ldrd r0, r2, [r0, #28]\n\t"
        "ldr pc, [sp, #4]\n\t"
        ".balign 4\n\t"
        "1:\n\t" SMELT_TAPS SMELT_TAPS SMELT_TAPS SMELT_TAPS
        "cmp r0, r2\n\t"
        "bne 1b\n\t"
        "ldr r0, [sp]\n\t"
        "sub r11, r11, r8\n\t"
        "sub r12, r12, r9\n\t"
        "sub lr, lr, r10\n\t"
        "ldr r7, [r0, #12]\n\t"
        "ldr r2, [r0, #20]\n\t"
        SMELT_SCALE("")
        "add r8, r5, r8, lsl #1\n\t"
        "add r9, r5, r9, lsl #1\n\t"
        "add r10, r5, r10, lsl #1\n\t"
        SMELT_RESCALE("r8") SMELT_RESCALE("r9") SMELT_RESCALE("r10")
        SMELT_SCALE("str r7, [r0, #12]\n\t")
        "add r11, r5, r11, asr #7\n\t"
        "add r12, r5, r12, asr #7\n\t"
        "add lr, r5, lr, asr #7\n\t"
        SMELT_RESCALE("r11") SMELT_RESCALE("r12") SMELT_RESCALE("lr")
        "ldr r5, [r0, #16]\n\t"
        "subs r5, r5, #2\n\t"
        "str r5, [r0, #16]\n\t"
        "ldm r0, {r2, r3, r4}\n\t"
        // The first pixel last: others may have been sent to its place.
        SMELT_STORE("r10", "r4") SMELT_STORE("r9", "r3") SMELT_STORE("r8", "r2")
        "bmi 3f\n\t"
        SMELT_STORE("lr", "r4") SMELT_STORE("r12", "r3") SMELT_STORE("r11", "r2")
        "stm r0, {r2, r3, r4}\n\t"
        "bne 2b\n\t"
        "3:\n\t"
        "add sp, sp, #8\n\t"
        "pop {r4-r11, pc}\n\t");
#undef SMELT_TAPS
#undef SMELT_RESCALE
#undef SMELT_SCALE
#undef SMELT_STORE
  }
};
static_assert(sizeof(void*) != 4 || (offsetof(ConvTile, scales) == 12 && offsetof(ConvTile, left) == 16 &&
                                     offsetof(ConvTile, centre) == 20 && offsetof(ConvTile, weights) == 24 &&
                                     offsetof(ConvTile, patch) == 28 && offsetof(ConvTile, end) == 32 &&
                                     offsetof(ConvTile, taps) == 36));

}  // namespace smelt

#endif
