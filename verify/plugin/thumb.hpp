// What a pipeline model must know of a Thumb-2 instruction (Armv7E-M with VFP, Armv8.1-M with vectors): its kind, the registers that it reads
// and writes, and how. Written from the encoding tables of the Armv7-M Architecture Reference Manual, chapter A5.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smelt::thumb {

enum class Kind : std::uint8_t {
  alu,
  simd,      ///< parallel arithmetic, packing, extension, saturation, reversal
  multiply,  ///< 32-bit result, with or without an accumulator
  simd_mac,  ///< two 16-bit products
  long_multiply,
  divide,
  load,
  store,
  load_multiple,  ///< LDM, POP, LDRD, VLDM
  store_multiple,
  branch,
  if_then,
  fp,         ///< arithmetic of one pass: add, multiply, convert, compare
  fp_mac,     ///< multiply-accumulate
  fp_divide,  ///< divide, square root
  fp_move,    ///< to, from and between its registers
  fp_load,    ///< one register
  fp_store,
  vector_load,
  vector_store,
  vector_int,     ///< sums, logic, shifts, moves
  vector_mul,     ///< multiplies, sums across a vector, comparisons, floating point
  vector_system,  ///< predicates
  other,  ///< hints, barriers, special registers, what is not decoded
};
constexpr std::size_t kind_count = static_cast<std::size_t>(Kind::other) + 1;
constexpr const char* kind_names[kind_count] = {"alu",     "simd",    "multiply", "simd_mac",      "long_multiply",
                                                "divide",  "load",    "store",    "load_multiple", "store_multiple",
                                                "branch",  "if_then", "fp",       "fp_mac",        "fp_divide",
                                                "fp_move", "fp_load", "fp_store", "vector_load",   "vector_store",
                                                "vector_int", "vector_mul", "vector_system", "other"};

/// Bits 0 to 15: core registers; 16: the flags; 32 to 63: single-precision registers.
using Registers = std::uint64_t;
constexpr unsigned flags_register = 16;
constexpr unsigned fp_registers = 32;
constexpr Registers core(unsigned r) { return Registers{1} << (r & 15); }
constexpr Registers flags = Registers{1} << flags_register;

struct Instruction {
  Kind kind = Kind::other;
  std::uint8_t bytes = 2;
  std::uint8_t registers = 1;  ///< words that a load or store moves
  bool narrow = false;         ///< load of less than a word
  bool indexed = false;        ///< address with a register offset
  bool literal = false;        ///< load relative to the program counter
  bool shifter = false;        ///< occupies the shifter
  bool writes_pc = false;      ///< branches, when it is executed
  bool indirect = false;       ///< to an address in a register
  bool conditional = false;    ///< a branch that the predictor of loops may know
  bool loads_pc = false;       ///< to an address in memory
  bool table = false;          ///< TBB, TBH
  bool loop_end = false;       ///< LE, LETP
  bool slow = false;           ///< of vectors: takes one cycle more to its result
  bool to_core = false;        ///< of vectors: makes a core register
  Registers reads = 0;         ///< all operands
  Registers writes = 0;
  Registers address = 0;      ///< of reads: those that make up an address
  Registers shifted = 0;      ///< of reads: those that pass the shifter first
  Registers accumulator = 0;  ///< of reads: the addend of a multiply-accumulate
  Registers stored = 0;       ///< of reads: the data of a store
  Registers updated = 0;      ///< of writes: a base address
};

Instruction decode_wide(std::uint32_t first, std::uint32_t second);

inline Instruction memory_access(bool load, unsigned rt, unsigned rn) {
  Instruction i;
  i.kind = load ? Kind::load : Kind::store;
  i.address = core(rn);
  i.reads = i.address;
  (load ? i.writes : i.stored) = core(rt);
  i.reads |= i.stored;
  i.literal = load && rn == 15;
  if (load && rt == 15) i.writes_pc = i.loads_pc = true;
  return i;
}

inline Instruction memory_list(bool load, unsigned rn, Registers list, bool write_back) {
  Instruction i;
  i.kind = load ? Kind::load_multiple : Kind::store_multiple;
  i.registers = static_cast<std::uint8_t>(__builtin_popcountll(list));
  i.address = core(rn);
  i.reads = i.address;
  (load ? i.writes : i.stored) = list;
  i.reads |= i.stored;
  if (write_back) i.updated = core(rn);
  i.writes |= i.updated;
  if (load && (list & core(15)) != 0) i.writes_pc = i.loads_pc = true;
  return i;
}

inline Instruction data_operation(Kind kind, Registers writes, Registers reads) {
  Instruction i;
  i.kind = kind;
  i.writes = writes;
  i.reads = reads;
  return i;
}

inline Instruction branch(Registers reads = 0) {
  Instruction i = data_operation(Kind::branch, 0, reads);
  i.writes_pc = true;
  i.indirect = reads != 0;
  return i;
}

/// AND to MVN between low registers, in the order of their opcodes.
inline Instruction decode_low_operation(std::uint32_t w) {
  const unsigned op = w >> 6 & 15, rm = w >> 3 & 7, rd = w & 7;
  const Registers both = core(rm) | core(rd);
  Instruction i = data_operation(Kind::alu, core(rd) | flags, both);
  if (op == 2 || op == 3 || op == 4 || op == 7) i.shifter = true;  // LSL LSR ASR ROR
  if (op == 5 || op == 6) i.reads |= flags;                        // ADC SBC
  if (op == 8 || op == 10 || op == 11) i.writes = flags;           // TST CMP CMN
  if (op == 9 || op == 15) i.reads = core(rm);                     // RSB MVN
  if (op == 13) i.kind = Kind::multiply;
  return i;
}

/// ADD, CMP, MOV between all registers, BX, BLX.
inline Instruction decode_high_operation(std::uint32_t w) {
  const unsigned op = w >> 8 & 3, rm = w >> 3 & 15, rd = (w & 7) | (w >> 4 & 8);
  if (op == 3) {
    Instruction i = branch(core(rm));
    if ((w & 0x80) != 0) i.writes = core(14);
    return i;
  }
  if (op == 1) return data_operation(Kind::alu, flags, core(rd) | core(rm));
  Instruction i = data_operation(Kind::alu, core(rd), core(rm) | (op == 0 ? core(rd) : 0));
  i.writes_pc = i.indirect = rd == 15;
  return i;
}

inline Instruction decode_miscellaneous(std::uint32_t w) {
  const unsigned rm = w >> 3 & 7, rd = w & 7;
  if ((w & 0xff00) == 0xb000) return data_operation(Kind::alu, core(13), core(13));
  if ((w & 0xf500) == 0xb100) {  // CBZ, CBNZ
    Instruction i = branch(core(rd));
    i.indirect = false;
    return i;
  }
  if ((w & 0xff00) == 0xb200) return data_operation(Kind::simd, core(rd), core(rm));  // extend
  if ((w & 0xff00) == 0xba00) {                                                       // reverse
    Instruction i = data_operation(Kind::simd, core(rd), core(rm));
    i.shifter = true;
    return i;
  }
  if ((w & 0xfe00) == 0xb400) return memory_list(false, 13, (w & 0xff) | ((w & 0x100) != 0 ? core(14) : 0), true);
  if ((w & 0xfe00) == 0xbc00) return memory_list(true, 13, (w & 0xff) | ((w & 0x100) != 0 ? core(15) : 0), true);
  if ((w & 0xff00) == 0xbf00 && (w & 15) != 0) return data_operation(Kind::if_then, 0, 0);
  return {};
}

inline Instruction decode_narrow(std::uint32_t w) {
  const unsigned rd = w & 7, rn = w >> 3 & 7, rm = w >> 6 & 7, rx = w >> 8 & 7;
  switch (w >> 11) {
    case 0:
    case 1:
    case 2: {  // LSL, LSR, ASR by a constant; LSL by none is MOV
      Instruction i = data_operation(Kind::alu, core(rd) | flags, core(rn));
      i.shifter = (w >> 6) != 0;
      return i;
    }
    case 3:
      return data_operation(Kind::alu, core(rd) | flags, core(rn) | ((w & 0x400) == 0 ? core(rm) : 0));
    case 4:
      return data_operation(Kind::alu, core(rx) | flags, 0);
    case 5:
      return data_operation(Kind::alu, flags, core(rx));
    case 6:
    case 7:
      return data_operation(Kind::alu, core(rx) | flags, core(rx));
    case 8:
      return (w & 0x400) == 0 ? decode_low_operation(w) : decode_high_operation(w);
    case 9:
      return memory_access(true, rx, 15);
    case 10:
    case 11: {  // register offset: STR STRH STRB LDRSB LDR LDRH LDRB LDRSH
      const unsigned op = w >> 9 & 7;
      Instruction i = memory_access(op >= 3, rd, rn);
      i.indexed = true;
      i.narrow = op != 0 && op != 4;
      i.address |= core(rm);
      i.reads |= core(rm);
      return i;
    }
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17: {  // constant offset: word, byte, halfword
      Instruction i = memory_access((w & 0x800) != 0, rd, rn);
      i.narrow = (w >> 12) != 6;
      return i;
    }
    case 18:
    case 19:
      return memory_access((w & 0x800) != 0, rx, 13);
    case 20:
      return data_operation(Kind::alu, core(rx), 0);  // ADR
    case 21:
      return data_operation(Kind::alu, core(rx), core(13));
    case 22:
    case 23:
      return decode_miscellaneous(w);
    case 24:
      return memory_list(false, rx, w & 0xff, true);
    case 25:
      return memory_list(true, rx, w & 0xff, (w >> rx & 1) == 0);
    case 26:
    case 27:
      return (w & 0xe00) == 0xe00 ? Instruction{} : branch();  // UDF and SVC are no branches
    default:
      return branch();
  }
}

constexpr bool is_wide(std::uint32_t first) { return (first >> 11) >= 29; }

/// `second` is ignored where the instruction has 16 bits.
inline Instruction decode(std::uint32_t first, std::uint32_t second) {
  if (!is_wide(first)) return decode_narrow(first);
  Instruction i = decode_wide(first, second);
  i.bytes = 4;
  return i;
}

}  // namespace smelt::thumb
