// What is compared: the recorded peers, and Smelt's own figures as `smelt profile` gives them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::bench {

/// One model under one engine; what was not recorded is absent. Bytes, and instructions of one inference.
struct Figures {
  std::optional<std::uint64_t> instructions, arena, stack, code, weights;
  std::optional<double> cycles{};  ///< estimated, nominal
};

struct Model {
  std::string name;
  std::string title;
  std::string network;
  std::string file;    ///< below SMELT_DATA_DIR
  std::string inputs;  ///< a folder of in_*.bin there
};

/// Results of an engine on a target, in the order of the models.
struct Engine {
  std::string name;
  std::string title;
  std::string target;
  std::vector<Figures> figures;
};

/// A published time on silicon.
struct Record {
  std::string board;
  std::string stack;
  std::vector<std::optional<double>> mcycles;  ///< in the order of the models
};

struct Recorded {
  std::vector<Model> models;
  std::vector<Engine> peers;
  std::vector<Record> records;
};

Result<Recorded> read_peers(const std::filesystem::path& file);

/// Runs `tool profile --json` on in_00 with further options on every model found below `data`.
Result<Engine> profile(const std::filesystem::path& tool, const std::filesystem::path& data, const Recorded& recorded,
                       const std::string& target, const std::vector<std::string>& options);

}  // namespace smelt::bench
