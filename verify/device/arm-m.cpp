// Start-up for Arm Cortex-M under an emulator that loads .data and clears .bss itself.
#include "copies.hpp"
#include "semihosting.hpp"

extern "C" {
void smelt_reset();
void smelt_fault();
[[noreturn, gnu::used]] void smelt_report_fault(const uint32_t* frame);

using Vector = void (*)();
struct VectorTable {
  uint32_t* stack;
  Vector handlers[15];
};
#define F smelt_fault
[[gnu::section(".smelt_start"), gnu::used]] extern const VectorTable smelt_vectors = {
    smelt::verify::port::smelt_stack_top, {smelt_reset, F, F, F, F, F, F, F, F, F, F, F, F, F, F}};
#undef F

void smelt_reset() {
  volatile uint32_t* const vtor = reinterpret_cast<volatile uint32_t*>(0xe000ed08);
  *vtor = reinterpret_cast<uint32_t>(&smelt_vectors);
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  volatile uint32_t* const cpacr = reinterpret_cast<volatile uint32_t*>(0xe000ed88);
  *cpacr = *cpacr | 0xfU << 20;  // coprocessors 10 and 11: floating point and Helium
  asm volatile("dsb\n\tisb" ::: "memory");
#endif
  smelt::verify::make_copies();
  asm volatile("dsb\n\tisb" ::: "memory");
  smelt::verify::port::leave(smelt::verify::run_job());
}

[[gnu::naked]] void smelt_fault() { asm volatile("mov r0, sp\n\tbl smelt_report_fault"); }

void smelt_report_fault(const uint32_t* frame) {
  const uint32_t cause = *reinterpret_cast<volatile uint32_t*>(0xe000ed28);  // CFSR
  smelt::verify::fail("processor fault (CFSR)", cause, frame[6]);
}
}

namespace smelt::verify {

intptr_t semihosting::call(intptr_t operation, const void* argument) {
  register intptr_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

[[gnu::naked]] uintptr_t port::stack_pointer() { asm volatile("mov r0, sp\n\tbx lr"); }

[[gnu::naked]] void port::spin(uint32_t) { asm volatile(".syntax unified\n1:\tsubs r0, r0, #1\n\tbne 1b\n\tbx lr"); }

}  // namespace smelt::verify
