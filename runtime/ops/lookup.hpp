// Any function from 8 bits to 8 bits, element by element, by table.
#ifndef SMELT_RUNTIME_OPS_LOOKUP_HPP
#define SMELT_RUNTIME_OPS_LOOKUP_HPP

#include <stdint.h>

#include "../core.hpp"

namespace smelt {

struct Lookup {
  int32_t row;    ///< bytes of a row
  int32_t table;  ///< uint8_t[256], indexed by the input's bits
};

/// Views: output, input. The two may be the same bytes.
inline void lookup_s8(const Firing& f) {
  const Lookup& p = f.as<Lookup>();
  const uint8_t* table = f.constant<uint8_t>(static_cast<uint32_t>(p.table));
  const int32_t n = p.row;
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    const uint8_t* in = f.in<uint8_t>(1, r);
    uint8_t* out = f.out<uint8_t>(0, r);
    for (int32_t i = 0; i < n; ++i) out[i] = table[in[i]];
  }
}

}  // namespace smelt

#endif
