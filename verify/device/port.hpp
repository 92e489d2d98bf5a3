// What the harness asks of the machine under it; one file per kind of machine implements it (arm-m.cpp, riscv.cpp,
// host.cpp), named by the `harness` field of a target.
#ifndef SMELT_VERIFY_PORT_HPP
#define SMELT_VERIFY_PORT_HPP

#include <stddef.h>
#include <stdint.h>

#include "target_config.hpp"  // generated from the target's data: the timer

namespace smelt::verify::port {

/// Bounds of the stack; both null where it cannot be painted.
struct Stack {
  uint32_t* limit;
  uint32_t* top;
};
Stack stack();

/// The stack pointer of the caller.
uintptr_t stack_pointer();

/// Runs `n` iterations of a loop of exactly two instructions, plus a constant.
void spin(uint32_t n);

/// Files of the working directory. `open` answers a handle, or a negative number; the others whether all bytes went.
intptr_t open(const char* name, bool write);
bool read(intptr_t handle, void* to, size_t bytes);
bool write(intptr_t handle, const void* from, size_t bytes);
void close(intptr_t handle);

void print(const char* text);
[[noreturn]] void leave(int status);

#ifdef SMELT_COUNTER
inline volatile uint32_t& device_register(uintptr_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }

/// Sets the target's counters to zero.
inline void restart_timer() {
  struct Word {
    uintptr_t address;
    uint32_t value;
  };
  static constexpr Word words[] = {SMELT_TIMER_SETUP};
  for (const Word& w : words) device_register(w.address) = w.value;
}

/// Ticks of virtual time, modulo 2^32. Volatile: stays between the accesses and calls around it.
inline uint32_t ticks() {
  const uint32_t now = device_register(SMELT_COUNTER);
  return SMELT_COUNTER_UP ? now : ~now;
}

/// Ticks of the coarse counter since restart_timer().
inline uint32_t coarse_ticks() { return device_register(SMELT_COARSE_COUNTER); }
#else
inline void restart_timer() {}
inline uint32_t ticks() { return 0; }
inline uint32_t coarse_ticks() { return 0; }
#endif

}  // namespace smelt::verify::port

namespace smelt::verify {

/// Reads the job, makes the inferences, writes the result; the exit status of the firmware.
int run_job();

/// Prints and leaves with failure.
[[noreturn]] void fail(const char* reason);
/// The same for a processor fault.
[[noreturn]] void fail(const char* reason, uintptr_t cause, uintptr_t address);

}  // namespace smelt::verify

#endif
