// Convolution by 16-bit multiplications in pairs; see dsp.hpp.
#ifndef SMELT_RUNTIME_ARCH_DSP_CONV_HPP
#define SMELT_RUNTIME_ARCH_DSP_CONV_HPP

#include "tile.hpp"

namespace smelt {

// The tile, four channels by two pixels. Sums: low channels r6 r7 and r10 r11, 256 * high + low r8 r9 and r12 lr.
//
// Two taps. The first load of four may as well update its base: it costs as much. r0 stands four taps behind what is
// read, r1 two.
#define SMELT_LOAD_A            \
  "ldr r2, [r0, #16]!\n\t"      \
  "ldr.w r4, [r1, #8]\n\t"      \
  "ldr r5, [r1, #12]\n\t"       \
  "ldr r3, [r0, #4]\n\t"
#define SMELT_LOAD_B            \
  "ldr r4, [r1, #16]!\n\t"      \
  "ldr.w r2, [r0, #8]\n\t"      \
  "ldr r3, [r0, #12]\n\t"       \
  "ldr r5, [r1, #4]\n\t"
#define SMELT_FIRST             \
  "smuad r8, r2, r4\n\t"        \
  "smuad r9, r3, r4\n\t"        \
  "sxtb16 r4, r4\n\t"           \
  "smuad r12, r2, r5\n\t"       \
  "smuad lr, r3, r5\n\t"        \
  "sxtb16 r5, r5\n\t"           \
  "smuad r6, r2, r4\n\t"        \
  "smuad r7, r3, r4\n\t"        \
  "smuad r10, r2, r5\n\t"       \
  "smuad r11, r3, r5\n\t"
#define SMELT_ADD               \
  "smlad r8, r2, r4, r8\n\t"    \
  "smlad r9, r3, r4, r9\n\t"    \
  "sxtb16 r4, r4\n\t"           \
  "smlad r12, r2, r5, r12\n\t"  \
  "smlad lr, r3, r5, lr\n\t"    \
  "sxtb16 r5, r5\n\t"           \
  "smlad r6, r2, r4, r6\n\t"    \
  "smlad r7, r3, r4, r7\n\t"    \
  "smlad r10, r2, r5, r10\n\t"  \
  "smlad r11, r3, r5, r11\n\t"
#define SMELT_TAPS SMELT_LOAD_A SMELT_ADD SMELT_LOAD_B SMELT_ADD
#define SMELT_FOUR(taps) taps taps taps taps
// The same from a patch of bytes, which are widened as they are read.
#define SMELT_BYTES_A           \
  "ldr r2, [r0, #8]!\n\t"       \
  "ldr.w r4, [r1, #8]\n\t"      \
  "ldr r5, [r1, #12]\n\t"       \
  "ldr r3, [r0, #4]\n\t"        \
  "sxtb16 r2, r2\n\t"           \
  "sxtb16 r3, r3\n\t"
#define SMELT_BYTES_B           \
  "ldr r4, [r1, #16]!\n\t"      \
  "ldr.w r2, [r0]\n\t"          \
  "ldr r3, [r0, #4]\n\t"        \
  "ldr r5, [r1, #4]\n\t"        \
  "sxtb16 r2, r2, ror #8\n\t"   \
  "sxtb16 r3, r3, ror #8\n\t"
#define SMELT_BYTES SMELT_BYTES_A SMELT_ADD SMELT_BYTES_B SMELT_ADD
// A channel's sums to what SMELT_STORE takes. r1 comes to its Scale: r2 (right in its low byte), r3. Centre in r0.
#define SMELT_RESCALE(x, y, shift)    \
  "ldrd r2, r3, [r1, #8]!\n\t"        \
  "asr r4, r2, #7\n\t"                \
  "add " x ", r4, " x ", " shift "\n\t" \
  "add " y ", r4, " y ", " shift "\n\t" \
  "lsl r4, r0, r2\n\t"                \
  "smmlar r5, " x ", r3, r4\n\t"      \
  "smmlar r4, " y ", r3, r4\n\t"      \
  "add r5, r5, " x ", asr #31\n\t"    \
  "add r4, r4, " y ", asr #31\n\t"    \
  "asr " x ", r5, r2\n\t"             \
  "asr " y ", r4, r2\n\t"
// The first pixel last: the second may have been sent to its place.
#define SMELT_STORE(x, y)              \
  "ssat " y ", #8, " y ", asr #1\n\t"  \
  "strb " y ", [r2], #1\n\t"           \
  "ssat " x ", #8, " x ", asr #1\n\t"  \
  "strb " x ", [r0], #1\n\t"
// The first four taps start the sums; the loop makes `loop` more, each `code` bytes of it, and is entered where what
// remains of them is a multiple. A tap takes `bytes` of the patch. Stack: out, out, left, centre, patch, its end, way in.
#define SMELT_TILE(bytes, code, loop, first, taps)                                                        \
  "push {r4-r11, lr}\n\t"                                                                                 \
  "ldm r0, {r2-r8}\n\t"                                                                                   \
  "sub r1, r7, #8\n\t"                                                                                    \
  "sub r6, r6, #4 * " bytes "\n\t"                                                                        \
  "mov r9, #" bytes "\n\t"                                                                                \
  "mla r7, r8, r9, r6\n\t"                                                                                \
  "subs r8, r8, #4\n\t"                                                                                   \
  "rsb r9, r8, #0\n\t"                                                                                    \
  "and r9, r9, #" loop " - 4\n\t" /* taps to leave out */                                                 \
  "mov r10, #" code "\n\t"                                                                                \
  "adr r11, 1f\n\t"                                                                                       \
  "mla r8, r9, r10, r11\n\t"                                                                              \
  "bne 4f\n\t"                                                                                            \
  "adr r8, 3f\n\t"                                                                                        \
  "4:\n\t"                                                                                                \
  "orr r8, r8, #1\n\t"                                                                                    \
  "push {r2-r8}\n\t"                                                                                      \
  ".balign 4\n\t"                                                                                         \
  "2:\n\t"                                                                                                \
  "ldr.w r0, [sp, #16]\n\t"                                                                               \
  first                                                                                                   \
  "ldr pc, [sp, #24]\n\t"                                                                                 \
  ".balign 4\n\t"                                                                                         \
  "1:\n\t" taps                                                                                           \
  "ldr r2, [sp, #20]\n\t"                                                                                 \
  "cmp r0, r2\n\t"                                                                                        \
  "bne 1b\n\t"                                                                                            \
  ".balign 4\n\t"                                                                                         \
  "3:\n\t"                                                                                                \
  "ldr r0, [sp, #12]\n\t"                                                                                 \
  "sub r8, r8, r6\n\t"                                                                                    \
  "sub r9, r9, r7\n\t"                                                                                    \
  "sub r12, r12, r10\n\t"                                                                                 \
  "sub lr, lr, r11\n\t"                                                                                   \
  SMELT_RESCALE("r6", "r7", "lsl #1") SMELT_RESCALE("r8", "r9", "asr #7")                                 \
  SMELT_RESCALE("r10", "r11", "lsl #1") SMELT_RESCALE("r12", "lr", "asr #7")                              \
  "ldm sp, {r0, r2, r3}\n\t"                                                                              \
  "subs r3, r3, #4\n\t"                                                                                   \
  "bmi 5f\n\t"                                                                                            \
  SMELT_STORE("r6", "r7") SMELT_STORE("r8", "r9") SMELT_STORE("r10", "r11") SMELT_STORE("r12", "lr")      \
  "stm sp, {r0, r2, r3}\n\t"                                                                              \
  "bne 2b\n\t"                                                                                            \
  "6:\n\t"                                                                                                \
  "add sp, sp, #28\n\t"                                                                                   \
  "pop {r4-r11, pc}\n\t"                                                                                  \
  "5:\n\t"                                                                                                \
  SMELT_STORE("r6", "r7")                                                                                 \
  "adds r3, r3, #2\n\t"                                                                                   \
  "bmi 6b\n\t"                                                                                            \
  SMELT_STORE("r8", "r9")                                                                                 \
  "beq 6b\n\t"                                                                                            \
  SMELT_STORE("r10", "r11")                                                                               \
  "b 6b\n\t"

/// Of four taps the patch holds for each pixel two words, a = (x0, x2) and b = (x1, x3): a0 a1 b0 b1.
struct DspConvS8 {
  using Element = int8_t;
  static constexpr int32_t pixels = 2;
  static constexpr bool plain = false;
  static constexpr int32_t tap_bytes = 4;

  static uint8_t* slot(uint8_t* patch, int32_t pixel) { return patch + 4 * pixel; }

  /// n > 0 taps, a multiple of four; returns where the next ones go.
  static uint8_t* put(uint8_t* at, const int8_t* x, int32_t n) {
    uint32_t a, b;
    __asm__ volatile(
        "tst %[n], #4\n\t"
        "add %[n], %[n], %[x]\n\t"
        "bne 2f\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        "ldr.w %[a], [%[x]], #4\n\t"
        "sxtb16 %[b], %[a], ror #8\n\t"
        "sxtb16 %[a], %[a]\n\t"
        "str.w %[b], [%[at], #8]\n\t"
        "str.w %[a], [%[at]], #16\n\t"
        "2:\n\t"
        "ldr.w %[a], [%[x]], #4\n\t"
        "sxtb16 %[b], %[a], ror #8\n\t"
        "sxtb16 %[a], %[a]\n\t"
        "str %[b], [%[at], #8]\n\t"
        "str %[a], [%[at]], #16\n\t"
        "cmp %[x], %[n]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(x), [at] "+r"(at), [n] "+r"(n), [a] "=&r"(a), [b] "=&r"(b)
        :
        : "memory", "cc");
    return at;
  }
  /// Any n > 0: the last ones, with zeros that fill four up.
  static void put_last(uint8_t* at, const int8_t* x, int32_t n) {
    const int32_t odd = n & 3;
    if (n != odd) at = put(at, x, n - odd);
    if (odd == 0) return;
    x += n - odd;
    uint32_t last = 0;
    if (n > 4) {
      __builtin_memcpy(&last, x + odd - 4, 4);
      last >>= 32 - 8 * odd;
    } else {
      for (int32_t i = odd; i > 0; --i) last = last << 8 | static_cast<uint8_t>(x[i - 1]);
    }
    put_four(at, last);
  }
  static uint8_t* fill(uint8_t* at, int8_t value, int32_t n) {
    const uint32_t four = static_cast<uint8_t>(value) * 0x1010101U;
    for (; n > 0; n -= 4) at = put_four(at, four);
    return at;
  }

  __attribute__((naked, noinline)) static void tile(const ConvTile&) {
    __asm__ volatile(SMELT_TILE("4", "26", "32", SMELT_LOAD_A SMELT_FIRST SMELT_LOAD_B SMELT_ADD,
                                SMELT_FOUR(SMELT_TAPS) SMELT_FOUR(SMELT_TAPS)));
  }

 private:
  static uint8_t* put_four(uint8_t* at, uint32_t x) {
    uint32_t a, b;
    __asm__(
        "sxtb16 %[b], %[x], ror #8\n\t"
        "sxtb16 %[a], %[x]\n\t"
        : [a] "=r"(a), [b] "=&r"(b)
        : [x] "r"(x));
    reinterpret_cast<uint32_t*>(at)[0] = a;
    reinterpret_cast<uint32_t*>(at)[2] = b;
    return at + 16;
  }
};

/// For less RAM and more time: of four taps the patch holds a word of bytes for each pixel.
struct DspSmallConvS8 {
  using Element = int8_t;
  static constexpr int32_t pixels = 2;
  static constexpr bool plain = false;
  static constexpr int32_t tap_bytes = 2;

  static uint8_t* slot(uint8_t* patch, int32_t pixel) { return patch + 4 * pixel; }
  /// n > 0 taps, a multiple of four; returns where the next ones go.
  static uint8_t* put(uint8_t* at, const int8_t* x, int32_t n) {
    uint32_t a;
    __asm__ volatile(
        "tst %[n], #4\n\t"
        "add %[n], %[n], %[x]\n\t"
        "bne 2f\n\t"
        ".balign 4\n\t"
        "1:\n\t"
        "ldr.w %[a], [%[x]], #4\n\t"
        "str.w %[a], [%[at]], #8\n\t"
        "2:\n\t"
        "ldr.w %[a], [%[x]], #4\n\t"
        "str.w %[a], [%[at]], #8\n\t"
        "cmp %[x], %[n]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(x), [at] "+r"(at), [n] "+r"(n), [a] "=&r"(a)
        :
        : "memory", "cc");
    return at;
  }
  static uint8_t* fill(uint8_t* at, int8_t value, int32_t n) {
    for (; n > 0; n -= 4, at += 8) *reinterpret_cast<uint32_t*>(at) = static_cast<uint8_t>(value) * 0x1010101U;
    return at;
  }
  __attribute__((naked, noinline)) static void tile(const ConvTile&) {
    __asm__ volatile(SMELT_TILE("2", "30", "16", SMELT_BYTES_A SMELT_FIRST SMELT_BYTES_B SMELT_ADD,
                                SMELT_FOUR(SMELT_BYTES)));
  }
};

#undef SMELT_LOAD_A
#undef SMELT_LOAD_B
#undef SMELT_FIRST
#undef SMELT_ADD
#undef SMELT_TAPS
#undef SMELT_FOUR
#undef SMELT_BYTES_A
#undef SMELT_BYTES_B
#undef SMELT_BYTES
#undef SMELT_RESCALE
#undef SMELT_STORE
#undef SMELT_TILE

static_assert(sizeof(void*) != 4 ||
              (offsetof(ConvTile, left) == 8 && offsetof(ConvTile, centre) == 12 && offsetof(ConvTile, patch) == 16 &&
               offsetof(ConvTile, weights) == 20 && offsetof(ConvTile, taps) == 24));

}  // namespace smelt

#endif
