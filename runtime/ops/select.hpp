// Elements of one operand or another, by a condition, with broadcasting.
#ifndef SMELT_RUNTIME_OPS_SELECT_HPP
#define SMELT_RUNTIME_OPS_SELECT_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../int64.hpp"

namespace smelt {

/// The walk of binary operators (pairs.hpp) with three operands: condition, then, otherwise.
struct Select {
  int32_t segments;  ///< of one output row
  int32_t inner;     ///< elements of one segment
  int32_t step_condition;
  int32_t step_then;
  int32_t step_otherwise;
  int32_t dims;
  int32_t table;  ///< int32_t[dims][7]: the extent, and rows and bytes by which each operand moves
};

/// Where segment s of the operand in `view` begins.
inline const void* operand_at(const Firing& f, const Select& p, int32_t s, uint32_t view) {
  const int32_t* table = f.constant<int32_t>(static_cast<uint32_t>(p.table));
  int32_t row = 0;
  int32_t byte = 0;
  for (int32_t d = p.dims; d-- > 0;) {
    const int32_t* w = table + 7 * d;
    int32_t i = s;
    if (d > 0) {
      s /= w[0];
      i -= s * w[0];
    }
    row += i * w[2 * view - 1];
    byte += i * w[2 * view];
  }
  return f.in<uint8_t>(view, row) + byte;
}

template <class T>
inline void select_rows(const Firing& f) {
  const Select& p = f.as<Select>();
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    T* out = f.out<T>(0, r);
    for (int32_t k = 0; k < p.segments; ++k) {
      const int32_t s = r * p.segments + k;
      const uint8_t* condition = static_cast<const uint8_t*>(operand_at(f, p, s, 1));
      const T* then = static_cast<const T*>(operand_at(f, p, s, 2));
      const T* otherwise = static_cast<const T*>(operand_at(f, p, s, 3));
      for (int32_t i = 0; i < p.inner; ++i) {
        *out++ = *condition != 0 ? *then : *otherwise;
        condition += p.step_condition;
        then += p.step_then;
        otherwise += p.step_otherwise;
      }
    }
  }
}

inline void select_8(const Firing& f) { select_rows<uint8_t>(f); }
inline void select_16(const Firing& f) { select_rows<uint16_t>(f); }
inline void select_32(const Firing& f) { select_rows<uint32_t>(f); }
inline void select_64(const Firing& f) { select_rows<Int64>(f); }

}  // namespace smelt

#endif
