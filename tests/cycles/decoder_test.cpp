// The decoder against the assembler: kinds and registers as the architecture's manual describes the instructions.
#include <sstream>

#include "tests/cycles/assemble.hpp"

namespace smelt::thumb {
namespace {

/// r0 to r12, sp, lr, pc, f (flags), s0 to s31, d0 to d15, q0 to q7.
Registers registers(const std::string& text) {
  std::istringstream in(text);
  Registers set = 0;
  for (std::string name; in >> name;) {
    const unsigned n = name.size() > 1 ? static_cast<unsigned>(std::atoi(name.c_str() + 1)) : 0;
    if (name == "sp")
      set |= core(13);
    else if (name == "lr")
      set |= core(14);
    else if (name == "pc")
      set |= core(15);
    else if (name == "f")
      set |= flags;
    else if (name[0] == 'r')
      set |= core(n);
    else if (name[0] == 's')
      set |= Registers{1} << (32 + n);
    else if (name[0] == 'q')
      set |= Registers{15} << (32 + 4 * n);
    else if (name[0] == 'd')
      set |= Registers{3} << (32 + 2 * n);
  }
  return set;
}

struct Case {
  const char* text;
  Kind kind;
  unsigned bytes;
  const char* writes;
  const char* reads;
};

const Case cases[] = {
    {"lsls r1, r2, #3", Kind::alu, 2, "r1 f", "r2"},
    {"movs r1, r2", Kind::alu, 2, "r1 f", "r2"},
    {"adds r1, r2, r3", Kind::alu, 2, "r1 f", "r2 r3"},
    {"subs r1, r2, #1", Kind::alu, 2, "r1 f", "r2"},
    {"movs r5, #200", Kind::alu, 2, "r5 f", ""},
    {"cmp r5, #200", Kind::alu, 2, "f", "r5"},
    {"adds r5, #200", Kind::alu, 2, "r5 f", "r5"},
    {"ands r1, r2", Kind::alu, 2, "r1 f", "r1 r2"},
    {"adcs r1, r2", Kind::alu, 2, "r1 f", "r1 r2 f"},
    {"tst r1, r2", Kind::alu, 2, "f", "r1 r2"},
    {"rsbs r1, r2, #0", Kind::alu, 2, "r1 f", "r2"},
    {"mvns r1, r2", Kind::alu, 2, "r1 f", "r2"},
    {"muls r1, r2, r1", Kind::multiply, 2, "r1 f", "r1 r2"},
    {"add r9, r2", Kind::alu, 2, "r9", "r9 r2"},
    {"cmp r9, r2", Kind::alu, 2, "f", "r9 r2"},
    {"mov r9, r2", Kind::alu, 2, "r9", "r2"},
    {"bx lr", Kind::branch, 2, "", "lr"},
    {"blx r3", Kind::branch, 2, "lr", "r3"},
    {"ldr r1, [r2, r3]", Kind::load, 2, "r1", "r2 r3"},
    {"ldrsh r1, [r2, r3]", Kind::load, 2, "r1", "r2 r3"},
    {"strb r1, [r2, r3]", Kind::store, 2, "", "r1 r2 r3"},
    {"ldr r1, [r2, #4]", Kind::load, 2, "r1", "r2"},
    {"strh r1, [r2, #4]", Kind::store, 2, "", "r1 r2"},
    {"ldr r1, [sp, #4]", Kind::load, 2, "r1", "sp"},
    {"add r1, sp, #4", Kind::alu, 2, "r1", "sp"},
    {"sub sp, #8", Kind::alu, 2, "sp", "sp"},
    {"sxtb r1, r2", Kind::simd, 2, "r1", "r2"},
    {"rev r1, r2", Kind::simd, 2, "r1", "r2"},
    {"push {r4, r5, lr}", Kind::store_multiple, 2, "sp", "sp r4 r5 lr"},
    {"pop {r4, pc}", Kind::load_multiple, 2, "sp r4 pc", "sp"},
    {"stmia r0!, {r1, r2}", Kind::store_multiple, 2, "r0", "r0 r1 r2"},
    {"ldmia r0!, {r1, r2}", Kind::load_multiple, 2, "r0 r1 r2", "r0"},
    {"ldmia r0, {r0, r2}", Kind::load_multiple, 2, "r0 r2", "r0"},
    {"1: cbz r1, 2f", Kind::branch, 2, "", "r1"},
    {"nop\n2:", Kind::other, 2, "", ""},
    {"1: bne 1b", Kind::branch, 2, "", ""},
    {"1: b 1b", Kind::branch, 2, "", ""},
    {"nop", Kind::other, 2, "", ""},
    {"it eq", Kind::if_then, 2, "", ""},
    {"moveq r1, r2", Kind::alu, 2, "r1", "r2"},
    {"ldmia.w r0!, {r4-r11}", Kind::load_multiple, 4, "r0 r4 r5 r6 r7 r8 r9 r10 r11", "r0"},
    {"stmdb r0, {r4, r9}", Kind::store_multiple, 4, "", "r0 r4 r9"},
    {"ldrd r1, r2, [r3], #8", Kind::load_multiple, 4, "r1 r2 r3", "r3"},
    {"strd r1, r2, [r3, #8]", Kind::store_multiple, 4, "", "r1 r2 r3"},
    {"tbb [r1, r2]", Kind::branch, 4, "", "r1 r2"},
    {"ldrex r1, [r2]", Kind::load, 4, "r1", "r2"},
    {"and.w r1, r2, r3, lsl #4", Kind::alu, 4, "r1", "r2 r3"},
    {"teq r2, r3", Kind::alu, 4, "f", "r2 r3"},
    {"mov.w r1, r3", Kind::alu, 4, "r1", "r3"},
    {"pkhbt r1, r2, r3, lsl #16", Kind::simd, 4, "r1", "r2 r3"},
    {"adds.w r1, r2, #1000", Kind::alu, 4, "r1 f", "r2"},
    {"mvn r1, #5", Kind::alu, 4, "r1", ""},
    {"cmp.w r9, #1024", Kind::alu, 4, "f", "r9"},
    {"sbc r1, r2, #5", Kind::alu, 4, "r1", "r2 f"},
    {"movw r1, #54321", Kind::alu, 4, "r1", ""},
    {"movt r1, #54321", Kind::alu, 4, "r1", "r1"},
    {"addw r1, r2, #4095", Kind::alu, 4, "r1", "r2"},
    {"ssat r1, #8, r2", Kind::simd, 4, "r1", "r2"},
    {"usat r1, #8, r2, asr #3", Kind::simd, 4, "r1", "r2"},
    {"sbfx r1, r2, #3, #5", Kind::simd, 4, "r1", "r2"},
    {"bfi r1, r2, #3, #5", Kind::alu, 4, "r1", "r1 r2"},
    {"1: bl 1b", Kind::branch, 4, "lr", ""},
    {"1: b.w 1b", Kind::branch, 4, "", ""},
    {"1: bne.w 1b", Kind::branch, 4, "", ""},
    {"dsb", Kind::other, 4, "", ""},
    {"mrs r1, primask", Kind::other, 4, "r1", ""},
    {"ldr.w r1, [r2], #4", Kind::load, 4, "r1 r2", "r2"},
    {"ldr.w r1, [r2, #-4]!", Kind::load, 4, "r1 r2", "r2"},
    {"ldr.w r1, [r2, #1000]", Kind::load, 4, "r1", "r2"},
    {"ldrsb.w r1, [r2, r9, lsl #2]", Kind::load, 4, "r1", "r2 r9"},
    {"strh.w r1, [r2], #2", Kind::store, 4, "r2", "r1 r2"},
    {"ldr.w pc, [r2, #4]", Kind::load, 4, "pc", "r2"},
    {"pld [r2]", Kind::other, 4, "", ""},
    {"lsl.w r1, r2, r3", Kind::alu, 4, "r1", "r2 r3"},
    {"sxtb16 r1, r2, ror #8", Kind::simd, 4, "r1", "r2"},
    {"sxtab16 r1, r2, r3", Kind::simd, 4, "r1", "r2 r3"},
    {"sadd16 r1, r2, r3", Kind::simd, 4, "r1 f", "r2 r3"},
    {"uqadd8 r1, r2, r3", Kind::simd, 4, "r1", "r2 r3"},
    {"qadd r1, r2, r3", Kind::simd, 4, "r1", "r2 r3"},
    {"sel r1, r2, r3", Kind::simd, 4, "r1", "r2 r3 f"},
    {"clz r1, r2", Kind::simd, 4, "r1", "r2"},
    {"mul r1, r2, r9", Kind::multiply, 4, "r1", "r2 r9"},
    {"mla r1, r2, r3, r4", Kind::multiply, 4, "r1", "r2 r3 r4"},
    {"mls r1, r2, r3, r4", Kind::multiply, 4, "r1", "r2 r3 r4"},
    {"smlabb r1, r2, r3, r4", Kind::multiply, 4, "r1", "r2 r3 r4"},
    {"smulbb r1, r2, r3", Kind::multiply, 4, "r1", "r2 r3"},
    {"smmla r1, r2, r3, r4", Kind::multiply, 4, "r1", "r2 r3 r4"},
    {"smlad r1, r2, r3, r4", Kind::simd_mac, 4, "r1", "r2 r3 r4"},
    {"smuad r1, r2, r3", Kind::simd_mac, 4, "r1", "r2 r3"},
    {"smull r1, r2, r3, r4", Kind::long_multiply, 4, "r1 r2", "r3 r4"},
    {"smlal r1, r2, r3, r4", Kind::long_multiply, 4, "r1 r2", "r1 r2 r3 r4"},
    {"smlald r1, r2, r3, r4", Kind::simd_mac, 4, "r1 r2", "r1 r2 r3 r4"},
    {"sdiv r1, r2, r3", Kind::divide, 4, "r1", "r2 r3"},
    {"udiv r1, r2, r3", Kind::divide, 4, "r1", "r2 r3"},
    {"vadd.f32 s1, s2, s31", Kind::fp, 4, "s1", "s2 s31"},
    {"vmul.f64 d1, d2, d15", Kind::fp, 4, "d1", "d2 d15"},
    {"vfma.f32 s1, s2, s3", Kind::fp_mac, 4, "s1", "s1 s2 s3"},
    {"vmls.f32 s1, s2, s3", Kind::fp_mac, 4, "s1", "s1 s2 s3"},
    {"vdiv.f32 s1, s2, s3", Kind::fp_divide, 4, "s1", "s2 s3"},
    {"vsqrt.f32 s1, s2", Kind::fp_divide, 4, "s1", "s2"},
    {"vcmp.f32 s1, s2", Kind::fp, 4, "f", "s1 s2"},
    {"vcmp.f32 s1, #0", Kind::fp, 4, "f", "s1"},
    {"vneg.f32 s1, s2", Kind::fp, 4, "s1", "s2"},
    {"vmov.f32 s1, s2", Kind::fp_move, 4, "s1", "s2"},
    {"vmov.f32 s1, #1.0", Kind::fp_move, 4, "s1", ""},
    {"vmov s5, r1", Kind::fp_move, 4, "s5", "r1"},
    {"vmov r1, s5", Kind::fp_move, 4, "r1", "s5"},
    {"vmov r1, r2, d3", Kind::fp_move, 4, "r1 r2", "d3"},
    {"vmov d3, r1, r2", Kind::fp_move, 4, "d3", "r1 r2"},
    {"vmrs APSR_nzcv, fpscr", Kind::fp_move, 4, "f", "f"},
    {"vldr s7, [r1, #8]", Kind::fp_load, 4, "s7", "r1"},
    {"vstr s7, [r1, #8]", Kind::fp_store, 4, "", "r1 s7"},
    {"vldr d7, [r1, #8]", Kind::load_multiple, 4, "d7", "r1"},
    {"vldmia r1!, {s4-s7}", Kind::load_multiple, 4, "r1 s4 s5 s6 s7", "r1"},
    {"vpush {d8, d9}", Kind::store_multiple, 4, "sp", "sp d8 d9"},
};

TEST(Decoder, KnowsKindsAndRegisters) {
  std::string text;
  for (const Case& c : cases) text += std::string(c.text) + "\n";
  const auto decoded = assemble(text);
  if (!decoded) GTEST_SKIP() << "not installed: arm-none-eabi-as";
  ASSERT_EQ(decoded->size(), std::size(cases));
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const Case& c = cases[i];
    const Instruction& d = (*decoded)[i];
    EXPECT_STREQ(kind_names[static_cast<std::size_t>(d.kind)], kind_names[static_cast<std::size_t>(c.kind)]) << c.text;
    EXPECT_EQ(d.bytes, c.bytes) << c.text;
    EXPECT_EQ(d.writes, registers(c.writes)) << c.text;
    EXPECT_EQ(d.reads, registers(c.reads)) << c.text;
    EXPECT_EQ(d.writes_pc, c.kind == Kind::branch || (d.writes & core(15)) != 0) << c.text;
    EXPECT_EQ((d.address | d.shifted | d.accumulator | d.stored) & ~d.reads, 0U) << c.text;
    EXPECT_EQ(d.updated & ~d.writes, 0U) << c.text;
  }
}

const Case vector_cases[] = {
    {"vldrb.u8 q3, [r1]", Kind::vector_load, 4, "q3", "r1"},
    {"vldrb.s16 q1, [r1], #16", Kind::vector_load, 4, "q1 r1", "r1"},
    {"vldrw.u32 q2, [r9, #16]!", Kind::vector_load, 4, "q2 r9", "r9"},
    {"vldrb.s32 q1, [r1, q3]", Kind::vector_load, 4, "q1", "r1 q3"},
    {"vldrw.u32 q1, [q3, #4]", Kind::vector_load, 4, "q1", "q3"},
    {"vstrb.8 q1, [r10], #16", Kind::vector_store, 4, "r10", "q1 r10"},
    {"vstrb.32 q3, [r2]", Kind::vector_store, 4, "", "q3 r2"},
    {"vld20.8 {q0, q1}, [r2]", Kind::vector_load, 4, "q0 q1", "r2"},
    {"vld43.8 {q0, q1, q2, q3}, [r2]!", Kind::vector_load, 4, "q0 q1 q2 q3 r2", "r2"},
    {"vst20.8 {q2, q3}, [r2]", Kind::vector_store, 4, "", "q2 q3 r2"},
    {"vmladava.s8 r0, q1, q2", Kind::vector_mul, 4, "r0", "r0 q1 q2"},
    {"vmladav.s16 r2, q1, q2", Kind::vector_mul, 4, "r2", "q1 q2"},
    {"vmlaldava.s16 r2, r5, q1, q2", Kind::vector_mul, 4, "r2 r5", "r2 r5 q1 q2"},
    {"vaddva.s8 r2, q3", Kind::vector_mul, 4, "r2", "r2 q3"},
    {"vaddv.s32 r4, q3", Kind::vector_mul, 4, "r4", "q3"},
    {"vaddlva.s32 r2, r3, q3", Kind::vector_mul, 4, "r2 r3", "r2 r3 q3"},
    {"vmaxv.s8 r3, q1", Kind::vector_int, 4, "r3", "r3 q1"},
    {"vmla.s16 q1, q2, r3", Kind::vector_mul, 4, "q1", "q1 q2 r3"},
    {"vmul.i16 q1, q2, q3", Kind::vector_mul, 4, "q1", "q2 q3"},
    {"vmul.i16 q1, q2, r3", Kind::vector_mul, 4, "q1", "q2 r3"},
    {"vmullb.s8 q1, q2, q3", Kind::vector_mul, 4, "q1", "q2 q3"},
    {"vmulh.s32 q1, q2, q3", Kind::vector_mul, 4, "q1", "q2 q3"},
    {"vqrdmulh.s32 q1, q2, q3", Kind::vector_mul, 4, "q1", "q2 q3"},
    {"vqdmulh.s32 q1, q2, r3", Kind::vector_mul, 4, "q1", "q2 r3"},
    {"vadd.i32 q7, q2, q3", Kind::vector_int, 4, "q7", "q2 q3"},
    {"vadd.i32 q1, q2, r3", Kind::vector_int, 4, "q1", "q2 r3"},
    {"vqadd.s32 q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vmax.s8 q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vmovlb.s8 q1, q2", Kind::vector_int, 4, "q1", "q2"},
    {"vmovnb.i32 q1, q2", Kind::vector_int, 4, "q1", "q1 q2"},
    {"vqmovnb.s32 q1, q2", Kind::vector_int, 4, "q1", "q1 q2"},
    {"vshl.s32 q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vrshl.s32 q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vrshl.s32 q1, r3", Kind::vector_int, 4, "q1", "q1 r3"},
    {"vshr.s32 q1, q2, #3", Kind::vector_int, 4, "q1", "q2"},
    {"vsli.32 q1, q2, #3", Kind::vector_int, 4, "q1", "q1 q2"},
    {"vqrshrnb.s32 q1, q2, #5", Kind::vector_int, 4, "q1", "q1 q2"},
    {"vand q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vmvn q1, q2", Kind::vector_int, 4, "q1", "q2"},
    {"vmov.i32 q1, #3", Kind::vector_int, 4, "q1", ""},
    {"vdup.32 q5, r3", Kind::vector_int, 4, "q5", "r3"},
    {"vdup.8 q0, r8", Kind::vector_int, 4, "q0", "r8"},
    {"vctp.8 r3", Kind::vector_system, 4, "", "r3"},
    {"vpst", Kind::vector_system, 4, "", ""},
    {"vaddt.i32 q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vpsel q1, q2, q3", Kind::vector_int, 4, "q1", "q2 q3"},
    {"vcmp.s32 gt, q1, r3", Kind::vector_mul, 4, "", "q1 r3"},
    {"vidup.u8 q1, r2, #1", Kind::vector_int, 4, "q1 r2", "r2"},
    {"vclz.i32 q1, q2", Kind::vector_int, 4, "q1", "q2"},
    {"vadd.f32 q1, q2, q3", Kind::vector_mul, 4, "q1", "q2 q3"},
    {"vfma.f32 q1, q2, q3", Kind::vector_mul, 4, "q1", "q1 q2 q3"},
    {"vmul.f32 q1, q2, r3", Kind::vector_mul, 4, "q1", "q2 r3"},
    {"vcvt.f32.s32 q1, q2", Kind::vector_mul, 4, "q1", "q2"},
    {"vmov q1[2], q1[0], r2, r3", Kind::fp_move, 4, "q1", "r2 r3"},
    {"vmov.32 r3, q1[2]", Kind::fp_move, 4, "r3", "d3"},
    {"dls lr, r3", Kind::alu, 4, "lr", "r3"},
    {"dlstp.8 lr, r3", Kind::alu, 4, "lr", "r3"},
    {"wls lr, r3, 3f", Kind::branch, 4, "lr", "r3"},
    {"1: le lr, 1b", Kind::branch, 4, "lr", "lr"},
    {"2: letp lr, 2b", Kind::branch, 4, "lr", "lr"},
    {"csel r1, r2, r3, eq", Kind::alu, 4, "r1", "r2 r3 f"},
    {"cset r1, eq", Kind::alu, 4, "r1", "f"},
    {"bl 1b\n3:", Kind::branch, 4, "lr", ""},
};

TEST(Decoder, KnowsVectorsAndLoops) {
  std::string text;
  for (const Case& c : vector_cases) text += std::string(c.text) + "\n";
  const auto decoded = assemble_vectors(text);
  if (!decoded) GTEST_SKIP() << "not installed: arm-none-eabi-as";
  ASSERT_EQ(decoded->size(), std::size(vector_cases));
  for (std::size_t i = 0; i < std::size(vector_cases); ++i) {
    const Case& c = vector_cases[i];
    const Instruction& d = (*decoded)[i];
    EXPECT_STREQ(kind_names[static_cast<std::size_t>(d.kind)], kind_names[static_cast<std::size_t>(c.kind)]) << c.text;
    EXPECT_EQ(d.bytes, c.bytes) << c.text;
    EXPECT_EQ(d.writes, registers(c.writes)) << c.text;
    EXPECT_EQ(d.reads, registers(c.reads)) << c.text;
    EXPECT_EQ(d.loop_end, std::string(c.text).find(": le") != std::string::npos) << c.text;
    EXPECT_EQ(d.writes_pc, c.kind == Kind::branch) << c.text;
  }
}

TEST(Decoder, TellsHowRegistersAreUsed) {
  const auto d = assemble(
      "ldr r1, [r2], #4\nstr r1, [r2, r3]\nadd r1, r2, r3, asr #7\nmla r1, r2, r3, r4\nldrb r1, [r2]\nldm r0, {r1-r7}\n"
      "vldmia r1, {d0-d3}\nldr r0, 1f\n.align 2\n1: .word 0xbf00bf00");
  if (!d) GTEST_SKIP() << "not installed: arm-none-eabi-as";
  EXPECT_EQ((*d)[0].updated, core(2));
  EXPECT_EQ((*d)[0].address, core(2));
  EXPECT_TRUE((*d)[1].indexed);
  EXPECT_EQ((*d)[1].stored, core(1));
  EXPECT_EQ((*d)[1].address, core(2) | core(3));
  EXPECT_EQ((*d)[2].shifted, core(3));
  EXPECT_TRUE((*d)[2].shifter);
  EXPECT_EQ((*d)[3].accumulator, core(4));
  EXPECT_TRUE((*d)[4].narrow);
  EXPECT_FALSE((*d)[0].narrow);
  EXPECT_EQ((*d)[5].registers, 7);
  EXPECT_EQ((*d)[6].registers, 8);
  EXPECT_TRUE((*d)[7].literal);
}

}  // namespace
}  // namespace smelt::thumb
