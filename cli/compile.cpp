#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/tensors.hpp"
#include "emit/emit.hpp"
#include "targets/target.hpp"

namespace smelt::cli {
namespace {

Outcome check_limits(const Options& options, const Report& report, const Program& program) {
  Failure broken;
  broken.exit = ExitCode::mismatch;
  const verify::Sizes sizes = report.measured && report.measured->sizes ? *report.measured->sizes : verify::Sizes{};
  const std::uint64_t ram = std::uint64_t{report.arena_bytes} + sizes.static_bytes;
  const std::uint64_t flash = std::uint64_t{sizes.code_bytes} + (report.measured && report.measured->sizes ? sizes.weights_bytes : report.weights_bytes);
  if (options.max_ram && ram > *options.max_ram) {
    broken.diagnostics.push_back({"E0801", report.model, "needs " + grouped(ram) + " bytes of RAM, the limit is " + grouped(*options.max_ram),
                                  "largest tenants of the arena:" + short_names(tenants(program, true))});
  }
  if (options.max_flash && flash > *options.max_flash) {
    broken.diagnostics.push_back({"E0802", report.model,
                                  "needs " + grouped(flash) + " bytes of flash, the limit is " + grouped(*options.max_flash),
                                  "code takes " + grouped(sizes.code_bytes) + "; largest constants:" + tenants(program, false)});
  }
  if (!broken.diagnostics.empty()) return broken;
  return Done{};
}

/// What goes into which memory of the board, measured; as part of the report, and for the package.
Outcome place_on_board(const Options& options, const targets::Board& board, const targets::Target& target, const Program& program,
                       Report& report, EmitOptions& emit_options) {
  const Progress progress("building and running for " + board.name);
  std::optional<std::uint64_t> budget;
  if (options.max_ram) budget = *options.max_ram - std::min<std::uint64_t>(*options.max_ram, program.plan.arena_bytes);
  Result<profile::Placement> placement =
      profile::find_placement(program, emit_options.name, target, board, random_inputs(program.graph, 1), budget);
  if (!placement) return placement.failure();
  report.measured = placement->measured;
  const profile::OnBoard on = on_board(board, profile::needs_of(report.arena_bytes, *report.measured), placement->linked);
  emit_options.board = board.name;
  emit_options.data_memory = placement->data_memory;
  for (const profile::Placed& p : placement->items) emit_options.placed.push_back({p.symbol, p.memory, p.bytes});
  report.board = BoardReport{board, on, board.flash().wait_states, std::move(*placement)};
  return Done{};
}

}  // namespace

Result<ExitCode> compile(const Options& given) {
  Options options = given;
  std::optional<targets::Board> board;
  if (!options.board.empty()) {
    Result<targets::Board> loaded = targets::load_board(options.board);
    if (!loaded) return loaded.failure();
    board = std::move(*loaded);
    options.target = board->target;
  }
  const Result<targets::Target> target = targets::load_target(options.target);
  if (!target) return target.failure();
  if ((options.max_ram || options.max_flash) && target->memories.empty()) {
    return Failure(ExitCode::usage, {"E0005", "--target " + options.target, "sizes are measured on microcontrollers only",
                                     "name another target with --max-ram and --max-flash; see `smelt targets`"});
  }
  Result<Compiled> compiled = load(options);
  if (!compiled) return compiled.failure();
  const Program& program = compiled->program;
  const std::string name = model_name(options);

  Report report = make_report(std::filesystem::path(options.model).filename().string(), program, options.target);
  report.removed = compiled->log;
  report.before = compiled->before;
  report.after = compiled->after;
  EmitOptions emit_options{name, options.single_file, options.target, target->compiler.flags};
  if (board) {
    if (Outcome o = place_on_board(options, *board, *target, program, report, emit_options); !o) return o.failure();
  } else if (options.measure || options.max_ram || options.max_flash) {
    const Progress progress("building and running on " + options.target);
    Result<verify::Measured> measured = verify::measure(program, name, *target, random_inputs(program.graph, 1));
    if (!measured) return measured.failure();
    report.measured = std::move(*measured);
  }
  const Json json = to_json(report);
  if (!options.directory.empty()) {
    Package package = emit(program, emit_options);
    if (!options.single_file) package["report.json"] = text(json);
    if (Outcome o = write_package(package, options.directory); !o) return o.failure();
  }
  if (options.json) {
    std::printf("%s", text(json).c_str());
  } else {
    std::printf("%s", to_text(report).c_str());
    if (!options.directory.empty()) {
      std::printf("\n  wrote %s: %s.cpp, %s.hpp and what they need\n", options.directory.c_str(), name.c_str(), name.c_str());
    } else if (!report.measured) {
      std::printf("\n  wrote nothing: -o DIR emits the library\n");
    }
  }
  if (report.board) {
    if (Outcome o = check_board(report); !o) return o.failure();
  }
  if (Outcome o = check_limits(options, report, program); !o) return o.failure();
  return ExitCode::ok;
}

}  // namespace smelt::cli
