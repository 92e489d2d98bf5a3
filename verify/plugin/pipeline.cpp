#include "verify/plugin/pipeline.hpp"

#include <algorithm>
#include <cmath>

namespace smelt::cycles {
namespace {

/// Calls f with the number of each register in the set.
template <class F>
void each(Registers set, F f) {
  for (; set != 0; set &= set - 1) f(static_cast<unsigned>(__builtin_ctzll(set)));
}

bool accesses_memory(Kind k) {
  return k == Kind::load || k == Kind::store || k == Kind::fp_load || k == Kind::fp_store;
}
bool is_vector(Kind k) { return k >= Kind::vector_load && k <= Kind::vector_system; }
bool is_fp(Kind k) { return k == Kind::fp || k == Kind::fp_mac || k == Kind::fp_divide || k == Kind::fp_move; }

}  // namespace

Pipeline::Unit Pipeline::unit_of(Kind kind) {
  switch (kind) {
    case Kind::multiply:
    case Kind::simd_mac:
    case Kind::long_multiply:
      return multiply;
    case Kind::load:
    case Kind::fp_load:
    case Kind::load_multiple:
      return load;
    case Kind::store:
    case Kind::fp_store:
    case Kind::store_multiple:
      return store;
    case Kind::fp:
    case Kind::fp_mac:
    case Kind::fp_divide:
    case Kind::fp_move:
      return fp;
    case Kind::branch:
      return branch;
    case Kind::vector_load:
    case Kind::vector_store:
      return vector_memory;
    case Kind::vector_int:
      return vector_integer;
    case Kind::vector_mul:
      return vector_multiply;
    case Kind::vector_system:
    case Kind::if_then:
    case Kind::other:
      return none;
    default:
      return alu;
  }
}

double Pipeline::units(Unit unit) const {
  switch (unit) {
    case alu:
      return at(Parameter::alu_units);
    case shifter:
      return at(Parameter::shifter_units);
    case multiply:
      return at(Parameter::multiply_units);
    case load:
      return at(Parameter::load_units);
    case store:
      return at(Parameter::store_units);
    case fp:
      return at(Parameter::fp_units);
    default:
      return 1;
  }
}

/// Never issues with another.
bool Pipeline::alone(const Instruction& i) {
  return i.kind == Kind::divide || i.kind == Kind::load_multiple || i.kind == Kind::store_multiple ||
         i.kind == Kind::other || is_vector(i.kind) || i.loop_end || i.table || i.loads_pc || (i.kind == Kind::fp_move && i.registers > 1);
}

/// Cycles that the fetch of the instruction waits for flash.
double Pipeline::fetch(std::uint32_t address) {
  if (wait_ == 0 || at(Parameter::flash_hits) != 0) return 0;
  if (address < flash_begin_ || address >= flash_end_) {
    line_ = ~0U;
    return 0;
  }
  const std::uint32_t line = address / static_cast<std::uint32_t>(at(Parameter::flash_line));
  if (line == line_) return 0;
  double stall = wait_;
  if (line == line_ + 1 && at(Parameter::flash_prefetches) != 0) stall = std::max(0.0, wait_ - (next_ - line_entered_));
  line_ = line;
  line_entered_ = next_ + stall;
  return stall;
}

double Pipeline::operands_ready(const Instruction& i) const {
  double when = 0;
  const auto need = [&](Registers set, double early) {
    each(set, [&](unsigned r) { when = std::max(when, ready_[r] + early); });
  };
  const double late = i.kind == Kind::fp_mac ? at(Parameter::fp_accumulator_late) : at(Parameter::accumulator_late);
  need(i.reads & ~(i.address | i.shifted | i.accumulator | i.stored), 0);
  need(i.address, at(Parameter::address_early));
  need(i.shifted, at(Parameter::shifted_early));
  need(i.accumulator, -late);
  need(i.stored, -at(Parameter::store_late));
  if (is_fp(i.kind)) when = std::max(when, fp_free_);
  if (const Unit unit = unit_of(i.kind); unit >= vector_memory && unit <= vector_multiply)
    when = std::max(when, vector_free_[unit - vector_memory]);
  return when;
}

/// Whether it can issue in the same cycle as the last instruction.
bool Pipeline::pairs(const Instruction& i, double ready) const {
  if (!open_ || ready > issued_ || alone(i) || alone(last_)) return false;
  if ((i.writes & last_.writes & ~thumb::flags) != 0) return false;
  if (i.kind == Kind::simd) return false;  // these issue first or not at all
  if (at(Parameter::narrow_pairs) != 0 && (i.bytes != 2 || last_.bytes != 2)) return false;
  const Unit unit = unit_of(i.kind), other = unit_of(last_.kind);
  if (unit == other && unit != none && units(unit) < 2) return false;
  if (i.shifter && last_.shifter && units(shifter) < 2) return false;
  return true;
}

double Pipeline::cost(const Instruction& i) const {
  const bool behind_load = last_.kind == Kind::load || last_.kind == Kind::fp_load;
  const bool pipelined = at(Parameter::loads_pipeline) != 0 && behind_load && accesses_memory(i.kind) &&
                         !last_.loads_pc && !i.loads_pc && (i.address & last_.writes) == 0 &&
                         (i.updated == 0 || i.kind == Kind::store || at(Parameter::writeback_pipelines) != 0);
  const double extra = i.literal ? at(Parameter::literal_extra) : 0;
  switch (i.kind) {
    case Kind::load:
    case Kind::fp_load:
      return (pipelined ? 1 : at(Parameter::load_cost)) + extra;
    case Kind::store:
      return pipelined ? 1 : at(i.indexed ? Parameter::store_indexed_cost : Parameter::store_cost);
    case Kind::fp_store:
      return pipelined ? 1 : at(Parameter::fp_store_cost);
    case Kind::load_multiple:
    case Kind::store_multiple:
      return std::max(1.0, std::ceil(at(Parameter::multiple_base) + i.registers * at(Parameter::multiple_each))) +
             extra;
    case Kind::multiply:
      return at(i.accumulator == 0 ? Parameter::multiply_cost : Parameter::multiply_add_cost);
    case Kind::long_multiply:
      return at(i.accumulator == 0 ? Parameter::long_multiply_cost : Parameter::long_multiply_add_cost);
    case Kind::divide:
      return at(Parameter::divide_cost);
    case Kind::fp_mac:
      return at(Parameter::fp_mac_cost);
    case Kind::fp_move:
      return i.registers;
    case Kind::branch:
      return i.table ? at(Parameter::table_cost) : 1;
    case Kind::if_then:
      return at(Parameter::it_folds) != 0 && last_.bytes == 2 ? 0 : 1;
    default:
      return 1;
  }
}

double Pipeline::latency(const Instruction& i) const {
  switch (i.kind) {
    case Kind::simd:
      return at(Parameter::simd_latency);
    case Kind::multiply:
    case Kind::simd_mac:
    case Kind::long_multiply:
      return at(Parameter::multiply_latency);
    case Kind::load:
    case Kind::fp_load:
    case Kind::load_multiple:
      return at(i.narrow ? Parameter::narrow_latency : Parameter::load_latency);
    case Kind::fp:
      return at(Parameter::fp_latency);
    case Kind::fp_mac:
      return at(Parameter::fp_mac_latency);
    case Kind::fp_divide:
      return at(Parameter::fp_divide_latency);
    case Kind::vector_load:
    case Kind::vector_int:
    case Kind::vector_mul:
      return at(i.to_core ? Parameter::vector_core_latency
                : i.slow  ? Parameter::vector_slow_latency
                          : Parameter::vector_latency);
    default:
      return at(Parameter::alu_latency);
  }
}

void Pipeline::write_results(const Instruction& i, double issued, double done) {
  const double results = done - 1 + latency(i);
  const double base = issued + at(Parameter::writeback_latency);
  each(i.writes & ~thumb::flags, [&](unsigned r) { ready_[r] = (i.updated >> r & 1) != 0 ? base : results; });
  if ((i.writes & thumb::flags) != 0) ready_[thumb::flags_register] = done - 1 + at(Parameter::alu_latency);
  if (const Unit unit = unit_of(i.kind); unit >= vector_memory && unit <= vector_multiply)
    vector_free_[unit - vector_memory] = issued + at(Parameter::vector_beats);
  if (i.kind == Kind::fp_divide) fp_free_ = issued + at(Parameter::fp_divide_busy);
}

double Pipeline::issue(const Instruction& i, std::uint32_t address) {
  const double before = next_;
  const double stall = waited_ = fetch(address);
  if (stall > 0) {
    next_ += stall;
    open_ = false;
  }
  const double ready = operands_ready(i);
  const double cycles = cost(i);
  if (pairs(i, ready)) {
    next_ = std::max(next_, issued_ + cycles);
    write_results(i, issued_, issued_ + cycles);
    open_ = false;
  } else {
    issued_ = std::max(next_, ready);
    next_ = issued_ + cycles;
    write_results(i, issued_, next_);
    open_ = at(Parameter::issue_width) >= 2 && cycles <= 1;
  }
  last_ = i;
  return next_ - before;
}

double Pipeline::leave(const Instruction& i, const Exit& exit) {
  double extra = exit.predicted ? 0 : at(Parameter::mispredicted);
  const bool expected = exit.looped && (i.loop_end || at(Parameter::predicts_loop) != 0);
  if (i.loop_end && exit.looped && exit.taken) extra += at(Parameter::loop_end_cost) - 1;  // the core remembers the loop
  if (expected && !exit.taken) extra += at(Parameter::taken);
  if (exit.taken && !expected) {
    extra += at(i.loads_pc || i.table ? Parameter::taken_loaded
                : i.indirect          ? Parameter::taken_indirect
                                      : Parameter::taken);
    if (exit.wide_target) extra += at(Parameter::taken_wide);
    if (i.bytes == 4 && i.writes == thumb::core(14)) extra += at(Parameter::call_extra);
    open_ = false;
  }
  if (extra != 0) open_ = false;
  next_ += extra;
  return extra;
}

double Pipeline::read_flash(std::uint32_t address) {
  if (wait_ == 0 || at(Parameter::flash_hits) != 0) return 0;
  const std::uint32_t line = address / static_cast<std::uint32_t>(at(Parameter::flash_line));
  if (line == data_line_) return 0;
  data_line_ = line;
  next_ += wait_;
  open_ = false;
  return wait_;
}

}  // namespace smelt::cycles
