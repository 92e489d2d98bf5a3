// Which bytes of the arena each firing frees: whoever still read them would read what the plan does not promise.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"

namespace smelt::plan {

struct ByteRange {
  uint32_t offset = 0;
  uint32_t bytes = 0;
  bool operator==(const ByteRange&) const = default;
};

/// By firing: what held rows or scratch in it and nothing that is needed after it, in order of address.
std::vector<std::vector<ByteRange>> freed_bytes(const Problem& problem, const Plan& plan);

}  // namespace smelt::plan
