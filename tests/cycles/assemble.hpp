// Turns assembly into decoded instructions, by the cross assembler.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "verify/plugin/thumb.hpp"
#include "verify/process.hpp"

namespace smelt {

/// The instructions of a text, one a line; nothing where the assembler is not installed.
inline std::optional<std::vector<thumb::Instruction>> assemble(const std::string& text) {
  const auto as = verify::find_program("arm-none-eabi-as"), objcopy = verify::find_program("arm-none-eabi-objcopy");
  if (!as || !objcopy) return std::nullopt;
  const verify::TempDir directory;
  std::ofstream(directory.path() / "t.s") << ".syntax unified\n.thumb\n" << text << "\n";
  const std::chrono::seconds deadline{60};
  const verify::Ended assembled =
      verify::run_program({*as, "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "t.s", "-o", "t.o"}, directory.path(), deadline);
  EXPECT_EQ(assembled.status, 0) << assembled.output;
  verify::run_program({*objcopy, "-O", "binary", "-j", ".text", "t.o", "t.bin"}, directory.path(), deadline);
  std::ifstream in(directory.path() / "t.bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto half = [&](std::size_t at) -> std::uint32_t {
    if (at + 1 >= bytes.size()) return 0;
    return static_cast<std::uint8_t>(bytes[at]) | static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at + 1]))
                                                      << 8;
  };
  std::vector<thumb::Instruction> all;
  for (std::size_t at = 0; at < bytes.size(); at += all.back().bytes)
    all.push_back(thumb::decode(half(at), half(at + 2)));
  return all;
}

}  // namespace smelt
