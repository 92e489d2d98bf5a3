// Recurrent layers of floats: a step of time is a row, the state between steps lies in the scratch.
#ifndef SMELT_RUNTIME_OPS_RECURRENT_HPP
#define SMELT_RUNTIME_OPS_RECURRENT_HPP

#include <stdint.h>

#include "../arch/arch.hpp"
#include "../core.hpp"
#include "../math.hpp"

namespace smelt {

/// A function within a layer; alpha and beta are the bits of floats.
struct RecurrentFunction {
  enum Kind : int32_t { linear, relu, sigmoid, tanh, hard_sigmoid, softsign, elu, leaky_relu };
  int32_t kind;
  int32_t alpha;
  int32_t beta;
};

/// Views: the outputs, the input, the initial states if there are any, the scratch. Gates are padded to `padded` units.
struct Recurrent {
  int32_t time;  ///< steps of a sequence
  int32_t sequences;
  int32_t inputs;  ///< elements of an input row
  int32_t units;
  int32_t padded;             ///< units rounded up to a multiple of four
  int32_t outputs;            ///< output views: hidden states, final cell states
  int32_t initial;            ///< views of initial states
  int32_t kept;               ///< 1: they take the final states, from which the next inference starts
  int32_t every;              ///< 1: a row for each step; 0: for the last one of each sequence
  int32_t reverse;            ///< 1: from the last row to the first, all in one call
  int32_t weights;            ///< offset: of the input, blocks as for fully_connected_f32, gate by gate
  int32_t recurrent_weights;  ///< offset: of the state, the same
  int32_t bias;               ///< offset: of each gate's units
  int32_t recurrent_bias;  ///< offset: gru that resets behind the product: the candidate's share that is reset; else -1
  int32_t peepholes;       ///< offset: lstm: of input, forget and output gate; or -1
  int32_t clip;            ///< bits of a float: sums are held between minus and plus this
  int32_t cell_clip;       ///< the same of lstm's cell state
  RecurrentFunction gate;
  RecurrentFunction cell;
  RecurrentFunction output;
};

inline float recurrent_function(const RecurrentFunction& f, float x) {
  const float alpha = as_float(f.alpha);
  switch (f.kind) {
    case RecurrentFunction::relu:
      return x > 0.0F ? x : 0.0F;
    case RecurrentFunction::sigmoid:
      return sigmoid_f32(x);
    case RecurrentFunction::tanh:
      return tanh_f32(x);
    case RecurrentFunction::hard_sigmoid: {
      const float y = alpha * x + as_float(f.beta);
      return y < 0.0F ? 0.0F : (y > 1.0F ? 1.0F : y);
    }
    case RecurrentFunction::softsign:
      return x / (1.0F + (x < 0.0F ? -x : x));
    case RecurrentFunction::elu:
      return x < 0.0F ? alpha * expm1_f32(x) : x;
    case RecurrentFunction::leaky_relu:
      return x < 0.0F ? alpha * x : x;
    default:
      return x;
  }
}

inline float clip_f32(int32_t bound, float x) {
  const float most = as_float(bound);
  return x > most ? most : (x < -most ? -most : x);
}
inline float recurrent_clip(const Recurrent& p, float x) { return clip_f32(p.clip, x); }

/// Adds to each of `rows` (a multiple of four) the product of its weights with x.
inline void add_products(const float* weights, const float* x, int32_t depth, int32_t rows, float* to) {
  for (int32_t r = 0; r < rows; r += 4, weights += 4 * depth) {
    float sums[4];
    dot4_f32(x, weights, depth, sums);
    for (int32_t j = 0; j < 4; ++j) to[r + j] += sums[j];
  }
}

/// Where a layer keeps what: each a multiple of four floats.
struct RecurrentState {
  float* hidden;
  float* cell;   ///< lstm: the cell; gru: what the candidate takes from the state
  float* gates;  ///< sums of this step
};

inline const float* recurrent_floats(const Firing& f, int32_t offset) {
  return f.constant<float>(static_cast<uint32_t>(offset));
}

/// Sums of the input, and of the state for the first `recurrent` gates.
inline void recurrent_sums(const Firing& f, const Recurrent& p, const float* x, const RecurrentState& s, int32_t gates,
                           int32_t recurrent) {
  const float* bias = recurrent_floats(f, p.bias);
  for (int32_t i = 0; i < gates * p.padded; ++i) s.gates[i] = bias[i];
  add_products(recurrent_floats(f, p.weights), x, p.inputs, gates * p.padded, s.gates);
  add_products(recurrent_floats(f, p.recurrent_weights), s.hidden, p.units, recurrent * p.padded, s.gates);
}

/// Gates in this order: input, forget, candidate, output.
struct LstmStep {
  static void run(const Firing& f, const Recurrent& p, const float* x, const RecurrentState& s) {
    recurrent_sums(f, p, x, s, 4, 4);
    const int32_t n = p.padded;
    const float* peephole = p.peepholes < 0 ? nullptr : recurrent_floats(f, p.peepholes);
    for (int32_t u = 0; u < p.units; ++u) {
      const float old = s.cell[u];
      float in = s.gates[u];
      float forget = s.gates[n + u];
      float out = s.gates[3 * n + u];
      if (peephole != nullptr) {
        in += peephole[u] * old;
        forget += peephole[p.units + u] * old;
      }
      const float candidate = recurrent_function(p.cell, recurrent_clip(p, s.gates[2 * n + u]));
      const float cell = clip_f32(p.cell_clip, recurrent_function(p.gate, recurrent_clip(p, forget)) * old +
                                                   recurrent_function(p.gate, recurrent_clip(p, in)) * candidate);
      if (peephole != nullptr) out += peephole[2 * p.units + u] * cell;
      s.cell[u] = cell;
      s.hidden[u] = recurrent_function(p.gate, recurrent_clip(p, out)) * recurrent_function(p.output, cell);
    }
  }
};

/// Gates in this order: update, reset, candidate.
struct GruStep {
  static void run(const Firing& f, const Recurrent& p, const float* x, const RecurrentState& s) {
    recurrent_sums(f, p, x, s, 3, 2);
    const int32_t n = p.padded;
    const float* weights = recurrent_floats(f, p.recurrent_weights) + 2 * n * p.units;
    float* reset = s.gates + n;
    float* candidate = s.gates + 2 * n;
    for (int32_t u = 0; u < p.units; ++u) reset[u] = recurrent_function(p.gate, recurrent_clip(p, reset[u]));
    if (p.recurrent_bias < 0) {
      for (int32_t u = 0; u < p.units; ++u) s.cell[u] = reset[u] * s.hidden[u];
      add_products(weights, s.cell, p.units, n, candidate);
    } else {
      const float* bias = recurrent_floats(f, p.recurrent_bias);
      for (int32_t u = 0; u < n; ++u) s.cell[u] = bias[u];
      add_products(weights, s.hidden, p.units, n, s.cell);
      for (int32_t u = 0; u < p.units; ++u) candidate[u] += reset[u] * s.cell[u];
    }
    for (int32_t u = 0; u < p.units; ++u) {
      const float update = recurrent_function(p.gate, recurrent_clip(p, s.gates[u]));
      s.hidden[u] =
          update * s.hidden[u] + (1.0F - update) * recurrent_function(p.cell, recurrent_clip(p, candidate[u]));
    }
  }
};

struct RnnStep {
  static void run(const Firing& f, const Recurrent& p, const float* x, const RecurrentState& s) {
    recurrent_sums(f, p, x, s, 1, 1);
    for (int32_t u = 0; u < p.units; ++u) s.hidden[u] = recurrent_function(p.cell, recurrent_clip(p, s.gates[u]));
  }
};

inline void copy_floats(const float* from, int32_t n, float* to) {
  for (int32_t i = 0; i < n; ++i) to[i] = from[i];
}

template <class S>
inline void recurrent(const Firing& f) {
  const auto& p = f.as<Recurrent>();
  const auto input = static_cast<uint32_t>(p.outputs);
  const auto scratch = static_cast<uint32_t>(p.outputs + 1 + p.initial);
  float* at = f.out<float>(scratch, 0);
  const RecurrentState s = {at, at + p.padded, at + 2 * p.padded};
  const int32_t first = p.reverse != 0 ? 0 : f.step;
  const int32_t end = p.reverse != 0 ? p.sequences * p.time : f.step + f.count;
  for (int32_t step = first; step < end; ++step) {
    const int32_t sequence = step / p.time;
    const int32_t t = step - sequence * p.time;
    if (t == 0) {
      for (int32_t i = 0; i < 2 * p.padded; ++i) at[i] = 0.0F;
      if (p.initial > 0) copy_floats(f.in<float>(input + 1, sequence), p.units, s.hidden);
      if (p.initial > 1) copy_floats(f.in<float>(input + 2, sequence), p.units, s.cell);
    }
    const int32_t row = p.reverse != 0 ? sequence * p.time + p.time - 1 - t : step;
    S::run(f, p, f.in<float>(input, row), s);
    if (p.every != 0) copy_floats(s.hidden, p.units, f.out<float>(0, row));
    if (t + 1 != p.time) continue;
    if (p.every == 0) copy_floats(s.hidden, p.units, f.out<float>(0, sequence));
    if (p.outputs > 1) copy_floats(s.cell, p.units, f.out<float>(1, sequence));
    if (p.kept == 0) continue;
    copy_floats(s.hidden, p.units, f.out<float>(input + 1, sequence));
    if (p.initial > 1) copy_floats(s.cell, p.units, f.out<float>(input + 2, sequence));
  }
}

inline void lstm_f32(const Firing& f) { recurrent<LstmStep>(f); }
inline void gru_f32(const Firing& f) { recurrent<GruStep>(f); }
inline void rnn_f32(const Firing& f) { recurrent<RnnStep>(f); }

}  // namespace smelt

#endif
