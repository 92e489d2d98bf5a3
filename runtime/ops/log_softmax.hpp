// Logarithm of softmax along the last dimension.
#ifndef SMELT_RUNTIME_OPS_LOG_SOFTMAX_HPP
#define SMELT_RUNTIME_OPS_LOG_SOFTMAX_HPP

#include <stdint.h>

#include "../math.hpp"
#include "../math_log.hpp"
#include "l2_normalization.hpp"

namespace smelt {

struct LogSoftmax {
  int32_t groups;
  int32_t depth;
  int32_t table;  ///< int8: float[256] in the constants, e^(-i * scale)
  int32_t scale;  ///< int8: bits, of the input
};

inline void log_softmax_f32(const Firing& f) {
  const LogSoftmax& p = f.as<LogSoftmax>();
  each_vector<float>(f, p.groups, p.depth, [&p](const float* in, float* out) {
    float largest = in[0];
    for (int32_t c = 1; c < p.depth; ++c) largest = in[c] > largest ? in[c] : largest;
    float sum = 0.0F;
    for (int32_t c = 0; c < p.depth; ++c) sum += exp_f32(in[c] - largest);
    const float log_sum = log_f32(sum);
    for (int32_t c = 0; c < p.depth; ++c) out[c] = in[c] - largest - log_sum;
  });
}

/// To scale 1/16 and zero point 127. Done in floats, as the reference does.
inline void log_softmax_s8(const Firing& f) {
  const LogSoftmax& p = f.as<LogSoftmax>();
  const float* table = f.constant<float>(static_cast<uint32_t>(p.table));
  const float scale = as_float(p.scale);
  each_vector<int8_t>(f, p.groups, p.depth, [&p, table, scale](const int8_t* in, int8_t* out) {
    int32_t largest = -128;
    for (int32_t c = 0; c < p.depth; ++c) largest = in[c] > largest ? in[c] : largest;
    float sum = 0.0F;
    for (int32_t c = 0; c < p.depth; ++c) sum += table[largest - in[c]];
    const float reach = scale * static_cast<float>(largest) + log_f32(sum);
    for (int32_t c = 0; c < p.depth; ++c) {
      const float y = round_f32((scale * static_cast<float>(in[c]) - reach) * 16.0F) + 127.0F;
      out[c] = static_cast<int8_t>(y < -128.0F ? -128.0F : (y > 127.0F ? 127.0F : y));
    }
  });
}

}  // namespace smelt

#endif
