// Recordings of every format that Smelt itself takes apart: CSV with all ways to treat gaps, arrays, Edge Impulse's JSON and
// CBOR. The first byte chooses format and options. Sound and pictures are left to the fuzzing of their libraries.
#include <cstdlib>
#include <string>

#include "dataset/decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace smelt::dataset;
  if (size < 1) return 0;
  constexpr const char* names[] = {"x.csv", "x.npy", "x.json", "x.cbor"};
  DecodeOptions options;
  options.gaps = data[0] & 4 ? Gaps::fill : data[0] & 8 ? Gaps::split : Gaps::refuse;
  options.rate = data[0] & 16 ? 100 : 0;
  options.ignore_time = (data[0] & 32) != 0;
  if (data[0] & 64) options.label_column = "auto";
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  const std::string name = names[data[0] & 3];
  const smelt::Result<Decoded> decoded = decode(bytes, name, options);
  static_cast<void>(check_signature(bytes, name, "key"));
  if (!decoded) {
    if (decoded.failure().diagnostics.empty() || decoded.failure().diagnostics[0].reason.empty()) std::abort();
    return 0;
  }
  if (decoded->parts.empty()) std::abort();
  for (const Part& part : decoded->parts) {
    const Signal& s = part.signal;
    if (s.samples() < 1 || !(s.rate > 0) || s.values.size() % s.axes.size() != 0) std::abort();
  }
  return 0;
}
