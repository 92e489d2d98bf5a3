// Smelt beside the recorded peers, on the models below SMELT_DATA_DIR: as text, as Markdown, as SVG, or into the pages
// that show it. Run it by bench/table.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "bench/render.hpp"
#include "emit/emit.hpp"
#include "verify/process.hpp"

namespace smelt::bench {
namespace {

namespace fs = std::filesystem;

/// Replaces what stands between `<!-- bench: KEY -->` and `<!-- bench: end -->`.
Outcome replace(const fs::path& page, const std::string& key, const std::string& content) {
  std::ifstream in(page, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string begin = "<!-- bench: " + key + " -->\n";
  const std::string end = "<!-- bench: end -->";
  const std::size_t from = text.find(begin);
  const std::size_t to = from == std::string::npos ? from : text.find(end, from);
  if (to == std::string::npos)
    return Failure("E0902", page.string(), "lacks the marks of table " + key, "add " + begin + end);
  text.replace(from + begin.size(), to - from - begin.size(), content);
  return write_file(page.string(), text);
}

/// The paragraph that contains `word`.
std::string paragraph(const std::string& text, const std::string& word) {
  const std::size_t at = std::min(text.find(word), text.size());
  const std::size_t before = text.rfind("\n\n", at), after = text.find("\n\n", at);
  const std::size_t from = before == std::string::npos ? 0 : before + 2;
  return "...\n" + text.substr(from, after == std::string::npos ? after : after + 1 - from);
}

/// Tables named `smelt ...` show what that command prints, run in the source tree; `smelt ... | word` only the
/// paragraph with that word.
Outcome replace_commands(const fs::path& page, const fs::path& tool) {
  std::ifstream in(page);
  const std::string mark = "<!-- bench: ";
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(mark + "smelt ", 0) != 0) continue;
    const std::string key = line.substr(mark.size(), line.find(" -->") - mark.size());
    const std::string shown = key.substr(0, key.find(" | "));
    std::istringstream words(shown.substr(std::string("smelt ").size()));
    std::vector<std::string> command = {tool.string()};
    for (std::string word; words >> word;) command.push_back(word);
    const verify::Ended ended = verify::run_program(command, SMELT_SOURCE_DIR, std::chrono::minutes(10));
    if (ended.status != 0)
      return Failure("E0901", shown, "ended with status " + std::to_string(ended.status), ended.output);
    const std::string printed = key == shown ? ended.output : paragraph(ended.output, key.substr(shown.size() + 3));
    if (Outcome o = replace(page, key, "```\n$ " + shown + "\n" + printed + "```\n"); !o) return o;
  }
  return Done{};
}

Outcome run(const fs::path& tool, const std::string& target, const std::string& form) {
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr) {
    return Failure("E0903", "SMELT_DATA_DIR", "is not set",
                   "point it to a folder with the files named in bench/peers.toml");
  }
  const fs::path source = SMELT_SOURCE_DIR;
  const Result<Recorded> recorded = read_peers(source / "bench/peers.toml");
  if (!recorded) return recorded.failure();
  std::map<std::string, std::vector<Engine>> smelt;
  for (const std::string& name :
       form == "update" ? std::vector<std::string>{"cortex-m4", "cortex-m7", "cortex-m55"} : std::vector{target}) {
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{}, {"--optimize", "ram", "--push"}}) {
      Result<Engine> measured = profile(tool, data, *recorded, name, options);
      if (!measured) return measured.failure();
      smelt[name].push_back(std::move(*measured));
    }
  }
  if (form == "text") {
    std::printf("One inference of the int8 model on %s; bytes and instructions (exact, not cycles)\n\n%s\n",
                target.c_str(), to_text(comparison(*recorded, smelt[target], true)).c_str());
    std::printf("Published by MLPerf Tiny, millions of cycles on silicon, not comparable with instructions\n\n%s\n",
                to_text(records(*recorded)).c_str());
    std::printf("How the peers were measured: bench/README.md\n");
  } else if (form == "markdown") {
    std::printf("%s", to_markdown(comparison(*recorded, smelt[target], true)).c_str());
  } else if (form == "svg") {
    std::printf("%s", to_svg(*recorded, smelt[target][0]).c_str());
  } else {
    if (Outcome o = replace(source / "README.md", "cortex-m4",
                            to_markdown(comparison(*recorded, {smelt["cortex-m4"][0]}, false)));
        !o)
      return o;
    if (Outcome o = replace_commands(source / "README.md", tool); !o) return o;
    for (const auto& [name, engine] : smelt) {
      if (Outcome o = replace(source / "bench/README.md", name, to_markdown(comparison(*recorded, engine, true))); !o)
        return o;
    }
    if (Outcome o = replace(source / "bench/README.md", "records", to_markdown(records(*recorded))); !o) return o;
    return write_file((source / "docs/bench.svg").string(), to_svg(*recorded, smelt["cortex-m4"][0]));
  }
  return Done{};
}

}  // namespace
}  // namespace smelt::bench

int main(int argc, char** argv) {
  CLI::App app{"Smelt beside the recorded peers (bench/peers.toml), on the models below SMELT_DATA_DIR."};
  std::string target = "cortex-m4",
              tool = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "smelt").string();
  bool markdown = false, svg = false, update = false;
  app.add_option("--target", target, "One that peers were recorded on, for their figures")->capture_default_str();
  app.add_option("--smelt", tool, "The tool to measure with; default: of the same build");
  auto* forms = app.add_option_group("form", "instead of text");
  forms->add_flag("--markdown", markdown, "A Markdown table");
  forms->add_flag("--svg", svg, "A picture");
  forms->add_flag("--update", update, "Write README.md, bench/README.md and docs/bench.svg anew");
  forms->require_option(0, 1);
  CLI11_PARSE(app, argc, argv);
  const smelt::Outcome done = smelt::bench::run(tool, target,
                                                update     ? "update"
                                                : svg      ? "svg"
                                                : markdown ? "markdown"
                                                           : "text");
  if (done) return 0;
  std::fprintf(stderr, "%s", done.failure().to_string().c_str());
  return static_cast<int>(done.failure().exit);
}
