// Short sequences whose cycles the Technical Reference Manual states, and the rules of pairing.
#include "verify/plugin/pipeline.hpp"

#include "targets/target.hpp"
#include "tests/cycles/assemble.hpp"

namespace smelt::cycles {
namespace {

enum Column { low, nominal, high };

class Model : public testing::Test {
 protected:
  void SetUp() override {
    if (!verify::find_program("arm-none-eabi-as")) GTEST_SKIP() << "not installed: arm-none-eabi-as";
  }

  /// Cycles of a straight sequence on an idle pipeline.
  static double cycles(const std::string& target, const std::string& text, Column column, double wait_states = 0) {
    const auto t = targets::load_target(target);
    const auto code = assemble(text);
    EXPECT_TRUE(t && t->cycles);
    if (!t || !t->cycles || !code) return -1;
    Pipeline p(t->cycles->columns[column], wait_states);
    std::uint32_t address = 0;
    for (const Instruction& i : *code) {
      p.issue(i, address);
      address += i.bytes;
    }
    return p.now();
  }
  static double m4(const std::string& text, Column column = nominal) { return cycles("cortex-m4", text, column); }
  static double m3(const std::string& text, Column column = nominal) { return cycles("cortex-m3", text, column); }
  static double m0(const std::string& text) { return cycles("cortex-m0plus", text, nominal); }
  static double m55(const std::string& text, Column column = nominal) {
    const auto t = targets::load_target("cortex-m55");
    const auto code = assemble_vectors(text);
    EXPECT_TRUE(t && t->cycles && code);
    if (!t || !t->cycles || !code) return -1;
    Pipeline p(t->cycles->columns[column], 0);
    for (const Instruction& i : *code) p.issue(i, 0);
    return p.now();
  }
  static double m33(const std::string& text, Column column = nominal) { return cycles("cortex-m33", text, column); }
  static double m7(const std::string& text, Column column = nominal) { return cycles("cortex-m7", text, column); }

  /// What a branch adds when it is taken.
  static double taken(const std::string& target, const std::string& text, Column column, Exit exit) {
    const auto t = targets::load_target(target);
    const auto code = assemble(text);
    Pipeline p(t->cycles->columns[column], 0);
    p.issue(code->at(0), 0);
    p.leave(code->at(0), exit);
    return p.now();
  }
};

TEST_F(Model, M4LoadsPipelineAsInTheManualsExamples) {
  EXPECT_EQ(m4("ldr r0, [r1]"), 2);
  EXPECT_EQ(m4("ldr r0, [r1]\nldr r1, [r2]"), 3);
  EXPECT_EQ(m4("ldr r0, [r1, r2]\nstr r0, [r3, #20]"), 3);
  EXPECT_EQ(m4("ldr r0, [r1, r2]\nstr r1, [r3, r2]"), 3);
  EXPECT_EQ(m4("ldr r0, [r1, r5]\nldr r1, [r2]\nldr r2, [r3, #4]"), 4);
  EXPECT_EQ(m4("ldr r0, [r1]\nldr r2, [r0]"), 4);  // the second needs the first for its address
  EXPECT_EQ(m4("ldr r0, [r1]\nadd r2, r3, r4\nldr r5, [r1]"), 5);
}

TEST_F(Model, OnlyFlashWaits) {
  const auto t = targets::load_target("cortex-m4");
  const auto code = assemble("movs r0, #1");
  ASSERT_TRUE(t && code);
  Pipeline p(t->cycles->columns[nominal], 5);
  p.set_flash(0x1000, 0x2000);
  EXPECT_EQ(p.issue(code->at(0), 0x1000), 6);
  EXPECT_EQ(p.waited(), 5);
  EXPECT_EQ(p.issue(code->at(0), 0x2000), 1);
  EXPECT_EQ(p.waited(), 0);
  EXPECT_EQ(p.issue(code->at(0), 0x1000), 6);  // back again
}

TEST_F(Model, M4StoresAreBuffered) {
  EXPECT_EQ(m4("str r0, [r1, #4]"), 1);
  EXPECT_EQ(m4("str r0, [r1, #4]\nstr r2, [r1, #8]"), 2);
  EXPECT_EQ(m4("str r0, [r1, r2]"), 2);
}

TEST_F(Model, M4MultiplesTakeOneAndOneARegister) {
  EXPECT_EQ(m4("ldrd r0, r1, [r2]"), 3);
  EXPECT_EQ(m4("ldm r0, {r1-r4}"), 5);
  EXPECT_EQ(m4("push {r4-r7, lr}"), 6);
  EXPECT_EQ(m4("vldmia r0, {s0-s3}"), 5);
  EXPECT_EQ(m4("vldr d0, [r0]"), 3);
}

TEST_F(Model, M4Arithmetic) {
  EXPECT_EQ(m4("mul r0, r1, r2\nmla r0, r1, r2, r0\nsmlad r0, r1, r2, r0\nsmlal r0, r3, r1, r2"), 4);
  EXPECT_EQ(m4("sdiv r0, r1, r2", low), 2);
  EXPECT_EQ(m4("sdiv r0, r1, r2", high), 12);
  EXPECT_EQ(m4("add r0, r1, r2\nadd r0, r0, r2, lsl #3\nsxtb16 r0, r0"), 3);
  EXPECT_EQ(m4("add r1, r1, #4\nldr r0, [r1]"), 4);  // no forwarding from an ALU to an address
  EXPECT_EQ(m4("add r1, r1, #4\nnop\nldr r0, [r1]"), 4);
}

TEST_F(Model, M4FloatingPoint) {
  EXPECT_EQ(m4("vadd.f32 s0, s1, s2\nvadd.f32 s3, s1, s2"), 2);
  EXPECT_EQ(m4("vadd.f32 s0, s1, s2\nvadd.f32 s3, s0, s2"), 3);  // one more where the next consumes it
  EXPECT_EQ(m4("vmul.f32 s0, s1, s2\nvfma.f32 s0, s1, s2"), 4);  // but not as an addend
  EXPECT_EQ(m4("vfma.f32 s0, s1, s2"), 3);
  EXPECT_EQ(m4("vdiv.f32 s0, s1, s2\nadd r0, r1, r2"), 2);  // integers pass
  EXPECT_EQ(m4("vdiv.f32 s0, s1, s2\nvmov.f32 s4, s5"), 15);
}

TEST_F(Model, M4BranchesRefillThePipeline) {
  const Exit go{true, true, false};
  EXPECT_EQ(taken("cortex-m4", "1: bne 1b", nominal, go), 2);
  EXPECT_EQ(taken("cortex-m4", "1: bne 1b", high, go), 4);
  EXPECT_EQ(taken("cortex-m4", "1: bne 1b", nominal, {true, true, true}), 3);
  EXPECT_EQ(taken("cortex-m4", "1: bne 1b", high, {false, false, false}), 1);
  EXPECT_EQ(taken("cortex-m4", "bx lr", nominal, go), 3);
  EXPECT_EQ(taken("cortex-m4", "ldr.w pc, [r0]", low, go), 5);  // "at least five cycles"
  EXPECT_EQ(taken("cortex-m4", "tbb [r0, r1]", low, go), 6);    // "at least six cycles"
  EXPECT_EQ(taken("cortex-m4", "pop {r4, pc}", low, go), 6);    // 1 + N + P
}

TEST_F(Model, M4FoldsIfThenBehindNarrowInstructions) {
  EXPECT_EQ(m4("movs r0, #1\nit eq\nmoveq r1, r2"), 2);
  EXPECT_EQ(m4("movw r0, #1\nit eq\nmoveq r1, r2"), 3);
  EXPECT_EQ(m4("movs r0, #1\nit eq\nmoveq r1, r2", high), 3);
}

TEST_F(Model, WaitStatesCountUnlessHidden) {
  std::string nops;
  for (int i = 0; i < 16; ++i) nops += "movs r0, #1\n";  // two lines of 16 bytes
  EXPECT_EQ(cycles("cortex-m4", nops, low, 5), 16);
  EXPECT_EQ(cycles("cortex-m4", nops, nominal, 5), 16 + 5);  // eight cycles hide the second fetch
  EXPECT_EQ(cycles("cortex-m4", nops, high, 5), 16 + 2 * 5);
}

TEST_F(Model, M7IssuesTwoUnlessTheyDependOrShareAUnit) {
  std::string independent, dependent, multiplies;
  for (int i = 0; i < 8; ++i) {
    independent += "add.w r" + std::to_string(i) + ", r8, r9\n";
    dependent += "add.w r0, r0, r9\n";
    multiplies += "mul r" + std::to_string(i) + ", r8, r9\n";
  }
  EXPECT_EQ(m7(independent), 4);
  EXPECT_EQ(m7(independent, high), 8);
  EXPECT_EQ(m7(dependent), 8);
  EXPECT_EQ(m7(multiplies), 8);
  EXPECT_EQ(m7("ldr r0, [r8]\nldr r1, [r9]\nmul r2, r10, r11\nadd r3, r10, r11"), 2);
  EXPECT_EQ(m7("str r0, [r8]\nstr r1, [r9]"), 2);
  EXPECT_EQ(m7("mla r0, r8, r9, r0\nmla r0, r10, r11, r0\nmla r0, r8, r9, r0"), 3);  // addends come late
  EXPECT_EQ(m7("mul r0, r8, r9\nadd r1, r0, r2"), 3);
  EXPECT_EQ(m7("ldrb r0, [r8]\nadd r1, r0, r2"), 3);
  EXPECT_EQ(m7("ldr r0, [r8]\nldr r1, [r0]"), 3);
}

TEST_F(Model, M3MultipliesAndStoresAsInItsTable) {
  EXPECT_EQ(m3("mul r0, r1, r2"), 1);
  EXPECT_EQ(m3("mla r0, r1, r2, r3"), 2);
  EXPECT_EQ(m3("mls r0, r1, r2, r3"), 2);
  EXPECT_EQ(m3("umull r0, r1, r2, r3", low), 3);
  EXPECT_EQ(m3("smull r0, r1, r2, r3", high), 5);
  EXPECT_EQ(m3("umlal r0, r1, r2, r3", low), 4);
  EXPECT_EQ(m3("smlal r0, r1, r2, r3", high), 7);
  EXPECT_EQ(m3("str r0, [r1, #4]"), 2);
  EXPECT_EQ(m3("str r0, [r1, #4]", low), 1);
  EXPECT_EQ(m3("ldr r0, [r1]\nstr r2, [r3, #4]"), 3);  // neighbours share their phases
  EXPECT_EQ(m3("ldr r0, [r1]\nldr r1, [r2]"), 3);
  EXPECT_EQ(m4("mla r0, r1, r2, r3\numlal r0, r1, r2, r3"), 2);
}

TEST_F(Model, M0PlusAsInItsTable) {
  EXPECT_EQ(m0("movs r0, #1\nadds r0, r0, r1\nmuls r0, r1, r0\nsxtb r0, r0\nlsls r0, r1"), 5);
  EXPECT_EQ(m0("ldr r0, [r1]\nldrb r2, [r1, r3]\nadds r0, r0, r2"), 5);  // loads do not pipeline
  EXPECT_EQ(m0("str r0, [r1]\nstrb r2, [r1, r3]"), 4);
  EXPECT_EQ(m0("ldmia r0!, {r1-r4}"), 5);
  EXPECT_EQ(m0("push {r4-r7, lr}"), 6);
  const Exit go{true, true, false};
  for (const Column c : {low, nominal, high}) {
    EXPECT_EQ(taken("cortex-m0plus", "1: bne 1b", c, go), 2);
    EXPECT_EQ(taken("cortex-m0plus", "1: bne 1b", c, {true, true, true}), 2);
    EXPECT_EQ(taken("cortex-m0plus", "1: bne 1b", c, {false, true, false}), 1);
    EXPECT_EQ(taken("cortex-m0plus", "1: bl 1b", c, go), 3);
    EXPECT_EQ(taken("cortex-m0plus", "bx lr", c, go), 2);
    EXPECT_EQ(taken("cortex-m0plus", "blx r3", c, go), 2);
    EXPECT_EQ(taken("cortex-m0plus", "pop {r4, pc}", c, go), 5);  // 3 + N
  }
}

TEST_F(Model, M0PlusWithTheSmallMultiplier) {
  auto t = targets::load_target("cortex-m0plus");
  const auto code = assemble("muls r0, r1, r0\nmovs r2, #1");
  ASSERT_TRUE(t && code);
  Pipeline p(t->cycles->columns[high], 0);
  for (const Instruction& i : *code) p.issue(i, 0);
  EXPECT_EQ(p.now(), 33);
}

// The two examples of LLVM's ARMScheduleM55.td: the last instruction begins in the fourth cycle, and in the fifth.
TEST_F(Model, M55OverlapsBeatsOfDifferentPipes) {
  EXPECT_EQ(m55("vldrw.u32 q0, [r0]\nvadd.i32 q1, q2, q3\nvmul.i32 q4, q5, q6\nvstrw.32 q7, [r1]"), 4);
  EXPECT_EQ(m55("vldrw.u32 q0, [r0]\nvldrb.u8 q4, [r1]\nvadd.i32 q1, q2, q3\nvstrw.32 q7, [r1]"), 5);
  // A load's vector is used a cycle later, a multiply's two, but one where it is stored.
  EXPECT_EQ(m55("vldrb.u8 q0, [r0]\nvmladava.s8 r2, q0, q1"), 2);
  EXPECT_EQ(m55("vmul.i32 q0, q1, q2\nvadd.i32 q3, q0, q1"), 3);
  EXPECT_EQ(m55("vmul.i32 q0, q1, q2\nvstrw.32 q0, [r1]"), 2);
  EXPECT_EQ(m55("vadd.i32 q0, q1, q2\nadds r0, r1, r2"), 2);  // the core goes on meanwhile
  // Loads and multiplies in turn: two cycles each pair, and 16 products.
  EXPECT_EQ(m55("vldrb.u8 q0, [r0], #16\nvmladava.s8 r2, q0, q7\nvldrb.u8 q1, [r1], #16\nvmladava.s8 r4, q1, q7"), 4);
}

TEST_F(Model, M55RemembersItsLoop) {
  const auto t = targets::load_target("cortex-m55");
  const auto code = assemble_vectors("1: le lr, 1b");
  ASSERT_TRUE(t && code);
  const auto cost = [&](Column column, bool looped, bool taken) {
    Pipeline p(t->cycles->columns[column], 0);
    p.issue(code->at(0), 0);
    Exit exit;
    exit.looped = looped;
    exit.taken = taken;
    p.leave(code->at(0), exit);
    return p.now();
  };
  EXPECT_EQ(cost(nominal, true, true), 0);
  EXPECT_EQ(cost(high, true, true), 1);
  EXPECT_EQ(cost(nominal, false, true), 3);  // the first time
  EXPECT_EQ(cost(nominal, true, false), 3);  // the last
}

TEST_F(Model, M33PairsOnlyInstructionsOf16Bits) {
  const std::string narrow = "ldr r0, [r1]\nadds r2, r3, r4\nldr r5, [r1, #4]\nadds r6, r3, r4";
  const std::string wide = "ldr.w r0, [r1]\nadd.w r2, r3, r4\nldr.w r5, [r1, #4]\nadd.w r6, r3, r4";
  EXPECT_EQ(m33(narrow, low), 2);
  EXPECT_EQ(m33(wide, low), 4);
  EXPECT_EQ(m33("ldr r0, [r1]\nadd.w r2, r3, r4", low), 2);
  EXPECT_EQ(m33(narrow), 4);
  EXPECT_EQ(m33("ldr r0, [r1]\nadds r2, r0, r4"), 3);  // a result is used a cycle late
  EXPECT_EQ(m33("ldr r0, [r1]\nadds r2, r3, r4", high), 3);
  EXPECT_EQ(m33("smlad r0, r1, r2, r0\nsmlad r0, r1, r3, r0"), 2);
}

TEST_F(Model, M7PaysForWrongPredictions) {
  EXPECT_EQ(taken("cortex-m7", "1: bne 1b", nominal, {true, true, false}), 1);
  EXPECT_GT(taken("cortex-m7", "1: bne 1b", nominal, {true, false, false}), 4);
  EXPECT_EQ(taken("cortex-m7", "1: bne 1b", low, {true, false, false}), 1);
}

}  // namespace
}  // namespace smelt::cycles
