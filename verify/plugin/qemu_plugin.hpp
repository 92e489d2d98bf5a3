// The few declarations of QEMU's TCG plugin interface, version 1, that the plugin here uses. Written from the interface
// documented in QEMU's docs/devel/tcg-plugins.rst; Debian packages no header. QEMU itself resolves them at load time.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

/// What a plugin must export.
extern __attribute__((visibility("default"))) int qemu_plugin_version;
struct qemu_info_t;
__attribute__((visibility("default"))) int qemu_plugin_install(std::uint64_t id, const qemu_info_t* info, int argc,
                                                               char** argv);

/// A block of guest code at the moment of its translation, and its instructions.
struct qemu_plugin_tb;
struct qemu_plugin_insn;
using qemu_plugin_vcpu_tb_trans_cb_t = void (*)(std::uint64_t id, qemu_plugin_tb* block);
void qemu_plugin_register_vcpu_tb_trans_cb(std::uint64_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, std::size_t index);
std::uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn* instruction);
const void* qemu_plugin_insn_data(const qemu_plugin_insn* instruction);
std::size_t qemu_plugin_insn_size(const qemu_plugin_insn* instruction);

/// Called before each execution of an instruction.
using qemu_plugin_vcpu_udata_cb_t = void (*)(unsigned vcpu, void* user);
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* instruction, qemu_plugin_vcpu_udata_cb_t callback, int flags,
                                            void* user);

/// Memory accesses of an instruction. `flags` 0: registers are not touched; `kind` 1: reads,
/// 3: reads and writes.
using qemu_plugin_vcpu_mem_cb_t = void (*)(unsigned vcpu, std::uint32_t info, std::uint64_t address, void* user);
void qemu_plugin_register_vcpu_mem_cb(qemu_plugin_insn* instruction, qemu_plugin_vcpu_mem_cb_t callback, int flags,
                                      int kind, void* user);
unsigned qemu_plugin_mem_size_shift(std::uint32_t info);

/// Called once when the emulator ends.
using qemu_plugin_udata_cb_t = void (*)(std::uint64_t id, void* user);
void qemu_plugin_register_atexit_cb(std::uint64_t id, qemu_plugin_udata_cb_t callback, void* user);
}
