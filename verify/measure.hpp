// A Program on its target: emitted, compiled, linked, run; its sizes, counts, outputs and the checksums of its tensors.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lower/compile.hpp"
#include "verify/build.hpp"
#include "verify/run.hpp"

namespace smelt::verify {

/// By run, then by input (or output). Where a model has states they go on from run to run.
using Runs = std::vector<std::vector<Bytes>>;

/// Emits a Program into `directory` and describes the result to the harness: what each call frees, and with `taps` every
/// tensor's rows.
Result<ModelSpec> emit_model(const Program& program, const std::string& name, const TempDir& directory, bool taps);

/// One image through the model's own API.
struct Measured {
  std::optional<Sizes> sizes;                 ///< null on the host
  std::optional<std::uint32_t> stack_bytes;   ///< deepest of all runs
  std::optional<std::uint64_t> instructions;  ///< of the first run
  std::vector<std::uint64_t> counts;          ///< instructions of each run, where they can be counted
  Runs outputs;
  std::string compiler;
  std::vector<std::string> flags;
};

/// Watches a run through a plugin of the emulator.
struct Watch {
  std::string plugin;                        ///< as Job::plugin
  std::function<Outcome(const Image&)> done;  ///< called after the run, while the image is still there
};

/// Runs the image once; with watches, once under each, and what is measured is of the first.
Result<Measured> measure(const Program& program, const std::string& name, const targets::Target& target, const Runs& inputs,
                         std::span<const Watch> watches = {}, const Fast& fast = {});

/// One image that stops after every firing. With taps, what a firing frees is overwritten behind it.
struct Traced {
  std::vector<OpCount> ops;                                         ///< of the first run
  std::vector<std::vector<std::vector<std::uint32_t>>> checksums;  ///< by run, tap (as Program::taps), row
};

Result<Traced> trace(const Program& program, const std::string& name, const targets::Target& target, const Runs& inputs,
                     bool taps, const Watch* watch = nullptr);

}  // namespace smelt::verify
