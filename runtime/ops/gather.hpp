// Slices of a tensor by index, and indices as vectors of one set element. Indices out of range count as the nearest in it.
#ifndef SMELT_RUNTIME_OPS_GATHER_HPP
#define SMELT_RUNTIME_OPS_GATHER_HPP

#include <stdint.h>

#include "copy.hpp"

namespace smelt {

inline int32_t index_within(int32_t i, int32_t extent) { return i < 0 ? 0 : (i < extent ? i : extent - 1); }

/// Whole tensors, [batches][blocks][extent] slices -> [batches][blocks][count]: those that the batch's `count` indices
/// name, negative ones from the end.
struct Gather {
  int32_t batches;
  int32_t blocks;
  int32_t extent;
  int32_t count;
  int32_t slice;    ///< bytes
  int32_t indices;  ///< int32_t[batches][count] in the constants; -1: view 2
};

inline void gather(const Firing& f) {
  const Gather& p = f.as<Gather>();
  const uint8_t* from = f.in<uint8_t>(1, 0);
  uint8_t* to = f.out<uint8_t>(0, 0);
  const int32_t* indices = p.indices < 0 ? f.in<int32_t>(2, 0) : f.constant<int32_t>(static_cast<uint32_t>(p.indices));
  for (int32_t b = 0; b < p.batches; ++b, indices += p.count) {
    for (int32_t k = 0; k < p.blocks; ++k, from += p.extent * p.slice) {
      for (int32_t i = 0; i < p.count; ++i, to += p.slice) {
        const int32_t index = indices[i] < 0 ? indices[i] + p.extent : indices[i];
        copy_run(to, from + index_within(index, p.extent) * p.slice, p.slice);
      }
    }
  }
}

/// Whole tensors: `count` indices of `depth` numbers each, one number for each of the input's first dimensions.
struct GatherNd {
  int32_t count;
  int32_t depth;
  int32_t extents;  ///< int32_t[depth] in the constants
  int32_t slice;    ///< bytes
};

inline void gather_nd(const Firing& f) {
  const GatherNd& p = f.as<GatherNd>();
  const uint8_t* from = f.in<uint8_t>(1, 0);
  const int32_t* index = f.in<int32_t>(2, 0);
  const int32_t* extents = f.constant<int32_t>(static_cast<uint32_t>(p.extents));
  uint8_t* to = f.out<uint8_t>(0, 0);
  for (int32_t i = 0; i < p.count; ++i, to += p.slice) {
    int32_t at = 0;
    for (int32_t d = 0; d < p.depth; ++d, ++index) {
      at = at * extents[d] + index_within(*index < 0 ? *index + extents[d] : *index, extents[d]);
    }
    copy_run(to, from + at * p.slice, p.slice);
  }
}

/// Whole tensors: [outer][inner] indices -> [outer][depth][inner] elements of 1 or 4 bytes.
struct OneHot {
  int32_t outer;
  int32_t depth;
  int32_t inner;
  int32_t on;  ///< bits
  int32_t off;
};

template <class T>
inline void one_hot(const Firing& f) {
  const OneHot& p = f.as<OneHot>();
  const int32_t* indices = f.in<int32_t>(1, 0);
  T* to = f.out<T>(0, 0);
  for (int32_t o = 0; o < p.outer; ++o, indices += p.inner) {
    for (int32_t d = 0; d < p.depth; ++d) {
      for (int32_t i = 0; i < p.inner; ++i) *to++ = static_cast<T>(indices[i] == d ? p.on : p.off);
    }
  }
}
inline void one_hot_8(const Firing& f) { one_hot<uint8_t>(f); }
inline void one_hot_32(const Firing& f) { one_hot<uint32_t>(f); }

}  // namespace smelt

#endif
