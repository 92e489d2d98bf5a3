#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "emit/emit.hpp"
#include "plan/chart.hpp"

namespace smelt::cli {

Result<ExitCode> plan(const Options& options) {
  Result<Compiled> compiled = load_within_limit(options);
  if (!compiled) return compiled.failure();
  const Program& program = compiled->program;
  const std::string model = std::filesystem::path(options.model).filename().string();
  const std::vector<plan::Plan> curve = plan::alternatives(program.problem);

  if (!options.svg.empty()) {
    const std::string title = model + ": " + grouped(program.plan.arena_bytes) + " bytes of arena, optimized for " + options.optimize;
    if (Outcome o = write_file(options.svg, plan::svg_chart(program.problem, program.plan, title)); !o) return o.failure();
  }
  if (options.json) {
    Json json = {{"model", model}, {"optimize", options.optimize}, {"arena_bytes", program.plan.arena_bytes},
                 {"kernel_calls", program.plan.firings.size()}, {"buffers", Json::array()}, {"curve", Json::array()}};
    for (std::size_t b = 0; b < program.problem.buffers.size(); ++b) {
      const plan::Buffer& buffer = program.problem.buffers[b];
      json["buffers"].push_back({{"name", buffer.name}, {"rows", buffer.rows}, {"row_bytes", buffer.row_bytes},
                                 {"depth", program.plan.buffers[b].depth}, {"offset", program.plan.buffers[b].offset}});
    }
    for (const plan::Plan& p : curve) json["curve"].push_back({{"arena_bytes", p.arena_bytes}, {"kernel_calls", p.firings.size()}});
    std::printf("%s", text(json).c_str());
    return ExitCode::ok;
  }
  std::printf("%s, optimized for %s\n\n%s\n", model.c_str(), options.optimize.c_str(),
              plan::text_chart(program.problem, program.plan, 48).c_str());
  std::vector<std::vector<std::string>> rows = {{"arena", "kernel calls", ""}};
  for (std::size_t i = 0; i < curve.size(); ++i) {
    rows.push_back({grouped(curve[i].arena_bytes), grouped(curve[i].firings.size()),
                    i == 0 ? "least RAM" : i + 1 == curve.size() ? "fastest: fewest calls, longest runs of rows" : ""});
  }
  std::printf("  trade-off\n%s", table(rows).c_str());
  if (!options.svg.empty()) std::printf("\n  wrote %s\n", options.svg.c_str());
  return ExitCode::ok;
}

}  // namespace smelt::cli
