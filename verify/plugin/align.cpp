// A QEMU plugin that ends the emulation at the first memory access that is not aligned to its size, which QEMU lets
// pass on machines whose real counterparts would fault.
#include <unistd.h>

#include <cstdio>

#include "verify/device/protocol.hpp"
#include "verify/plugin/qemu_plugin.hpp"

namespace {

constexpr int no_registers = 0;
constexpr int reads_and_writes = 3;

void on_access(unsigned, std::uint32_t info, std::uint64_t address, void* instruction) {
  const std::uint64_t size = std::uint64_t{1} << qemu_plugin_mem_size_shift(info);
  if ((address & (size - 1)) == 0) return;
  std::fprintf(stderr, "unaligned access of %u bytes to 0x%08llx by the instruction at 0x%08llx\n",
               static_cast<unsigned>(size), static_cast<unsigned long long>(address),
               static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(instruction)));
  std::fflush(stderr);
  _exit(smelt::wire::unaligned_status);
}

void on_translation(std::uint64_t, qemu_plugin_tb* block) {
  const std::size_t count = qemu_plugin_tb_n_insns(block);
  for (std::size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    void* where = reinterpret_cast<void*>(static_cast<std::uintptr_t>(qemu_plugin_insn_vaddr(instruction)));
    qemu_plugin_register_vcpu_mem_cb(instruction, on_access, no_registers, reads_and_writes, where);
  }
}

}  // namespace

int qemu_plugin_version = 1;

int qemu_plugin_install(std::uint64_t id, const qemu_info_t*, int, char**) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
