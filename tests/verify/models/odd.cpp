// Two ops: one that obeys orders, and one that does a known number of instructions.
#include "odd.h"

#include "core.hpp"

namespace smelt_odd {
namespace {

// Exactly two instructions an iteration.
void spin(uint32_t n) {
#if defined(__arm__)
  asm volatile(".syntax unified\n1:\tsubs %0, %0, #1\n\tbne 1b" : "+l"(n) : : "cc");
#elif defined(__riscv)
  asm volatile("1:\taddi %0, %0, -1\n\tbnez %0, 1b" : "+r"(n));
#else
  for (volatile uint32_t i = 0; i < n; i = i + 1) {
  }
#endif
}

[[gnu::noinline]] uint32_t deep(volatile uint32_t* p, uint32_t n) {
  volatile uint32_t room[16] = {n};
  const uint32_t below = n == 0 ? 0 : deep(p, n - 1);
  return below + room[0] + *p;
}

// The kernel of the second op. Its exact number of instructions is known on every core: 2 + 2 * 100 + 1.
#if defined(__arm__)
[[gnu::naked]] void known(const smelt::Firing&) {
  asm volatile(".syntax unified\n\tmovs r0, #100\n\tnop\n1:\tsubs r0, r0, #1\n\tbne 1b\n\tbx lr");
}
#elif defined(__riscv)
[[gnu::naked]] void known(const smelt::Firing&) {
  asm volatile("li a0, 100\n\tnop\n1:\taddi a0, a0, -1\n\tbnez a0, 1b\n\tret");
}
#else
void known(const smelt::Firing&) {}
#endif

void act(const smelt::Firing& f) {
  const uint32_t* in = f.in<uint32_t>(1, 0);
  uint32_t* out = f.out<uint32_t>(0, 0);
  out[0] = 0;
  switch (in[0]) {
    case 0:
      spin(in[1]);
      break;
    case 1:
      __builtin_trap();
    case 2:
      for (;;) asm volatile("");
    case 3:
      out[0] = *reinterpret_cast<const volatile uint32_t*>(f.arena + in[1]);
      break;
    case 4:
      *reinterpret_cast<volatile uint32_t*>(f.arena + in[1]) = 0x04030201;
      break;
    case 5:
      out[0] = *reinterpret_cast<const volatile uint32_t*>(static_cast<uintptr_t>(0xf0000000));
      break;
    case 6:
      out[0] = deep(out, in[1]);
      break;
    default:
      break;
  }
}

}  // namespace

// Arena: input 0..7, output 8..11, scribbling room 12..27, step counters at 28.
extern const smelt::View views[2];
const smelt::View views[2] = {{8, 4, 1, 0, 0}, {0, 8, 1, 0, 0}};
extern const smelt::Op ops[2];
const smelt::Op ops[2] = {{act, nullptr, 0, 1, 1}, {known, nullptr, 0, 1, 1}};
extern const uint16_t schedule[2];
const uint16_t schedule[2] = {smelt::Run::pack(0, 1), smelt::Run::pack(1, 1)};
extern const smelt::Model model;
const smelt::Model model = {ops, views, schedule, nullptr, 2, 2, 28};

}  // namespace smelt_odd

extern "C" void odd_init(odd_context* context, void* arena, size_t) { context->arena = static_cast<uint8_t*>(arena); }

extern "C" int32_t odd_invoke(odd_context* context, const uint32_t*, uint32_t*) {
  smelt::Cursor cursor{};
  smelt::begin(smelt_odd::model, context->arena, cursor);
  while (smelt::step(smelt_odd::model, context->arena, cursor, 1)) {
  }
  return 0;
}
