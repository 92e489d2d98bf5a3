// Comparisons and logic, element by element with broadcasting. Booleans are bytes: 0, or anything else for true.
#ifndef SMELT_RUNTIME_OPS_LOGICAL_HPP
#define SMELT_RUNTIME_OPS_LOGICAL_HPP

#include <stdint.h>

#include "pairs.hpp"

namespace smelt {

/// Kernels of `expression` in a and b, elements of `type`.
#define SMELT_PREDICATE(name, type, expression)                                             \
  inline void name(const Firing& f) {                                                       \
    each_pair<type, uint8_t>(f, f.as<Pairs>().walk,                                         \
                             [](type a, type b) { return static_cast<uint8_t>((expression) ? 1 : 0); }); \
  }

SMELT_PREDICATE(logical_and_rows, uint8_t, a != 0 && b != 0)
SMELT_PREDICATE(logical_or_rows, uint8_t, a != 0 || b != 0)
SMELT_PREDICATE(logical_xor_rows, uint8_t, (a != 0) != (b != 0))

}  // namespace smelt

#endif
