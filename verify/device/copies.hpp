// What the linker script wants copied before anything runs: from where the emulator loads it to where it works.
#ifndef SMELT_VERIFY_COPIES_HPP
#define SMELT_VERIFY_COPIES_HPP

#include <stdint.h>

extern "C" {
struct SmeltCopy {
  const uint32_t* from;
  uint32_t* to;
  uint32_t bytes;  ///< a multiple of 16
};
extern const SmeltCopy smelt_copies[];
extern const SmeltCopy smelt_copies_end[];
}

namespace smelt::verify {

/// Volatile, lest it become a call of memcpy, which may be among what is copied.
inline void make_copies() {
  for (const SmeltCopy* c = smelt_copies; c != smelt_copies_end; ++c) {
    for (uint32_t i = 0; i < c->bytes / 4; ++i) const_cast<volatile uint32_t*>(c->to)[i] = c->from[i];
  }
}

}  // namespace smelt::verify

#endif
