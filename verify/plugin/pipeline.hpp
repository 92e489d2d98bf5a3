// An in-order pipeline that issues one or two instructions a cycle, in one column of constants. docs/cycles.md says
// what it models; targets/cycle_parameters.hpp what the constants mean.
#pragma once

#include <cstdint>

#include "targets/cycle_parameters.hpp"
#include "verify/plugin/thumb.hpp"

namespace smelt::cycles {

using thumb::Instruction;
using thumb::Kind;
using thumb::Registers;
using Parameter = targets::CycleParameter;

/// How control left an instruction.
struct Exit {
  bool taken = false;
  bool predicted = true;     ///< the two-bit counter of the branch was right
  bool wide_target = false;  ///< to an instruction of 32 bits that is not word-aligned
  bool looped = false;       ///< a conditional branch that is the last one that was taken backward
};

class Pipeline {
 public:
  Pipeline(const targets::CycleParameters& parameters, double wait_states) : p_(parameters), wait_(wait_states) {
    for (double& r : ready_) r = long_ago;
  }

  /// Only what lies in [begin, end) waits. Default: everything.
  void set_flash(std::uint32_t begin, std::uint32_t end) {
    flash_begin_ = begin;
    flash_end_ = end;
  }

  /// Cycles since the start: the next instruction issues no earlier, unless it issues with the last one.
  double now() const { return next_; }

  /// Executes an instruction at `address`; cycles that this adds.
  double issue(const Instruction& i, std::uint32_t address);
  /// Of them, those for which the fetch waited for flash.
  double waited() const { return waited_; }
  /// The last instruction is a branch and went this way; cycles that this adds.
  double leave(const Instruction& i, const Exit& exit);
  /// The last instruction read `address` in flash; cycles that this adds.
  double read_flash(std::uint32_t address);

 private:
  enum Unit : std::uint8_t { alu, shifter, multiply, load, store, fp, branch, vector_memory, vector_integer, vector_multiply, none };

  double at(Parameter name) const { return p_[static_cast<std::size_t>(name)]; }
  double units(Unit unit) const;
  static Unit unit_of(Kind kind);
  static bool alone(const Instruction& i);

  double fetch(std::uint32_t address);
  double operands_ready(const Instruction& i) const;
  bool pairs(const Instruction& i, double ready) const;
  double cost(const Instruction& i) const;
  double latency(const Instruction& i) const;
  void write_results(const Instruction& i, double issued, double done);

  targets::CycleParameters p_;
  double wait_;
  std::uint32_t flash_begin_ = 0, flash_end_ = ~0U;
  double waited_ = 0;
  double next_ = 0;     ///< the cycle behind the last group
  double issued_ = -1;  ///< the cycle in which the last group issued
  bool open_ = false;   ///< a second instruction may still join it
  double vector_free_[3] = {};  ///< when each of the three vector pipes is
  double fp_free_ = 0;  ///< when the divider of the floating-point unit is done
  std::uint32_t line_ = ~0U;
  std::uint32_t data_line_ = ~0U;
  double line_entered_ = 0;
  Instruction last_;
  static constexpr double long_ago = -1000;
  double ready_[64];  ///< when each register can be used by an instruction that issues then
};

}  // namespace smelt::cycles
