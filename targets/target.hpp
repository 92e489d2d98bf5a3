// A target is data: one TOML file says how to compile for a core and on which emulated machine to run the result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/diagnostic.hpp"
#include "lower/lowering.hpp"
#include "targets/cycle_parameters.hpp"

namespace smelt::targets {

/// The compiler driver, found on the PATH, and the flags with which all code of the target is compiled.
struct Compiler {
  std::string command;
  std::string package;  ///< Debian package that brings it
  std::vector<std::string> flags;
  std::vector<std::string> link_flags;  ///< behind them where an image is linked
};

/// The emulator and the machine that it plays.
struct Emulator {
  std::string command;
  std::string package;
  std::string machine;
  std::string cpu;                     ///< empty: the machine's own
  std::vector<std::string> arguments;  ///< further ones, e.g. to go without firmware
  int icount_shift = 0;                ///< one instruction takes 2^shift nanoseconds of virtual time
};

/// A range of addresses and what the linker may place there: "start" (what the core fetches at reset), "code", "data".
struct Memory {
  std::string name;
  std::uint32_t origin = 0;
  std::uint32_t length = 0;
  std::vector<std::string> holds;
};

/// A memory-mapped 32-bit counter that runs on virtual time.
struct Timer {
  bool up = true;  ///< counts up or down
  std::uint32_t address = 0;
  std::uint32_t hz = 0;
  std::uint32_t coarse_address = 0;  ///< a second counter, one tick of it being coarse_ticks of the first
  std::uint64_t coarse_ticks = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> setup;  ///< (address, value) words that set both going from zero
};

/// A model of the core's pipeline: estimates, never measurements.
struct CycleModel {
  std::string isa;                                      ///< which decoder: thumb, riscv
  std::string model;                                    ///< what it is built from, one line for people
  std::string error;                                    ///< how far off it was found to be, and against what
  double wait_states = 0;                               ///< of flash, on the board in mind
  std::array<CycleParameters, column_count> columns{};  ///< low, nominal, high
};

struct Target {
  std::string name;
  std::string title;
  std::string core;
  std::string harness;            ///< start-up code: verify/device/<harness>.cpp
  Vector vector = Vector::none;   ///< instructions that the core has
  bool strict_alignment = false;  ///< the core faults on an unaligned access, whatever the emulator does
  Compiler compiler;
  std::optional<Emulator> emulator;  ///< absent: the code runs natively
  std::vector<Memory> memories;      ///< empty: the compiler's own link
  std::optional<Timer> timer;        ///< absent: no instruction counts
  std::optional<CycleModel> cycles;  ///< absent: no estimates of cycles
};

/// Instructions = ticks * numerator / denominator; needs an emulator and a timer.
struct TickRatio {
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;
};
TickRatio tick_ratio(const Target& target);

/// A file or directory that the tool needs: $variable, else `installed` below the prefix of the running tool, else
/// `built`, where this build has it.
std::filesystem::path locate(const char* variable, const char* installed, const char* built);

/// Where the descriptions are.
std::filesystem::path directory();

/// Names of the .toml files in a directory, sorted.
std::vector<std::string> names_in(const std::filesystem::path& directory);

/// Names of all targets, sorted.
std::vector<std::string> target_names();

/// Reads a target by name; all mistakes of its file come in one Failure.
Result<Target> load_target(const std::string& name);

/// The same from a file.
Result<Target> read_target(const std::filesystem::path& file);

}  // namespace smelt::targets
