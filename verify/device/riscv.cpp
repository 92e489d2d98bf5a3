// Start-up for 32-bit RISC-V in machine mode, without firmware, under an emulator that loads .data and clears .bss
// itself.
#include "copies.hpp"
#include "semihosting.hpp"

// Vectors and floating point are off at reset: mstatus.VS and FS.
#if defined(__riscv_vector)
#define SMELT_UNITS "li t0, 0x2200\n\tcsrs mstatus, t0\n\t"
#else
#define SMELT_UNITS
#endif

extern "C" {
[[noreturn, gnu::used]] void smelt_main() {
  smelt::verify::make_copies();
  asm volatile(".option push\n\t.option arch, +zifencei\n\tfence.i\n\t.option pop" ::: "memory");
  smelt::verify::port::leave(smelt::verify::run_job());
}

[[gnu::naked, gnu::used, gnu::section(".smelt_start")]] void smelt_reset() {
  asm volatile(
      ".option push\n\t.option arch, +zicsr\n\t"
      ".option norelax\n\tla gp, __global_pointer$\n\t"
      "la sp, smelt_stack_top\n\tla t0, smelt_trap\n\tcsrw mtvec, t0\n\t" SMELT_UNITS "j smelt_main\n\t.option pop");
}

[[noreturn, gnu::used]] void smelt_report_trap(uint32_t cause, uint32_t address) {
  smelt::verify::fail("processor trap (mcause)", cause, address);
}

[[gnu::naked, gnu::used, gnu::aligned(4)]] void smelt_trap() {
  asm volatile(
      ".option push\n\t.option arch, +zicsr\n\t"
      "csrr a0, mcause\n\tcsrr a1, mepc\n\tj smelt_report_trap\n\t.option pop");
}
}

namespace smelt::verify {

intptr_t semihosting::call(intptr_t operation, const void* argument) {
  register intptr_t a0 asm("a0") = operation;
  register const void* a1 asm("a1") = argument;
  // The emulator knows the call by these three uncompressed instructions, which must share a page.
  asm volatile(
      ".option push\n\t.balign 16\n\t.option norvc\n\t"
      "slli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 7\n\t.option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}

[[gnu::naked]] uintptr_t port::stack_pointer() { asm volatile("mv a0, sp\n\tret"); }

[[gnu::naked]] void port::spin(uint32_t) { asm volatile("1:\taddi a0, a0, -1\n\tbnez a0, 1b\n\tret"); }

}  // namespace smelt::verify
