// The part of fuzzing that knows no file format.
#pragma once

#include <cstdint>
#include <span>

#include "ir/graph.hpp"

namespace smelt::fuzz {

/// Aborts unless the failure says something, or the graph that was read goes the whole way: verifier, text form and
/// back, passes, oracle, planner, interpreter, emitter. `bytes`, those of the file, choose the inputs, and which models go
/// there: one of `share`; the others stop behind the verifier.
void check(const Result<Graph>& graph, std::span<const uint8_t> bytes, uint32_t share = 1);

}  // namespace smelt::fuzz
