// Reader of ONNX models, opsets 7 and up, and of earlier ones what has not changed since.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "import/import.hpp"
#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

/// ONNX files carry no identifier: whether the bytes begin as one does.
bool looks_like_onnx(std::span<const uint8_t> bytes);

/// Graph of a model; verify_graph() holds. Whatever the bytes are, the answer is a graph or a Failure, in memory
/// proportional to their number and to the size of the tensors that they describe. `name` is the file's name in messages;
/// data in other files is looked for beside it. The file's order of dimensions is kept: operators that want channels last
/// stand between transpositions, which passes move and cancel.
Result<Graph> parse_onnx(std::span<const uint8_t> bytes, const std::string& name, const ImportOptions& options = {});

/// The operators that are read, in alphabetical order; those of another domain with its name and a dot in front.
std::vector<std::string> onnx_operators();

}  // namespace smelt
