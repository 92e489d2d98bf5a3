// From a model file of any known format to a verified graph.
#pragma once

#include <map>
#include <string>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

struct ImportOptions {
  /// Shapes of inputs by their names, for what a file leaves open.
  std::map<std::string, Shape> shapes;
};

/// Reads a model. Its content says which format it is; its extension only helps to word the error when it is none.
Result<Graph> read_model(const std::string& path, const ImportOptions& options = {});

}  // namespace smelt
