// One kernel for everything that only moves bytes: transpose, slice, strided slice, pad, concatenation, split, pack,
// unpack. The compiler turns each of them into a table of strided block copies (ops/movement.hpp).
#ifndef SMELT_RUNTIME_OPS_COPY_HPP
#define SMELT_RUNTIME_OPS_COPY_HPP

#include <stdint.h>

#include "../core.hpp"

namespace smelt {

/// A loop around a block: `count` times, stepping so many bytes on either side.
struct CopyLoop {
  int32_t count;
  int32_t from;
  int32_t to;
};

/// A strided block copied in every step of [first, end): in step s from row `from_row + (s - first) * from_step` of
/// view `from_view` to the row of `to_view` found alike. A negative `from_view` fills one run instead. Byte offsets and
/// strides.
struct CopyMove {
  int32_t first, end;
  int32_t to_view, to_row, to_step, to_offset;
  int32_t from_view, from_row, from_step, from_offset;
  int32_t run;                            ///< contiguous bytes
  int32_t count, from_stride, to_stride;  ///< the innermost loop around the run
  int32_t outer, loops;  ///< how many CopyLoops around that, outermost first, and where in the constants
};

struct Copy {
  int32_t moves;  ///< CopyMoves in the constants, in the order in which they are made
  int32_t move_count;
  int32_t fill;  ///< four bytes that fills repeat, the first one lowest
};

inline constexpr int32_t copy_max_loops = 8;

/// Whether words may be read and written; byte tensors may start anywhere.
inline bool copy_by_words(const uint8_t* a, const uint8_t* b) {
  return ((reinterpret_cast<uintptr_t>(a) | reinterpret_cast<uintptr_t>(b)) & 3) == 0;
}

inline void copy_run(uint8_t* to, const uint8_t* from, int32_t bytes) {
  if (copy_by_words(to, from)) {
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) {
      __builtin_memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), 4);
      asm volatile("" : "+r"(bytes));  // or compilers call memcpy, even for the few bytes of an element
    }
  }
  for (; bytes > 0; --bytes) {
    *to++ = *from++;
    asm volatile("" : "+r"(bytes));
  }
}

inline void fill_run(uint8_t* to, uint32_t pattern, int32_t bytes) {
  if (copy_by_words(to, to)) {
    for (; bytes >= 4; bytes -= 4, to += 4) __builtin_memcpy(__builtin_assume_aligned(to, 4), &pattern, 4);
  }
  for (; bytes > 0; --bytes, pattern = pattern >> 8 | pattern << 24) *to++ = static_cast<uint8_t>(pattern);
}

inline void copy_blocks(const Firing& f, const CopyMove& m, uint8_t* to, const uint8_t* from) {
  const CopyLoop* loops = f.constant<CopyLoop>(static_cast<uint32_t>(m.loops));
  int32_t left[copy_max_loops];
  for (int32_t d = 0; d < m.outer; ++d) left[d] = loops[d].count;
  int32_t to_at = m.to_offset;  // offsets, as pointers must not leave their tensor, not even between two blocks
  int32_t from_at = m.from_offset;
  const int32_t run = m.run;  // read once: stores of bytes may alias the table
  const int32_t count = m.count;
  const int32_t from_stride = m.from_stride;
  const int32_t to_stride = m.to_stride;
  for (;;) {
    for (int32_t i = 0; i < count; ++i) copy_run(to + (to_at + i * to_stride), from + (from_at + i * from_stride), run);
    int32_t d = m.outer;
    for (;;) {
      if (d-- == 0) return;
      to_at += loops[d].to;
      from_at += loops[d].from;
      if (--left[d] != 0) break;
      left[d] = loops[d].count;
      to_at -= loops[d].to * loops[d].count;
      from_at -= loops[d].from * loops[d].count;
    }
  }
}

inline void copy(const Firing& f) {
  const Copy& p = f.as<Copy>();
  const CopyMove* moves = f.constant<CopyMove>(static_cast<uint32_t>(p.moves));
  for (int32_t s = f.step; s < f.step + f.count; ++s) {
    for (const CopyMove* m = moves; m != moves + p.move_count; ++m) {
      if (s < m->first || s >= m->end) continue;
      const int32_t at = s - m->first;
      uint8_t* to = f.out<uint8_t>(static_cast<uint32_t>(m->to_view), m->to_row + at * m->to_step);
      if (m->from_view < 0) {
        fill_run(to + m->to_offset, static_cast<uint32_t>(p.fill), m->run);
      } else {
        copy_blocks(f, *m, to, f.in<uint8_t>(static_cast<uint32_t>(m->from_view), m->from_row + at * m->from_step));
      }
    }
  }
}

}  // namespace smelt

#endif
