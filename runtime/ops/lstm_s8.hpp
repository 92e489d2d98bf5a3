// LSTM of int8 with a cell state of int16: a step of time is a row, the states between steps lie in the scratch.
//
// Source: TensorFlow Lite, kernels/lstm_eval.cc (LstmStepInteger), kernels/internal/reference/portable_tensor_utils.cc.
#ifndef SMELT_RUNTIME_OPS_LSTM_S8_HPP
#define SMELT_RUNTIME_OPS_LSTM_S8_HPP

#include <stdint.h>

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../gates_s16.hpp"
#include "../quantize.hpp"

namespace smelt {

/// From sums to a gate's argument in units of 2^-12.
struct LstmGate {
  int32_t input_multiplier;
  int32_t input_right;  ///< of requantize_right
  int32_t state_multiplier;
  int32_t state_right;
};

/// Views: the output, the input, the scratch: the input row padded to `taps`, hidden state, next hidden state, `padded`
/// each, and as many int16_t of the cell state.
struct LstmS8 {
  int32_t time;  ///< steps of a sequence
  int32_t sequences;
  int32_t inputs;   ///< elements of an input row
  int32_t taps;     ///< the same rounded up to a multiple of four
  int32_t units;    ///< elements of an output row
  int32_t padded;   ///< the same rounded up to a multiple of four
  int32_t every;    ///< 1: a row for each step; 0: for the last one of each sequence
  int32_t reverse;  ///< 1: from the last row to the first, all in one call
  int32_t weights;  ///< offset: for each four units, for each gate, a block for the input and one for the state
  int32_t bias;     ///< offset: in the same order, four of the input's sums and four of the state's
  LstmGate input, forget, candidate, output;
  int32_t cell_bits;   ///< the cell state is in units of 2^(cell_bits - 15), 0 to 6
  int32_t cell_shift;  ///< from a product of two gates to these units
  int32_t cell_limit;  ///< the cell state lies within plus and minus this, and...
  int32_t cell_least;  ///< not below this
  int32_t hidden_multiplier;
  int32_t hidden_right;
  int32_t hidden_zero;
};

/// Of weights that pack::dot_slices bears, and sums that stay below 2^30 when they are shifted to the left.
struct NarrowLstm {
  using Dot = DotS8;
  /// requantize_right, which asks for the sign of the product: that of x but where it rounds to 0.
  static int32_t scaled(int32_t x, int32_t multiplier, int32_t right) {
#if defined(__ARM_FEATURE_DSP)
    int32_t high = 2 * x;
    if (right < 0) high *= 1 << ~right;
    __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(multiplier));
    return right < 0 ? high : (((high + sign_mask(x)) >> right) + 1) >> 1;
#else
    return requantize_right(x, multiplier, right);
#endif
  }
};

/// Of any weights, as ByteDotS8 has them, and any sums.
struct AnyLstm {
  using Dot = SwarDotS8;
  static int32_t scaled(int32_t x, int32_t multiplier, int32_t right) { return requantize_right(x, multiplier, right); }
};

/// Four units' arguments of a gate.
template <class F>
inline void lstm_gate(const LstmS8& p, const LstmGate& gate, const int8_t* x, const int8_t* hidden, const int16_t*& w,
                      const int32_t*& bias, int32_t* to) {
  int32_t of_input[4] = {bias[0], bias[1], bias[2], bias[3]};
  int32_t of_state[4] = {bias[4], bias[5], bias[6], bias[7]};
  bias += 8;
  F::Dot::add(x, w, p.taps, of_input);
  w += 2 * p.taps;
  F::Dot::add(hidden, w, p.padded, of_state);
  w += 2 * p.padded;
  const LstmGate g = gate;  // `to` may alias it for all the compiler knows
  for (int32_t j = 0; j < 4; ++j) {
    const int32_t a = saturate_s16(F::scaled(of_input[j], g.input_multiplier, g.input_right));
    to[j] = saturate_s16(a + F::scaled(of_state[j], g.state_multiplier, g.state_right));
  }
}

/// A unit's next hidden state; its cell state is updated.
inline int8_t lstm_unit(const LstmS8& p, int32_t input, int32_t forget, int32_t candidate, int32_t output,
                        int16_t* cell) {
  const int32_t kept = rounding_shift_right(logistic_gate_s16(forget) * *cell, 15);
  const int32_t added = rounding_shift_right(logistic_gate_s16(input) * tanh_gate_s16(candidate, 3), p.cell_shift);
  const int32_t next = clamp(kept + added, p.cell_least, p.cell_limit);
  *cell = static_cast<int16_t>(next);
  const int32_t product = logistic_gate_s16(output) * tanh_gate_s16(next, p.cell_bits);
  const int32_t y = requantize_right(product, p.hidden_multiplier, p.hidden_right) + p.hidden_zero;
  return static_cast<int8_t>(clamp(y, -128, 127));
}

/// F: NarrowLstm or AnyLstm. The whole of one step.
template <class F>
inline void lstm_step(const Firing& f, const LstmS8& p, const int8_t* x, const int8_t* hidden, int8_t* next,
                      int16_t* cell) {
  const auto* w = f.constant<int16_t>(static_cast<uint32_t>(p.weights));
  const auto* bias = f.constant<int32_t>(static_cast<uint32_t>(p.bias));
  for (int32_t u = 0; u < p.units; u += 4) {
    int32_t input[4], forget[4], candidate[4], output[4];
    lstm_gate<F>(p, p.input, x, hidden, w, bias, input);
    lstm_gate<F>(p, p.forget, x, hidden, w, bias, forget);
    lstm_gate<F>(p, p.candidate, x, hidden, w, bias, candidate);
    lstm_gate<F>(p, p.output, x, hidden, w, bias, output);
    const int32_t n = p.units - u < 4 ? p.units - u : 4;
    for (int32_t j = 0; j < n; ++j) {
      next[u + j] = lstm_unit(p, input[j], forget[j], candidate[j], output[j], cell + u + j);
    }
  }
}

template <class F>
inline void lstm_sequence(const Firing& f) {
  const auto& p = f.as<LstmS8>();
  auto* x = f.out<int8_t>(2, 0);
  int8_t* hidden = x + p.taps;
  int8_t* next = hidden + p.padded;
  void* behind = next + p.padded;
  auto* cell = static_cast<int16_t*>(behind);
  const int32_t first = p.reverse != 0 ? 0 : f.step;
  const int32_t end = p.reverse != 0 ? p.sequences * p.time : f.step + f.count;
  for (int32_t step = first; step < end; ++step) {
    const int32_t sequence = step / p.time;
    const int32_t t = step - sequence * p.time;
    if (t == 0) {
      for (int32_t i = 0; i < p.taps; ++i) x[i] = 0;
      for (int32_t i = 0; i < p.padded; ++i) hidden[i] = next[i] = static_cast<int8_t>(p.hidden_zero);
      for (int32_t i = 0; i < p.padded; ++i) cell[i] = 0;
    }
    const int32_t row = p.reverse != 0 ? sequence * p.time + p.time - 1 - t : step;
    copy_bytes(x, f.in<int8_t>(1, row), p.inputs);
    lstm_step<F>(f, p, x, hidden, next, cell);
    copy_bytes(hidden, next, p.padded);
    if (p.every != 0) {
      copy_bytes(f.out<int8_t>(0, row), hidden, p.units);
    } else if (t + 1 == p.time) {
      copy_bytes(f.out<int8_t>(0, sequence), hidden, p.units);
    }
  }
}

inline void lstm_s8(const Firing& f) { lstm_sequence<NarrowLstm>(f); }
inline void lstm_any_s8(const Firing& f) { lstm_sequence<AnyLstm>(f); }

}  // namespace smelt

#endif
