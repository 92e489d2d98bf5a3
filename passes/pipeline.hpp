// The order of the passes.
#pragma once

#include <functional>

#include "passes/pass.hpp"

namespace smelt {

struct PipelineOptions {
  /// For comparing every operator's tensor: only what leaves each tensor that depends on an input in place.
  bool keep_all_tensors = false;
  /// For writing the graph to a file again: no operator that files do not have.
  bool writable = false;
  /// Called with each pass's name and the graph as it leaves it.
  std::function<void(const char* pass, const Graph&)> dump;
};

/// From a verified graph to the graph that is lowered. Cannot fail: a pass that breaks the graph is a fault of ours.
void run_passes(Graph& graph, PassLog& log, const PipelineOptions& options = {});

/// Where a file quantizes between layers of floats (ONNX's QDQ form), the graph whose layers compute in integers: the
/// definition that compiled code is held to. False, and nothing happens, where there is no such layer.
bool define_integers(Graph& graph, PassLog& log);

}  // namespace smelt
