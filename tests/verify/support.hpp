// Models written by hand for the tests of verify/, and targets whose tools are there.
#pragma once

#include <gtest/gtest.h>

#include "verify/build.hpp"
#include "verify/run.hpp"

namespace smelt::verify {

inline ModelSpec tiny() {
  ModelSpec m;
  m.name = "tiny";
  m.directory = SMELT_TEST_MODELS_DIR;
  m.arena_bytes = 112;
  m.inputs = {{0, 32}};
  m.outputs = {{40, 32}};
  m.taps = {{0, 0, 4, 8, false, 1, 0}, {1, 2, 4, 8, true, 2, 2}, {1, 2, 2, 8, false, 2, 3}};
  m.op_count = 2;
  return m;
}

inline ModelSpec odd() {
  ModelSpec m;
  m.name = "odd";
  m.directory = SMELT_TEST_MODELS_DIR;
  m.arena_bytes = 32;
  m.inputs = {{0, 8}};
  m.outputs = {{8, 4}};
  m.op_count = 2;
  return m;
}

inline ModelSpec still() {
  ModelSpec m;
  m.name = "still";
  m.directory = SMELT_TEST_MODELS_DIR;
  m.arena_bytes = 16;
  m.inputs = {{0, 4}};
  m.outputs = {{4, 4}};
  return m;
}

/// What odd's kernel is told: an action and its argument.
inline Bytes order(std::uint32_t action, std::uint32_t argument) {
  Bytes bytes;
  for (const std::uint32_t word : {action, argument}) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return bytes;
}

inline ImageSpec image_of(ImageKind kind, std::vector<ModelSpec> models) {
  return {kind, std::move(models), false, {"-Wall", "-Wextra", "-Werror", "-I" SMELT_RUNTIME_DIR}};
}

/// A target's description, and whether its compiler and emulator are installed.
inline bool installed(const targets::Target& t) {
  return find_program(t.compiler.command) && (!t.emulator || find_program(t.emulator->command));
}

}  // namespace smelt::verify
