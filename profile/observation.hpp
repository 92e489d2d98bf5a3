// What the plugin verify/plugin/cycles.cpp saw of one run of an image: its command line and its answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "targets/target.hpp"

namespace smelt::profile {

/// Cycles by a pipeline model: what is not certain makes a range.
struct Estimate {
  double low = 0;
  double nominal = 0;
  double high = 0;
  Estimate& operator+=(const Estimate& o);
  Estimate& operator-=(const Estimate& o);
};

/// What ran between two readings of the firmware's clock.
struct Region {
  std::uint64_t instructions = 0;
  Estimate cycles;
};

/// An instruction of the image.
struct Site {
  std::uint32_t address = 0;
  std::string kind;  ///< of thumb::kind_names
  std::uint64_t executed = 0;
  std::uint64_t taken = 0;
  Estimate cycles;
  double waited = 0;  ///< nominal cycles for which its fetch waited for flash
};

/// Reads of 16 bytes in flash, which waited.
struct ReadWait {
  std::uint32_t address = 0;
  double waited = 0;
};

struct Observation {
  std::vector<Region> regions;
  std::vector<ReadWait> reads;
  std::vector<Site> sites;  ///< executed in regions from the first one of interest on
};

/// The emulator's -plugin argument for a run whose regions from `first` on matter, and whose answer goes to `out`.
/// The target has a cycle model. Fails where the plugin is not there.
Result<std::string> plugin_argument(const targets::Target& target, double wait_states, std::size_t first,
                                    const std::filesystem::path& out);

/// Fails where the file is not an answer of the plugin.
Result<Observation> read_observation(const std::filesystem::path& file);

}  // namespace smelt::profile
