// From a model file of any known format to a verified graph.
#pragma once

#include <string>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

/// Reads a model. Its content says which format it is; its extension only helps to word the error when it is none.
Result<Graph> read_model(const std::string& path);

}  // namespace smelt
