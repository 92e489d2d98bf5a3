// Where a model's parts go on a board of several memories: words for people, and lines for a linker script.
#include <algorithm>

#include "emit/text.hpp"

namespace smelt::emit_detail {
namespace {

std::vector<std::string> memories(const EmitOptions& options) {
  std::vector<std::string> names;
  for (const PlacedSection& s : options.placed) {
    if (std::find(names.begin(), names.end(), s.memory) == names.end()) names.push_back(s.memory);
  }
  return names;
}

std::string section_name(const std::string& memory) { return "smelt_" + identifier(memory); }

/// "3 functions (2,112 bytes) and the weights" of what goes to one memory.
std::string what_goes(const EmitOptions& options, const std::string& memory) {
  std::uint64_t functions = 0, code = 0, weights = 0;
  for (const PlacedSection& s : options.placed) {
    if (s.memory != memory) continue;
    (s.symbol.empty() ? weights : code) += s.bytes;
    functions += s.symbol.empty() ? 0 : 1;
  }
  std::string text;
  if (functions != 0) text = std::to_string(functions) + (functions == 1 ? " function (" : " functions (") + std::to_string(code) + " bytes)";
  if (weights != 0) text += (text.empty() ? "" : " and ") + ("the weights (" + std::to_string(weights) + " bytes)");
  return text;
}

}  // namespace

std::string placement_readme(const EmitOptions& options) {
  if (options.board.empty()) return "";
  std::string text = "- On " + options.board + ": arena and stack in `" + options.data_memory +
                     "` (`SMELT_SECTION_ARENA` before the `Model` or in `@NAME@_STATIC_ARENA`, defined as an attribute";
  if (options.placed.empty()) return text + ");\n  code and weights stay in flash.\n";
  text += ").\n  Copied from flash at start-up:";
  for (const std::string& m : memories(options)) text += "\n  to `" + m + "` " + what_goes(options, m) + ";";
  text.back() = '.';
  return text + "\n  `@name@.ld` has the lines for your linker script. Nothing changes while it is not used.\n";
}

std::string placement_script(const EmitOptions& options) {
  if (options.placed.empty()) return "";
  std::string text = "/* For the SECTIONS of a linker script, before what takes all of .text and .rodata: what of " + options.name +
                     " works in a faster\n * memory of " + options.board +
                     " than flash. MEMORY must have these names, and FLASH. Start-up code copies each section from\n"
                     " * ..._from to [..._begin, ..._end). Compile " + options.name +
                     ".cpp with -ffunction-sections";
  const bool weights = std::any_of(options.placed.begin(), options.placed.end(), [](const PlacedSection& s) { return s.symbol.empty(); });
  if (weights) text += " and\n * -DSMELT_SECTION_WEIGHTS='__attribute__((section(\".smelt_weights\")))'";
  text += ". */\n";
  for (const std::string& m : memories(options)) {
    const std::string name = section_name(m);
    text += "." + name + " : ALIGN(16) {\n  " + name + "_begin = .;\n";
    for (const PlacedSection& s : options.placed) {
      if (s.memory != m) continue;
      text += s.symbol.empty() ? "  *(.smelt_weights)\n" : "  *(.text." + s.symbol + " .text." + s.symbol + ".*)\n";
    }
    text += "  . = ALIGN(16);\n  " + name + "_end = .;\n} > " + identifier(m) + " AT> FLASH\n" + name + "_from = LOADADDR(." + name + ");\n";
  }
  return text;
}

}  // namespace smelt::emit_detail
