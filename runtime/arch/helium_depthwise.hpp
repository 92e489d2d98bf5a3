// Depthwise convolution with Helium; see helium.hpp.
#ifndef SMELT_RUNTIME_ARCH_HELIUM_DEPTHWISE_HPP
#define SMELT_RUNTIME_ARCH_HELIUM_DEPTHWISE_HPP

#include "helium_tile.hpp"

namespace smelt {

#if defined(__ARM_FEATURE_MVE)

/// `columns` columns of `channels` bytes, at most 8, `step` bytes apart: a channel's go to its one of `offsets` from `to`,
/// `pitch` apart.
inline void helium_spread(int8_t* to, int32_t pitch, const uint16_t* offsets, const int8_t* from, int32_t step,
                          int32_t columns, int32_t channels) {
  __asm__ volatile(
      "vldrh.u16 q1, [%[offsets]]\n\t"
      "vctp.16 %[channels]\n\t"
      "wls lr, %[columns], 2f\n\t"
      "1:\n\t"
      "vpstt\n\t"
      "vldrbt.u16 q0, [%[from]]\n\t"
      "vstrbt.16 q0, [%[to], q1]\n\t"
      "add %[from], %[from], %[step]\n\t"
      "add %[to], %[to], %[pitch]\n\t"
      "le lr, 1b\n\t"
      "2:\n\t"
      : [from] "+l"(from), [to] "+r"(to)
      : [offsets] "r"(offsets), [channels] "r"(channels), [columns] "r"(columns), [step] "r"(step), [pitch] "r"(pitch)
      : "lr", "d0", "d1", "d2", "d3", "memory");
}

/// The same of three rows, each of whose columns follows that of the row before.
__attribute__((naked, noinline)) inline void helium_spread_three(int8_t*, const uint16_t*, const int8_t*, const int8_t*,
                                                                 const int8_t*, int32_t, int32_t, int32_t) {
  // r0 to, r1 step, r2 r3 r5 rows.
  __asm__ volatile(
      "push {r4, r5, r6, lr}\n\t"
      "vldrh.u16 q1, [r1]\n\t"
      "movs r4, #1\n\t"
      "ldrd r5, r1, [sp, #16]\n\t"
      "vadd.i16 q2, q1, r4\n\t"
      "vadd.i16 q3, q2, r4\n\t"
      "ldrd r4, r6, [sp, #24]\n\t"
      "vctp.16 r6\n\t"
      "wls lr, r4, 2f\n\t"
      "1:\n\t"
      "vpstttt\n\t"
      "vldrbt.u16 q0, [r2]\n\t"
      "vstrbt.16 q0, [r0, q1]\n\t"
      "vldrbt.u16 q0, [r3]\n\t"
      "vstrbt.16 q0, [r0, q2]\n\t"
      "vpstt\n\t"
      "vldrbt.u16 q0, [r5]\n\t"
      "vstrbt.16 q0, [r0, q3]\n\t"
      "add r2, r2, r1\n\t"
      "add r3, r3, r1\n\t"
      "add r5, r5, r1\n\t"
      "adds r0, r0, #3\n\t"
      "le lr, 1b\n\t"
      "2:\n\t"
      "pop {r4, r5, r6, pc}\n\t");
}

// Weights stay in q0 to q3, bias, multiplier and shift in q4 to q6. r0 r2 r4 r6 sums, r5 r7 r9 r11 windows, r3 out, r1 its
// step, r8 zero, r10 one, r12 the windows' step.
#define SMELT_TAPS(sum, weights, window, step) \
  "vldrb.u8 q7, [" window "]" step(window)    \
  "vmladav.s8 " sum ", " weights ", q7\n\t"
#define SMELT_ROW(step)                                  \
  __asm__ volatile(                                      \
      "push {r4-r11, lr}\n\t"                            \
      "vpush {d8-d15}\n\t"                               \
      "mov r12, r0\n\t"                                  \
      "ldrd r2, r3, [r12, #20]\n\t"                      \
      "add r4, r2, r3\n\t"                               \
      "add r5, r4, r3\n\t"                               \
      "add r6, r5, r3\n\t"                               \
      "vctp.8 r3\n\t"                                    \
      "vpstttt\n\t"                                      \
      "vldrbt.u8 q0, [r2]\n\t"                           \
      "vldrbt.u8 q1, [r4]\n\t"                           \
      "vldrbt.u8 q2, [r5]\n\t"                           \
      "vldrbt.u8 q3, [r6]\n\t"                           \
      "ldrd r0, r8, [r12, #28]\n\t"                      \
      "vldrw.u32 q6, [r0]\n\t"                           \
      "vldrw.u32 q5, [r0, #16]\n\t"                      \
      "vshr.s32 q4, q6, #8\n\t"                          \
      "ldrd r5, r0, [r12]\n\t"                           \
      "add r7, r5, r0\n\t"                               \
      "add r9, r7, r0\n\t"                               \
      "add r11, r9, r0\n\t"                              \
      "ldrd r3, r1, [r12, #8]\n\t"                       \
      "mov r10, #1\n\t"                                  \
      "ldr r0, [r12, #16]\n\t"                           \
      "ldr r12, [r12, #36]\n\t"                          \
      "dls lr, r0\n\t"                                   \
      "1:\n\t"                                           \
      SMELT_TAPS("r0", "q0", "r5", step)                 \
      SMELT_TAPS("r2", "q1", "r7", step)                 \
      SMELT_TAPS("r4", "q2", "r9", step)                 \
      SMELT_TAPS("r6", "q3", "r11", step)                \
      "vmov q7[2], q7[0], r0, r4\n\t"                    \
      "vmov q7[3], q7[1], r2, r6\n\t"                    \
      "vadd.i32 q7, q7, q4\n\t"                          \
      "vqrdmulh.s32 q7, q7, q5\n\t"                      \
      "vpt.s32 lt, q7, zr\n\t"                           \
      "vsubt.i32 q7, q7, r10\n\t"                        \
      "vrshl.s32 q7, q7, q6\n\t"                         \
      "vadd.i32 q7, q7, r8\n\t"                          \
      "vqmovnb.s32 q7, q7\n\t"                           \
      "vqmovnb.s16 q7, q7\n\t"                           \
      "vstrb.32 q7, [r3]\n\t"                            \
      "add r3, r3, r1\n\t"                               \
      "le lr, 1b\n\t"                                    \
      "vpop {d8-d15}\n\t"                                \
      "pop {r4-r11, pc}\n\t")
#define SMELT_STEP3(window) ", #3\n\t"
#define SMELT_STEP6(window) ", #6\n\t"
#define SMELT_STEP(window) "\n\tadd " window ", " window ", r12\n\t"

/// step: that of the tile, or 0, any.
template <int32_t step>
struct HeliumDepthwise {
  __attribute__((naked, noinline)) static void run(const HeliumDepthwiseTile&) { SMELT_ROW(SMELT_STEP); }
};
template <>
__attribute__((naked, noinline)) inline void HeliumDepthwise<3>::run(const HeliumDepthwiseTile&) {
  SMELT_ROW(SMELT_STEP3);
}
template <>
__attribute__((naked, noinline)) inline void HeliumDepthwise<6>::run(const HeliumDepthwiseTile&) {
  SMELT_ROW(SMELT_STEP6);
}

#undef SMELT_TAPS
#undef SMELT_ROW
#undef SMELT_STEP
#undef SMELT_STEP3
#undef SMELT_STEP6

#else

inline void helium_spread(int8_t* to, int32_t pitch, const uint16_t* offsets, const int8_t* from, int32_t step,
                          int32_t columns, int32_t channels) {
  for (; columns > 0; --columns, to += pitch, from += step) {
    for (int32_t c = 0; c < channels; ++c) to[offsets[c]] = from[c];
  }
}
inline void helium_spread_three(int8_t* to, const uint16_t* offsets, const int8_t* a, const int8_t* b, const int8_t* c,
                                int32_t step, int32_t columns, int32_t channels) {
  helium_spread(to, 3, offsets, a, step, columns, channels);
  helium_spread(to + 1, 3, offsets, b, step, columns, channels);
  helium_spread(to + 2, 3, offsets, c, step, columns, channels);
}

template <int32_t step>
struct HeliumDepthwise {
  static void run(const HeliumDepthwiseTile& t) {
    for (int32_t i = 0; i < t.pixels; ++i) {
      for (int32_t j = 0; j < 4; ++j) {
        const int8_t* x = t.patch + j * t.pitch + i * t.step;
        int32_t sum = 0;
        for (int32_t k = 0; k < t.taps; ++k) sum += x[k] * t.weights[j * t.taps + k];
        t.out[i * t.out_step + j] = helium_rescale(sum, t.scales[j], t.scales[4 + j], t.zero);
      }
    }
  }
};

#endif

}  // namespace smelt

#endif
