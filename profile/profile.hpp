// Where the time of an inference goes: instructions, exactly, and cycles, by the pipeline model of the target.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/observation.hpp"
#include "verify/elf.hpp"
#include "verify/measure.hpp"

namespace smelt::profile {

/// What a function, or a kind of instructions, took. Not what it called.
struct Share {
  std::string name;
  std::uint64_t instructions = 0;
  Estimate cycles;
};

struct Cycles {
  std::string model;
  std::string error;  ///< of the model, as its target states it
  double wait_states = 0;
  std::uint64_t instructions = 0;  ///< as the plugin counts: equal to those of the timer
  Estimate total;
  std::vector<Estimate> per_op;     ///< by operation of the Program
  Estimate executor;                ///< the total without the operations: firing order, arguments
  std::vector<Share> per_function;  ///< most cycles first
  std::vector<Share> mix;           ///< by kind of instruction, in a fixed order
};

struct Profile {
  verify::Measured measured;
  verify::Traced traced;
  std::optional<Cycles> cycles;
};

struct CycleOptions {
  std::optional<double> wait_states;  ///< instead of the target's own
};

/// Runs the first of `inputs`, whole and op by op; with `cycles`, under the model. Failures: as measure's and trace's,
/// E0703 the target has no model, E0727 model and timer do not agree on what ran.
Result<Profile> profile(const Program& program, const std::string& name, const targets::Target& target,
                        const verify::Runs& inputs, const CycleOptions* cycles);

/// Cycles for which a function's fetch, or reads of constants among its code, waited for flash.
struct FunctionWait {
  std::string symbol;  ///< as linked, without what compilers append to clones
  std::uint64_t bytes = 0;
  double cycles = 0;  ///< nominal
};

/// The same of a model: its functions, and reads of its weights.
struct FlashWaits {
  std::vector<FunctionWait> code;
  std::uint64_t weights_bytes = 0;
  double weights = 0;
};

/// Whole inferences under the model, one for each number of wait states.
struct Totals {
  verify::Measured measured;
  std::vector<Estimate> cycles;   ///< as `wait_states` was given
  std::vector<FlashWaits> waits;  ///< likewise
};

/// As the total of `profile`, without its parts; the image is built once. No wait states: no estimates, and the target
/// needs no model. `fast` is copied to RAM, where nothing waits.
Result<Totals> totals(const Program& program, const std::string& name, const targets::Target& target,
                      const verify::Runs& inputs, const std::vector<double>& wait_states,
                      const verify::Fast& fast = {});

/// What of the model `name` waited; exposed for tests.
FlashWaits flash_waits(const Observation& o, const std::string& name, const std::vector<verify::Function>& functions,
                       const std::vector<verify::Function>& variables);

/// Sums of instructions by function and by kind; exposed for tests.
std::vector<Share> by_function(const std::vector<Site>& sites, const std::vector<verify::Function>& functions);
std::vector<Share> by_kind(const std::vector<Site>& sites);

}  // namespace smelt::profile
