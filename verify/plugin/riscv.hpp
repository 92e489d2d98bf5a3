// The same knowledge of RISC-V instructions (RV32IMAC, and the bit manipulation of Zba, Zbb and Zbs), written from the
// tables of the Unprivileged ISA, chapters RV32/64G and C. Integer registers stand where Thumb's floating-point ones
// do.
#pragma once

#include "verify/plugin/thumb.hpp"

namespace smelt::riscv {

using thumb::data_operation;
using thumb::Instruction;
using thumb::Kind;
using thumb::Registers;

/// x0 is no register.
constexpr Registers x(std::uint32_t r) { return (r & 31) == 0 ? 0 : Registers{1} << (thumb::fp_registers + (r & 31)); }

inline Instruction memory_access(bool load, Registers data, Registers base, bool narrow) {
  Instruction i = data_operation(load ? Kind::load : Kind::store, load ? data : 0, base | (load ? 0 : data));
  i.address = base;
  i.stored = load ? 0 : data;
  i.narrow = narrow;
  return i;
}

inline Instruction jump(Registers link, Registers to, bool indirect) {
  Instruction i = data_operation(Kind::branch, link, to);
  i.writes_pc = true;
  i.indirect = indirect;
  return i;
}

inline Instruction conditional(Registers reads) {
  Instruction i = jump(0, reads, false);
  i.conditional = true;
  return i;
}

inline Instruction decode_wide(std::uint32_t w) {
  const Registers rd = x(w >> 7), rs1 = x(w >> 15), rs2 = x(w >> 20);
  const unsigned funct3 = w >> 12 & 7;
  switch (w & 0x7f) {
    case 0x37:  // LUI
    case 0x17:  // AUIPC
      return data_operation(Kind::alu, rd, 0);
    case 0x6f:
      return jump(rd, 0, false);
    case 0x67:
      return jump(rd, rs1, true);
    case 0x63:
      return conditional(rs1 | rs2);
    case 0x03:
      return memory_access(true, rd, rs1, funct3 != 2);
    case 0x23:
      return memory_access(false, rs2, rs1, funct3 != 2);
    case 0x13:
      return data_operation(Kind::alu, rd, rs1);
    case 0x33: {
      const Kind kind = w >> 25 != 1 ? Kind::alu : funct3 < 4 ? Kind::multiply : Kind::divide;
      return data_operation(kind, rd, rs1 | rs2);
    }
    default:  // atomics, fences, control registers, traps
      return {};
  }
}

/// Registers that three bits name: x8 to x15.
constexpr Registers x8(std::uint32_t r) { return x(8 + (r & 7)); }

inline Instruction decode_narrow(std::uint32_t w) {
  const Registers rd = x(w >> 7), low = x8(w >> 7), low2 = x8(w >> 2), rs2 = x(w >> 2);
  const Registers sp = x(2);
  switch ((w & 3) << 3 | w >> 13) {
    case 0:  // C.ADDI4SPN; all zeros are no instruction
      return w == 0 ? Instruction{} : data_operation(Kind::alu, low2, sp);
    case 2:
      return memory_access(true, low2, low, false);
    case 6:
      return memory_access(false, low2, low, false);
    case 8:  // C.ADDI, C.NOP
      return data_operation(Kind::alu, rd, rd);
    case 9:  // C.JAL
      return jump(x(1), 0, false);
    case 10:  // C.LI
      return data_operation(Kind::alu, rd, 0);
    case 11:  // C.ADDI16SP, C.LUI
      return data_operation(Kind::alu, rd, rd == sp ? sp : 0);
    case 12:  // shifts and AND by a constant; SUB, XOR, OR, AND
      return data_operation(Kind::alu, low, low | ((w >> 10 & 3) == 3 ? low2 : 0));
    case 13:  // C.J
      return jump(0, 0, false);
    case 14:
    case 15:
      return conditional(low);
    case 16:  // C.SLLI
      return data_operation(Kind::alu, rd, rd);
    case 18:
      return memory_access(true, rd, sp, false);
    case 20:
      if (rs2 == 0)
        return rd == 0 ? Instruction{} : jump((w & 0x1000) != 0 ? x(1) : 0, rd, true);  // C.EBREAK; C.J[AL]R
      return data_operation(Kind::alu, rd, rs2 | ((w & 0x1000) != 0 ? rd : 0));         // C.ADD, C.MV
    case 22:
      return memory_access(false, rs2, sp, false);
    default:
      return {};
  }
}

/// `second` is ignored where the instruction has 16 bits.
inline Instruction decode(std::uint32_t first, std::uint32_t second) {
  if ((first & 3) != 3) return decode_narrow(first);
  Instruction i = decode_wide(first | second << 16);
  i.bytes = 4;
  return i;
}

}  // namespace smelt::riscv
