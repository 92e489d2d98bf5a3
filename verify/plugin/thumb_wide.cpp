// The instructions of 32 bits, except those of the floating-point unit and of vectors.
#include "verify/plugin/thumb_mve.hpp"

namespace smelt::thumb {
namespace {

Instruction dual_exclusive_table(std::uint32_t a, std::uint32_t b) {
  const unsigned rn = a & 15, rt = b >> 12, rt2 = b >> 8 & 15, rm = b & 15;
  const bool load = (a & 0x10) != 0;
  if ((a & 0xfff0) == 0xe8d0 && (b & 0xffe0) == 0xf000) {
    Instruction i = branch(core(rn) | core(rm));
    i.address = i.reads;
    i.indirect = false;
    i.table = true;
    return i;
  }
  if ((a & 0x120) != 0) {
    Instruction i = memory_list(load, rn, core(rt) | core(rt2), (a & 0x20) != 0);
    i.registers = 2;
    i.literal = load && rn == 15;
    return i;
  }
  Instruction i = memory_access(load, rt, rn);
  if (!load) i.writes = core((a & 0x80) != 0 ? rm : rt2);  // whether STREX did it
  return i;
}

/// AND to RSB with their second operand from the shifter or a constant; `operand` 0: a constant.
Instruction logic_or_sum(std::uint32_t a, std::uint32_t b, Registers operand) {
  const unsigned op = a >> 5 & 15, rn = a & 15, rd = b >> 8 & 15;
  const bool sets = (a & 0x10) != 0, compare = rd == 15 && sets;
  const bool moves = (op == 2 || op == 3) && rn == 15;
  Instruction i = data_operation(Kind::alu, (compare ? 0 : core(rd)) | (sets ? flags : 0), operand);
  if (!moves) i.reads |= core(rn);
  if (op == 10 || op == 11) i.reads |= flags;  // ADC SBC
  return i;
}

Instruction shifted_register(std::uint32_t a, std::uint32_t b) {
  const unsigned op = a >> 5 & 15, rm = b & 15;
  Instruction i = logic_or_sum(a, b, core(rm));
  i.shifter = (b & 0x70f0) != 0;
  if (i.shifter && !(op == 2 && (a & 15) == 15)) i.shifted = core(rm);  // a mere shift finds a free shifter
  if (op == 6) i.kind = Kind::simd;                                     // PKH
  return i;
}

Instruction plain_constant(std::uint32_t a, std::uint32_t b) {
  const unsigned op = a >> 4 & 31, rn = a & 15, rd = b >> 8 & 15;
  const Registers from = rn == 15 ? 0 : core(rn);
  if (op == 4) return data_operation(Kind::alu, core(rd), 0);          // MOVW
  if (op == 12) return data_operation(Kind::alu, core(rd), core(rd));  // MOVT
  if (op < 16) return data_operation(Kind::alu, core(rd), from);       // ADDW SUBW ADR
  Instruction i = data_operation(op == 22 ? Kind::alu : Kind::simd, core(rd), from);
  i.shifter = true;
  i.shifted = from;
  if (op == 22) i.reads |= core(rd);  // BFI BFC
  return i;
}

Instruction branch_or_system(std::uint32_t a, std::uint32_t b) {
  if ((b & 0x5000) == 0x4000) return decode_loop(a, b);
  if ((b & 0x5000) == 0x5000) {  // BL
    Instruction i = branch();
    i.writes = core(14);
    return i;
  }
  if ((b & 0x5000) == 0x1000 || ((b & 0x5000) == 0 && (a >> 6 & 14) != 14)) return branch();
  if ((a & 0xffe0) == 0xf3e0) return data_operation(Kind::other, core(b >> 8), 0);  // MRS
  return {};
}

Instruction single_access(std::uint32_t a, std::uint32_t b) {
  const unsigned rn = a & 15, rt = b >> 12, size = a >> 5 & 3;
  const bool load = (a & 0x10) != 0;
  if (load && rt == 15 && size != 2) return {};  // PLD, PLI
  Instruction i = memory_access(load, rt, rn);
  i.narrow = size != 2;
  if (rn == 15 || (a & 0x80) != 0) return i;
  if ((b & 0x800) != 0) {
    if ((b & 0x100) != 0) i.updated = core(rn);
    i.writes |= i.updated;
  } else {
    i.indexed = true;
    i.address |= core(b);
    i.reads |= core(b);
  }
  return i;
}

Instruction register_operation(std::uint32_t a, std::uint32_t b) {
  const unsigned op1 = a >> 4 & 15, op2 = b >> 4 & 15;
  const Registers rn = core(a), rm = core(b), rd = core(b >> 8);
  if (op1 < 8 && op2 == 0) {  // LSL LSR ASR ROR
    Instruction i = data_operation(Kind::alu, rd | ((op1 & 1) != 0 ? flags : 0), rn | rm);
    i.shifter = true;
    return i;
  }
  Instruction i = data_operation(Kind::simd, rd, rn | rm);
  if (op1 < 8) {  // extend, with a sum where Rn is not 15
    if ((a & 15) == 15) {
      i.reads = rm;
    } else {
      i.shifter = true;
      i.shifted = rm;
    }
  } else if (op2 < 8) {  // parallel; S and U set the flags that SEL reads
    if ((op2 & 3) == 0) i.writes |= flags;
  } else if (op1 == 9 || op1 == 11) {  // REV, CLZ
    i.reads = rm;
    i.shifter = op1 == 9;
  } else if (op1 == 10) {  // SEL
    i.reads |= flags;
  }
  return i;
}

Instruction multiply(std::uint32_t a, std::uint32_t b) {
  const unsigned op1 = a >> 4 & 7, ra = b >> 12;
  Instruction i = data_operation(op1 == 2 || op1 == 4 ? Kind::simd_mac
                                 : op1 == 7           ? Kind::simd
                                                      : Kind::multiply,
                                 core(b >> 8), core(a) | core(b));
  if (ra != 15) {
    i.accumulator = core(ra);
    i.reads |= i.accumulator;
  }
  return i;
}

Instruction long_multiply_or_divide(std::uint32_t a, std::uint32_t b) {
  const unsigned op1 = a >> 4 & 7, op2 = b >> 4 & 15;
  const Registers both = core(b >> 8) | core(b >> 12);
  if (op1 == 1 || op1 == 3) return data_operation(Kind::divide, core(b >> 8), core(a) | core(b));
  Instruction i = data_operation(op1 == 5 || (op1 == 4 && op2 >= 12) ? Kind::simd_mac : Kind::long_multiply, both,
                                 core(a) | core(b));
  if (op1 >= 4) {
    i.accumulator = both;
    i.reads |= both;
  }
  return i;
}

}  // namespace

Instruction decode_wide(std::uint32_t a, std::uint32_t b) {
  const unsigned op2 = a >> 4 & 0x7f;
  if ((op2 & 0x40) != 0 && (a >> 11 & 3) != 2) return is_mve(a, b) ? decode_mve(a, b) : decode_vfp(a, b);
  switch (a >> 11 & 3) {
    case 1:
      if ((a & 0xfff0) == 0xea50 && (b & 0x8000) != 0)  // CSEL and its like
        return data_operation(Kind::alu, core(b >> 8), flags | ((a & 15) == 15 ? 0 : core(a)) | ((b & 15) == 15 ? 0 : core(b)));
      if ((op2 & 0x20) != 0) return shifted_register(a, b);
      if ((op2 & 4) != 0) return dual_exclusive_table(a, b);
      return memory_list((a & 0x10) != 0, a & 15, b & 0xffff, (a & 0x20) != 0);
    case 2:
      if ((b & 0x8000) != 0) return branch_or_system(a, b);
      return (op2 & 0x20) == 0 ? logic_or_sum(a, b, 0) : plain_constant(a, b);
    default:
      if ((op2 & 0x60) == 0) return single_access(a, b);
      if ((op2 & 0x70) == 0x20) return register_operation(a, b);
      return (op2 & 8) == 0 ? multiply(a, b) : long_multiply_or_divide(a, b);
  }
}

}  // namespace smelt::thumb
