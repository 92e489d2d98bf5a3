// The instructions of the floating-point unit.
#pragma once

#include "verify/plugin/thumb.hpp"

namespace smelt::thumb {

/// The registers of a field of four bits and one bit more, as one single or one double.
constexpr Registers fp_register(bool is_double, unsigned four, unsigned one) {
  return is_double ? Registers{3} << (fp_registers + 2 * (four & 15))
                   : Registers{1} << (fp_registers + (four & 15) * 2 + (one & 1));
}

/// `count` words from the register on that the fields name.
constexpr Registers fp_list(bool is_double, unsigned four, unsigned one, unsigned count) {
  const unsigned first = is_double ? 2 * (four & 15) : (four & 15) * 2 + (one & 1);
  const Registers ones = count >= 32 ? 0xffffffffU : (Registers{1} << count) - 1;
  return (ones << first & 0xffffffffU) << fp_registers;
}

inline Instruction decode_vfp_transfer(std::uint32_t a, std::uint32_t b, bool is_double) {
  const bool load = (a & 0x10) != 0, write_back = (a & 0x20) != 0;
  const unsigned rn = a & 15, vd = b >> 12, d = a >> 6 & 1;
  if ((a & 0x1a0) == 0) {  // two core registers
    const Registers two = core(b >> 12) | core(rn);
    const Registers pair = fp_list(is_double, b & 15, b >> 5 & 1, 2);
    Instruction i = data_operation(Kind::fp_move, load ? two : pair, load ? pair : two);
    i.registers = 2;
    return i;
  }
  const bool one = (a & 0x100) != 0 && !write_back;
  const unsigned words = one ? 1 + is_double : b & 0xff;
  const Registers list = one ? fp_register(is_double, vd, d) : fp_list(is_double, vd, d, words);
  Instruction i;
  if (one && !is_double) {
    i.kind = load ? Kind::fp_load : Kind::fp_store;
  } else {
    i.kind = load ? Kind::load_multiple : Kind::store_multiple;
  }
  i.registers = static_cast<std::uint8_t>(words);
  i.address = core(rn);
  i.reads = i.address;
  i.literal = load && rn == 15;
  (load ? i.writes : i.stored) = list;
  i.reads |= i.stored;
  if (write_back) i.updated = core(rn);
  i.writes |= i.updated;
  return i;
}

inline Instruction decode_vfp_operation(std::uint32_t a, std::uint32_t b, bool is_double) {
  const Registers d = fp_register(is_double, b >> 12, a >> 6), n = fp_register(is_double, a, b >> 7);
  const Registers m = fp_register(is_double, b, b >> 5);
  if (a >= 0xfe00) return data_operation(Kind::fp, d, n | m);  // VSEL VMAXNM VRINT VCVT
  const unsigned op = a >> 4 & 11;
  if (op < 2 || op == 9 || op == 10) {
    Instruction i = data_operation(Kind::fp_mac, d, d | n | m);
    i.accumulator = d;
    return i;
  }
  if (op == 8) return data_operation(Kind::fp_divide, d, n | m);
  if (op != 11) return data_operation(Kind::fp, d, n | m);
  if ((b & 0x40) == 0) return data_operation(Kind::fp_move, d, 0);  // a constant
  const unsigned what = a & 15;
  if (what == 0) return data_operation(Kind::fp_move, d, m);
  if (what == 1 && (b & 0x80) != 0) return data_operation(Kind::fp_divide, d, m);               // VSQRT
  if (what == 4 || what == 5) return data_operation(Kind::fp, flags, d | (what == 4 ? m : 0));  // VCMP
  return data_operation(Kind::fp, d, m);
}

inline Instruction decode_vfp(std::uint32_t a, std::uint32_t b) {
  const unsigned coprocessor = b >> 8 & 15;
  if (coprocessor != 10 && coprocessor != 11) return {};
  const bool is_double = coprocessor == 11;
  if ((a & 0xfe00) == 0xec00) return decode_vfp_transfer(a, b, is_double);
  if ((b & 0x10) == 0 || a >= 0xfe00) return decode_vfp_operation(a, b, is_double);
  const Registers r = core(b >> 12);
  if ((a & 0xffef) == 0xeee1) {  // VMRS, VMSR
    return data_operation(Kind::fp_move,
                          (b >> 12) == 15   ? flags
                          : (a & 0x10) != 0 ? r
                                            : 0,
                          (a & 0x10) != 0 ? flags : r);
  }
  const Registers s = fp_register(is_double, a, b >> 7);
  return (a & 0x10) != 0 ? data_operation(Kind::fp_move, r, s) : data_operation(Kind::fp_move, s, r);
}

}  // namespace smelt::thumb
