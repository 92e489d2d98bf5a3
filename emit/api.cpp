// The API of an emitted model: NAME.h, NAME.hpp and the functions behind them.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "emit/text.hpp"
#include "runtime/check.hpp"

namespace smelt::emit_detail {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const char* type_code(DType type) {
  switch (type) {
    case DType::i8: return "I8";
    case DType::u8: return "U8";
    case DType::i16: return "I16";
    case DType::i32: return "I32";
    case DType::i64: return "I64";
    case DType::f32: return "F32";
    case DType::boolean: return "BOOL";
  }
  return "";
}

std::string argument(const char* stem, size_t i, size_t of) { return of == 1 ? stem : stem + std::to_string(i); }

/// "const int8_t* in, int8_t* out", or all floats.
std::string arguments(const Program& p, bool floats) {
  std::string text;
  for (size_t i = 0; i < p.inputs.size(); ++i) {
    const DType t = p.graph.at(p.inputs[i].tensor).dtype;
    text += ", const " + (floats ? "float" : c_type(t)) + "* " + argument("in", i, p.inputs.size());
  }
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    const DType t = p.graph.at(p.outputs[i].tensor).dtype;
    text += ", " + (floats ? "float" : c_type(t)) + "* " + argument("out", i, p.outputs.size());
  }
  return text;
}

std::string argument_names(const Program& p) {
  std::string text;
  for (size_t i = 0; i < p.inputs.size(); ++i) text += ", " + argument("in", i, p.inputs.size());
  for (size_t i = 0; i < p.outputs.size(); ++i) text += ", " + argument("out", i, p.outputs.size());
  return text;
}

bool quantized(const Tensor& t) {
  return (t.dtype == DType::i8 || t.dtype == DType::u8 || t.dtype == DType::i16) && t.quant.present();
}

/// Least and greatest value, as arguments.
std::string limits(DType type) { return type == DType::i8 ? "-128, 127" : type == DType::i16 ? "-32768, 32767" : "0, 255"; }

/// invoke_float makes sense when every port is a float or a quantized tensor of 8 or 16 bits, and at least one is the latter.
bool has_float_api(const Program& p) {
  if (p.pushed) return false;
  bool any = false;
  for (const auto* ports : {&p.inputs, &p.outputs}) {
    for (const Port& port : *ports) {
      const Tensor& t = p.graph.at(port.tensor);
      if (!quantized(t) && t.dtype != DType::f32) return false;
      any = any || quantized(t);
    }
  }
  return any;
}

/// Macros that describe one port: NAME_INPUT_..., or NAME_INPUT1_... where there are several.
std::string port_macros(const Graph& graph, const std::vector<Port>& ports, const std::string& stem) {
  std::string text;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Tensor& t = graph.at(ports[i].tensor);
    const std::string base = "#define " + stem + (ports.size() == 1 ? "" : std::to_string(i));
    text += base + "_BYTES " + std::to_string(ports[i].bytes) + "u /* " + c_type(t.dtype) + " " + to_string(t.shape) + " */\n";
    text += base + "_COUNT " + std::to_string(elements(t.shape)) + "u\n";
    if (quantized(t) && !t.quant.per_channel()) {
      text += base + "_SCALE " + number(t.quant.scale[0]) + "\n";
      text += base + "_ZERO_POINT (" + std::to_string(t.quant.zero_point[0]) + ")\n";
    }
  }
  return text;
}

Pairs names(const Program& p, const std::string& name) {
  return {{"name", name}, {"NAME", upper(name)}, {"args", arguments(p, false)}, {"float_args", arguments(p, true)}};
}

std::string info_table(const Program& p, const std::vector<Port>& ports, const std::string& name, const char* what) {
  if (ports.empty()) return "";
  std::string shapes, rows;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Tensor& t = p.graph.at(ports[i].tensor);
    std::vector<std::string> dims;
    for (int32_t d : t.shape) dims.push_back(std::to_string(d));
    if (dims.empty()) dims.push_back("1");
    const std::string shape = std::string(what) + std::to_string(i) + "_shape";
    shapes += "constexpr int32_t " + shape + "[] = {\n" + wrap(dims) + "};\n";
    const bool q = t.quant.present() && !t.quant.per_channel();
    const bool labelled = std::string(what) == "output" && i == 0 && !p.graph.labels.empty();
    rows += "  {" + literal(t.name) + ", " + shape + ", " + (labelled ? "labels" : "nullptr") + ", " +
            (q ? number(t.quant.scale[0]) : "0.0f") + ", " + (q ? std::to_string(t.quant.zero_point[0]) : "0") + ", " +
            std::to_string(ports[i].bytes) + "u, " + std::to_string(labelled ? p.graph.labels.size() : 0) + "u, " + upper(name) +
            "_" + type_code(t.dtype) + ", " + std::to_string(t.shape.size()) + "},\n";
  }
  return shapes + "constexpr " + name + "_tensor " + what + "_info[] = {\n" + rows + "};\n";
}

std::string put_and_get(const Program& p, bool floats, bool put) {
  const std::vector<Port>& ports = put ? p.inputs : p.outputs;
  std::string text;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    const Tensor& t = p.graph.at(port.tensor);
    const std::string arg = argument(put ? "in" : "out", i, ports.size());
    const std::string offset = std::to_string(port.offset);
    const std::string where = (port.constant ? "reinterpret_cast<const uint8_t*>(&weights) + " : "ctx->arena + ") + offset;
    const std::string count = std::to_string(elements(t.shape));
    if (floats && quantized(t)) {
      const std::string q = number(t.quant.scale[0]) + ", " + std::to_string(t.quant.zero_point[0]);
      if (put) {
        text += "  " + c_type(t.dtype) + "* q" + std::to_string(i) + " = at<" + c_type(t.dtype) + ">(ctx, " + offset +
                ");\n  for (size_t i = 0; i < " + count + "; ++i) {\n    q" + std::to_string(i) + "[i] = static_cast<" +
                c_type(t.dtype) + ">(smelt::quantize_value(" + arg + "[i], " + q + ", " + limits(t.dtype) + "));\n  }\n";
      } else {
        text += "  const " + c_type(t.dtype) + "* r" + std::to_string(i) + " = " + (port.constant ? "reinterpret_cast<const " + c_type(t.dtype) + "*>(" + where + ")" : "at<" + c_type(t.dtype) + ">(ctx, " + offset + ")") +
                ";\n  for (size_t i = 0; i < " + count + "; ++i) " + arg + "[i] = smelt::dequantize_value(r" +
                std::to_string(i) + "[i], " + q + ");\n";
      }
    } else if (put) {
      text += "  copy(" + where + ", " + arg + ", " + std::to_string(port.bytes) + ");\n";
    } else {
      text += "  copy(" + arg + ", " + where + ", " + std::to_string(port.bytes) + ");\n";
    }
  }
  return text;
}

std::string null_checks(const Program& p) {
  std::string text;
  for (size_t i = 0; i < p.inputs.size(); ++i) text += " || " + argument("in", i, p.inputs.size()) + " == nullptr";
  for (size_t i = 0; i < p.outputs.size(); ++i) text += " || " + argument("out", i, p.outputs.size()) + " == nullptr";
  return text;
}

/// The function that gives out the descriptors of inputs or outputs.
std::string info_function(const std::vector<Port>& ports, const std::string& what) {
  const std::string head = "const @name@_tensor* @name@_" + what + "_info(uint32_t";
  if (ports.empty()) return head + ") { return nullptr; }\n";
  return head + " index) { return index < " + std::to_string(ports.size()) + " ? &" + what + "_info[index] : nullptr; }\n";
}

std::string pointer_cases(const std::vector<Port>& ports) {
  std::string text;
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].constant) continue;
    text += "  if (index == " + std::to_string(i) + ") return ctx->arena + " + std::to_string(ports[i].offset) + ";\n";
  }
  return text;
}

/// The part of selftest that fills the inputs and looks at the outputs.
std::string selftest_body(const Program& p, const KnownAnswer& answer) {
  std::string text = p.inputs.empty() ? "" : "  uint32_t random = 1;\n";
  if (p.pushed) {
    const bool floats = p.graph.at(p.inputs[0].tensor).dtype == DType::f32;
    text += "  alignas(4) uint8_t row[@NAME@_ROW_BYTES];\n  rewind(ctx);\n  do {\n    " +
            std::string(floats ? "smelt::pattern_floats(reinterpret_cast<float*>(row), sizeof row / 4, random)"
                               : "smelt::pattern_bytes(row, sizeof row, random)") +
            ";\n  } while (push(ctx, row));\n";
  }
  for (const Port& port : p.inputs) {
    if (p.pushed) break;
    const Tensor& t = p.graph.at(port.tensor);
    const std::string at = "ctx->arena + " + std::to_string(port.offset);
    text += t.dtype == DType::f32 ? "  smelt::pattern_floats(at<float>(ctx, " + std::to_string(port.offset) + "), " +
                                        std::to_string(elements(t.shape)) + ", random);\n"
                                  : "  smelt::pattern_bytes(" + at + ", " + std::to_string(port.bytes) + ", random);\n";
  }
  if (!p.pushed) text += "  run(ctx);\n";
  if (answer.exact) {
    text += "  uint32_t sum = 0;\n";
    for (const Port& port : p.outputs) {
      if (port.constant) continue;
      text += "  sum = sum * 16777619u ^ smelt::checksum(ctx->arena + " + std::to_string(port.offset) + ", " + std::to_string(port.bytes) + ");\n";
    }
    return text + "  if (sum != " + std::to_string(answer.outputs) + "u) return @NAME@_CORRUPT;\n";
  }
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    if (answer.first[i].empty()) continue;
    const DType type = p.graph.at(p.outputs[i].tensor).dtype;
    const std::string n = std::to_string(i);
    std::vector<std::string> values;
    float tolerance = 1;  // of a quantized value
    for (float f : answer.first[i]) values.push_back(number(f));
    if (type == DType::f32) {
      tolerance = 1e-6F;
      for (float f : answer.first[i]) tolerance = std::max(tolerance, std::fabs(f) * 1e-3F);
    }
    text += "  static constexpr float expected" + n + "[] = {\n" + wrap(values) + "  };\n  const " + c_type(type) + "* got" + n +
            " = at<" + c_type(type) + ">(ctx, " + std::to_string(p.outputs[i].offset) +
            ");\n  for (size_t i = 0; i < " + std::to_string(values.size()) + "; ++i) {\n    const float error = " +
            (type == DType::f32 ? "got" + n + "[i]" : "static_cast<float>(got" + n + "[i])") + " - expected" + n +
            "[i];\n    if (!(error <= " + number(tolerance) + " && error >= " + number(-tolerance) + ")) return @NAME@_CORRUPT;\n  }\n";
  }
  return text;
}

constexpr const char* state_declaration = R"(
/* This model keeps @state_bytes@ bytes of state in the arena: each inference goes on from where the one before it ended. init
 * and reset set it back to zero; begin does not. An inference that is given up half-way leaves it half updated: reset then. */
#define @NAME@_STATE_BYTES @state_bytes@u
@name@_status @name@_reset(@name@_context* ctx);
)";

constexpr const char* reset_definition = R"(
@name@_status @name@_reset(@name@_context* ctx) {
  if (!bound(ctx)) return @NAME@_BAD_ARGUMENT;
  fresh(ctx->arena);
  rewind(ctx);
  return @NAME@_OK;
}
)";

/// Sets all states to what they are before the first inference.
std::string fresh(const Program& p) {
  if (p.states.empty()) return "";
  std::string text = "/// State as before the first inference.\nvoid fresh(uint8_t* arena) {\n";
  for (const StateSlot& s : p.states) {
    text += "  __builtin_memset(arena + " + std::to_string(s.offset) + ", " + std::to_string(s.initial) + ", " + std::to_string(s.bytes) + ");\n";
  }
  return text + "}\n\n";
}

}  // namespace

uint32_t state_bytes(const Program& p) {
  uint32_t bytes = 0;
  for (const StateSlot& s : p.states) bytes += s.bytes;
  return bytes;
}

KnownAnswer known_answer(const Program& p) {
  KnownAnswer answer;
  answer.weights = checksum(p.constants.bytes().data(), p.constants.bytes().size());
  std::vector<Bytes> inputs;
  uint32_t random = 1;
  for (const Port& port : p.inputs) {
    inputs.emplace_back(port.bytes);
    if (p.graph.at(port.tensor).dtype == DType::f32) {
      std::vector<float> values(port.bytes / 4);
      pattern_floats(values.data(), values.size(), random);
      std::memcpy(inputs.back().data(), values.data(), port.bytes);
    } else {
      pattern_bytes(inputs.back().data(), port.bytes, random);
    }
  }
  for (const Tensor& t : p.graph.tensors) answer.exact = answer.exact && (t.constant() || t.dtype != DType::f32);
  const std::vector<Bytes> outputs = Interpreter(p).run(inputs);
  answer.first.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (p.outputs[i].constant) continue;
    answer.outputs = answer.outputs * 16777619U ^ checksum(outputs[i].data(), outputs[i].size());
    const Value value{&p.graph.at(p.outputs[i].tensor), outputs[i]};
    const DType type = value.type->dtype;
    for (int64_t e = 0; e < std::min<int64_t>(elements(value.type->shape), 16); ++e) {
      float f = 0;
      if (type == DType::f32) {
        f = value.as<float>()[e];
      } else if (type == DType::i8) {
        f = value.as<int8_t>()[e];
      } else if (type == DType::i16) {
        f = value.as<int16_t>()[e];
      } else if (type == DType::u8) {
        f = value.as<uint8_t>()[e];
      } else {
        break;
      }
      if (!std::isfinite(f)) break;
      answer.first[i].push_back(f);
    }
  }
  return answer;
}

std::string c_header(const Program& p, const std::string& name) {
  std::string text = R"(/* @name@: a model compiled by Smelt. C interface; see README.md. */
#ifndef SMELT_MODEL_@NAME@_H
#define SMELT_MODEL_@NAME@_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The arena holds inputs, outputs and everything in between@arena_state@. One for each context. */
#define @NAME@_ARENA_BYTES @arena@u
#define @NAME@_ARENA_ALIGN 16u
#define @NAME@_INPUTS @inputs@u
#define @NAME@_OUTPUTS @outputs@u
@macros@
/* Where arenas go, e.g. __attribute__((section(".bss.smelt_arena"))). */
#ifndef SMELT_SECTION_ARENA
#define SMELT_SECTION_ARENA
#endif
/* Defines a static arena: @NAME@_STATIC_ARENA(arena); */
#if defined(__cplusplus)
#define @NAME@_STATIC_ARENA(id) alignas(16) SMELT_SECTION_ARENA static uint8_t id[@NAME@_ARENA_BYTES]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define @NAME@_STATIC_ARENA(id) SMELT_SECTION_ARENA static _Alignas(16) uint8_t id[@NAME@_ARENA_BYTES]
#else
#define @NAME@_STATIC_ARENA(id) SMELT_SECTION_ARENA static uint8_t id[@NAME@_ARENA_BYTES] __attribute__((aligned(16)))
#endif

typedef enum @name@_status {
  @NAME@_OK = 0,
  @NAME@_PENDING = 1,       /* rows are left: call @name@_step again */
  @NAME@_BAD_ARGUMENT = -1, /* a null pointer, a context without arena, an arena too small or misaligned */
  @NAME@_CORRUPT = -2       /* selftest: the weights or the known answer differ from what was compiled */
} @name@_status;

/* One inference at a time; contexts with arenas of their own are independent of each other. */
typedef struct @name@_context {
  uint8_t* arena;
  uint16_t run;
  uint16_t fired;
  uint16_t turns;
} @name@_context;

typedef enum @name@_type {
  @NAME@_I8,
  @NAME@_U8,
  @NAME@_I16,
  @NAME@_I32,
  @NAME@_I64,
  @NAME@_F32,
  @NAME@_BOOL
} @name@_type;

/* real = scale * (stored - zero_point); scale 0 where the tensor is not quantized. */
typedef struct @name@_tensor {
  const char* name;
  const int32_t* shape;
  const char* const* labels; /* class names, or null */
  float scale;
  int32_t zero_point;
  uint32_t bytes;
  uint32_t label_count;
  @name@_type type;
  int32_t rank;
} @name@_tensor;

/* Binds a context to an arena of at least @NAME@_ARENA_BYTES bytes, aligned to @NAME@_ARENA_ALIGN. */
@name@_status @name@_init(@name@_context* ctx, void* arena, size_t bytes);
@state@
/* One inference. Pass @name@_input(ctx, i) or @name@_output(ctx, i) as a pointer to spare the copy; other buffers must
 * not lie in the arena. Inputs are consumed: fill them anew for each inference. */
@name@_status @name@_invoke(@name@_context* ctx@args@);
@float_invoke@
@progress@
/* Where input or output `index` lies in the arena; null where there is none. */
void* @name@_input(const @name@_context* ctx, uint32_t index);
const void* @name@_output(const @name@_context* ctx, uint32_t index);
const @name@_tensor* @name@_input_info(uint32_t index);
const @name@_tensor* @name@_output_info(uint32_t index);

/* Checks the weights' checksum and a known answer. Uses the context's arena@selftest_state@. */
@name@_status @name@_selftest(@name@_context* ctx);

#ifdef __cplusplus
}
#endif

#endif
)";
  Pairs values = names(p, name);
  const bool floats = has_float_api(p);
  values.insert(values.begin(),
                {{"macros", port_macros(p.graph, p.inputs, "@NAME@_INPUT") + port_macros(p.graph, p.outputs, "@NAME@_OUTPUT")},
                 {"arena", std::to_string(p.plan.arena_bytes)},
                 {"inputs", std::to_string(p.inputs.size())},
                 {"outputs", std::to_string(p.outputs.size())},
                 {"progress", progress(p).declarations},
                 {"state", p.states.empty() ? "" : state_declaration},
                 {"state_bytes", std::to_string(state_bytes(p))},
                 {"arena_state", p.states.empty() ? "" : ", and what is kept from one inference to the next"},
                 {"selftest_state", p.states.empty() ? "" : ", and ends with the state set back"},
                 {"float_invoke", floats ? "\n/* The same on real numbers: quantizes the inputs and dequantizes the outputs. */\n"
                                           "@name@_status @name@_invoke_float(@name@_context* ctx@float_args@);\n"
                                         : ""}});
  return fill(text, values);
}

std::string cpp_header(const Program& p, const std::string& name) {
  std::string text = R"(// @name@: a model compiled by Smelt. C++ interface over @name@.h; see README.md.
#ifndef SMELT_MODEL_@NAME@_HPP
#define SMELT_MODEL_@NAME@_HPP

#include "@name@.h"

namespace @name@ {

using Status = @name@_status;
using TensorInfo = @name@_tensor;

constexpr size_t arena_bytes = @NAME@_ARENA_BYTES;
constexpr size_t arena_align = @NAME@_ARENA_ALIGN;

/// A model with an arena of its own; two of them run independently. Make it static: it is as large as the arena. It starts
/// as zeros, so that nothing runs before main, and binds itself to its arena when it is first used.
class Model {
 public:
  constexpr Model() : arena_{}, ctx_{} {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  Status invoke(@plain_args@) { return @name@_invoke(context()@arg_names@); }
@float_invoke@@reset@  Status begin() { return @name@_begin(context()); }
@progress@  void* input(uint32_t index = 0) { return @name@_input(context(), index); }
  const void* output(uint32_t index = 0) { return @name@_output(context(), index); }
  Status selftest() { return @name@_selftest(context()); }
  @name@_context* context() {
    if (ctx_.arena == nullptr) @name@_init(&ctx_, arena_, sizeof arena_);
    return &ctx_;
  }

 private:
  alignas(@NAME@_ARENA_ALIGN) uint8_t arena_[arena_bytes];
  @name@_context ctx_;
};

}  // namespace @name@

#endif
)";
  Pairs values = names(p, name);
  const auto strip = [](const std::string& s) { return s.size() > 2 ? s.substr(2) : s; };
  values.insert(values.begin(),
                {{"progress", progress(p).members},
                 {"reset", p.states.empty() ? "" : "  Status reset() { return @name@_reset(context()); }\n"},
                 {"plain_args", strip(arguments(p, false))},
                 {"arg_names", argument_names(p)},
                 {"float_invoke", has_float_api(p) ? "  Status invoke_float(" + strip(arguments(p, true)) +
                                                         ") { return @name@_invoke_float(context()" + argument_names(p) + "); }\n"
                                                   : ""}});
  return fill(text, values);
}

std::string functions(const Program& p, const std::string& name) {
  std::string text = R"(
namespace smelt_@name@ {
namespace {

@info@
/// What lies at `offset` bytes into the arena.
template <class T>
T* at(const @name@_context* ctx, uint32_t offset) {
  return static_cast<T*>(static_cast<void*>(ctx->arena + offset));
}

bool bound(const @name@_context* ctx) { return ctx != nullptr && ctx->arena != nullptr; }

void copy(void* to, const void* from, size_t bytes) {
  if (to != from) __builtin_memcpy(to, from, bytes);
}

void keep(@name@_context* ctx, const smelt::Cursor& cursor) {
  ctx->run = cursor.run;
  ctx->fired = cursor.fired;
  ctx->turns = cursor.turns;
}

@advance@
void rewind(@name@_context* ctx) {
  smelt::Cursor cursor{};
  smelt::begin(model, ctx->arena, cursor);
  keep(ctx, cursor);
}

@run@
@fresh@}  // namespace

extern "C" {

@name@_status @name@_init(@name@_context* ctx, void* arena, size_t bytes) {
  if (ctx == nullptr) return @NAME@_BAD_ARGUMENT;
  ctx->arena = nullptr;
  keep(ctx, smelt::Cursor{});
  if (arena == nullptr || bytes < @NAME@_ARENA_BYTES) return @NAME@_BAD_ARGUMENT;
  if (reinterpret_cast<uintptr_t>(arena) % @NAME@_ARENA_ALIGN != 0) return @NAME@_BAD_ARGUMENT;
  ctx->arena = static_cast<uint8_t*>(arena);
@call_fresh@  rewind(ctx);
  return @NAME@_OK;
}
@reset@
@name@_status @name@_begin(@name@_context* ctx) {
  if (!bound(ctx)) return @NAME@_BAD_ARGUMENT;
  rewind(ctx);
  return @NAME@_OK;
}

@progress@
@name@_status @name@_invoke(@name@_context* ctx@args@) {
  if (!bound(ctx)@null_checks@) return @NAME@_BAD_ARGUMENT;
@put@  @call_run@;
@get@  return @NAME@_OK;
}
@float_invoke@
void* @name@_input(const @name@_context* ctx, uint32_t index) {
  if (!bound(ctx)) return nullptr;
@input_cases@  return nullptr;
}

const void* @name@_output(const @name@_context* ctx, uint32_t index) {
  if (!bound(ctx)) return nullptr;
@output_cases@  return nullptr;
}

@input_info_of@@output_info_of@
@name@_status @name@_selftest(@name@_context* ctx) {
  if (!bound(ctx)) return @NAME@_BAD_ARGUMENT;
  if (smelt::checksum(&weights, @weights_bytes@) != @weights_sum@u) return @NAME@_CORRUPT;
@call_fresh@@selftest@@call_fresh@  return @NAME@_OK;
}

}  // extern "C"
}  // namespace smelt_@name@
)";
  std::string info;
  if (!p.graph.labels.empty()) {
    std::vector<std::string> labels;
    for (const std::string& l : p.graph.labels) labels.push_back(literal(l));
    info += "constexpr const char* labels[] = {\n" + wrap(labels) + "};\n";
  }
  info += info_table(p, p.inputs, name, "input") + info_table(p, p.outputs, name, "output");

  std::string constant_cases;
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    if (p.outputs[i].constant) {
      constant_cases += "  if (index == " + std::to_string(i) + ") return reinterpret_cast<const uint8_t*>(&weights) + " +
                        std::to_string(p.outputs[i].offset) + ";\n";
    }
  }
  const KnownAnswer answer = known_answer(p);
  Pairs values = names(p, name);
  values.insert(
      values.begin(),
      {{"info", info},
       {"null_checks", null_checks(p)},
       {"fresh", fresh(p)},
       {"call_fresh", p.states.empty() ? "" : "  fresh(ctx->arena);\n"},
       {"reset", p.states.empty() ? "" : reset_definition},
       {"advance", progress(p).advance},
       {"run", progress(p).run},
       {"progress", progress(p).functions},
       {"call_run", progress(p).call},
       {"put", p.pushed ? "" : put_and_get(p, false, true)},
       {"get", put_and_get(p, false, false)},
       {"float_invoke", has_float_api(p) ? "\n@name@_status @name@_invoke_float(@name@_context* ctx@float_args@) {\n  if (!bound(ctx)" +
                                               null_checks(p) + ") return @NAME@_BAD_ARGUMENT;\n" + put_and_get(p, true, true) +
                                               "  run(ctx);\n" + put_and_get(p, true, false) + "  return @NAME@_OK;\n}\n"
                                         : ""},
       {"input_cases", p.inputs.empty() || p.pushed ? "  static_cast<void>(index);\n" : pointer_cases(p.inputs)},
       {"output_cases", pointer_cases(p.outputs) + constant_cases},
       {"input_info_of", info_function(p.inputs, "input")},
       {"output_info_of", info_function(p.outputs, "output")},
       {"weights_bytes", std::to_string(p.constants.bytes().size())},
       {"weights_sum", std::to_string(answer.weights)},
       {"selftest", selftest_body(p, answer)}});
  return fill(text, values);
}

}  // namespace smelt::emit_detail
