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

TEST_F(Model, M7PaysForWrongPredictions) {
  EXPECT_EQ(taken("cortex-m7", "1: bne 1b", nominal, {true, true, false}), 1);
  EXPECT_GT(taken("cortex-m7", "1: bne 1b", nominal, {true, false, false}), 4);
  EXPECT_EQ(taken("cortex-m7", "1: bne 1b", low, {true, false, false}), 1);
}

}  // namespace
}  // namespace smelt::cycles
