// Smelt beside the recorded peers, on the models below SMELT_DATA_DIR: as text, as Markdown, as SVG, or into the pages
// that show it, which can also be checked. Run it by bench/table.
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

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Pages as they ought to be, beside what their files hold.
class Pages {
 public:
  /// Replaces what stands between `<!-- bench: KEY -->` and `<!-- bench: end -->`.
  Outcome replace(const fs::path& page, const std::string& key, const std::string& content) {
    std::string& text = this->text(page);
    const std::string begin = "<!-- bench: " + key + " -->\n";
    const std::string end = "<!-- bench: end -->";
    const std::size_t from = text.find(begin);
    const std::size_t to = from == std::string::npos ? from : text.find(end, from);
    if (to == std::string::npos)
      return Failure("E0902", page.string(), "lacks the marks of table " + key, "add " + begin + end);
    text.replace(from + begin.size(), to - from - begin.size(), content);
    return Done{};
  }

  std::string& text(const fs::path& page) { return pages_.try_emplace(page, content_of(page)).first->second; }

  Outcome write() const {
    for (const auto& [page, text] : pages_) {
      if (Outcome o = write_file(page.string(), text); !o) return o;
    }
    return Done{};
  }

  /// A Failure names each line that differs.
  Outcome check() const {
    Failure stale;
    stale.exit = ExitCode::mismatch;
    for (const auto& [page, text] : pages_) {
      std::istringstream was(content_of(page)), is(text);
      std::string difference;
      std::string old, now;
      for (int line = 1;; ++line) {
        const bool more_old = static_cast<bool>(std::getline(was, old)),
                   more_now = static_cast<bool>(std::getline(is, now));
        if (!more_old && !more_now) break;
        if (more_old != more_now) {
          difference += "\n    " + std::to_string(line) + ": another number of lines";
          break;
        }
        if (old != now) difference += "\n    " + std::to_string(line) + ": " + old + "\n       now " + now;
      }
      if (!difference.empty())
        stale.diagnostics.push_back({"E0904", page.string(), "its figures are old:" + difference, ""});
    }
    if (stale.diagnostics.empty()) return Done{};
    stale.diagnostics.back().help = "run bench/table --update";
    return stale;
  }

 private:
  std::map<fs::path, std::string> pages_;
};

/// The paragraph that contains `word`.
std::string paragraph(const std::string& text, const std::string& word) {
  const std::size_t at = std::min(text.find(word), text.size());
  const std::size_t before = text.rfind("\n\n", at), after = text.find("\n\n", at);
  const std::size_t from = before == std::string::npos ? 0 : before + 2;
  return "...\n" + text.substr(from, after == std::string::npos ? after : after + 1 - from);
}

/// Tables named `smelt ...` show what that command prints, run in the source tree; `smelt ... | word` only the
/// paragraph with that word.
Outcome replace_commands(Pages& pages, const fs::path& page, const fs::path& tool) {
  std::istringstream in(pages.text(page));
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
    if (Outcome o = pages.replace(page, key, "```\n$ " + shown + "\n" + printed + "```\n"); !o) return o;
  }
  return Done{};
}

using Measured = std::map<std::string, std::vector<Engine>>;

Result<Measured> measure(const fs::path& tool, const fs::path& data, const Recorded& recorded,
                         const std::vector<std::string>& targets) {
  Measured smelt;
  for (const std::string& name : targets) {
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{}, {"--optimize", "ram", "--push"}}) {
      Result<Engine> measured = profile(tool, data, recorded, name, options);
      if (!measured) return measured.failure();
      smelt[name].push_back(std::move(*measured));
    }
  }
  return smelt;
}

/// Every core that has a model of its cycles, and how tables name it.
constexpr std::pair<const char*, const char*> core_titles[] = {
    {"cortex-m0plus", "M0+"}, {"cortex-m3", "M3"},   {"cortex-m4", "M4"},    {"cortex-m7", "M7"},
    {"cortex-m33", "M33"},    {"cortex-m55", "M55"}, {"hazard3", "Hazard3 (RV32IMAC)"}};

Result<std::vector<Engine>> measure_cores(const fs::path& tool, const fs::path& data, const Recorded& recorded) {
  std::vector<Engine> cores;
  for (const auto& [target, title] : core_titles) {
    Result<Engine> measured = profile(tool, data, recorded, target, {"--optimize", "speed", "--cycles"});
    if (!measured) return measured.failure();
    measured->title = title;
    cores.push_back(std::move(*measured));
  }
  return cores;
}

/// All generated parts of pages: what the tool prints of the bundled example, and the tables where models were
/// measured.
Result<Pages> generated(const fs::path& tool, const Recorded& recorded, Measured smelt, const std::vector<Engine>& each_core) {
  const fs::path source = SMELT_SOURCE_DIR;
  Pages pages;
  for (const char* page : {"README.md", "docs/boards.md"}) {
    if (Outcome o = replace_commands(pages, source / page, tool); !o) return o.failure();
  }
  if (Outcome o = pages.replace(source / "bench/README.md", "records", to_markdown(records(recorded))); !o)
    return o.failure();
  if (smelt.empty()) return pages;
  const Engine& m4 = smelt["cortex-m4"][0];
  if (Outcome o = pages.replace(source / "README.md", "cortex-m4", to_markdown(comparison(recorded, {m4}, false))); !o)
    return o.failure();
  if (Outcome o = pages.replace(source / "README.md", "cores", to_markdown(cores(recorded, each_core))); !o)
    return o.failure();
  for (const auto& [name, engine] : smelt) {
    const std::string table = to_markdown(comparison(recorded, engine, true));
    if (Outcome o = pages.replace(source / "bench/README.md", name, table); !o) return o.failure();
  }
  pages.text(source / "docs/bench.svg") = to_svg(recorded, m4);
  return pages;
}

Outcome run(const fs::path& tool, const std::string& target, const std::string& form) {
  const bool pages = form == "update" || form == "check";
  const char* data = std::getenv("SMELT_DATA_DIR");
  if (data == nullptr && form != "check") {
    return Failure("E0903", "SMELT_DATA_DIR", "is not set",
                   "point it to a folder with the files named in bench/peers.toml");
  }
  const Result<Recorded> recorded = read_peers(fs::path(SMELT_SOURCE_DIR) / "bench/peers.toml");
  if (!recorded) return recorded.failure();
  Result<Measured> measured = Measured{};
  if (data != nullptr) {
    measured = measure(tool, data, *recorded,
                       pages ? std::vector<std::string>{"cortex-m4", "cortex-m7", "cortex-m55"} : std::vector{target});
    if (!measured) return measured.failure();
  } else {
    std::printf("SMELT_DATA_DIR is not set: only what the tool prints of the bundled example is checked\n");
  }
  if (pages) {
    Result<std::vector<Engine>> each_core = std::vector<Engine>{};
    if (data != nullptr) each_core = measure_cores(tool, data, *recorded);
    if (!each_core) return each_core.failure();
    const Result<Pages> as_measured = generated(tool, *recorded, std::move(*measured), *each_core);
    if (!as_measured) return as_measured.failure();
    return form == "update" ? as_measured->write() : as_measured->check();
  }
  const std::vector<Engine>& smelt = (*measured)[target];
  if (form == "text") {
    std::printf("One inference of the int8 model on %s; bytes and instructions (exact, not cycles)\n\n%s\n",
                target.c_str(), to_text(comparison(*recorded, smelt, true)).c_str());
    std::printf("Published by MLPerf Tiny, millions of cycles on silicon, not comparable with instructions\n\n%s\n",
                to_text(records(*recorded)).c_str());
    std::printf("How the peers were measured: bench/README.md\n");
  } else if (form == "markdown") {
    std::printf("%s", to_markdown(comparison(*recorded, smelt, true)).c_str());
  } else {
    std::printf("%s", to_svg(*recorded, smelt[0]).c_str());
  }
  return Done{};
}

}  // namespace
}  // namespace smelt::bench

int main(int argc, char** argv) {
  CLI::App app{"Smelt beside the recorded peers (bench/peers.toml), on the models below SMELT_DATA_DIR."};
  std::string target = "cortex-m4",
              tool = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "smelt").string();
  bool markdown = false, svg = false, update = false, check = false;
  app.add_option("--target", target, "One that peers were recorded on, for their figures")->capture_default_str();
  app.add_option("--smelt", tool, "The tool to measure with; default: of the same build");
  auto* forms = app.add_option_group("form", "instead of text");
  forms->add_flag("--markdown", markdown, "A Markdown table");
  forms->add_flag("--svg", svg, "A picture");
  forms->add_flag("--update", update, "Write README.md, bench/README.md, docs/boards.md and docs/bench.svg anew");
  forms->add_flag("--check", check, "Write nothing, fail and name the lines where --update would change these pages");
  forms->require_option(0, 1);
  CLI11_PARSE(app, argc, argv);
  const smelt::Outcome done = smelt::bench::run(tool, target,
                                                update     ? "update"
                                                : check    ? "check"
                                                : svg      ? "svg"
                                                : markdown ? "markdown"
                                                           : "text");
  if (done) return 0;
  std::fprintf(stderr, "%s", done.failure().to_string().c_str());
  return static_cast<int>(done.failure().exit);
}
