#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/tensors.hpp"
#include "targets/target.hpp"

namespace smelt::cli {

Result<verify::Runs> chosen_inputs(const Options& options, const Compiled& compiled) {
  const Graph& graph = compiled.original;
  if (!options.inputs_directory.empty()) return read_directory(graph, graph.inputs, options.inputs_directory, "in");
  if (!options.inputs.empty()) return read_inputs(graph, compiled.layout, options.inputs);
  return random_inputs(graph, options.count);
}

namespace {

void print(const Options& options, const Report& report) {
  if (options.json) {
    std::printf("%s", text(to_json(report)).c_str());
  } else {
    std::printf("%s", to_text(report).c_str());
  }
}

}  // namespace

Result<ExitCode> verify_model(const Options& options) {
  const Result<targets::Target> target = targets::load_target(options.target);
  if (!target) return target.failure();
  Result<Compiled> compiled = load_within_limit(options);
  if (!compiled) return compiled.failure();
  const Graph& original = compiled->original;
  const Result<verify::Runs> inputs = chosen_inputs(options, *compiled);
  if (!inputs) return inputs.failure();
  verify::Runs expected;
  if (!options.expect_directory.empty()) {
    Result<verify::Runs> read = read_directory(original, original.outputs, options.expect_directory, "out");
    if (!read) return read.failure();
    if (read->size() != inputs->size()) {
      return Failure("E0604", options.expect_directory,
                     "holds " + std::to_string(read->size()) + " outputs for " + std::to_string(inputs->size()) + " inputs",
                     "give one out_*.bin for each in_*.bin");
    }
    expected = std::move(*read);
  }

  Report report = make_report(std::filesystem::path(options.model).filename().string(), compiled->program, options.target);
  report.removed = compiled->log;
  report.before = compiled->before;
  report.after = compiled->after;
  report.comparison.emplace();
  {
    const Progress progress("running " + std::to_string(inputs->size()) + " inferences on " + options.target);
    Result<verify::Measured> measured = verify::measure(compiled->program, model_name(options), *target, *inputs);
    if (!measured) return measured.failure();
    report.measured = std::move(*measured);
  }
  if (compiled->file) verify::compare_forms(*compiled->file, original, *inputs, *report.comparison);
  verify::compare_outputs(original, *inputs, report.measured->outputs, expected, *report.comparison);

  if (options.taps) {
    const Progress progress("comparing every operator's tensor on " + options.target);
    Result<Compiled> kept = load(options, true);
    if (!kept) return kept.failure();
    const Result<verify::Traced> traced = verify::trace(kept->program, model_name(options), *target, *inputs, true);
    if (!traced) return traced.failure();
    report.taps = true;
    verify::compare_tensors(original, kept->program, *inputs, *traced, *report.comparison);
  }
  print(options, report);
  return report.comparison->ok() ? ExitCode::ok : ExitCode::mismatch;
}

Result<ExitCode> profile(const Options& given) {
  Options options = given;
  std::optional<targets::Board> board;
  if (!options.board.empty()) {
    Result<targets::Board> loaded = targets::load_board(options.board);
    if (!loaded) return loaded.failure();
    board = std::move(*loaded);
    options.target = board->target;
    if (!options.wait_states) options.wait_states = board->flash().wait_states;
  } else if (options.wait_states && !options.cycles) {
    return Failure(ExitCode::usage, {"E0001", "--wait-states", "means nothing without cycles", "add --cycles or --board NAME"});
  }
  const Result<targets::Target> target = targets::load_target(options.target);
  if (!target) return target.failure();
  if (board && target->cycles) options.cycles = true;
  Result<Compiled> compiled = load_within_limit(options);
  if (!compiled) return compiled.failure();
  const Program& program = compiled->program;
  Result<verify::Runs> inputs = chosen_inputs(options, *compiled);
  if (!inputs) return inputs.failure();
  const verify::Runs first(inputs->begin(), inputs->begin() + 1);  // in_00

  Report report = make_report(std::filesystem::path(options.model).filename().string(), program, options.target);
  {
    const Progress progress("measuring on " + options.target);
    const profile::CycleOptions cycles{board ? options.wait_states.value_or(0) : options.wait_states};
    Result<profile::Profile> found =
        profile::profile(program, model_name(options), *target, first, options.cycles ? &cycles : nullptr);
    if (!found) return found.failure();
    report.measured = std::move(found->measured);
    if (inputs->size() > 1 && report.measured->instructions) {
      Result<verify::Measured> all = verify::measure(program, model_name(options), *target, *inputs);
      if (!all) return all.failure();
      report.measured->counts = std::move(all->counts);
    }
    report.cycles = std::move(found->cycles);
    report.ops = op_reports(program, &found->traced);
    if (program.pushed && !found->traced.ops.empty()) report.worst_push = found->traced.ops[0].worst;
  }
  if (board) {
    const std::optional<profile::Estimate> cycles = report.cycles ? std::optional(report.cycles->total) : std::nullopt;
    const profile::OnBoard on = on_board(*board, profile::needs_of(report.arena_bytes, *report.measured), cycles);
    report.board = BoardReport{std::move(*board), on, options.wait_states};
    const Progress progress("placing on " + report.board->board.name);
    Result<profile::Placement> placement =
        profile::find_placement(program, model_name(options), *target, report.board->board, first);
    if (!placement) return placement.failure();
    report.board->placement = std::move(*placement);
  }
  print(options, report);
  if (report.board) {
    if (Outcome o = check_board(report); !o) return o.failure();
  }
  return ExitCode::ok;
}

Result<ExitCode> list_targets(const Options& options) {
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows = {{"target", "", "compiler", "runs on"}};
  for (const std::string& name : targets::target_names()) {
    const Result<targets::Target> target = targets::load_target(name);
    if (!target) return target.failure();
    const std::string machine = target->emulator ? target->emulator->command + " -M " + target->emulator->machine : "this machine";
    rows.push_back({name, target->title, target->compiler.command, machine});
    json.push_back({{"name", name},
                    {"title", target->title},
                    {"compiler", target->compiler.command},
                    {"compiler_package", target->compiler.package},
                    {"flags", target->compiler.flags},
                    {"emulator", target->emulator ? Json(target->emulator->command) : Json(nullptr)},
                    {"machine", target->emulator ? Json(target->emulator->machine) : Json(nullptr)}});
  }
  if (options.json) {
    std::printf("%s", text(json).c_str());
  } else {
    std::printf("%s", table(rows).c_str());
  }
  return ExitCode::ok;
}

}  // namespace smelt::cli
