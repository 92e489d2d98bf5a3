// Dot products of pixels with all channels' weights, requantized; see helium.hpp.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_DOT_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_DOT_HPP

#include "helium_tile.hpp"
#include "tile.hpp"

namespace smelt {

#if defined(__ARM_FEATURE_MVE)

// Four sums in q4 to four bytes at [out]. VQRDMULH is the reference's doubling high multiplication. VRSHL rounds halves
// up, so one is taken from negative numbers first (as in requantize_right).
#define SMELT_RESCALE(scales, multiplier, zero, out) \
  "vldrw.u32 q5, [" scales "], #16\n\t"              \
  "vshr.s32 q6, q5, #8\n\t"                          \
  "vadd.i32 q4, q4, q6\n\t" multiplier               \
  "vqrdmulh.s32 q4, q4, q6\n\t"                      \
  "vshr.s32 q6, q4, #31\n\t"                         \
  "vadd.i32 q4, q4, q6\n\t"                          \
  "vrshl.s32 q4, q4, q5\n\t"                         \
  "vadd.i32 q4, q4, " zero "\n\t"                    \
  "vqmovnb.s32 q4, q4\n\t"                           \
  "vqmovnb.s16 q4, q4\n\t"                           \
  "vstrb.32 q4, [" out "], #4\n\t"
#define SMELT_SUMS               \
  "vmov q4[2], q4[0], r0, r4\n\t" \
  "vmov q4[3], q4[1], r2, r6\n\t"

// Pixels of up to 64 taps, which stay in q0 to q3. The tail of a pixel is loaded as zeros.
// r0 r2 r4 r6 sums, r1 weights, r3 scales, r7 out, r8 zero, r9 taps, r10 x, r11 tile, r12 back.
#define SMELT_PIXELS(load, dot)          \
  __asm__ volatile(                      \
      "push {r4-r11, lr}\n\t"            \
      "vpush {d8-d13}\n\t"               \
      "mov r11, r0\n\t"                  \
      "ldr r10, [r11]\n\t"               \
      "ldr r7, [r11, #8]\n\t"            \
      "ldr r9, [r11, #20]\n\t"           \
      "ldr r8, [r11, #40]\n\t"           \
      "subs r0, r9, #1\n\t"              \
      "and r0, r0, #15\n\t"              \
      "adds r0, r0, #1\n\t"              \
      "vctp.8 r0\n\t"                    \
      "2:\n\t" load                      \
      "ldrd r0, r1, [r11, #12]\n\t"      \
      "subs r0, r0, #1\n\t"              \
      "str r0, [r11, #12]\n\t"           \
      "ldr r0, [r11, #4]\n\t"            \
      "add r10, r10, r0\n\t"             \
      "ldr r3, [r11, #24]\n\t"           \
      "ldrd r0, r12, [r11, #32]\n\t"     \
      "dls lr, r0\n\t"                   \
      "1:\n\t" dot("r0") dot("r2") dot("r4") dot("r6") SMELT_SUMS                         \
      SMELT_RESCALE("r3", "vldrw.u32 q6, [r3], #16\n\t", "r8", "r7")                      \
      "le lr, 1b\n\t"                    \
      "cmp r12, #0\n\t"                  \
      "beq 3f\n\t"                       \
      "mls r1, r12, r9, r1\n\t"          \
      "sub r7, r7, r12\n\t"              \
      "movs r0, #1\n\t"                  \
      "mov r12, #0\n\t"                  \
      "dls lr, r0\n\t"                   \
      "b 1b\n\t"                         \
      "3:\n\t"                           \
      "ldr r0, [r11, #12]\n\t"           \
      "cmp r0, #0\n\t"                   \
      "bne 2b\n\t"                       \
      "vpop {d8-d13}\n\t"                \
      "pop {r4-r11, pc}\n\t")

// The dot product of a pixel and one channel: the last vector may reach into the next channel's weights, where the pixel
// holds zeros.
#define SMELT_LOAD1 "vpst\n\tvldrbt.u8 q0, [r10]\n\t"
#define SMELT_LOAD2 "vldrb.u8 q0, [r10]\n\tvpst\n\tvldrbt.u8 q1, [r10, #16]\n\t"
#define SMELT_LOAD3 "vldrb.u8 q0, [r10]\n\tvldrb.u8 q1, [r10, #16]\n\tvpst\n\tvldrbt.u8 q2, [r10, #32]\n\t"
#define SMELT_LOAD4                                                                                    \
  "vldrb.u8 q0, [r10]\n\tvldrb.u8 q1, [r10, #16]\n\tvldrb.u8 q2, [r10, #32]\n\tvpst\n\tvldrbt.u8 q3, " \
  "[r10, #48]\n\t"
#define SMELT_DOT(a, x, sum, at) "vldrb.u8 q4, [r1" at "\n\tvmladav" a ".s8 " sum ", " x ", q4\n\t"
#define SMELT_DOT1(sum) SMELT_DOT("", "q0", sum, "]") "add r1, r1, r9\n\t"
#define SMELT_DOT2(sum) SMELT_DOT("", "q0", sum, "]") SMELT_DOT("a", "q1", sum, ", #16]") "add r1, r1, r9\n\t"
#define SMELT_DOT3(sum)            \
  SMELT_DOT("", "q0", sum, "]")    \
  SMELT_DOT("a", "q1", sum, ", #16]") SMELT_DOT("a", "q2", sum, ", #32]") "add r1, r1, r9\n\t"
#define SMELT_DOT4(sum)               \
  SMELT_DOT("", "q0", sum, "]")       \
  SMELT_DOT("a", "q1", sum, ", #16]") \
  SMELT_DOT("a", "q2", sum, ", #32]") SMELT_DOT("a", "q3", sum, ", #48]") "add r1, r1, r9\n\t"
#define SMELT_WHOLE1(sum) SMELT_DOT("", "q0", sum, "], #16")
#define SMELT_WHOLE2(sum) SMELT_WHOLE1(sum) SMELT_DOT("a", "q1", sum, "], #16")
#define SMELT_WHOLE3(sum) SMELT_WHOLE2(sum) SMELT_DOT("a", "q2", sum, "], #16")
#define SMELT_WHOLE4(sum) SMELT_WHOLE3(sum) SMELT_DOT("a", "q3", sum, "], #16")

template <int32_t vectors>
struct HeliumPixels;
#define SMELT_HELIUM_PIXELS(n)                                                                             \
  template <>                                                                                              \
  struct HeliumPixels<n> {                                                                                 \
    __attribute__((naked, noinline)) static void any(HeliumTile&) { SMELT_PIXELS(SMELT_LOAD##n, SMELT_DOT##n); } \
    __attribute__((naked, noinline)) static void whole(HeliumTile&) {                                      \
      SMELT_PIXELS(SMELT_LOAD##n, SMELT_WHOLE##n);                                                         \
    }                                                                                                      \
    static void run(HeliumTile& t) { t.taps == 16 * (n) ? whole(t) : any(t); }                               \
  };
SMELT_HELIUM_PIXELS(1)
SMELT_HELIUM_PIXELS(2)
SMELT_HELIUM_PIXELS(3)
SMELT_HELIUM_PIXELS(4)

/// Any number of taps; four channels at a time stream past a pixel. `one`: all have one multiplier.
template <bool one>
struct HeliumLong {
  __attribute__((naked, noinline)) static void run(HeliumTile&);
};
// r0 r2 r4 r6 sums, r1 r3 r5 r7 weights, r8 fours left, r9 x, r10 scales, r11 tile, r12 zero.
// Stack: out, whether the overlapping four are done, then 16-byte steps past a channel's weights.
#define SMELT_LONG(multiplier)                                 \
  __asm__ volatile(                                            \
      "push {r4-r11, lr}\n\t"                                  \
      "vpush {d8-d13}\n\t"                                     \
      "sub sp, sp, #16\n\t"                                    \
      "mov r11, r0\n\t"                                        \
      "ldr r0, [r11, #8]\n\t"                                  \
      "ldr r12, [r11, #40]\n\t"                                \
      "str r0, [sp]\n\t"                                       \
      "ldr r0, [r11, #20]\n\t"                                 \
      "negs r1, r0\n\t"                                        \
      "and r1, r1, #15\n\t"                                    \
      "str r1, [sp, #8]\n\t"                                   \
      "2:\n\t"                                                 \
      "ldr r1, [r11, #16]\n\t"                                 \
      "ldr r10, [r11, #24]\n\t"                                \
      "ldrd r8, r2, [r11, #32]\n\t"                            \
      "str r2, [sp, #4]\n\t"                                   \
      "1:\n\t"                                                 \
      "ldr r0, [r11, #20]\n\t"                                 \
      "ldr r9, [r11]\n\t"                                      \
      "add r3, r1, r0\n\t"                                     \
      "add r5, r3, r0\n\t"                                     \
      "add r7, r5, r0\n\t"                                     \
      "dlstp.8 lr, r0\n\t"                                     \
      "mov r0, #0\n\t"                                         \
      "mov r2, #0\n\t"                                         \
      "mov r4, #0\n\t"                                         \
      "mov r6, #0\n\t"                                         \
      "4:\n\t"                                                 \
      "vldrb.u8 q0, [r9], #16\n\t"                             \
      "vldrb.u8 q1, [r1], #16\n\t"                             \
      "vmladava.s8 r0, q0, q1\n\t"                             \
      "vldrb.u8 q2, [r3], #16\n\t"                             \
      "vmladava.s8 r2, q0, q2\n\t"                             \
      "vldrb.u8 q1, [r5], #16\n\t"                             \
      "vmladava.s8 r4, q0, q1\n\t"                             \
      "vldrb.u8 q2, [r7], #16\n\t"                             \
      "vmladava.s8 r6, q0, q2\n\t"                             \
      "letp lr, 4b\n\t" SMELT_SUMS                             \
      "ldr r0, [sp, #8]\n\t"                                   \
      "ldr r2, [sp]\n\t"                                       \
      "sub r1, r7, r0\n\t"                                     \
      SMELT_RESCALE("r10", multiplier, "r12", "r2")            \
      "str r2, [sp]\n\t"                                       \
      "subs r8, r8, #1\n\t"                                    \
      "bne 1b\n\t"                                             \
      "ldr r0, [sp, #4]\n\t"                                   \
      "cbz r0, 3f\n\t"                                         \
      "ldr r3, [r11, #20]\n\t"                                 \
      "mls r1, r0, r3, r1\n\t"                                 \
      "subs r2, r2, r0\n\t"                                    \
      "movs r0, #0\n\t"                                        \
      "strd r2, r0, [sp]\n\t"                                  \
      "mov r8, #1\n\t"                                         \
      "b 1b\n\t"                                               \
      "3:\n\t"                                                 \
      "ldrd r0, r1, [r11]\n\t"                                 \
      "add r0, r0, r1\n\t"                                     \
      "str r0, [r11]\n\t"                                      \
      "ldr r0, [r11, #12]\n\t"                                 \
      "subs r0, r0, #1\n\t"                                    \
      "str r0, [r11, #12]\n\t"                                 \
      "bne 2b\n\t"                                             \
      "add sp, sp, #16\n\t"                                    \
      "vpop {d8-d13}\n\t"                                      \
      "pop {r4-r11, pc}\n\t")
template <>
__attribute__((naked, noinline)) inline void HeliumLong<false>::run(HeliumTile&) {
  SMELT_LONG("vldrw.u32 q6, [r10], #16\n\t");
}
template <>
__attribute__((naked, noinline)) inline void HeliumLong<true>::run(HeliumTile&) {
  SMELT_LONG("ldr r0, [r11, #28]\n\tvldrw.u32 q6, [r0]\n\t");
}
// Two channels by three pixels, then the next two; the sums of four channels are requantized together.
// r0 r2 r4 sums of the one channel, r6 r8 r10 of the other, r1 r3 weights, r5 r7 r9 pixels, r11 tile, r12 taps.
// Stack: sums, four of each pixel; at 48 the pixels, at 60 how far vectors reach behind a channel's weights, at 64 out,
// channels, at 72 scales, fours left, at 80 back.
#define SMELT_PAIR(at)               \
  "ldrd r5, r7, [sp, #48]\n\t"       \
  "ldr r9, [sp, #56]\n\t"            \
  "add r3, r1, r12\n\t"              \
  "mov r0, #0\n\t"                   \
  "mov r2, #0\n\t"                   \
  "mov r4, #0\n\t"                   \
  "mov r6, #0\n\t"                   \
  "mov r8, #0\n\t"                   \
  "mov r10, #0\n\t"                  \
  "dlstp.8 lr, r12\n\t"              \
  "2:\n\t"                           \
  "vldrb.u8 q0, [r1], #16\n\t"       \
  "vldrb.u8 q1, [r5], #16\n\t"       \
  "vmladava.s8 r0, q0, q1\n\t"       \
  "vldrb.u8 q2, [r7], #16\n\t"       \
  "vmladava.s8 r2, q0, q2\n\t"       \
  "vldrb.u8 q3, [r9], #16\n\t"       \
  "vmladava.s8 r4, q0, q3\n\t"       \
  "vldrb.u8 q0, [r3], #16\n\t"       \
  "vmladava.s8 r6, q0, q1\n\t"       \
  "vmladava.s8 r8, q0, q2\n\t"       \
  "vmladava.s8 r10, q0, q3\n\t"      \
  "letp lr, 2b\n\t"                  \
  "strd r0, r6, [sp, #" at "]\n\t"   \
  "ldr r1, [sp, #60]\n\t"            \
  "strd r2, r8, [sp, #16+" at "]\n\t" \
  "sub r1, r3, r1\n\t"               \
  "strd r4, r10, [sp, #32+" at "]\n\t"
#define SMELT_PIXEL(at, out)           \
  "vldrw.u32 q4, [sp, #" at "]\n\t"    \
  "vadd.i32 q4, q4, q7\n\t"            \
  "vqrdmulh.s32 q4, q4, q6\n\t"        \
  "vpt.s32 lt, q4, zr\n\t"             \
  "vsubt.i32 q4, q4, r10\n\t"          \
  "vrshl.s32 q4, q4, q5\n\t"           \
  "vadd.i32 q4, q4, r8\n\t"            \
  "vqmovnb.s32 q4, q4\n\t"             \
  "vqmovnb.s16 q4, q4\n\t"             \
  "vstrb.32 q4, [" out "]\n\t"

/// Any number of taps, of three pixels at a time.
template <>
struct HeliumPixels<0> {
  static void run(HeliumTile& t) {
    const int32_t channels = 4 * t.fours + (4 - t.back) % 4;
    for (; t.pixels >= 3; t.pixels -= 3, t.x += 3 * t.step, t.out += 3 * channels) three(t, channels);
    if (t.pixels > 0) HeliumLong<false>::run(t);
  }

 private:
  __attribute__((naked, noinline)) static void three(const HeliumTile&, int32_t) {
    __asm__ volatile(
        "push {r4-r11, lr}\n\t"
        "vpush {d8-d15}\n\t"
        "sub sp, sp, #88\n\t"
        "mov r11, r0\n\t"
        "str r1, [sp, #68]\n\t"
        "ldrd r2, r3, [r11]\n\t"
        "add r3, r3, r2\n\t"
        "strd r2, r3, [sp, #48]\n\t"
        "sub r2, r3, r2\n\t"
        "add r2, r2, r3\n\t"
        "ldr r12, [r11, #20]\n\t"
        "negs r3, r12\n\t"
        "and r3, r3, #15\n\t"
        "strd r2, r3, [sp, #56]\n\t"
        "ldr r2, [r11, #8]\n\t"
        "str r2, [sp, #64]\n\t"
        "ldr r2, [r11, #24]\n\t"
        "ldrd r3, r4, [r11, #32]\n\t"
        "strd r2, r3, [sp, #72]\n\t"
        "str r4, [sp, #80]\n\t"
        "ldr r1, [r11, #16]\n\t"
        "1:\n\t" SMELT_PAIR("0") SMELT_PAIR("8")
        "ldrd r0, r2, [sp, #64]\n\t"
        "ldr r6, [sp, #72]\n\t"
        "ldr r8, [r11, #40]\n\t"
        "mov r10, #1\n\t"
        "vldrw.u32 q5, [r6], #16\n\t"
        "add r3, r0, r2\n\t"
        "vshr.s32 q7, q5, #8\n\t"
        "adds r4, r3, r2\n\t"
        "vldrw.u32 q6, [r6], #16\n\t"
        SMELT_PIXEL("0", "r0") SMELT_PIXEL("16", "r3") SMELT_PIXEL("32", "r4")
        "ldr r2, [sp, #76]\n\t"
        "adds r0, r0, #4\n\t"
        "str r0, [sp, #64]\n\t"
        "subs r2, r2, #1\n\t"
        "strd r6, r2, [sp, #72]\n\t"
        "bne 1b\n\t"
        "ldr r2, [sp, #80]\n\t"
        "cbz r2, 3f\n\t"
        "mls r1, r2, r12, r1\n\t"
        "subs r0, r0, r2\n\t"
        "str r0, [sp, #64]\n\t"
        "movs r0, #1\n\t"
        "movs r2, #0\n\t"
        "strd r0, r2, [sp, #76]\n\t"
        "b 1b\n\t"
        "3:\n\t"
        "add sp, sp, #88\n\t"
        "vpop {d8-d15}\n\t"
        "pop {r4-r11, pc}\n\t");
  }
};
#undef SMELT_PAIR
#undef SMELT_PIXEL

#undef SMELT_RESCALE
#undef SMELT_SUMS
#undef SMELT_PIXELS
#undef SMELT_LONG
#undef SMELT_LOAD1
#undef SMELT_LOAD2
#undef SMELT_LOAD3
#undef SMELT_LOAD4
#undef SMELT_DOT
#undef SMELT_DOT1
#undef SMELT_DOT2
#undef SMELT_DOT3
#undef SMELT_DOT4
#undef SMELT_WHOLE1
#undef SMELT_WHOLE2
#undef SMELT_WHOLE3
#undef SMELT_WHOLE4
#undef SMELT_HELIUM_PIXELS

#else

/// copy: room for a pixel's taps, where outputs may be written over them; or null.
inline void helium_pixels(HeliumTile& t, int8_t* copy) {
  for (; t.pixels > 0; --t.pixels, t.x += t.step) {
    if (copy != nullptr) copy_bytes(copy, t.x, t.taps);
    const int8_t* x = copy != nullptr ? copy : t.x;
    const int8_t* w = t.weights;
    const int32_t* scales = t.scales;
    const auto four = [&] {
      const int32_t* multipliers = t.multiplier != nullptr ? t.multiplier : scales + 4;
      for (int32_t j = 0; j < 4; ++j) {
        int32_t sum = 0;
        for (int32_t k = 0; k < t.taps; ++k) sum += x[k] * *w++;
        *t.out++ = helium_rescale(sum, scales[j], multipliers[j], t.zero);
      }
      scales += t.multiplier != nullptr ? 4 : 8;
    };
    for (int32_t i = 0; i < t.fours; ++i) four();
    if (t.back == 0) continue;
    w -= t.back * t.taps;
    t.out -= t.back;
    four();
  }
}

template <int32_t vectors>
struct HeliumPixels {
  static void run(HeliumTile& t) {
    int8_t copy[16 * vectors + 1];
    helium_pixels(t, vectors == 0 ? nullptr : copy);
  }
};
template <bool one>
struct HeliumLong {
  static void run(HeliumTile& t) { helium_pixels(t, nullptr); }
};

#endif

}  // namespace smelt

#endif
