#pragma once

#include "passes/pass.hpp"

namespace smelt {

/// For graphs to be written: recurrent layers that .tflite has no word for become several nodes.
void spell_out(Graph& graph, PassLog& log);

}  // namespace smelt
