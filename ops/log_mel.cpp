// Spectrograms: the logarithm of the power of overlapping frames, by frequency or by mel band.
// Source: power |X|^2 / fft_length and triangles between frequencies equally far apart on the mel scale
// 2595 log10(1 + f / 700), their corners at floor((fft_length + 1) f / sample_rate): Davis and Mermelstein 1980 in the form
// of python_speech_features (base.py). Emphasis within a frame, its first sample before itself: Kaldi (feature-window.cc).
#include "runtime/ops/log_mel.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <string>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"

namespace smelt {
namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int64_t least_fft = 16, most_fft = 4096, most_bands = 128;

struct Spec {
  int32_t hop, frame, fft, bands, frames;
  double rate, low, high, emphasis, floor;
  std::string window, unit;
};

Spec spec_of(const Graph& graph, const Node& node) {
  const Shape& in = graph.at(node.in(0)).shape;
  Spec s{};
  s.hop = in.at(1);
  s.frame = static_cast<int32_t>(node.attrs.i("frame_length"));
  s.fft = static_cast<int32_t>(node.attrs.i("fft_length"));
  s.bands = static_cast<int32_t>(node.attrs.i("num_filters"));
  s.rate = node.attrs.f("sample_rate");
  s.low = node.attrs.f("low_frequency");
  s.high = node.attrs.f("high_frequency") > 0 ? node.attrs.f("high_frequency") : s.rate / 2;
  s.emphasis = node.attrs.f("pre_emphasis");
  s.window = node.attrs.s("window", "none");
  s.unit = node.attrs.s("unit", "db");
  s.floor = node.attrs.f("floor", s.unit == "db" ? -100 : -23.025850929940457);
  const int64_t samples = int64_t{in[0]} * s.hop;
  s.frames = samples < s.frame ? 0 : static_cast<int32_t>((samples - s.frame) / s.hop + 1);
  return s;
}

Outcome check(const Graph& graph, const Node& node) {
  const auto refuse = [&](const std::string& reason, const std::string& help) { return fail(graph, node, "E0303", reason, help); };
  const int64_t fft = node.attrs.i("fft_length"), frame = node.attrs.i("frame_length"), bands = node.attrs.i("num_filters");
  if (fft < least_fft || fft > most_fft || (fft & (fft - 1)) != 0) {
    return refuse("fft_length is " + std::to_string(fft), "give a power of two from 16 to 4096");
  }
  if (frame < 2 || frame > fft) {
    return refuse("a frame of " + std::to_string(frame) + " samples does not fit an FFT of " + std::to_string(fft),
                  "frames are used whole: raise fft_length or shorten frame_length");
  }
  if (bands < 0 || bands > most_bands) return refuse("num_filters is " + std::to_string(bands), "give 0 to 128");
  for (const char* name : {"sample_rate", "low_frequency", "high_frequency", "pre_emphasis", "floor"}) {
    if (!std::isfinite(node.attrs.f(name))) return refuse(std::string(name) + " is not a finite number", "give a number");
  }
  const Spec s = spec_of(graph, node);
  if (!(s.rate > 0) || !(s.low >= 0) || !(s.low < s.high) || !(s.high <= s.rate / 2)) {
    return refuse("frequencies from " + std::to_string(s.low) + " to " + std::to_string(s.high) + " Hz at a rate of " + std::to_string(s.rate),
                  "low_frequency < high_frequency <= half of sample_rate");
  }
  if (!(s.emphasis >= 0 && s.emphasis <= 0.999)) return refuse("pre_emphasis is " + std::to_string(s.emphasis), "give 0 to 0.999");
  if (s.window != "none" && s.window != "hann" && s.window != "hamming") return refuse("window \"" + s.window + "\" is unknown", "none, hann or hamming");
  if (s.unit != "db" && s.unit != "ln") return refuse("unit \"" + s.unit + "\" is unknown", "db or ln");
  if (s.frames == 0) return refuse("the input is shorter than a frame", "give at least frame_length samples");
  return Done{};
}

// ---- what both sides are made from ----

double window_at(const Spec& s, int32_t i) {
  const double turn = 2 * pi * i / s.frame;  // periodic, as for spectral analysis
  return s.window == "hann" ? 0.5 - 0.5 * std::cos(turn) : s.window == "hamming" ? 0.54 - 0.46 * std::cos(turn) : 1;
}

std::vector<int16_t> edges_of(const Spec& s) {
  const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  std::vector<int16_t> edges;
  for (int32_t i = 0; s.bands != 0 && i < s.bands + 2; ++i) {
    const double at = mel(s.low) + (mel(s.high) - mel(s.low)) * i / (s.bands + 1);
    const double hertz = 700 * (std::pow(10, at / 2595) - 1);
    edges.push_back(static_cast<int16_t>(std::min(std::floor((s.fft + 1) * hertz / s.rate + 1e-9), s.fft / 2.0)));
  }
  return edges;
}

double unit_of(const Spec& s) { return s.unit == "db" ? 10 / std::log(10.0) : 1; }

int32_t q15(double x) { return std::min(32767, static_cast<int32_t>(std::lround(x * 32768))); }

/// From log2 in Q16 to steps of the output, Q24.
double multiplier_of(const Spec& s, const Tensor& out) {
  return std::ldexp(unit_of(s) * std::log(2.0) / (static_cast<double>(out.quant.scale.at(0)) * 65536), 24);
}

int32_t low_of(const Spec& s, const Tensor& out) {
  return static_cast<int32_t>(std::clamp(std::round(s.floor / static_cast<double>(out.quant.scale.at(0))), -32768.0, 32767.0));
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i16, DType::f32}); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.shape.size() != 2 || in.shape[1] < 1) {
    return fail(graph, node, "E0301", "an input of " + to_string(in.shape) + " is not supported", "rows of the samples from one frame to the next");
  }
  if (Outcome o = check(graph, node); !o) return o.failure();
  const Spec s = spec_of(graph, node);
  if (in.dtype == DType::i16 && !(multiplier_of(s, graph.at(node.out())) < 2147483000.0)) {
    return fail(graph, node, "E0304", "the output's scale is too small", "give at least 1e-6");
  }
  return std::vector<TensorType>{{in.dtype, {s.frames, s.bands != 0 ? s.bands : s.fft / 2 + 1}}};
}

// ---- oracle: floats by the definition of the transform, in doubles ----

std::vector<double> powers(const std::vector<double>& frame, int32_t fft) {
  std::vector<std::complex<double>> turn(static_cast<size_t>(fft));
  for (int32_t i = 0; i < fft; ++i) turn[static_cast<size_t>(i)] = std::polar(1.0, -2 * pi * i / fft);
  std::vector<double> power;
  for (int32_t k = 0; k <= fft / 2; ++k) {
    std::complex<double> sum = 0;
    for (size_t i = 0; i < frame.size(); ++i) sum += frame[i] * turn[i * static_cast<size_t>(k) % turn.size()];
    power.push_back(std::norm(sum) / fft);
  }
  return power;
}

std::vector<double> bands(const Spec& s, const std::vector<double>& power) {
  if (s.bands == 0) return power;
  const std::vector<int16_t> edge = edges_of(s);
  std::vector<double> sums;
  for (size_t b = 0; b + 2 < edge.size(); ++b) {
    double sum = 0;
    for (int k = edge[b]; k < edge[b + 1]; ++k) sum += power[static_cast<size_t>(k)] * (k - edge[b]) / (edge[b + 1] - edge[b]);
    for (int k = edge[b + 1]; k < edge[b + 2]; ++k) sum += power[static_cast<size_t>(k)] * (edge[b + 2] - k) / (edge[b + 2] - edge[b + 1]);
    sums.push_back(sum);
  }
  return sums;
}

void evaluate_floats(const Evaluation& e, const Spec& s) {
  const double least = std::exp(s.floor / unit_of(s));
  float* out = e.out[0]->as<float>();
  for (int32_t f = 0; f < s.frames; ++f) {
    const float* x = e.in[0]->as<float>() + int64_t{f} * s.hop;
    std::vector<double> frame;
    frame.reserve(static_cast<size_t>(s.frame));
    for (int32_t i = 0; i < s.frame; ++i) frame.push_back((x[i] - s.emphasis * static_cast<double>(x[i > 0 ? i - 1 : 0])) * window_at(s, i));
    for (const double power : bands(s, powers(frame, s.fft))) *out++ = static_cast<float>(unit_of(s) * std::log(std::max(power, least)));
  }
}

// ---- oracle: int16, the definition of the block floating point written out ----

using Wide = std::complex<int64_t>;

int64_t floor_shift(int64_t x, int by) { return by >= 0 ? x >> by : x * (int64_t{1} << -by); }
int64_t round_shift(int64_t x, int by) { return floor_shift(x + (int64_t{1} << (by - 1)), by); }

Wide factor(int64_t k, int64_t turn) {
  const double angle = -2 * pi * static_cast<double>(k) / static_cast<double>(turn);
  return {q15(std::cos(angle)), q15(std::sin(angle))};
}

/// Bits of the largest |z|^2.
int energy_bits(const std::vector<Wide>& z) {
  int64_t most = 0;
  for (const Wide& v : z) most = std::max(most, v.real() * v.real() + v.imag() * v.imag());
  int bits = 0;
  while (most >> bits != 0) ++bits;
  return bits;
}

int64_t saturated(int64_t x) { return std::clamp<int64_t>(x, -32768, 32767); }
Wide saturated(Wide v) { return {saturated(v.real()), saturated(v.imag())}; }
Wide floor_shift(Wide v, int by) { return {floor_shift(v.real(), by), floor_shift(v.imag(), by)}; }
/// v * (-i)^turns
Wide quarter_turns(Wide v, size_t turns) {
  for (size_t i = 0; i < turns % 4; ++i) v = {v.imag(), -v.real()};
  return v;
}

/// Stages of a transform from the inside: all transforms of one size at once, as they share an exponent.
struct Stages {
  std::vector<Wide> z;  ///< in bit-reversed order, then in that of the transforms
  int exponent = 0;

  /// Radix 4: operands are halved; where the greatest is 2^14 or more the second level of sums is halved, too, where it is
  /// 2^15 or more also the first.
  void four(size_t size) {
    const int bits = energy_bits(z);
    const bool second = bits > 28, first = bits > 30;
    const auto level = [](Wide v, bool halve) { return halve ? floor_shift(v, 1) : saturated(v); };
    const size_t part = size / 4;
    for (size_t block = 0; block < z.size(); block += size) {
      for (size_t j = 0; j < part; ++j) {
        Wide x[4];  // of every fourth value, from the first, second, ...: parts lie in bit-reversed order
        for (size_t r = 0; r < 4; ++r) x[r] = half_times(z[block + (r == 1 ? 2 : r == 2 ? 1 : r) * part + j], r * j, size);
        for (size_t q = 0; q < 4; ++q) {
          const int64_t sign = q % 2 == 0 ? 1 : -1;
          const Wide even = level(x[0] + sign * x[2], first), odd = level(x[1] + sign * x[3], first);
          z[block + q * part + j] = level(even + quarter_turns(odd, q), second);
        }
      }
    }
    exponent += 1 + (second ? 1 : 0) + (first ? 1 : 0);
  }

  /// Radix 2, neighbours: halved where the greatest is 2^14 or more.
  void two() {
    const bool halve = energy_bits(z) > 28;
    for (size_t i = 0; i < z.size(); i += 2) {
      const Wide a = z[i], b = z[i + 1];
      z[i] = halve ? floor_shift(a + b, 1) : saturated(a + b);
      z[i + 1] = halve ? floor_shift(a - b, 1) : saturated(a - b);
    }
    exponent += halve ? 1 : 0;
  }

  /// v * e^(-2 pi i k / size) / 2, rounded half up.
  static Wide half_times(Wide v, size_t k, size_t size) {
    if (k == 0) return floor_shift(v + Wide{1, 1}, 1);
    return floor_shift(v * factor(static_cast<int64_t>(k), static_cast<int64_t>(size)) + Wide{32768, 32768}, 16);
  }
};

int32_t log2_by_table(uint64_t x) {
  int exponent = 0;
  while (x >> exponent > 1) ++exponent;
  const double mantissa = std::ldexp(static_cast<double>(x), -exponent);  // only its first 16 bits count
  const auto fraction = static_cast<int64_t>(std::floor(std::ldexp(mantissa - 1, 15)));
  const auto knot = [](int64_t i) { return std::min<int64_t>(65535, std::llround(65536 * std::log2(1 + static_cast<double>(i) / 32))); };
  const int64_t i = fraction / 1024;
  return static_cast<int32_t>(exponent * 65536 + knot(i) + (knot(i + 1) - knot(i)) * (fraction % 1024) / 1024);
}

/// Powers of a frame, and the exponent of two of what they stand for.
std::vector<uint64_t> integer_powers(const Spec& s, const int16_t* x, int& exponent) {
  int32_t most = 0;
  for (int32_t i = 0; i < s.frame; ++i) most = std::max(most, x[i] < 0 ? -1 - x[i] : +x[i]);
  int bits = 0;
  while (most >> bits != 0) ++bits;
  const int up = 14 - bits;
  const size_t n = static_cast<size_t>(s.fft) / 2;
  std::vector<Wide> samples(n);
  for (int32_t i = 0; i < s.frame; ++i) {
    int64_t y = round_shift(int64_t{x[i]} * 32768 - q15(s.emphasis) * int64_t{x[i > 0 ? i - 1 : 0]}, 15 - up);
    if (s.window != "none") y = round_shift(y * q15(window_at(s, i)), 15);
    Wide& to = samples[static_cast<size_t>(i) / 2];
    to = i % 2 == 0 ? Wide{y, 0} : Wide{to.real(), y};
  }
  Stages stages;
  stages.z.resize(n);
  int log2 = 0;
  while (size_t{1} << log2 < n) ++log2;
  for (size_t i = 0; i < n; ++i) {
    size_t reversed = 0;
    for (int b = 0; b < log2; ++b) reversed |= (i >> b & 1) << (log2 - 1 - b);
    stages.z[reversed] = samples[i];
  }
  size_t size = 1;
  if (log2 % 2 != 0) {
    stages.two();
    size = 2;
  }
  while (size < n) stages.four(size *= 4);
  exponent = 2 * (stages.exponent - up) - 30 - (log2 + 1) + 2;

  // Half of the transform of the real values: (a - i c) / 2, a and c made of halves twice.
  std::vector<uint64_t> power(n + 1);
  const auto norm = [](Wide v) { return static_cast<uint64_t>(v.real() * v.real() + v.imag() * v.imag()); };
  const Wide z0 = stages.z[0];
  power[0] = norm(floor_shift(z0.real() + z0.imag(), 1));
  power[n] = norm(floor_shift(z0.real() - z0.imag(), 1));
  for (size_t k = 1; k <= n / 2; ++k) {
    const Wide x = stages.z[k], y = {stages.z[n - k].real(), saturated(-stages.z[n - k].imag() - (stages.z[n - k].imag() == -32768 ? 65536 : 0))};
    const Wide a = floor_shift(floor_shift(x + y, 1) + Wide{1, 1}, 1), c = Stages::half_times(floor_shift(x - y, 1), k, static_cast<size_t>(s.fft));
    power[k] = norm(saturated(a + quarter_turns(c, 1)));
    power[n - k] = norm(saturated(a - quarter_turns(c, 1)));
  }
  return power;
}

void evaluate_integers(const Evaluation& e, const Spec& s) {
  const int64_t multiplier = std::llround(multiplier_of(s, *e.out[0]->type)), low = low_of(s, *e.out[0]->type);
  const std::vector<int16_t> edge = edges_of(s);
  auto* out = e.out[0]->as<int16_t>();
  for (int32_t f = 0; f < s.frames; ++f) {
    int exponent = 0;
    const std::vector<uint64_t> power = integer_powers(s, e.in[0]->as<int16_t>() + int64_t{f} * s.hop, exponent);
    std::vector<uint64_t> sums;  // Q15
    for (size_t b = 0; b + 2 < edge.size(); ++b) {
      uint64_t sum = 0;
      for (int half = 0; half < 2; ++half) {
        const auto first = static_cast<size_t>(edge[b + static_cast<size_t>(half)]);
        const int count = edge[b + static_cast<size_t>(half) + 1] - edge[b + static_cast<size_t>(half)];
        const uint64_t step = count == 0 ? 0 : static_cast<uint64_t>((32768 + count / 2) / count);
        for (int k = 0; k < count; ++k) {
          const uint64_t rising = step * static_cast<uint64_t>(k);
          sum += power[first + static_cast<size_t>(k)] * (half == 0 ? rising : 32768 - rising);
        }
      }
      sums.push_back(sum);
    }
    for (size_t k = 0; s.bands == 0 && k < power.size(); ++k) sums.push_back(power[k] << 15);
    for (const uint64_t sum : sums) {
      int64_t y = low;
      if (sum != 0) y = round_shift((log2_by_table(sum) + (exponent - 15) * 65536) * multiplier, 24);
      *out++ = static_cast<int16_t>(std::clamp<int64_t>(y, low, 32767));
    }
  }
}

void evaluate(const Evaluation& e) {
  const Spec s = spec_of(e.graph, e.node);
  if (e.in[0]->type->dtype == DType::f32) evaluate_floats(e, s);
  else evaluate_integers(e, s);
}

// ---- device ----

/// e^(-2 pi i k / fft), k < 3/4 fft.
std::vector<float> circle_f32(int32_t fft) {
  std::vector<float> circle;
  for (int32_t k = 0; k < fft * 3 / 4; ++k) {
    circle.push_back(static_cast<float>(std::cos(2 * pi * k / fft)));
    circle.push_back(static_cast<float>(-std::sin(2 * pi * k / fft)));
  }
  return circle;
}

std::vector<int16_t> circle_s16(int32_t fft) {
  std::vector<int16_t> circle;
  for (int32_t k = 0; k < fft * 3 / 4; ++k) {
    circle.push_back(static_cast<int16_t>(q15(std::cos(2 * pi * k / fft))));
    circle.push_back(static_cast<int16_t>(q15(-std::sin(2 * pi * k / fft))));
  }
  return circle;
}

Outcome lower(Lowering& l) {
  const Spec s = spec_of(l.graph, l.node);
  const bool floats = l.input(0).dtype == DType::f32;
  LogMel p{};
  p.hop = s.hop;
  p.frame = s.frame;
  while (2 << p.log2 < s.fft) ++p.log2;
  p.bands = s.bands;
  p.window = -1;
  if (floats) {
    p.circle = static_cast<int32_t>(l.pool.add(l.name("circle"), circle_f32(s.fft)));
    std::vector<float> window;
    window.reserve(static_cast<size_t>(s.frame));
    for (int32_t i = 0; i < s.frame; ++i) window.push_back(static_cast<float>(window_at(s, i)));
    if (s.window != "none") p.window = static_cast<int32_t>(l.pool.add(l.name("window"), window));
    p.emphasis = float_bits(static_cast<float>(s.emphasis));
    p.base = float_bits(1.0F / static_cast<float>(s.fft));
    p.multiplier = float_bits(static_cast<float>(unit_of(s)));
    p.low = float_bits(static_cast<float>(std::exp(s.floor / unit_of(s))));
    l.kernel("ops/log_mel.hpp", SMELT_KERNEL(log_mel_f32));
  } else {
    p.circle = static_cast<int32_t>(l.pool.add(l.name("circle"), circle_s16(s.fft), 4));
    std::vector<int16_t> window;
    window.reserve(static_cast<size_t>(s.frame));
    for (int32_t i = 0; i < s.frame; ++i) window.push_back(static_cast<int16_t>(q15(window_at(s, i))));
    if (s.window != "none") p.window = static_cast<int32_t>(l.pool.add(l.name("window"), window));
    p.emphasis = q15(s.emphasis);
    p.base = -(15 + 30 + p.log2 + 1 - 2) * 65536;  // weights, squares of samples, length, halves
    p.multiplier = static_cast<int32_t>(std::lround(multiplier_of(s, l.output())));
    p.low = low_of(s, l.output());
    l.kernel("ops/log_mel.hpp", SMELT_KERNEL(log_mel_s16));
  }
  if (s.bands != 0) p.edges = static_cast<int32_t>(l.pool.add(l.name("edges"), edges_of(s)));
  l.params("smelt::LogMel", p, "hop frame log2 bands circle window edges emphasis base multiplier low");
  l.windowed(1, 0, (s.frame + s.hop - 1) / s.hop);
  l.scratch(floats ? s.fft / 2 * 8 : (s.fft / 2 + 1) * 4);
  return Done{};
}

}  // namespace

extern const OpDef op_log_mel;
const OpDef op_log_mel = {.name = "log_mel", .tflite = {}, .normalize = nullptr, .infer = infer, .evaluate = evaluate, .lower = lower, .rescales = true};

}  // namespace smelt
