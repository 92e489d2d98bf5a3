#include "profile/profile.hpp"

#include <fmt/format.h>

#include <deque>

namespace smelt::profile {
namespace {

/// Regions that the harness times before any inference: an empty one and two loops (verify/device/harness.cpp).
constexpr std::size_t calibrations = 3;

Failure disagree(const std::string& what, std::uint64_t model, std::uint64_t timer) {
  return Failure(ExitCode::mismatch, {"E0727", what, fmt::format("the cycle model saw {}, expected {}", model, timer),
                                      "please report this"});
}

/// One region without the instructions that read the clock.
Region without(Region r, const Region& empty) {
  r.instructions -= std::min(r.instructions, empty.instructions);
  r.cycles -= empty.cycles;
  return r;
}

class Estimator {
 public:
  Estimator(const Program& program, const std::string& name, const targets::Target& target, double wait_states)
      : program_(program), name_(name), target_(target), wait_states_(wait_states) {}

  /// The -plugin argument and what to do behind the run.
  Result<verify::Watch> watch(std::function<Outcome(const verify::Image&, Observation)> use) const {
    const auto out = directory_.path() / "cycles.txt";
    const Result<std::string> argument = plugin_argument(target_, wait_states_, calibrations, out);
    if (!argument) return argument.failure();
    return verify::Watch{*argument, [out, use = std::move(use)](const verify::Image& image) -> Outcome {
                           Result<Observation> o = read_observation(out);
                           if (!o) return o.failure();
                           return use(image, std::move(*o));
                         }};
  }

  Outcome whole(const verify::Image& image, const Observation& o) {
    if (o.regions.size() != calibrations + 1) return disagree("inferences", o.regions.size(), calibrations + 1);
    const Region r = without(o.regions[calibrations], o.regions[0]);
    cycles_.instructions = r.instructions;
    cycles_.total = r.cycles;
    const std::vector<verify::Function> functions = verify::functions(image.file);
    cycles_.per_function = by_function(o.sites, functions);
    waits_ = flash_waits(o, name_, functions, verify::variables(image.file));
    cycles_.mix = by_kind(o.sites);
    return Done{};
  }

  /// The harness times a call of nothing, then the firings in their order.
  Outcome by_operation(const Observation& o) {
    const std::vector<std::uint32_t> order = calls();
    const std::size_t before = calibrations + 1;
    if (o.regions.size() != before + order.size()) return disagree("firings", o.regions.size(), before + order.size());
    cycles_.per_op.assign(program_.operations.size(), {});
    counted_.assign(program_.operations.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Region r = without(o.regions[before + i], o.regions[calibrations]);
      cycles_.per_op[order[i]] += r.cycles;
      cycles_.per_op[order[i]] += return_;
      counted_[order[i]] += r.instructions + 1;  // what was taken off has a return of its own
    }
    return Done{};
  }

  /// The counts of the firmware's timer and of the plugin are of the same things.
  Outcome check(const verify::Measured& measured, const verify::Traced& traced) const {
    if (measured.instructions.value_or(0) != cycles_.instructions)
      return disagree("instructions of an inference", cycles_.instructions, measured.instructions.value_or(0));
    for (std::size_t i = 0; i < traced.ops.size() && i < counted_.size(); ++i) {
      if (traced.ops[i].instructions != counted_[i])
        return disagree(fmt::format("instructions of operation {}", i), counted_[i], traced.ops[i].instructions);
    }
    return Done{};
  }

  /// The same for a run that was not taken apart.
  Outcome check(const verify::Measured& measured) const { return check(measured, {}); }
  Estimate total() const { return cycles_.total; }
  const FlashWaits& waits() const { return waits_; }

  Cycles result() const {
    Cycles c = cycles_;
    c.model = target_.cycles->model;
    c.error = target_.cycles->error;
    c.wait_states = wait_states_;
    c.executor = c.total;
    for (const Estimate& e : c.per_op) c.executor -= e;
    return c;
  }

 private:
  /// The operation of each call of a kernel, in order: one a firing; pushed rows are no calls.
  std::vector<std::uint32_t> calls() const {
    std::vector<std::uint32_t> order;
    for (const plan::Firing& f : program_.plan.firings) {
      if (!program_.pushed || f.operation != 0) order.push_back(static_cast<std::uint32_t>(f.operation));
    }
    return order;
  }

  /// A return by the link register: one cycle and the refill.
  Estimate return_cycles() const {
    const auto cost = [&](std::size_t column) {
      return 1 + target_.cycles->columns[column][static_cast<std::size_t>(targets::CycleParameter::taken_indirect)];
    };
    return {cost(0), cost(1), cost(2)};
  }

  const Program& program_;
  std::string name_;
  const targets::Target& target_;
  double wait_states_;
  verify::TempDir directory_;
  Cycles cycles_;
  FlashWaits waits_;
  Estimate return_ = return_cycles();
  std::vector<std::uint64_t> counted_;
};

}  // namespace

namespace {

Failure no_model(const targets::Target& target) {
  return Failure(ExitCode::usage, {"E0703", "target '" + target.name + "'", "it has no model of its cycles",
                                   "choose a target with a [cycles] table, such as cortex-m4"});
}

}  // namespace

Result<Profile> profile(const Program& program, const std::string& name, const targets::Target& target,
                        const verify::Runs& inputs, const CycleOptions* options) {
  verify::Runs one = inputs;
  one.resize(1);
  if (options != nullptr && !target.cycles) return no_model(target);
  std::optional<Estimator> estimator;
  verify::Watch whole, parts;
  if (options != nullptr) {
    estimator.emplace(program, name, target, options->wait_states.value_or(target.cycles->wait_states));
    Result<verify::Watch> w =
        estimator->watch([&](const verify::Image& image, const Observation& o) { return estimator->whole(image, o); });
    Result<verify::Watch> p =
        estimator->watch([&](const verify::Image&, const Observation& o) { return estimator->by_operation(o); });
    if (!w) return w.failure();
    if (!p) return p.failure();
    whole = std::move(*w);
    parts = std::move(*p);
  }
  Result<verify::Measured> measured = verify::measure(program, name, target, one, std::span(&whole, estimator ? 1 : 0));
  if (!measured) return measured.failure();
  Result<verify::Traced> traced = verify::trace(program, name, target, one, false, estimator ? &parts : nullptr);
  if (!traced) return traced.failure();
  Profile result{std::move(*measured), std::move(*traced), {}};
  if (estimator) {
    if (Outcome o = estimator->check(result.measured, result.traced); !o) return o.failure();
    result.cycles = estimator->result();
  }
  return result;
}

Result<Totals> totals(const Program& program, const std::string& name, const targets::Target& target,
                      const verify::Runs& inputs, const std::vector<double>& wait_states, const verify::Fast& fast) {
  if (!wait_states.empty() && !target.cycles) return no_model(target);
  verify::Runs one = inputs;
  one.resize(1);
  std::deque<Estimator> estimators;
  std::vector<verify::Watch> watches;
  for (const double wait : wait_states) {
    Estimator& e = estimators.emplace_back(program, name, target, wait);
    Result<verify::Watch> watch =
        e.watch([&e](const verify::Image& image, const Observation& o) { return e.whole(image, o); });
    if (!watch) return watch.failure();
    watches.push_back(std::move(*watch));
  }
  Result<verify::Measured> measured = verify::measure(program, name, target, one, watches, fast);
  if (!measured) return measured.failure();
  Totals t{std::move(*measured), {}, {}};
  for (const Estimator& e : estimators) {
    if (Outcome o = e.check(t.measured); !o) return o.failure();
    t.cycles.push_back(e.total());
    t.waits.push_back(e.waits());
  }
  return t;
}

}  // namespace smelt::profile
