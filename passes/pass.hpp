// Graph-to-graph functions, one a file. Each takes a verified graph and leaves a verified graph that computes the same
// bytes. pipeline.hpp is their order.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"

namespace smelt {

/// What a graph costs, by its shapes.
struct Work {
  int64_t macs = 0;          ///< multiply-accumulates
  int64_t weights = 0;       ///< elements of the constants that they multiply with
  int64_t tensor_bytes = 0;  ///< of all tensors that nodes make
};
Work work_of(const Graph& graph);

/// What was done, a line a change, for --verbose and for report.json.
struct PassLog {
  struct Line {
    std::string pass;
    std::string text;  ///< e.g. `"conv/relu" (relu) became a part of "conv" (conv_2d)`
  };
  std::vector<Line> lines;
  Work before, after;  ///< of the graph as run_passes found and left it

  void note(const char* pass, std::string text) { lines.push_back({pass, std::move(text)}); }
  std::string to_string() const;  ///< `pass: text`, one line each
};

/// Nodes whose outputs follow from constants or shapes become constants.
void fold_constants(Graph& graph, PassLog& log);

/// Transpositions, of models that keep channels first, move past operators that can do without them, and cancel.
void move_transposes(Graph& graph, PassLog& log);

/// Weights behind a flattened transposition stand in the order in which their input comes without it.
void reorder_weights(Graph& graph, PassLog& log);

/// Factors and summands of channels, as batch normalization leaves them, become part of the weights in front of them.
void fold_scales(Graph& graph, PassLog& log);

/// Operators between dequantized operands and a quantized result compute in integers, where they can.
void use_integers(Graph& graph, PassLog& log);

/// Reshapes of reshapes read the first one's input, and so do operators that flatten their input anyway.
void remove_reshapes(Graph& graph, PassLog& log);

/// Nodes that change nothing, and pairs of nodes of which the second undoes the first.
void remove_identities(Graph& graph, PassLog& log);

/// Padding with real zeros becomes part of the convolutions that read it.
void fuse_padding(Graph& graph, PassLog& log);

/// Activations that only clamp become part of the node that they clamp. The activation's tensor stays, the other goes;
/// the fused node keeps its own `source`.
void fuse_activations(Graph& graph, PassLog& log);

/// Functions of one byte in a row become one table (operator "lookup"), or nothing where that is the identity.
void compose_lookups(Graph& graph, PassLog& log);

/// Where an int8 weighted sum (ops/weighted_sum.hpp) reads a channel that always holds one value, its bias takes what the
/// channel adds; an output channel that can hold one value only loses its weights. Both get weights of 0, so that
/// remove_channels can take them out. Exact: the sums stay the same numbers, or are shown not to matter.
void fold_channels(Graph& graph, PassLog& log);

/// Where two channels always hold the same bytes, weighted sums read only the first of them, with the sum of both weights
/// where int8 holds it.
void merge_channels(Graph& graph, PassLog& log);

/// Channels that nothing reads, or only with weights of 0, are not computed: tensors, weights and biases shrink.
void remove_channels(Graph& graph, PassLog& log);

/// Nodes that no output depends on, and tensors that nothing mentions; the others are numbered anew in the same order.
void remove_dead(Graph& graph, PassLog& log);

/// Only the tensors that nothing mentions.
void remove_unused_tensors(Graph& graph, PassLog& log);

}  // namespace smelt
