// Vectors (MVE) and low-overhead loops of Armv8.1-M, as far as a pipeline must know them: the pipe that each instruction
// takes, and its registers. Written from the Armv8-M Architecture Reference Manual, chapter C2. Predication is not followed.
#pragma once

#include "verify/plugin/thumb_vfp.hpp"

namespace smelt::thumb {

/// Four single-precision registers.
constexpr Registers quad(std::uint32_t q) { return Registers{15} << (fp_registers + 4 * (q & 7)); }

namespace mve {

inline Instruction made(Kind kind, Registers writes, Registers reads, bool slow = false) {
  Instruction i = data_operation(kind, writes, reads);
  i.slow = slow;
  return i;
}

/// VLDR and VSTR, contiguous, of vectors of addresses, and interleaving; VMOV of two lanes.
inline Instruction transfer(std::uint32_t a, std::uint32_t b) {
  const bool load = (a & 0x10) != 0, write_back = (a & 0x20) != 0, vector_base = (a & 0xff00) == 0xfd00;
  const bool interleaves = (a & 0xff00) == 0xfc00;
  const std::uint32_t qd = b >> 13;
  if (!vector_base && !interleaves && (a & 0x1a0) == 0) {  // VMOV, two core registers
    const Registers two = core(b) | core(a);
    return data_operation(Kind::fp_move, load ? quad(qd) : two, load ? two : quad(qd));
  }
  Instruction i;
  i.kind = load ? Kind::vector_load : Kind::vector_store;
  Registers data = quad(qd);
  if (interleaves) {
    data |= quad(qd + 1);
    if ((b & 1) != 0) data |= quad(qd + 2) | quad(qd + 3);
  }
  const bool widens = !interleaves && !vector_base && (b & 0x1000) == 0 && ((a & 0x100) != 0 || write_back);
  i.address = vector_base ? quad(a >> 1) : core(widens ? a & 7 : a);
  if (!vector_base && !interleaves && (a & 0x100) == 0 && !write_back) i.address |= quad(b >> 1);  // [Rn, Qm]
  i.reads = i.address;
  (load ? i.writes : i.stored) = data;
  i.reads |= i.stored;
  if (write_back) {
    i.updated = vector_base ? quad(a >> 1) : core(widens ? a & 7 : a);
    i.writes |= i.updated;
  }
  return i;
}

/// Sums across a vector into one core register or two: VMLADAV, VMLALDAV, VADDV, VADDLV, VMAXV.
inline Instruction across(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t high = a >> 4 & 7;
  const bool extreme = high == 6, adds = !extreme && (b & 0x100) != 0 && (a & 1) != 0;
  Instruction i = made(extreme ? Kind::vector_int : Kind::vector_mul, 0, quad(b >> 1));
  const Registers low = extreme ? core(b >> 12) : core(b >> 12 & 14);
  const Registers sum = high >= 6 ? low : low | core(2 * high + 1);
  i.writes = sum;
  if (!extreme && !adds) i.reads |= quad(a >> 1);
  if (extreme || (b & 0x20) != 0) {
    i.accumulator = sum;
    i.reads |= sum;
  }
  i.to_core = true;
  return i;
}

/// Of three vectors, of two and a constant, of two: first halfword EFxx or FFxx.
inline Instruction vectors(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t op = b >> 8 & 15;
  const bool odd = (b & 0x10) != 0;
  const Registers d = quad(b >> 13), n = quad(a >> 1), m = quad(b >> 1);
  if ((a & 0x80) == 0) {
    const bool multiplies = (op == 9 && odd) || op == 11 || op >= 12;
    const bool slow = multiplies || (op == 4 && odd) || op == 5;
    const bool accumulates = op == 12 && odd;
    return made(multiplies ? Kind::vector_mul : Kind::vector_int, d, n | m | (accumulates ? d : 0), slow);
  }
  if (odd) {
    if ((a & 0x38) == 0) return made(Kind::vector_int, d, 0);  // a constant
    const bool inserts = (a & 0x1000) != 0 && (op == 4 || op == 5);
    return made(op >= 12 ? Kind::vector_mul : Kind::vector_int, d, m | (inserts ? d : 0), op == 2 || op == 7 || op >= 12);
  }
  const bool converts = (a & 3) == 3 && (op == 6 || op == 7);
  return made(converts ? Kind::vector_mul : Kind::vector_int, d, m, converts);
}

/// With a scalar, widening and narrowing, comparing: EExx or FExx.
inline Instruction mixed(std::uint32_t a, std::uint32_t b) {
  const Registers d = quad(b >> 13), n = quad(a >> 1), m = quad(b >> 1), r = core(b);
  const bool scalar = (b & 0x40) != 0, second = (b & 0x100) != 0;
  if ((a & 0x80) != 0) {
    if ((b & 0x40) == 0) return across(a, b);
    const bool shifts = (a & 0x30) != 0x30 || (b & 0x100) != 0;  // VSHLL and VMOVL; VSHRN and its like
    const bool narrows = shifts && (a & 0x20) == 0;
    return made(Kind::vector_int, d, narrows ? m | d : m, narrows);
  }
  if (!second) {
    const bool integers = (a & 0x30) == 0x30 && ((b & 0x60) == 0 || (b & 0x1000) != 0);
    if (!integers) {
      const bool accumulates = scalar && (b & 0x20) == 0;
      return made(Kind::vector_mul, d, n | (scalar ? r : m) | (accumulates ? d : 0), true);
    }
    if ((b & 0x60) == 0) return made(Kind::vector_int, d, d | m, true);  // VMOVN, VQMOVN
    return made(Kind::vector_int, d, d | r, (a & 2) != 0);               // shifts by a register
  }
  if ((a & 0xf000) == 0xf000 && (b & 0x1000) != 0) return made(Kind::vector_mul, 0, n | (scalar ? r : m));  // VCMP, VPT
  if ((a & 0xf000) == 0xf000 && (b & 0xf0) == 0x40) return made(Kind::vector_system, 0, 0);                 // VPST, VPNOT
  if ((a & 0x1000) == 0 && (b & 0x6e) == 0x6e) {  // VIDUP, VDDUP: from a register that they count on
    const Registers from = core(a & 14);
    return made(Kind::vector_int, d | from, from);
  }
  return made(Kind::vector_int, d, n | (scalar ? r : m));
}

}  // namespace mve

/// Whether it belongs here rather than to the floating-point unit.
constexpr bool is_mve(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t coprocessor = b >> 8 & 15;
  if ((a & 0xef00) == 0xef00 || coprocessor >= 14) return true;
  return coprocessor == 11 && (b & 0x10) != 0 && (a & 0xff90) == 0xee80;  // VDUP
}

inline Instruction decode_mve(std::uint32_t a, std::uint32_t b) {
  if ((a & 0xef00) == 0xef00) return mve::vectors(a, b);
  if ((a & 0xee00) == 0xec00) return mve::transfer(a, b);
  if ((b >> 8 & 15) == 11) return mve::made(Kind::vector_int, quad(a >> 1), core(b >> 12));
  return mve::mixed(a, b);
}

/// DLS, WLS, LE, their forms with tail predication, LCTP and VCTP; `i.kind` stays `other` for all else.
inline Instruction decode_loop(std::uint32_t a, std::uint32_t b) {
  Instruction i;
  if ((a & 0xff80) != 0xf000 || (b & 0xd001) != 0xc001) return i;
  const Registers counter = core(14), n = core(a);
  if ((b & 0x2000) == 0) {  // WLS, LE
    i = branch(0);
    i.reads = counter;
    i.writes = counter;
    i.loop_end = (a & 15) == 15;
    i.conditional = i.loop_end;
    if (!i.loop_end) i.reads = n;
  } else if ((b & 0x0800) != 0) {
    i = mve::made(Kind::vector_system, 0, n);
  } else {
    i = data_operation(Kind::alu, (a & 15) == 15 ? 0 : counter, (a & 15) == 15 ? 0 : n);
  }
  return i;
}

}  // namespace smelt::thumb
