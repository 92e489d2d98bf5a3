#include "verify/measure.hpp"

#include <algorithm>

#include "emit/emit.hpp"
#include "plan/freed.hpp"

namespace smelt::verify {
namespace {

Result<RunResult> run(const targets::Target& target, const Image& image, const Runs& inputs, const Watch* watch) {
  Job job;
  job.batches.push_back({0, inputs});
  job.deadline = std::chrono::seconds(900);
  if (watch != nullptr) job.plugin = watch->plugin;
  Result<RunResult> result = run_image(target, image, job);
  if (!result || watch == nullptr) return result;
  if (Outcome o = watch->done(image); !o) return o.failure();
  return result;
}

/// By call of a kernel, each of which is a firing of the plan. Nothing where rows are pushed.
std::vector<std::vector<Buffer>> freed_by_call(const Program& program) {
  std::vector<std::vector<Buffer>> calls;
  if (program.pushed) return calls;
  for (const auto& ranges : plan::freed_bytes(program.problem, program.plan)) {
    calls.emplace_back();
    for (const plan::ByteRange& r : ranges) calls.back().push_back({r.offset, r.bytes});
  }
  return calls;
}

}  // namespace

Result<ModelSpec> emit_model(const Program& program, const std::string& name, const TempDir& directory, bool taps) {
  EmitOptions options;
  options.name = name;
  if (Outcome o = write_package(emit(program, options), directory.path().string()); !o) return o.failure();
  ModelSpec spec;
  spec.name = name;
  spec.directory = directory.path();
  spec.arena_bytes = std::max<std::uint32_t>(program.plan.arena_bytes, 4);
  // What lies in no arena, a constant output or a pushed input, gets a place behind it.
  const auto behind = [&](std::uint32_t bytes) {
    const Buffer place{(spec.arena_bytes + 15) / 16 * 16, bytes};
    spec.arena_bytes = place.offset + bytes;
    return place;
  };
  for (const Port& p : program.inputs) spec.inputs.push_back(program.pushed ? behind(p.bytes) : Buffer{p.offset, p.bytes});
  for (const Port& p : program.outputs) spec.outputs.push_back(p.constant ? behind(p.bytes) : Buffer{p.offset, p.bytes});
  for (const StateSlot& s : program.states) spec.states.push_back({s.offset, s.bytes});
  spec.op_count = static_cast<std::uint16_t>(program.operations.size());
  spec.freed = freed_by_call(program);
  if (!taps) return spec;
  for (const Tap& t : program.taps) {
    TapSpec tap;
    tap.op = static_cast<std::uint16_t>(t.operation);
    tap.view = static_cast<std::uint16_t>(t.view);
    tap.row_bytes = static_cast<std::uint32_t>(t.row_bytes);
    tap.rows = static_cast<std::uint16_t>(t.rows);
    for (std::size_t s = 0; s < t.made.size(); ++s) {
      const auto step = static_cast<std::int32_t>(s);
      if (t.made[s] != RowRange{step, step + 1}) tap.whole = true;
    }
    spec.taps.push_back(tap);
  }
  return spec;
}

Result<Measured> measure(const Program& program, const std::string& name, const targets::Target& target, const Runs& inputs,
                         std::span<const Watch> watches, const Fast& fast) {
  const TempDir directory;
  Result<ModelSpec> spec = emit_model(program, name, directory, false);
  if (!spec) return spec.failure();
  Result<Image> image = build_image(target, {ImageKind::measure, {*spec}, false, {}, fast});
  if (!image) return image.failure();
  Result<RunResult> result = run(target, *image, inputs, watches.empty() ? nullptr : watches.data());
  if (!result) return result.failure();
  for (std::size_t w = 1; w < watches.size(); ++w) {
    if (Result<RunResult> again = run(target, *image, inputs, &watches[w]); !again) return again.failure();
  }
  Measured m;
  m.sizes = image->sizes;
  m.compiler = image->compiler;
  m.flags = image->flags;
  const std::vector<Inference>& inferences = result->batches.at(0);
  for (const Inference& i : inferences) {
    if (i.stack_bytes) m.stack_bytes = std::max(m.stack_bytes.value_or(0), *i.stack_bytes);
    if (i.instructions) m.counts.push_back(*i.instructions);
    m.outputs.push_back(i.outputs);
    if (i.status != 0) {
      return Failure(ExitCode::mismatch, {"E0726", name + " on " + target.name,
                                          "the model answers status " + std::to_string(i.status), "please report this"});
    }
  }
  if (!inferences.empty()) m.instructions = inferences[0].instructions;
  return m;
}

Result<Traced> trace(const Program& program, const std::string& name, const targets::Target& target, const Runs& inputs,
                     bool taps, const Watch* watch) {
  const TempDir directory;
  Result<ModelSpec> spec = emit_model(program, name, directory, taps);
  if (!spec) return spec.failure();
  if (!taps) spec->freed.clear();
  Result<Image> image = build_image(target, {ImageKind::trace, {*spec}, false, {}});
  if (!image) return image.failure();
  Result<RunResult> result = run(target, *image, inputs, watch);
  if (!result) return result.failure();
  Traced t;
  const std::vector<Inference>& inferences = result->batches.at(0);
  if (!inferences.empty()) t.ops = inferences[0].ops;
  for (const Inference& i : inferences) t.checksums.push_back(i.checksums);
  return t;
}

}  // namespace smelt::verify
