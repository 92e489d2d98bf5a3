// The port's files and console through semihosting, for machines where call() reaches the emulator.
#ifndef SMELT_VERIFY_SEMIHOSTING_HPP
#define SMELT_VERIFY_SEMIHOSTING_HPP

#include "port.hpp"

namespace smelt::verify::semihosting {

/// The one instruction sequence that differs between cores; defined beside the start-up code.
intptr_t call(intptr_t operation, const void* argument);

enum Operation : intptr_t {
  sys_open = 0x01,
  sys_close = 0x02,
  sys_write0 = 0x04,
  sys_write = 0x05,
  sys_read = 0x06,
  sys_exit_extended = 0x20
};

}  // namespace smelt::verify::semihosting

namespace smelt::verify::port {

intptr_t open(const char* name, bool write) {
  constexpr uintptr_t read_binary = 1;
  constexpr uintptr_t write_binary = 5;
  uintptr_t length = 0;
  while (name[length] != '\0') ++length;
  const uintptr_t block[] = {reinterpret_cast<uintptr_t>(name), write ? write_binary : read_binary, length};
  return semihosting::call(semihosting::sys_open, block);
}

// Reading and writing answer the number of bytes that did not go.
bool read(intptr_t handle, void* to, size_t bytes) {
  const uintptr_t block[] = {static_cast<uintptr_t>(handle), reinterpret_cast<uintptr_t>(to), bytes};
  return semihosting::call(semihosting::sys_read, block) == 0;
}

bool write(intptr_t handle, const void* from, size_t bytes) {
  const uintptr_t block[] = {static_cast<uintptr_t>(handle), reinterpret_cast<uintptr_t>(from), bytes};
  return semihosting::call(semihosting::sys_write, block) == 0;
}

void close(intptr_t handle) {
  const uintptr_t block[] = {static_cast<uintptr_t>(handle)};
  semihosting::call(semihosting::sys_close, block);
}

void print(const char* text) { semihosting::call(semihosting::sys_write0, text); }

void leave(int status) {
  constexpr uintptr_t application_exit = 0x20026;
  const uintptr_t block[] = {application_exit, static_cast<uintptr_t>(status)};
  for (;;) semihosting::call(semihosting::sys_exit_extended, block);
}

extern "C" uint32_t smelt_stack_limit[];
extern "C" uint32_t smelt_stack_top[];
Stack stack() { return {smelt_stack_limit, smelt_stack_top}; }

}  // namespace smelt::verify::port

#endif
