#include "bench/results.hpp"

#include <toml++/toml.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "verify/process.hpp"

namespace smelt::bench {
namespace {

std::string text(const toml::table& table, const char* key) { return table[key].value_or(std::string()); }

std::optional<std::uint64_t> count(const toml::table& table, const char* key) {
  const auto value = table[key].value<std::int64_t>();
  return value ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

template <class F>
void each(const toml::table& root, const char* key, F f) {
  const toml::array* list = root[key].as_array();
  if (list == nullptr) return;
  for (const toml::node& item : *list) {
    if (const toml::table* table = item.as_table()) f(*table);
  }
}

}  // namespace

Result<Recorded> read_peers(const std::filesystem::path& file) {
  toml::table root;
  try {
    root = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    return Failure("E0101", file.string(), std::string(e.description()), "check the file");
  }
  Recorded all;
  each(root, "model", [&](const toml::table& t) {
    all.models.push_back({text(t, "name"), text(t, "title"), text(t, "network"), text(t, "file"), text(t, "inputs")});
  });
  each(root, "peer", [&](const toml::table& t) {
    Engine engine{text(t, "name"), text(t, "title"), text(t, "target"), {}};
    for (const Model& m : all.models) {
      const toml::table* f = t[m.name].as_table();
      engine.figures.push_back(f == nullptr ? Figures{}
                                            : Figures{count(*f, "instructions"), count(*f, "arena"), count(*f, "stack"),
                                                      count(*f, "code"), count(*f, "weights")});
    }
    all.peers.push_back(std::move(engine));
  });
  each(root, "record", [&](const toml::table& t) {
    Record record{text(t, "board"), text(t, "stack"), {}};
    for (const Model& m : all.models) record.mcycles.push_back(t["mcycles"][m.name].value<double>());
    all.records.push_back(std::move(record));
  });
  return all;
}

Result<Engine> profile(const std::filesystem::path& tool, const std::filesystem::path& data, const Recorded& recorded,
                       const std::string& target, const std::vector<std::string>& options) {
  Engine smelt{"Smelt", "Smelt", target, {}};
  for (const std::string& option : options) smelt.name += " " + option;
  for (const Model& m : recorded.models) {
    std::vector<std::string> command = {tool.string(), "profile",  (data / m.file).string(),   "--target",
                                        target,        "--input", (data / m.inputs / "in_00.bin").string(), "--json"};
    command.insert(command.end(), options.begin(), options.end());
    const verify::Ended ended = verify::run_program(command, ".", std::chrono::minutes(10));
    const auto json = nlohmann::json::parse(ended.output, nullptr, false);
    if (ended.status != 0 || json.is_discarded()) {
      return Failure("E0901", m.file, "smelt profile ended with status " + std::to_string(ended.status), ended.output);
    }
    const auto number = [&](const char* group, const char* key) -> std::optional<std::uint64_t> {
      const auto& value = json.at(group).at(key);
      return value.is_null() ? std::nullopt : std::optional<std::uint64_t>(value.get<std::uint64_t>());
    };
    smelt.figures.push_back({number("instructions", "total"), number("ram", "total_bytes"),
                             number("ram", "stack_bytes"), number("flash", "code_bytes"),
                             number("flash", "weights_bytes")});
    if (json.contains("cycles")) smelt.figures.back().cycles = json["cycles"].at("total").get<double>();
  }
  return smelt;
}

}  // namespace smelt::bench
