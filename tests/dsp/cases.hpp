// Blocks of features as graphs of one node, and signals for them.
#pragma once

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "tests/functions.hpp"

namespace smelt::test {

constexpr double tau = 6.283185307179586;

struct Frames {
  int32_t rows, hop, frame, fft, bands;
  double emphasis = 0;
  std::string window = "none";
  double rate = 16000;
};

inline void PrintTo(const Frames& f, std::ostream* out) { *out << f.fft; }

/// Names what differs, for test names.
inline std::string name_of(const Frames& f) {
  return std::to_string(f.rows) + "x" + std::to_string(f.hop) + "_" + std::to_string(f.frame) + "_fft" + std::to_string(f.fft) + "_" +
         std::to_string(f.bands) + "_" + f.window + (f.emphasis > 0 ? "_emphasis" : "");
}

inline const std::vector<Frames>& all_frames() {
  static const std::vector<Frames> cases = {
      {6, 320, 320, 512, 32, 0.98}, {8, 160, 320, 512, 40},          {5, 128, 256, 256, 0, 0, "hann"},
      {9, 100, 333, 1024, 20, 0.5, "hamming"}, {3, 16, 16, 16, 0},   {7, 7, 31, 32, 4, 0.97, "hann", 8000},
      {4, 64, 64, 64, 13},          {2, 2048, 4096, 4096, 128, 0.98, "hann"}, {3, 50, 100, 128, 8, 0, "none", 200},
  };
  return cases;
}

inline Attrs attrs_of(const Frames& f) {
  Attrs attrs;
  attrs.set("frame_length", int64_t{f.frame});
  attrs.set("fft_length", int64_t{f.fft});
  attrs.set("sample_rate", f.rate);
  attrs.set("num_filters", int64_t{f.bands});
  attrs.set("low_frequency", 0.0);
  attrs.set("high_frequency", 0.0);
  attrs.set("pre_emphasis", f.emphasis);
  attrs.set("window", f.window);
  attrs.set("unit", std::string("db"));
  return attrs;
}

inline Graph log_mel(const Frames& f, DType type) {
  const int32_t frames = (f.rows * f.hop - f.frame) / f.hop + 1;
  Graph g = one_node("log_mel", {{type, {f.rows, f.hop}}}, {type, {frames, f.bands != 0 ? f.bands : f.fft / 2 + 1}}, attrs_of(f));
  if (type == DType::i16) {
    g.tensors[0].quant = {{1.0F / 32768}, {0}, 0};
    g.tensors[1].quant = {{1.0F / 256}, {0}, 0};
  }
  return g;
}

/// `coefficients` of each of `rows` rows of `n` values, in 16 bits from steps of 1/256 to steps of 1/64.
inline Graph dct(int32_t rows, int32_t n, int32_t coefficients, DType type) {
  Attrs attrs;
  attrs.set("coefficients", int64_t{coefficients});
  Graph g = one_node("dct", {{type, {rows, n}}}, {type, {rows, coefficients}}, attrs);
  if (type == DType::i16) {
    g.tensors[0].quant = {{1.0F / 256}, {0}, 0};
    g.tensors[1].quant = {{1.0F / 64}, {0}, 0};
  }
  return g;
}

/// Two tones that glide, and noise 40 dB below, at `level` of full scale.
inline std::vector<float> signal(size_t samples, double level, double rate) {
  std::vector<float> x(samples);
  uint32_t state = 12345;
  for (size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / rate;
    state = state * 1664525U + 1013904223U;
    const double noise = static_cast<double>(state >> 8) / (1 << 23) - 1;
    const double low = 0.03 * rate + 0.05 * rate * static_cast<double>(i) / static_cast<double>(samples);
    x[i] = static_cast<float>(level * (0.6 * std::sin(tau * low * t) + 0.3 * std::sin(tau * 0.31 * rate * t) + 0.01 * noise));
  }
  return x;
}

inline std::vector<int16_t> as_int16(const std::vector<float>& x) {
  std::vector<int16_t> y;
  for (const float v : x) y.push_back(static_cast<int16_t>(std::lround(v * 32767)));
  return y;
}

}  // namespace smelt::test
