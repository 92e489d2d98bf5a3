// The decoder of RISC-V against the assembler, and the model of Hazard3 against its documentation.
#include <sstream>

#include "targets/target.hpp"
#include "tests/cycles/assemble.hpp"
#include "verify/plugin/pipeline.hpp"

namespace smelt::riscv {
namespace {

struct Case {
  const char* text;
  Kind kind;
  unsigned bytes;
  const char* writes;  ///< numbers of registers
  const char* reads;
};

const Case cases[] = {
    {"lui x5, 0x12345", Kind::alu, 4, "5", ""},
    {"auipc x5, 1", Kind::alu, 4, "5", ""},
    {"addi x5, x6, 1000", Kind::alu, 4, "5", "6"},
    {"slli x17, x18, 3", Kind::alu, 4, "17", "18"},
    {"add x5, x6, x7", Kind::alu, 4, "5", "6 7"},
    {"sltu x5, x0, x7", Kind::alu, 4, "5", "7"},
    {"sra x16, x31, x1", Kind::alu, 4, "16", "31 1"},
    {"mul x5, x6, x7", Kind::multiply, 4, "5", "6 7"},
    {"mulhu x5, x6, x7", Kind::multiply, 4, "5", "6 7"},
    {"div x5, x6, x7", Kind::divide, 4, "5", "6 7"},
    {"remu x5, x6, x7", Kind::divide, 4, "5", "6 7"},
    {"lw x5, 4(x6)", Kind::load, 4, "5", "6"},
    {"lbu x5, 4(x6)", Kind::load, 4, "5", "6"},
    {"sw x5, 4(x6)", Kind::store, 4, "", "5 6"},
    {"sb x0, 4(x6)", Kind::store, 4, "", "6"},
    {"1: jal x1, 1b", Kind::branch, 4, "1", ""},
    {"jalr x1, 4(x6)", Kind::branch, 4, "1", "6"},
    {"1: bltu x5, x6, 1b", Kind::branch, 4, "", "5 6"},
    {"fence", Kind::other, 4, "", ""},
    {"lr.w x5, (x6)", Kind::other, 4, "", ""},
    {"c.addi4spn x8, x2, 16", Kind::alu, 2, "8", "2"},
    {"c.lw x9, 4(x10)", Kind::load, 2, "9", "10"},
    {"c.sw x9, 4(x10)", Kind::store, 2, "", "9 10"},
    {"c.nop", Kind::alu, 2, "", ""},
    {"c.addi x20, 5", Kind::alu, 2, "20", "20"},
    {"1: c.jal 1b", Kind::branch, 2, "1", ""},
    {"c.li x20, 5", Kind::alu, 2, "20", ""},
    {"c.addi16sp x2, 64", Kind::alu, 2, "2", "2"},
    {"c.lui x20, 5", Kind::alu, 2, "20", ""},
    {"c.srai x9, 5", Kind::alu, 2, "9", "9"},
    {"c.andi x9, 5", Kind::alu, 2, "9", "9"},
    {"c.sub x9, x12", Kind::alu, 2, "9", "9 12"},
    {"1: c.j 1b", Kind::branch, 2, "", ""},
    {"1: c.beqz x9, 1b", Kind::branch, 2, "", "9"},
    {"1: c.bnez x9, 1b", Kind::branch, 2, "", "9"},
    {"c.slli x20, 5", Kind::alu, 2, "20", "20"},
    {"c.lwsp x20, 4(x2)", Kind::load, 2, "20", "2"},
    {"c.jr x1", Kind::branch, 2, "", "1"},
    {"c.mv x20, x21", Kind::alu, 2, "20", "21"},
    {"c.jalr x5", Kind::branch, 2, "1", "5"},
    {"c.add x20, x21", Kind::alu, 2, "20", "20 21"},
    {"c.swsp x20, 4(x2)", Kind::store, 2, "", "20 2"},
    {"c.ebreak", Kind::other, 2, "", ""},
};

Registers registers(const std::string& text) {
  std::istringstream in(text);
  Registers set = 0;
  for (std::uint32_t r = 0; in >> r;) set |= x(r);
  return set;
}

TEST(RiscvDecoder, AgreesWithTheAssembler) {
  std::string text;
  for (const Case& c : cases) text += std::string(c.text) + "\n";
  const auto all = assemble_riscv(text);
  if (!all) GTEST_SKIP() << "not installed: riscv64-unknown-elf-as";
  ASSERT_EQ(all->size(), std::size(cases));
  for (std::size_t i = 0; i < all->size(); ++i) {
    const Instruction& is = (*all)[i];
    const Case& c = cases[i];
    EXPECT_EQ(is.kind, c.kind) << c.text;
    EXPECT_EQ(is.bytes, c.bytes) << c.text;
    EXPECT_EQ(is.writes, registers(c.writes)) << c.text;
    EXPECT_EQ(is.reads, registers(c.reads)) << c.text;
    EXPECT_EQ(is.writes_pc, c.kind == Kind::branch) << c.text;
  }
  EXPECT_EQ(thumb::fp_registers + 31, 63U);
}

double hazard3(const std::string& text) {
  const auto t = targets::load_target("hazard3");
  const auto code = assemble_riscv(text);
  EXPECT_TRUE(t && t->cycles && code);
  if (!t || !t->cycles || !code) return -1;
  cycles::Pipeline p(t->cycles->columns[1], 0);
  std::uint32_t address = 0;
  for (const Instruction& i : *code) {
    p.issue(i, address);
    address += i.bytes;
  }
  return p.now();
}

double leaving(const std::string& text, const cycles::Exit& exit) {
  const auto t = targets::load_target("hazard3");
  const auto code = assemble_riscv(text);
  cycles::Pipeline p(t->cycles->columns[1], 0);
  p.issue(code->at(0), 0);
  p.leave(code->at(0), exit);
  return p.now();
}

TEST(Hazard3, AsInItsTable) {
  if (!assemble_riscv("nop")) GTEST_SKIP() << "not installed: riscv64-unknown-elf-as";
  EXPECT_EQ(hazard3("add x5, x6, x7\nmul x5, x5, x7\nmulhu x5, x5, x7\nadd x5, x5, x7"), 4);
  EXPECT_EQ(hazard3("lw x5, (x6)\nadd x7, x8, x9"), 2);
  EXPECT_EQ(hazard3("lw x5, (x6)\nadd x7, x5, x9"), 3);  // a bubble
  EXPECT_EQ(hazard3("lb x5, (x6)\nlw x7, (x5)"), 3);     // load to address as well
  EXPECT_EQ(hazard3("lw x5, (x6)\nsw x5, (x7)"), 2);     // but not load to store
  EXPECT_EQ(hazard3("div x5, x6, x7"), 18);
  EXPECT_EQ(leaving("1: jal x1, 1b", {true, true, false, false}), 2);
  EXPECT_EQ(leaving("ret", {true, true, false, false}), 2);
  EXPECT_EQ(leaving("1: bne x5, x6, 1b", {true, false, false, false}), 2);
  EXPECT_EQ(leaving("1: bne x5, x6, 1b", {true, false, true, false}), 3);   // to an unaligned one of 32 bits
  EXPECT_EQ(leaving("1: bne x5, x6, 1b", {true, false, false, true}), 1);   // the loop that was foreseen
  EXPECT_EQ(leaving("1: bne x5, x6, 1b", {false, false, false, true}), 2);  // its end
  EXPECT_EQ(leaving("1: bne x5, x6, 1b", {false, false, false, false}), 1);
}

}  // namespace
}  // namespace smelt::riscv
