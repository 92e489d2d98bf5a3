// Does with one emitted model all that its API offers. Compiled with -DMODEL=name -DNAME=NAME, and glue.inc, which holds the
// lists of arguments: PORTS(IN, OUT) calls for each input and output.
//
// argv: a file of inputs (run after run), a file for the outputs. Complains on standard output; prints the descriptors.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "glue.inc"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define F(suffix) JOIN(MODEL, suffix)
#define K(suffix) JOIN(NAME, suffix)

namespace {

using Bytes = std::vector<uint8_t>;
using Context = F(_context);

int failures = 0;
#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      std::printf("line %d: %s does not hold\n", __LINE__, #condition); \
      ++failures;                                                    \
    }                                                                \
  } while (false)

struct Any {  // becomes whatever pointer a function asks for
  void* address;
  template <class T>
  operator T*() const { return static_cast<T*>(address); }
};

const F(_tensor)& in_info(uint32_t i) { return *F(_input_info)(i); }
const F(_tensor)& out_info(uint32_t i) { return *F(_output_info)(i); }

std::vector<std::vector<uint64_t>> room(bool outputs) {  // 8-aligned, whatever the type
  std::vector<std::vector<uint64_t>> r;
  const uint32_t n = outputs ? K(_OUTPUTS) : K(_INPUTS);
  for (uint32_t i = 0; i < n; ++i) r.emplace_back(((outputs ? out_info(i) : in_info(i)).bytes + 7) / 8);
  return r;
}

struct Case {
  std::vector<std::vector<uint64_t>> in = room(false), out = room(true);
  Any IN(uint32_t i) { return {in[i].data()}; }
  Any OUT(uint32_t i) { return {out[i].data()}; }
  bool operator==(const Case& other) const {
    for (uint32_t i = 0; i < K(_OUTPUTS); ++i) {
      if (std::memcmp(out[i].data(), other.out[i].data(), out_info(i).bytes) != 0) return false;
    }
    return true;
  }
};

F(_status) invoke(Context* ctx, Case& c) { return F(_invoke)(ctx, INVOKE_ARGUMENTS(c.IN, c.OUT)); }

void put(Context* ctx, Case& c) {
  for (uint32_t i = 0; i < K(_INPUTS); ++i) std::memcpy(F(_input)(ctx, i), c.in[i].data(), in_info(i).bytes);
}
void get(Context* ctx, Case& c) {
  for (uint32_t i = 0; i < K(_OUTPUTS); ++i) std::memcpy(c.out[i].data(), F(_output)(ctx, i), out_info(i).bytes);
}

K(_STATIC_ARENA)(arena_a);
alignas(16) uint8_t arena_b[K(_ARENA_BYTES) + 64];

void arguments_are_checked(Case& c) {
  Context ctx;
  CHECK(F(_init)(nullptr, arena_b, sizeof arena_b) == K(_BAD_ARGUMENT));
  CHECK(F(_init)(&ctx, nullptr, sizeof arena_b) == K(_BAD_ARGUMENT));
  // None of these contexts has an arena: each call answers, none crashes.
  for (int way = 0; way < 3; ++way) {
    if (way == 1) CHECK(F(_init)(&ctx, arena_b, K(_ARENA_BYTES) - 1) == K(_BAD_ARGUMENT));
    if (way == 2) CHECK(F(_init)(&ctx, arena_b + K(_ARENA_ALIGN) / 2, sizeof arena_b - 32) == K(_BAD_ARGUMENT));
    CHECK(invoke(&ctx, c) == K(_BAD_ARGUMENT));
    CHECK(F(_begin)(&ctx) == K(_BAD_ARGUMENT));
    CHECK(F(_step)(&ctx, 1) == K(_BAD_ARGUMENT));
    CHECK(F(_selftest)(&ctx) == K(_BAD_ARGUMENT));
    CHECK(F(_input)(&ctx, 0) == nullptr);
    CHECK(F(_output)(&ctx, 0) == nullptr);
  }
  CHECK(invoke(nullptr, c) == K(_BAD_ARGUMENT));
  CHECK(F(_begin)(nullptr) == K(_BAD_ARGUMENT));
  CHECK(F(_step)(nullptr, 1) == K(_BAD_ARGUMENT));
  CHECK(F(_selftest)(nullptr) == K(_BAD_ARGUMENT));
  CHECK(F(_input)(nullptr, 0) == nullptr);
  CHECK(F(_output)(nullptr, 0) == nullptr);
  CHECK(F(_input_info)(K(_INPUTS)) == nullptr);
  CHECK(F(_output_info)(K(_OUTPUTS)) == nullptr);
  CHECK(F(_init)(&ctx, arena_b, K(_ARENA_BYTES)) == K(_OK));
  CHECK(F(_input)(&ctx, K(_INPUTS)) == nullptr);
  CHECK(F(_output)(&ctx, K(_OUTPUTS)) == nullptr);
  for (uint32_t p = 0; p < K(_INPUTS) + K(_OUTPUTS); ++p) {
    const auto without = [&](uint32_t i, Any given) { return i == p ? Any{nullptr} : given; };
    CHECK(F(_invoke)(&ctx, INVOKE_ARGUMENTS([&](uint32_t i) { return without(i, c.IN(i)); }, [&](uint32_t i) {
                       return without(K(_INPUTS) + i, c.OUT(i));
                     })) == K(_BAD_ARGUMENT));
  }
  for (uint8_t beyond : {0, 1, 2, 3}) CHECK(arena_b[K(_ARENA_BYTES) + beyond] == 0);
}

/// invoke, step by step, in place, and through the C++ class: all the same.
void ways_agree(Case& c) {
  Context ctx;
  CHECK(F(_init)(&ctx, arena_a, sizeof arena_a) == K(_OK));
  CHECK(invoke(&ctx, c) == K(_OK));

  Case stepped = c;
  put(&ctx, stepped);
  CHECK(F(_begin)(&ctx) == K(_OK));
  CHECK(F(_step)(&ctx, 0) == (OPERATIONS == 0 ? K(_OK) : K(_PENDING)));
  int pending = 0;
  while (F(_step)(&ctx, 1) == K(_PENDING)) ++pending;
  CHECK(pending == (STEPS == 0 ? 0 : STEPS - 1));
  CHECK(F(_step)(&ctx, 1) == K(_OK));  // nothing is left
  get(&ctx, stepped);
  CHECK(stepped == c);

  Case in_place = c;
  put(&ctx, in_place);
  CHECK(F(_invoke)(&ctx, INVOKE_ARGUMENTS([&](uint32_t i) { return Any{F(_input)(&ctx, i)}; }, [&](uint32_t i) {
                     return CONSTANT_OUTPUT(i) ? in_place.OUT(i) : Any{const_cast<void*>(F(_output)(&ctx, i))};
                   })) == K(_OK));
  get(&ctx, in_place);
  CHECK(in_place == c);

  static MODEL::Model model;  // zeros until it is used
  Case through_class = c;
  CHECK(model.invoke(INVOKE_ARGUMENTS(through_class.IN, through_class.OUT)) == K(_OK));
  CHECK(through_class == c);
}

/// Two contexts in turns give what each gives alone.
void contexts_are_independent(Case& first, Case& second) {
  Context a, b;
  CHECK(F(_init)(&a, arena_a, sizeof arena_a) == K(_OK));
  CHECK(F(_init)(&b, arena_b, sizeof arena_b) == K(_OK));
  Case c = first, d = second;
  put(&a, c);
  F(_begin)(&a);
  F(_step)(&a, 3);
  put(&b, d);
  F(_begin)(&b);
  bool left = true;
  while (left) {
    const auto of_a = F(_step)(&a, 2);
    const auto of_b = F(_step)(&b, 5);
    left = of_a == K(_PENDING) || of_b == K(_PENDING);
  }
  get(&a, c);
  get(&b, d);
  CHECK(c == first);
  CHECK(d == second);
}

#if HAS_FLOAT_API
int stored(const F(_tensor) & info, const void* data, uint32_t i) {
  if (info.type == K(_I16)) return static_cast<const int16_t*>(data)[i];
  return info.type == K(_I8) ? static_cast<const int8_t*>(data)[i] : static_cast<const uint8_t*>(data)[i];
}
double as_real(const F(_tensor) & info, const void* data, uint32_t i) {
  if (info.type == K(_F32)) return static_cast<const float*>(data)[i];
  return static_cast<double>(info.scale * static_cast<float>(stored(info, data, i) - info.zero_point));
}
uint32_t count(const F(_tensor) & info) {
  return info.bytes / (info.type == K(_F32) ? 4 : info.type == K(_I16) ? 2 : 1);
}

/// Real numbers that quantize to the bytes of `c` give the real numbers of its outputs; far ones saturate.
void floats_agree(Case& c) {
  Context ctx;
  F(_init)(&ctx, arena_a, sizeof arena_a);
  std::vector<std::vector<float>> in, out;
  for (uint32_t i = 0; i < K(_INPUTS); ++i) {
    in.emplace_back();
    for (uint32_t e = 0; e < count(in_info(i)); ++e) {
      double x = as_real(in_info(i), c.in[i].data(), e);
      if (in_info(i).type == K(_I8) || in_info(i).type == K(_I16)) {
        // Between two numbers, but nearer to this one; and beyond the ends.
        const int q = stored(in_info(i), c.in[i].data(), e);
        const int high = in_info(i).type == K(_I8) ? 127 : 32767;
        x += static_cast<double>(in_info(i).scale) * (q == high ? 1e6 : q == -high - 1 ? -1e6 : e % 2 == 0 ? 0.3 : -0.3);
      }
      in.back().push_back(static_cast<float>(x));
    }
  }
  for (uint32_t i = 0; i < K(_OUTPUTS); ++i) out.emplace_back(count(out_info(i)), -1e9F);
  CHECK(F(_invoke_float)(&ctx, INVOKE_ARGUMENTS([&](uint32_t i) { return in[i].data(); }, [&](uint32_t i) { return out[i].data(); })) ==
        K(_OK));
  for (uint32_t i = 0; i < K(_OUTPUTS); ++i) {
    for (uint32_t e = 0; e < count(out_info(i)); ++e) {
      CHECK(static_cast<double>(out[i][e]) == as_real(out_info(i), c.out[i].data(), e));
    }
  }
}
#endif

void print_info(const char* what, const F(_tensor) & t) {
  std::printf("%s \"%s\" type %d bytes %u scale %.9g zero %d shape", what, t.name, static_cast<int>(t.type), t.bytes,
              static_cast<double>(t.scale), t.zero_point);
  for (int32_t d = 0; d < t.rank; ++d) std::printf(" %d", t.shape[d]);
  for (uint32_t l = 0; l < t.label_count; ++l) std::printf(" [%s]", t.labels[l]);
  std::printf("\n");
}

}  // namespace

int main(int, char** argv) {
  std::ifstream input(argv[1], std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
  std::ofstream output(argv[2], std::ios::binary);
  std::vector<Case> cases(RUNS);
  size_t at = 0;
  for (Case& c : cases) {
    for (uint32_t i = 0; i < K(_INPUTS); ++i) {
      std::memcpy(c.in[i].data(), bytes.data() + at, in_info(i).bytes);
      at += in_info(i).bytes;
    }
  }
  CHECK(at == bytes.size());
  arguments_are_checked(cases[0]);
  for (Case& c : cases) {
    ways_agree(c);
    for (uint32_t i = 0; i < K(_OUTPUTS); ++i) output.write(reinterpret_cast<char*>(c.out[i].data()), out_info(i).bytes);
#if HAS_FLOAT_API
    floats_agree(c);
#endif
  }
  contexts_are_independent(cases[0], cases[1]);
  Context ctx;
  F(_init)(&ctx, arena_a, sizeof arena_a);
  CHECK(F(_selftest)(&ctx) == K(_OK));
  CHECK(reinterpret_cast<uintptr_t>(arena_a) % K(_ARENA_ALIGN) == 0);
  for (uint32_t i = 0; i < K(_INPUTS); ++i) print_info("input", in_info(i));
  for (uint32_t i = 0; i < K(_OUTPUTS); ++i) print_info("output", out_info(i));
  return failures == 0 ? 0 : 1;
}
