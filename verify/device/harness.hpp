// What the generated glue hands to the harness: the models of the image as a table of cases that share one arena.
#ifndef SMELT_VERIFY_HARNESS_HPP
#define SMELT_VERIFY_HARNESS_HPP

#include "port.hpp"
#include "protocol.hpp"

namespace smelt::verify {

using namespace wire;  // NOLINT(google-build-using-namespace): the harness speaks that protocol throughout

/// An input or output buffer of a model: a place in the arena.
struct Slot {
  uint32_t offset;
  uint32_t bytes;
};

/// How the harness fills in a Record while a case runs.
struct Run {
  Record record;
  uintptr_t stack_base;  ///< stack pointer where the model was called; 0: not measured
};

struct Case {
  const Slot* inputs;
  const Slot* outputs;
  const Slot* states;  ///< in order of address
  uint32_t input_count;
  uint32_t output_count;
  uint32_t state_count;
  uint32_t arena_bytes;
  void (*run)(Run&);  ///< one inference over inputs that already are in the arena
  const OpRecord* ops;
  const uint32_t* rows;
};

extern const Case cases[];
extern const uint32_t case_count;
extern uint8_t arena[];

/// Becomes a pointer to whatever type a model's function asks for.
struct AnyPointer {
  void* address;
  template <class T>
  operator T*() const {
    return static_cast<T*>(address);
  }  // NOLINT(google-explicit-constructor)
};

/// The status that a function of a model answers; 0 where it answers nothing.
template <class F>
inline int32_t status_of(F call) {
  if constexpr (__is_same(decltype(call()), void)) {
    call();
    return 0;
  } else {
    return static_cast<int32_t>(call());
  }
}

/// One inference through the model's own init (which sets states back: not `again`) and invoke. Nothing but invoke lies
/// between the two readings of the clock.
template <class Init, class Invoke>
inline void measure(Run& run, bool again, Init init, Invoke invoke) {
  run.record.status = again ? 0 : status_of(init);
  if (run.record.status != 0) return;
  run.stack_base = port::stack_pointer();
  port::restart_timer();
  const uint32_t start = port::ticks();
  const int32_t status = status_of(invoke);
  run.record.end = port::ticks();
  run.record.start = start;
  run.record.coarse = port::coarse_ticks();
  run.record.status = status;
}

}  // namespace smelt::verify

#endif
