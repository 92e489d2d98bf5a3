#include "verify/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smelt::verify {
namespace {

constexpr std::uint32_t stack_bytes = 64 * 1024;

std::string slots(const std::string& name, const std::vector<Buffer>& buffers) {
  std::string text = fmt::format("static const Slot {}[] = {{", name);
  for (const Buffer& b : buffers) text += fmt::format("{{{}, {}}}, ", b.offset, b.bytes);
  return text + (buffers.empty() ? "{0, 0}" : "") + "};\n";
}

std::string measured_case(const ModelSpec& m, std::size_t i) {
  std::string arguments;
  for (const auto* list : {&m.inputs, &m.outputs}) {
    for (const Buffer& b : *list) arguments += fmt::format(", AnyPointer{{arena + {}}}", b.offset);
  }
  return fmt::format(
      "static {0}_context context_{1};\n"
      "static void run_{1}(Run& run) {{\n"
      "  measure(run, {3} && run.record.index != 0, [] {{ return {0}_init(&context_{1}, arena, sizeof arena); }},\n"
      "          [] {{ return {0}_invoke(&context_{1}{2}); }});\n"
      "}}\n",
      m.name, i, arguments, m.states.empty() ? "false" : "true");
}

std::string traced_case(const ModelSpec& m, std::size_t i) {
  std::uint32_t rows = 0;
  std::string taps;
  for (const TapSpec& t : m.taps) {
    taps += fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}, ", t.op, t.view, t.whole ? 1 : 0, t.rows,
                        t.row_bytes / t.pieces, t.pieces, t.stride, rows);
    rows += t.rows;
  }
  std::vector<Buffer> freed;
  std::string ends;
  for (const std::vector<Buffer>& call : m.freed) {
    freed.insert(freed.end(), call.begin(), call.end());
    ends += fmt::format("{}, ", freed.size());
  }
  return slots(fmt::format("freed_{}", i), freed) +
         fmt::format(
             "static const uint32_t freed_ends_{0}[] = {{{5}0}};\n"
             "static const Tap taps_{0}[] = {{{1}{{}}}};\n"
             "static void run_{0}(Run& run) {{\n"
             "{7}"
             "  trace(run, Tracer{{&smelt_{2}::model, taps_{0}, {3}, {4}, ops, op_room, counts, rows, 0, 0, "
             "inputs_{0}, 0, freed_{0}, freed_ends_{0}, {6}}});\n"
             "}}\n",
             i, taps, m.name, m.taps.size(), rows, ends, m.freed.size(),
             m.states.empty() ? "" : fmt::format("  if (run.record.index == 0) smelt_{}::fresh(arena);\n", m.name));
}

std::uint32_t row_room(const ModelSpec& m) {
  std::uint32_t rows = 0;
  for (const TapSpec& t : m.taps) rows += t.rows;
  return rows;
}

/// Largest of a property over all models, at least 1.
template <class F>
std::uint32_t largest(const ImageSpec& spec, F property) {
  std::uint32_t most = 1;
  for (const ModelSpec& m : spec.models) most = std::max<std::uint32_t>(most, property(m));
  return most;
}

std::string region(const targets::Target& target, const std::string& role) {
  for (const targets::Memory& m : target.memories) {
    if (std::find(m.holds.begin(), m.holds.end(), role) != m.holds.end()) return m.name;
  }
  SMELT_ASSERT(false, "no memory of " + target.name + " holds " + role);
}

}  // namespace

std::string config_text(const targets::Target& target) {
  std::string text = "// Generated from the target's description.\n#pragma once\n";
  const targets::TickRatio ratio = targets::tick_ratio(target);
  text += fmt::format("#define SMELT_TICK_NUMERATOR {}U\n#define SMELT_TICK_DENOMINATOR {}U\n", ratio.numerator,
                      ratio.denominator);
  if (!target.timer) return text;
  text += fmt::format("#define SMELT_COUNTER 0x{:x}U\n#define SMELT_COUNTER_UP {}\n", target.timer->address,
                      target.timer->up ? 1 : 0);
  text += fmt::format("#define SMELT_COARSE_COUNTER 0x{:x}U\n", target.timer->coarse_address);
  text += "#define SMELT_TIMER_SETUP ";
  for (const auto& [address, value] : target.timer->setup)
    text += fmt::format("{{0x{:x}U, 0x{:x}U}}, ", address, value);
  return text + "\n";
}

std::string glue_text(const ImageSpec& spec) {
  const bool traced = spec.kind == ImageKind::trace;
  std::string text = "// Generated: the models of this image.\n";
  for (const ModelSpec& m : spec.models)
    text += fmt::format("#include \"{}\"\n", (m.directory / (m.name + (traced ? ".cpp" : ".h"))).string());
  text += traced ? "#include \"trace.hpp\"\n" : "#include \"harness.hpp\"\n";
  text += "\nnamespace smelt::verify {\n\n";
  text += fmt::format("alignas({}) [[gnu::section(\".smelt_arena\")]] uint8_t arena[{}];\n",
                      largest(spec, [](const ModelSpec& m) { return m.arena_align; }),
                      largest(spec, [](const ModelSpec& m) { return m.arena_bytes; }));
  if (traced) {
    const std::uint32_t ops = largest(spec, [](const ModelSpec& m) { return m.op_count; });
    text += fmt::format(
        "Tracer tracer;\nconstexpr uint32_t op_room = {};\nstatic smelt::Op ops[op_room];\nstatic OpRecord "
        "counts[op_room];\nstatic uint32_t rows[{}];\n",
        ops, largest(spec, row_room));
  }
  std::string table;
  for (std::size_t i = 0; i < spec.models.size(); ++i) {
    const ModelSpec& m = spec.models[i];
    text += "\n" + slots(fmt::format("inputs_{}", i), m.inputs) + slots(fmt::format("outputs_{}", i), m.outputs) +
            slots(fmt::format("states_{}", i), m.states);
    text += traced ? traced_case(m, i) : measured_case(m, i);
    table += fmt::format("    {{inputs_{0}, outputs_{0}, states_{0}, {1}, {2}, {3}, {4}, run_{0}, {5}}},\n", i, m.inputs.size(),
                         m.outputs.size(), m.states.size(), m.arena_bytes, traced ? "counts, rows" : "nullptr, nullptr");
  }
  text += fmt::format(
      "\nconst Case cases[] = {{\n{}}};\nconst uint32_t case_count = {};\n\n}}  // namespace smelt::verify\n", table,
      spec.models.size());
  return text;
}

/// Copied at start-up: sections that the harness's start-up code finds in a table.
std::string fast_text(const ImageSpec& spec, const std::string& code, const std::string& data) {
  std::string functions;
  for (const std::string& f : spec.fast.functions) functions += fmt::format(" *(.text.{0} .text.{0}.*)", f);
  const char* section = "  .{0} : ALIGN(16) {{{1} . = ALIGN(16); }} > {2} AT> {3}\n";
  return fmt::format(fmt::runtime(section), "fast_code", functions, data, code) +
         fmt::format(fmt::runtime(section), "fast_weights", spec.fast.weights ? " *(.smelt_weights)" : "", data, code) +
         fmt::format("  .copies : {{\n    smelt_copies = .;\n{}    smelt_copies_end = .;\n  }} > {}\n",
                     !spec.fast.any() ? "" : R"(    LONG(LOADADDR(.fast_code)) LONG(ADDR(.fast_code)) LONG(SIZEOF(.fast_code))
    LONG(LOADADDR(.fast_weights)) LONG(ADDR(.fast_weights)) LONG(SIZEOF(.fast_weights))
)",
                     code);
}

std::string linker_text(const targets::Target& target, const ImageSpec& spec) {
  std::string text = "/* Generated from the target's description. */\nENTRY(smelt_reset)\nMEMORY {\n";
  for (const targets::Memory& m : target.memories)
    text += fmt::format("  {} : ORIGIN = 0x{:x}, LENGTH = 0x{:x}\n", m.name, m.origin, m.length);
  // Constants with a name inside the model's namespace, as -fdata-sections names their sections. First match wins.
  std::string tables;
  for (const ModelSpec& m : spec.models) {
    const std::string space = fmt::format("_ZN{}smelt_{}", m.name.size() + 6, m.name);
    // The most aligned first: then no bytes are lost between tables, and their size does not hang on the compiler's order.
    tables += fmt::format("    *(SORT_BY_ALIGNMENT(.*rodata.{0}*))\n    *(.data.rel.ro.{0}* .data.rel.ro.local.{0}*)\n", space);
  }
  text +=
      fmt::format(R"(}}
SECTIONS {{
  .smelt_start : {{ KEEP(*(.smelt_start)) }} > {start}
  .harness : {{ harness_*.o(.text .text.* .rodata .rodata.* .srodata .srodata.*) }} > {code}
{fast}  .tables : {{
{tables}  }} > {code}
  .code : {{ *(.text .text.* .rodata .rodata.* .srodata .srodata.*) }} > {code}
  .stack (NOLOAD) : {{
    . = ALIGN(16);
    smelt_stack_limit = .;
    . += {stack};
    smelt_stack_top = .;
  }} > {data} AT> {data}
  .harness_data : {{ harness_*.o(.data .data.* .sdata .sdata.*) }} > {data} AT> {data}
  .harness_bss (NOLOAD) : {{ harness_*.o(.bss .bss.* .sbss .sbss.* COMMON) }} > {data} AT> {data}
  __global_pointer$ = . + 0x800;
  .model_data : {{ *(.data .data.* .sdata .sdata.*) }} > {data} AT> {data}
  .model_bss (NOLOAD) : {{ *(.bss .bss.* .sbss .sbss.* COMMON) }} > {data} AT> {data}
  .arena (NOLOAD) : {{ *(.smelt_arena) }} > {data} AT> {data}
  /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .eh_frame* .comment .note*) }}
}}
)",
                  fmt::arg("start", region(target, "start")), fmt::arg("code", region(target, "code")),
                  fmt::arg("data", region(target, "data")), fmt::arg("tables", tables),
                  fmt::arg("fast", fast_text(spec, region(target, "code"), region(target, "data"))), fmt::arg("stack", stack_bytes));
  return text;
}

}  // namespace smelt::verify
