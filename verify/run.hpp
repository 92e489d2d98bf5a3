// Running an image on its target and reading back what it found.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verify/build.hpp"

namespace smelt::verify {

using Bytes = std::vector<std::uint8_t>;

/// The inferences of one model: per inference, per input, its bytes. States start afresh with each batch.
struct Batch {
  std::size_t model = 0;  ///< index into ImageSpec::models
  std::vector<std::vector<Bytes>> inputs;
};

struct Job {
  std::vector<Batch> batches;
  bool fill = true;             ///< the arena, but for states, holds 0xA5 before every inference
  bool watch_alignment = true;  ///< on targets with strict alignment, an unaligned access ends the run
  std::string plugin{};         ///< a further plugin of the emulator, with its arguments; empty: none
  std::chrono::seconds deadline{120};
};

struct OpCount {
  std::uint64_t instructions = 0;
  std::uint32_t worst = 0;  ///< instructions of the most expensive firing
  std::uint32_t firings = 0;
  std::uint32_t steps = 0;
};

struct Inference {
  std::int32_t status = 0;                    ///< what the model answered
  std::vector<Bytes> outputs;                 ///< as in ModelSpec::outputs
  std::optional<std::uint64_t> instructions;  ///< of NAME_invoke; measure images on targets with a timer
  std::optional<std::uint32_t> stack_bytes;   ///< deepest use below the caller; measure images, emulated targets
  std::vector<OpCount> ops;                   ///< trace images; all 0 instructions without a timer
  std::vector<std::vector<std::uint32_t>> checksums;  ///< trace images: per tap, per row
};

struct RunResult {
  std::vector<std::vector<Inference>> batches;  ///< as in Job::batches
};

/// Checksum of one row, as the firmware computes it.
std::uint32_t row_checksum(const std::uint8_t* row, std::size_t bytes);

/// Failures: E0711 no emulator, E0721 the code crashed, E0722 it did not end, E0723 its answer is broken,
/// E0724 an unaligned access, E0725 the clock of the emulator is not exact.
Result<RunResult> run_image(const targets::Target& target, const Image& image, const Job& job);

}  // namespace smelt::verify
