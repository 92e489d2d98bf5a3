// Helpers for writing C++ text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emit/emit.hpp"
#include "lower/compile.hpp"

namespace smelt::emit_detail {

/// Replaces `@KEY@` by its value, also in values of the pairs before; other marks stay.
std::string fill(std::string text, const std::vector<std::pair<std::string, std::string>>& values);

/// Comma-separated items broken into lines of at most 116 columns, indented by two spaces.
std::string wrap(const std::vector<std::string>& items);

/// A C string literal with everything odd escaped.
std::string literal(const std::string& text);

/// A float literal that reads back as exactly this value.
std::string number(float value);

std::string upper(std::string text);

/// The tables: weights, parameters, views, operations, firing order, and `model`; what goes into namespace smelt_NAME.
std::string tables(const Program& program);

/// C++ type of one element of a port: "int8_t", "float"...
std::string c_type(DType type);

/// Templates for how an inference goes on: in steps, or row by pushed row.
struct Progress {
  std::string declarations;  ///< in NAME.h
  std::string members;       ///< of the class in NAME.hpp
  std::string advance;       ///< helper behind them
  std::string run;           ///< a whole inference
  std::string functions;     ///< definitions of what was declared
  std::string call;          ///< of `run`
};
Progress progress(const Program& program);

/// NAME.h, NAME.hpp, and the functions of NAME.cpp.
std::string c_header(const Program& program, const std::string& name);
std::string cpp_header(const Program& program, const std::string& name);
std::string functions(const Program& program, const std::string& name);

/// Bytes of the arena that are kept from one inference to the next.
uint32_t state_bytes(const Program& program);

/// Which memory of a board holds what: a part of the README, and a fragment of a linker script (empty where nothing is placed).
std::string placement_readme(const EmitOptions& options);
std::string placement_script(const EmitOptions& options);

/// What selftest expects: FNV-1a checksums of the weights, and of the outputs for a pseudo-random input. Where floats are
/// computed on the way, the first values of each output instead: of floats, or whole numbers that came from them.
struct KnownAnswer {
  uint32_t weights = 0;
  bool exact = true;
  uint32_t outputs = 0;
  std::vector<std::vector<float>> first;  ///< by output; finite
};
KnownAnswer known_answer(const Program& program);

/// Runtime headers by path ("runtime/core.hpp"); and those that the given ones include, in an order in which each comes
/// after what it includes.
const std::vector<std::pair<std::string, std::string>>& runtime_files();
std::vector<std::string> runtime_closure(const std::vector<std::string>& roots);
const std::string& licence();

}  // namespace smelt::emit_detail
