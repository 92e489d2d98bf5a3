#include "profile/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace smelt::profile {

namespace fs = std::filesystem;

Estimate& Estimate::operator+=(const Estimate& o) {
  low += o.low;
  nominal += o.nominal;
  high += o.high;
  return *this;
}

Estimate& Estimate::operator-=(const Estimate& o) {
  low -= o.low;
  nominal -= o.nominal;
  high -= o.high;
  return *this;
}

Result<std::string> plugin_argument(const targets::Target& target, double wait_states, std::size_t first,
                                    const fs::path& out) {
  const fs::path plugin =
      targets::locate("SMELT_CYCLES_PLUGIN", "lib/smelt/libsmelt_cycles.so", SMELT_BUILD_CYCLES_PLUGIN);
  if (!fs::exists(plugin))
    return Failure(ExitCode::missing_tool, {"E0711", plugin.string(), "the plugin that estimates cycles is missing",
                                            "build the target smelt_cycles, or set SMELT_CYCLES_PLUGIN"});
  std::string text = fmt::format("{},isa={},out={},counter=0x{:x},first={},wait={}", plugin.string(),
                                 target.cycles->isa, out.string(), target.timer->address, first, wait_states);
  for (const targets::Memory& m : target.memories) {
    if (std::find(m.holds.begin(), m.holds.end(), "code") != m.holds.end())
      text += fmt::format(",flash=0x{:x}:0x{:x}", m.origin, std::uint64_t{m.origin} + m.length);
  }
  for (std::size_t p = 0; p < targets::cycle_parameter_count; ++p) {
    const auto& c = target.cycles->columns;
    text += fmt::format(",{}={}:{}:{}", targets::cycle_parameter_names[p], c[0][p], c[1][p], c[2][p]);
  }
  return text;
}

Result<Observation> read_observation(const fs::path& file) {
  std::ifstream in(file);
  Observation o;
  bool ended = false, sound = true;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string what;
    fields >> what;
    if (what == "region") {
      Region r;
      fields >> r.instructions >> r.cycles.low >> r.cycles.nominal >> r.cycles.high;
      o.regions.push_back(r);
    } else if (what == "code") {
      Site s;
      fields >> s.address >> s.kind >> s.executed >> s.taken >> s.cycles.low >> s.cycles.nominal >> s.cycles.high >> s.waited;
      o.sites.push_back(std::move(s));
    } else if (what == "data") {
      ReadWait w;
      fields >> w.address >> w.waited;
      o.reads.push_back(w);
    } else {
      sound = sound && what == "end";
      ended = true;
    }
    sound = sound && !fields.fail();
  }
  if (!ended || !sound)
    return Failure(ExitCode::mismatch, {"E0727", file.filename().string(),
                                        "the plugin that estimates cycles gave no whole answer", "please report this"});
  return o;
}

}  // namespace smelt::profile
