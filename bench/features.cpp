// Cost of feature blocks on a target: instructions of one window, arena, stack, code. See bench/README.md.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lower/compile.hpp"
#include "targets/target.hpp"
#include "tests/dsp/cases.hpp"
#include "verify/measure.hpp"

namespace {

using namespace smelt;

struct Block {
  const char* name;
  test::Frames frames;
};

int measure(const Block& block, DType type, const targets::Target& target) {
  const Graph graph = test::log_mel(block.frames, type);
  LowerOptions options;
  options.push = true;
  options.vector = target.vector;
  const Result<Program> program = lower(graph, options);
  if (!program) return std::fprintf(stderr, "%s\n", program.failure().to_string().c_str()), 1;
  const std::vector<float> x = test::signal(static_cast<size_t>(block.frames.rows * block.frames.hop), 0.5, block.frames.rate);
  const Bytes input = type == DType::f32 ? test::as_bytes(x) : test::as_bytes(test::as_int16(x));
  const Result<verify::Measured> measured = verify::measure(*program, "block", target, {{input}});
  if (!measured) return std::fprintf(stderr, "%s\n", measured.failure().to_string().c_str()), 1;
  std::printf("%-12s %-6s %12llu instructions %8u bytes of arena %6u of code %6u of tables\n", block.name, type == DType::f32 ? "float" : "int16",
              static_cast<unsigned long long>(measured->instructions.value_or(0)), program->plan.arena_bytes,
              measured->sizes ? measured->sizes->code_bytes : 0, measured->sizes ? measured->sizes->weights_bytes : 0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Result<targets::Target> target = targets::load_target(argc > 1 ? argv[1] : "cortex-m4");
  if (!target) return std::fprintf(stderr, "%s\n", target.failure().to_string().c_str()), 2;
  // One second of sound at 16 kHz.
  const Block blocks[] = {
      {"mfe 20/20", {50, 320, 320, 512, 32, 0.98}},
      {"mfe 20/10", {100, 160, 320, 512, 40}},
      {"spectrogram", {100, 160, 320, 512, 0, 0, "hann"}},
  };
  int failed = 0;
  for (const Block& block : blocks) {
    for (const DType type : {DType::i16, DType::f32}) failed |= measure(block, type, *target);
  }
  return failed;
}
