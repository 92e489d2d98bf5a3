// Boards: what a model means on one, and `smelt boards`.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

#include "cli/commands.hpp"

namespace smelt::cli {
namespace {

/// Three significant digits, no exponent.
std::string short_number(double v) {
  if (v >= 999.5) return grouped(static_cast<std::uint64_t>(v + 0.5));
  char buffer[32];
  const int decimals = v >= 99.95 ? 0 : v >= 9.995 ? 1 : v >= 0.9995 ? 2 : v >= 0.09995 ? 3 : v >= 0.009995 ? 4 : 5;
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, v);
  return buffer;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f%%", 100 * static_cast<double>(part) / static_cast<double>(whole));
  return buffer;
}

std::string megahertz(std::uint64_t hz) { return short_number(static_cast<double>(hz) / 1e6) + " MHz"; }

std::string range(const profile::Estimate& e, const char* unit) {
  return short_number(e.nominal) + unit + " estimated, from " + short_number(e.low) + " to " + short_number(e.high);
}

Json estimate_json(const std::optional<profile::Estimate>& e) {
  return e ? Json{{"nominal", e->nominal}, {"low", e->low}, {"high", e->high}} : Json(nullptr);
}

Json room_json(std::uint64_t bytes, const targets::BoardMemory& m, bool fits) {
  return {{"bytes", bytes},
          {"memory", m.name},
          {"memory_bytes", m.bytes},
          {"share", static_cast<double>(bytes) / static_cast<double>(m.bytes)},
          {"fits", fits}};
}

template <class T>
Json or_null(const std::optional<T>& value) { return value ? Json(*value) : Json(nullptr); }

Json power_json(const std::optional<targets::Power>& p) {
  return p ? Json{{"volts", p->volts}, {"milliamps", p->milliamps}, {"source", p->source}, {"verified", !p->unverified}} : Json(nullptr);
}

const char* kind_name(targets::MemoryKind kind) { return targets::memory_kind_names[static_cast<std::size_t>(kind)]; }

Result<std::vector<targets::Board>> all_boards() {
  std::vector<targets::Board> boards;
  Failure failure;
  for (const std::string& name : targets::board_names()) {
    Result<targets::Board> b = targets::load_board(name);
    if (b) {
      boards.push_back(std::move(*b));
    } else {
      failure.exit = b.failure().exit;
      for (const Diagnostic& d : b.failure().diagnostics) failure.diagnostics.push_back(d);
    }
  }
  if (!failure.diagnostics.empty()) return failure;
  return boards;
}

ExitCode list(const std::vector<targets::Board>& boards, bool as_json) {
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows = {{"board", "", "target", "clock", "RAM", "flash", "current"}};
  for (const targets::Board& b : boards) {
    rows.push_back({b.name, b.title, b.target, megahertz(b.clock_hz), grouped(b.largest_ram().bytes), grouped(b.flash().bytes),
                    b.power ? short_number(b.power->milliamps) + " mA" : "unknown"});
    Json memories = Json::array();
    for (const targets::BoardMemory& m : b.memories) {
      memories.push_back({{"name", m.name}, {"kind", kind_name(m.kind)}, {"bytes", m.bytes}, {"wait_states", or_null(m.wait_states)}, {"source", m.source}, {"verified", !m.unverified}});
    }
    json.push_back({{"name", b.name}, {"title", b.title}, {"target", b.target}, {"clock_hz", b.clock_hz},
                    {"clock_source", b.clock_source}, {"memories", memories}, {"power", power_json(b.power)}});
  }
  if (as_json) {
    std::printf("%s", text(json).c_str());
  } else {
    std::printf("%s\n  RAM is the largest piece; current is typical, while the core runs. Sources: --json\n", table(rows).c_str());
  }
  return ExitCode::ok;
}

struct Ranked {
  BoardReport report;
  std::uint64_t instructions = 0;
};

struct Ranking {
  std::vector<Ranked> boards;                                    ///< best first
  std::vector<std::pair<std::string, Diagnostic>> not_measured;  ///< board and reason
  ExitCode worst = ExitCode::ok;                                 ///< of those
};

/// What a core makes of the model, compiled for it, under each of these numbers of wait states.
struct OnCore {
  std::uint32_t arena_bytes = 0;
  profile::Totals totals;
};
Result<OnCore> on_core(const Options& options, const targets::Target& target, const verify::Runs& inputs, const std::vector<double>& waits) {
  Options of_core = options;
  of_core.target = target.name;
  const Result<Compiled> compiled = load(of_core);
  if (!compiled) return compiled.failure();
  Result<profile::Totals> totals = profile::totals(compiled->program, model_name(options), target, inputs, waits);
  if (!totals) return totals.failure();
  return OnCore{compiled->program.plan.arena_bytes, std::move(*totals)};
}

/// Measures a model on the cores of all boards, each core once, under each number of wait states that its boards have.
Ranking rank(const std::vector<targets::Board>& boards, const Options& options, const verify::Runs& inputs) {
  std::map<std::string, std::vector<const targets::Board*>> by_target;
  for (const targets::Board& b : boards) by_target[b.target].push_back(&b);
  Ranking ranking;
  for (const auto& [name, of_target] : by_target) {
    const Result<targets::Target> target = targets::load_target(name);
    std::vector<double> waits;
    for (const targets::Board* b : of_target) waits.push_back(b->flash().wait_states.value_or(0));
    std::sort(waits.begin(), waits.end());
    waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
    if (target && !target->cycles) waits.clear();
    const Progress progress("measuring on " + name);
    const Result<OnCore> found = target ? on_core(options, *target, inputs, waits) : Result<OnCore>(target.failure());
    for (const targets::Board* b : of_target) {
      if (!found) {
        ranking.not_measured.emplace_back(b->name, found.failure().diagnostics.at(0));
        ranking.worst = std::max(ranking.worst, found.failure().exit);
        continue;
      }
      std::optional<profile::Estimate> cycles;
      const double wait = b->flash().wait_states.value_or(0);
      for (std::size_t w = 0; w < waits.size(); ++w) {
        if (waits[w] == wait) cycles = found->totals.cycles[w];
      }
      const profile::Needs needs = profile::needs_of(found->arena_bytes, found->totals.measured);
      ranking.boards.push_back({{*b, on_board(*b, needs, cycles), b->flash().wait_states}, found->totals.measured.instructions.value_or(0)});
    }
  }
  const auto key = [](const Ranked& r) {
    const profile::OnBoard& on = r.report.on;
    return std::make_tuple(!on.fits(), !on.milliseconds, on.milliseconds ? on.milliseconds->nominal : 0, r.report.board.name);
  };
  std::sort(ranking.boards.begin(), ranking.boards.end(), [&](const Ranked& a, const Ranked& b) { return key(a) < key(b); });
  return ranking;
}

/// Whether figures that its time or energy rests on are.
bool unverified(const targets::Board& b) {
  return (b.flash().wait_states && b.flash().unverified) || (b.power && b.power->unverified);
}

void print(const Ranking& ranking, const Options& options) {
  const std::string model = std::filesystem::path(options.model).filename().string();
  if (options.json) {
    Json json = {{"model", model}, {"optimize", options.optimize}, {"boards", Json::array()}, {"not_measured", Json::array()}};
    for (const Ranked& r : ranking.boards) {
      Json j = board_json(r.report);
      j["instructions"] = r.instructions;
      json["boards"].push_back(std::move(j));
    }
    for (const auto& [board, why] : ranking.not_measured)
      json["not_measured"].push_back({{"board", board}, {"code", why.code}, {"reason", why.place + ": " + why.reason}, {"help", why.help}});
    std::printf("%s", text(json).c_str());
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"board", "target", "fits", "instructions", "ms", "low", "high", "mJ", "RAM", "share", "flash", "share"}};
  bool hidden_waits = false, no_time = false;
  for (const Ranked& r : ranking.boards) {
    const profile::OnBoard& on = r.report.on;
    const auto& ms = on.milliseconds;
    const bool assumed = ms && !r.report.wait_states;
    hidden_waits = hidden_waits || assumed;
    no_time = no_time || !ms;
    rows.push_back({r.report.board.name + (assumed ? " *" : "") + (unverified(r.report.board) ? " !" : ""), r.report.board.target,
                    on.fits() ? "yes" : on.ram_fits ? "not flash" : on.flash_fits ? "not RAM" : "neither", grouped(r.instructions),
                    ms ? short_number(ms->nominal) : "-", ms ? short_number(ms->low) : "-", ms ? short_number(ms->high) : "-",
                    on.millijoules ? short_number(on.millijoules->nominal) : "-", grouped(on.needs.ram), percent(on.needs.ram, on.ram.bytes),
                    grouped(on.needs.flash), percent(on.needs.flash, r.report.board.flash().bytes)});
  }
  std::printf("%s, optimized for %s\n\n%s\n", model.c_str(), options.optimize.c_str(), table(rows).c_str());
  std::printf("  ms and mJ are estimates by a model of the pipeline and typical currents; RAM counts the stack (smelt profile --board NAME)\n");
  if (std::any_of(ranking.boards.begin(), ranking.boards.end(), [](const Ranked& r) { return unverified(r.report.board); }))
    std::printf("  ! wait states or current of this board are unverified\n");
  if (hidden_waits) std::printf("  * wait states of its flash are unknown: estimated without any\n");
  if (no_time) std::printf("  no ms: there is no model of the core's cycles, and instructions are no time\n");
  for (const auto& [board, why] : ranking.not_measured) {
    std::printf("  not measured: %s: %s: %s%s\n", board.c_str(), why.place.c_str(), why.reason.c_str(), why.help.empty() ? "" : ("; " + why.help).c_str());
  }
}

Json placement_json(const BoardReport& r) {
  if (!r.placement) return nullptr;
  Json items = Json::array();
  for (const profile::Placed& p : r.placement->items) {
    items.push_back({{"what", p.symbol.empty() ? "weights" : "code"}, {"symbol", p.symbol}, {"memory", p.memory}, {"bytes", p.bytes}, {"cycles_saved", p.saved}});
  }
  const auto& cycles = r.placement->cycles;
  return {{"data_memory", r.placement->data_memory}, {"items", items},
          {"estimated_milliseconds", estimate_json(cycles ? std::optional(profile::milliseconds(r.board, *cycles)) : std::nullopt)}};
}

std::string placement_text(const BoardReport& r) {
  const profile::Placement& p = *r.placement;
  std::string text = "  placement     arena and stack in " + p.data_memory;
  std::map<std::string, std::array<std::uint64_t, 3>> by_memory;  // functions, their bytes, bytes of weights
  for (const profile::Placed& item : p.items) {
    auto& sums = by_memory[item.memory];
    if (item.symbol.empty()) {
      sums[2] += item.bytes;
    } else {
      ++sums[0];
      sums[1] += item.bytes;
    }
  }
  if (!p.linked) return text + "; nothing is known of what waits for flash\n";
  if (by_memory.empty()) return text + "; nothing gains by leaving flash\n";
  for (const auto& [memory, sums] : by_memory) {
    text += "\n                to copy to " + memory + ": ";
    if (sums[0] != 0) text += grouped(sums[0]) + (sums[0] == 1 ? " function (" : " functions (") + grouped(sums[1]) + " bytes)";
    if (sums[2] != 0) text += (sums[0] != 0 ? ", " : "") + ("weights (" + grouped(sums[2]) + " bytes)");
  }
  if (p.cycles) text += "\n                " + range(profile::milliseconds(r.board, *p.cycles), " ms") + ", placed so";
  return text + "\n";
}

}  // namespace

Json board_json(const BoardReport& r) {
  const profile::OnBoard& on = r.on;
  return {{"name", r.board.name},
          {"title", r.board.title},
          {"target", r.board.target},
          {"clock_hz", r.board.clock_hz},
          {"fits", on.fits()},
          {"ram", room_json(on.needs.ram, on.ram, on.ram_fits)},
          {"flash", room_json(on.needs.flash, r.board.flash(), on.flash_fits)},
          {"wait_states", or_null(r.wait_states)},
          {"estimated_milliseconds", estimate_json(on.milliseconds)},
          {"estimated_millijoules", estimate_json(on.millijoules)},
          {"power", power_json(r.board.power)},
          {"placement", placement_json(r)}};
}

std::string board_text(const BoardReport& r) {
  const profile::OnBoard& on = r.on;
  const auto room = [](const char* what, std::uint64_t bytes, const targets::BoardMemory& m, bool fits) {
    return std::string(what) + " " + grouped(bytes) + " of " + grouped(m.bytes) + " in " + m.name + " (" + percent(bytes, m.bytes) + ")" +
           (fits ? "" : ", too much");
  };
  std::string text = "\n  board         " + r.board.name + ", " + r.board.title + ": " + r.board.target + " at " + megahertz(r.board.clock_hz) + "\n";
  text += std::string("  fits          ") + (on.fits() ? "yes" : "no") + ": " + room("RAM with stack", on.needs.ram, on.ram, on.ram_fits) + "; " +
          room("flash", on.needs.flash, r.board.flash(), on.flash_fits) + "\n";
  text += "  time          " + (on.milliseconds ? range(*on.milliseconds, " ms") : "unknown: no model of this core's cycles") + "\n";
  if (on.milliseconds && !r.wait_states)
    text += "                without wait states, as those of '" + r.board.flash().name + "' are unknown\n";
  if (on.milliseconds && r.wait_states && r.board.flash().unverified)
    text += "                wait states of '" + r.board.flash().name + "' are unverified\n";
  if (on.millijoules) {
    text += "  energy        " + range(*on.millijoules, " mJ") + "; " + short_number(r.board.power->milliamps) + " mA typical at " +
            short_number(r.board.power->volts) + " V" + (r.board.power->unverified ? ", unverified" : "") + "\n";
  } else {
    text += std::string("  energy        unknown") + (on.milliseconds ? ": the current of the board is" : "") + "\n";
  }
  if (r.placement) text += placement_text(r);
  return text;
}

Outcome check_board(const Report& report) {
  const BoardReport& b = *report.board;
  Failure broken;
  broken.exit = ExitCode::mismatch;
  const auto lacks = [&](std::uint64_t need, const targets::BoardMemory& m, const char* what, const char* help) {
    broken.diagnostics.push_back({"E0803", report.model + " on " + b.board.name,
                                  "needs " + grouped(need) + " bytes of " + what + ", '" + m.name + "' has " + grouped(m.bytes), help});
  };
  if (!b.on.ram_fits)
    lacks(b.on.needs.ram, b.on.ram, "RAM (arena, static data, stack)", "--optimize ram needs least; `smelt plan` shows what takes the room");
  if (!b.on.flash_fits)
    lacks(b.on.needs.flash, b.board.flash(), "flash", "`smelt boards --for MODEL` shows the boards that it fits");
  if (!broken.diagnostics.empty()) return broken;
  return Done{};
}

Result<ExitCode> boards(const Options& options) {
  const Result<std::vector<targets::Board>> found = all_boards();
  if (!found) return found.failure();
  if (options.model.empty()) return list(*found, options.json);
  const Result<Compiled> read = load_unplanned(options);
  if (!read) return read.failure();
  Options one = options;
  one.count = 1;
  const Result<verify::Runs> inputs = chosen_inputs(one, *read);
  if (!inputs) return inputs.failure();
  const Ranking ranking = rank(*found, options, *inputs);
  if (ranking.boards.empty() && !ranking.not_measured.empty())
    return Failure(ranking.worst, ranking.not_measured.front().second);
  print(ranking, options);
  return ExitCode::ok;
}

}  // namespace smelt::cli
