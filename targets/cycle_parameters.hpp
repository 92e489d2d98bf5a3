// The constants of a pipeline model, by the names that the [cycles] table of a target gives them. The plugin that runs
// the model (verify/plugin) and the reader of targets share this list and nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace smelt::targets {

/// Each constant as low, nominal and high estimate: the model runs thrice.
constexpr std::size_t column_count = 3;
using Columns = std::array<double, column_count>;

#define SMELT_CYCLE_PARAMETERS(X)                                                                                  \
  X(issue_width)        /* instructions a cycle: 1 or 2 */                                                         \
  X(narrow_pairs)       /* 1: of the two, both have 16 bits */                                                     \
  X(load_cost)          /* cycles until the next instruction issues; all that are not listed cost 1 */             \
  X(store_cost)         /* with a constant offset */                                                               \
  X(store_indexed_cost) /* with a register offset */                                                               \
  X(fp_store_cost)      /* VSTR of a single */                                                                     \
  X(multiple_base)      /* LDM, STM, LDRD, STRD, VLDM...: base + registers * each, rounded up */                   \
  X(multiple_each)                                                                                                 \
  X(multiply_cost)      /* MUL */                                                                                  \
  X(multiply_add_cost)  /* MLA, MLS, and the multiplies of halfwords that add */                                   \
  X(long_multiply_cost) /* UMULL, SMULL */                                                                         \
  X(long_multiply_add_cost)                                                                                        \
  X(divide_cost)         /* SDIV, UDIV */                                                                          \
  X(fp_mac_cost)         /* VMLA, VFMA and their like */                                                           \
  X(table_cost)          /* TBB, TBH without the refill */                                                         \
  X(it_folds)            /* 1: IT behind an instruction of 16 bits costs nothing */                                \
  X(loads_pipeline)      /* 1: a load or store behind a load that does not make its address costs 1 */             \
  X(writeback_pipelines) /* 1: also a load that updates its base */                                                \
  X(literal_extra)       /* added to loads relative to the program counter */                                      \
  X(alu_latency)         /* from the last cycle of its cost to the issue of an instruction that uses the result */ \
  X(simd_latency)                                                                                                  \
  X(multiply_latency)                                                                                              \
  X(load_latency)      /* a word */                                                                                \
  X(narrow_latency)    /* a byte or halfword */                                                                    \
  X(writeback_latency) /* an updated base */                                                                       \
  X(fp_latency)                                                                                                    \
  X(fp_mac_latency)                                                                                                \
  X(fp_divide_latency)                                                                                             \
  X(fp_divide_busy)   /* cycles before another floating-point instruction can issue */                             \
  X(address_early)    /* cycles by which addresses must be ready before other operands */                          \
  X(shifted_early)    /* likewise operands that are shifted first */                                               \
  X(accumulator_late) /* cycles by which addends of multiply-accumulates may come later */                         \
  X(fp_accumulator_late)                                                                                           \
  X(store_late)     /* likewise data to store */                                                                   \
  X(taken)          /* added to a taken branch to a constant address */                                            \
  X(taken_indirect) /* to an address in a register */                                                              \
  X(taken_loaded)   /* to an address from memory */                                                                \
  X(call_extra)     /* added to BL */                                                                              \
  X(taken_wide)     /* added where the target is an instruction of 32 bits that is not word-aligned */             \
  X(predicts_loop)  /* 1: the last conditional branch that was taken backward is expected to be so again */        \
  X(mispredicted)   /* added to a branch that a two-bit counter for each branch gets wrong */                      \
  X(alu_units)      /* how many of a kind can issue in one cycle */                                                \
  X(shifter_units)                                                                                                 \
  X(multiply_units)                                                                                                \
  X(load_units)                                                                                                    \
  X(store_units)                                                                                                   \
  X(fp_units)                                                                                                      \
  X(vector_beats)        /* cycles for which a vector instruction occupies its pipe */                              \
  X(vector_latency)      /* of vector loads, sums, logic and shifts */                                              \
  X(vector_slow_latency) /* of multiplies, rounding or narrowing shifts, floating point */                          \
  X(vector_core_latency) /* of vector results in core registers */                                                  \
  X(loop_end_cost)       /* LE that goes back again */                                                              \
  X(flash_hits)       /* 1: an accelerator hides all wait states */                                                \
  X(flash_prefetches) /* 1: the next line is fetched while one is executed */                                      \
  X(flash_line)       /* bytes of a line of flash */

enum class CycleParameter : std::size_t {
#define SMELT_NAME(name) name,
  SMELT_CYCLE_PARAMETERS(SMELT_NAME)
#undef SMELT_NAME
};

constexpr std::string_view cycle_parameter_names[] = {
#define SMELT_NAME(name) #name,
    SMELT_CYCLE_PARAMETERS(SMELT_NAME)
#undef SMELT_NAME
};
constexpr std::size_t cycle_parameter_count = sizeof cycle_parameter_names / sizeof cycle_parameter_names[0];

/// Values of all constants in one column.
using CycleParameters = std::array<double, cycle_parameter_count>;

}  // namespace smelt::targets
