// Graph-to-graph functions, one a file. Each takes a verified graph and leaves a verified graph that computes the same
// bytes. pipeline.hpp is their order.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"

namespace smelt {

/// What was done, a line a change, for --verbose and for report.json.
struct PassLog {
  struct Line {
    std::string pass;
    std::string text;  ///< e.g. `"conv/relu" (relu) became a part of "conv" (conv_2d)`
  };
  std::vector<Line> lines;

  void note(const char* pass, std::string text) { lines.push_back({pass, std::move(text)}); }
  std::string to_string() const;  ///< `pass: text`, one line each
};

/// Nodes whose outputs follow from constants or shapes become constants.
void fold_constants(Graph& graph, PassLog& log);

/// Reshapes of reshapes read the first one's input, and so do operators that flatten their input anyway.
void remove_reshapes(Graph& graph, PassLog& log);

/// Nodes that change nothing, and pairs of nodes of which the second undoes the first.
void remove_identities(Graph& graph, PassLog& log);

/// Padding with real zeros becomes part of the convolutions that read it.
void fuse_padding(Graph& graph, PassLog& log);

/// Activations that only clamp become part of the node that they clamp. The activation's tensor stays, the other goes;
/// the fused node keeps its own `source`.
void fuse_activations(Graph& graph, PassLog& log);

/// Nodes that no output depends on, and tensors that nothing mentions; the others are numbered anew in the same order.
void remove_dead(Graph& graph, PassLog& log);

/// Only the tensors that nothing mentions.
void remove_unused_tensors(Graph& graph, PassLog& log);

}  // namespace smelt
