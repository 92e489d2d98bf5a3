// What the operators on two tensors share: walking the operands, with broadcasting.
#ifndef SMELT_RUNTIME_OPS_PAIRS_HPP
#define SMELT_RUNTIME_OPS_PAIRS_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

// How to walk two operands beside the output is an int32_t array in the constants (ops/broadcast.hpp makes it). A row
// of the output is cut into segments of `inner` elements, along which each operand moves by 0 or 1. Segment s, counted
// over the whole output, has one coordinate in each of `dims` dimensions, the innermost one last.
enum WalkWord : int32_t {
  walk_segments,  ///< segments of one output row
  walk_inner,     ///< elements of one segment
  walk_step_a,    ///< 0 or 1
  walk_step_b,    ///< 0 or 1
  walk_view_a,    ///< view of operand a, 1 or 2; operand b has the other
  walk_dims,
  walk_table,  ///< then for each dimension: its extent, and rows and bytes by which a, then b, move in it
};

struct Operands {
  const void* a;
  const void* b;
};

/// Where segment `s` begins in either operand. Called once a segment: one copy for all kernels.
[[gnu::noinline]] inline Operands operands_at(const Firing& f, const int32_t* walk, int32_t s) {
  int32_t row_a = 0, byte_a = 0, row_b = 0, byte_b = 0;
  for (int32_t d = walk[walk_dims]; d > 0; --d) {
    const int32_t* w = walk + walk_table + 5 * (d - 1);
    int32_t i = s;
    if (d > 1) {
      s /= w[0];
      i -= s * w[0];
    }
    row_a += i * w[1];
    byte_a += i * w[2];
    row_b += i * w[3];
    byte_b += i * w[4];
  }
  const uint32_t view_a = static_cast<uint32_t>(walk[walk_view_a]);
  return {f.in<uint8_t>(view_a, row_a) + byte_a, f.in<uint8_t>(3 - view_a, row_b) + byte_b};
}

/// `segment(a, b, out, walk)` of every segment.
template <class In, class Out, class F>
inline void each_segment(const Firing& f, int32_t walk_offset, F segment) {
  const int32_t* walk = f.constant<int32_t>(static_cast<uint32_t>(walk_offset));
  const int32_t segments = walk[walk_segments];
  for (int32_t r = f.step; r < f.step + f.count; ++r) {
    Out* out = f.out<Out>(0, r);
    for (int32_t k = 0; k < segments; ++k, out += walk[walk_inner]) {
      const Operands o = operands_at(f, walk, r * segments + k);
      segment(static_cast<const In*>(o.a), static_cast<const In*>(o.b), out, walk);
    }
  }
}

/// `element` of every pair. The output may be the same bytes as an operand of its shape.
template <class In, class Out, class F>
inline void each_pair(const Firing& f, int32_t walk_offset, F element) {
  each_segment<In, Out>(f, walk_offset, [&element](const In* a, const In* b, Out* out, const int32_t* walk) {
    const int32_t step_a = walk[walk_step_a];
    const int32_t step_b = walk[walk_step_b];
    for (Out* end = out + walk[walk_inner]; out != end; ++out) {
      *out = element(*a, *b);
      a += step_a;
      b += step_b;
    }
  });
}

/// Of a kernel that needs to know no more.
struct Pairs {
  int32_t walk;
};

struct BinaryF32 {
  int32_t walk;
  int32_t low;   ///< bits of a float
  int32_t high;  ///< bits of a float
};

/// `element` of every pair, clamped.
template <class F>
inline void each_clamped(const Firing& f, F element) {
  const BinaryF32& p = f.as<BinaryF32>();
  const float low = as_float(p.low);
  const float high = as_float(p.high);
  each_pair<float, float>(f, p.walk, [=](float a, float b) {
    const float y = element(a, b);
    return y < low ? low : (y > high ? high : y);
  });
}

}  // namespace smelt

#endif
