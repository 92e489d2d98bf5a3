// Turns assembly into decoded instructions, by the cross assemblers.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "verify/plugin/riscv.hpp"
#include "verify/plugin/thumb.hpp"
#include "verify/process.hpp"

namespace smelt {

/// The bytes that a cross assembler makes of a text; nothing where it is not installed.
inline std::optional<std::string> machine_code(const std::string& prefix, const std::vector<std::string>& flags,
                                               const std::string& text) {
  const auto as = verify::find_program(prefix + "as"), objcopy = verify::find_program(prefix + "objcopy");
  if (!as || !objcopy) return std::nullopt;
  const verify::TempDir directory;
  std::ofstream(directory.path() / "t.s") << text << "\n";
  const std::chrono::seconds deadline{60};
  std::vector<std::string> command{*as};
  command.insert(command.end(), flags.begin(), flags.end());
  command.insert(command.end(), {"t.s", "-o", "t.o"});
  const verify::Ended assembled = verify::run_program(command, directory.path(), deadline);
  EXPECT_EQ(assembled.status, 0) << assembled.output;
  verify::run_program({*objcopy, "-O", "binary", "-j", ".text", "t.o", "t.bin"}, directory.path(), deadline);
  std::ifstream in(directory.path() / "t.bin", std::ios::binary);
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Decoder = thumb::Instruction (*)(std::uint32_t first, std::uint32_t second);

inline std::optional<std::vector<thumb::Instruction>> decoded(const std::optional<std::string>& code, Decoder decode) {
  if (!code) return std::nullopt;
  const auto half = [&](std::size_t at) -> std::uint32_t {
    if (at + 1 >= code->size()) return 0;
    return static_cast<std::uint8_t>((*code)[at]) |
           static_cast<std::uint32_t>(static_cast<std::uint8_t>((*code)[at + 1])) << 8;
  };
  std::vector<thumb::Instruction> all;
  for (std::size_t at = 0; at < code->size(); at += all.back().bytes) all.push_back(decode(half(at), half(at + 2)));
  return all;
}

/// The instructions of a text, one a line.
inline std::optional<std::vector<thumb::Instruction>> assemble(const std::string& text) {
  return decoded(
      machine_code("arm-none-eabi-", {"-mcpu=cortex-m7", "-mfpu=fpv5-d16"}, ".syntax unified\n.thumb\n" + text),
      thumb::decode);
}

/// The same of Armv8.1-M with vectors.
inline std::optional<std::vector<thumb::Instruction>> assemble_vectors(const std::string& text) {
  return decoded(machine_code("arm-none-eabi-", {"-march=armv8.1-m.main+mve.fp+fp.dp", "-mfloat-abi=hard"},
                              ".syntax unified\n.thumb\n" + text),
                 thumb::decode);
}

/// The same of RV32IMAC.
inline std::optional<std::vector<thumb::Instruction>> assemble_riscv(const std::string& text) {
  return decoded(machine_code("riscv64-unknown-elf-", {"-march=rv32imac", "-mabi=ilp32", "-mno-relax"}, text),
                 riscv::decode);
}

}  // namespace smelt
