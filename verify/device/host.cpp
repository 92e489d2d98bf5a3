// The port on the machine that runs the tool: no timer, no painted stack.
#include <cstdio>
#include <cstdlib>

#include "port.hpp"

namespace smelt::verify::port {

Stack stack() { return {nullptr, nullptr}; }
uintptr_t stack_pointer() { return 0; }
void spin(uint32_t) {}

namespace {
std::FILE* file(intptr_t handle) { return reinterpret_cast<std::FILE*>(handle); }
}  // namespace

intptr_t open(const char* name, bool write) {
  std::FILE* f = std::fopen(name, write ? "wb" : "rb");
  return f == nullptr ? -1 : reinterpret_cast<intptr_t>(f);
}

bool read(intptr_t handle, void* to, size_t bytes) { return std::fread(to, 1, bytes, file(handle)) == bytes; }
bool write(intptr_t handle, const void* from, size_t bytes) {
  return std::fwrite(from, 1, bytes, file(handle)) == bytes;
}
void close(intptr_t handle) { std::fclose(file(handle)); }
void print(const char* text) { std::fputs(text, stderr); }
void leave(int status) { std::exit(status); }

}  // namespace smelt::verify::port

int main() { return smelt::verify::run_job(); }
