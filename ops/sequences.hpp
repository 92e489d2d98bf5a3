// What recurrent layers of floats and of integers have in common: which rows are which step of which sequence.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt {

struct Sequences {
  int32_t sequences, time;
  bool every;       ///< a hidden state for each step, not just for the last one
  bool reverse;     ///< from the last step to the first
  bool time_major;  ///< one sequence, shaped [time, 1, elements]
  /// Row of a step.
  int64_t row(int64_t sequence, int64_t step) const { return sequence * time + (reverse ? time - 1 - step : step); }
  /// Of hidden states.
  Shape shape(int32_t units) const;
  Shape states(int32_t units) const { return {sequences, units}; }
};

/// From input 0 and the attributes of a recurrent layer.
Result<Sequences> sequences_of(const Graph& graph, const Node& node);

/// Forwards a step is a row. Backwards the rows of the output come last first, which a ring does not bear: all in one
/// step. Declares the input and `initial` states behind it, which are `kept` where the last step updates them.
void declare_steps(Lowering& l, const Sequences& s, int32_t initial, bool cell_output, bool kept = false);

}  // namespace smelt
