// The command lines of `smelt init` and `smelt data`.
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace smelt::cli {

namespace {

void example(CLI::App* sub, const std::string& lines) { sub->footer("Examples:\n  " + lines + "\n"); }

void import_options(CLI::App* sub, DataOptions& d) {
  sub->add_option("paths", d.paths, "Files, and folders to look through: CSV, WAV, FLAC, Ogg, .npy, JPEG, PNG, Edge Impulse's JSON and CBOR")
      ->required()->type_name("PATH...");
  sub->add_option("--label-from", d.label_from,
                  "folder; column or column:NAME of a CSV file; a pattern of names with {label}, {group} and {_}; labels.csv or info.labels; none. "
                  "auto: a labels file, else a column label, class or activity, else folders below PATH")
      ->type_name("RULE")->capture_default_str();
  sub->add_option("--group-from", d.group_from, "What belongs together, as a machine or a speaker: folder, column:NAME, or a pattern with {group}")->type_name("RULE");
  sub->add_option("--label", d.label, "The label of all of them")->type_name("NAME");
  sub->add_option("--rate", d.rate, "Rate in Hz of files that do not say theirs")->check(CLI::Range(1e-3, 1e7))->type_name("HZ");
  sub->add_option("--axes", d.axes, "Columns or channels to take; default: `axes` in smelt.toml, else all")->type_name("A,B,...");
  sub->add_option("--gaps", d.gaps, "Where samples are missing: refuse the file, make recordings of what lies between, interpolate")
      ->check(CLI::IsMember({"refuse", "split", "fill"}))->capture_default_str();
  sub->add_option("--time-unit", d.time_unit, "Of timestamps, where the header does not say it")->check(CLI::IsMember({"s", "ms", "us", "ns"}));
  sub->add_flag("--ignore-time", d.ignore_time, "Samples are uniform whatever the timestamps say; needs a rate")->needs("--rate");
  sub->add_option("--hmac-key", d.hmac_key, "Take Edge Impulse's files only with a signature by this key")->type_name("KEY");
  sub->add_flag("--again", d.again, "Read files that have not changed, too");
  sub->add_flag("-v,--verbose", d.verbose, "A line for each file, once it is stored");
}

}  // namespace

void add_data_commands(CLI::App& app, Options& options, Command& command) {
  DataOptions& d = options.data;
  const auto add = [&](CLI::App& to, const char* name, const char* what, Command run, const char* examples) {
    CLI::App* sub = to.add_subcommand(name, what);
    sub->callback([&command, run] { command = run; });
    sub->add_flag("--json", options.json, "Report as JSON");
    example(sub, examples);
    return sub;
  };
  CLI::App* init = add(app, "init", "Make a project: a folder with a commented smelt.toml", init_project,
                       "smelt init fan --task classification\n  smelt init digits --kind audio");
  init->add_option("name", d.name, "Folder to make; its name is the project's")->required()->type_name("NAME");
  init->add_option("--task", d.task, "What the network is to do")->check(CLI::IsMember(project::tasks()))->capture_default_str();
  init->add_option("--kind", d.kind, "What recordings are of; default: what is imported first")->check(CLI::IsMember({"sensor", "audio", "image"}));

  CLI::App* data = app.add_subcommand("data", "Recordings of a project: import, list, stats, plot, split, check, forget");
  data->require_subcommand(1);
  example(data, "smelt data import ../recordings --label-from '{_}-{_}-{_}-{label}.csv'\n  smelt data stats\n  smelt data split --by group\n"
                "  smelt data check");
  const auto sub = [&](const char* name, const char* what, Command run, const char* examples) {
    CLI::App* s = add(*data, name, what, run, examples);
    s->add_option("--project", d.project, "The project's folder; default: this one, or the nearest above with a smelt.toml")->type_name("DIR");
    return s;
  };
  import_options(sub("import", "Add recordings; those that have not changed are left alone", data_import,
                     "smelt data import ../recordings --label-from '{_}-{_}-{_}-{label}.csv'\n"
                     "  smelt data import clips/ --label-from '{label}_{group}_{_}.wav'\n"
                     "  smelt data import day1.csv --label normal --gaps split\n"
                     "  smelt data import export/                                 # with info.labels or labels.csv in it"), d);
  CLI::App* list = sub("list", "All recordings", data_list, "smelt data list\n  smelt data list --label on --split test --json");
  list->add_option("--label", d.filter, "Only those of this label")->type_name("NAME");
  list->add_option("--split", d.split, "Only those of this split")->check(CLI::IsMember({"train", "validation", "test", "none"}));
  sub("stats", "Recordings, seconds and windows of each label and split", data_stats, "smelt data stats\n  smelt data stats --json");
  CLI::App* plot = sub("plot", "Draw a recording", data_plot, "smelt data plot 3\n  smelt data plot fan-on.csv --from 10 --seconds 2 -o fan.svg");
  plot->add_option("recording", d.recording, "Its number, path or file name")->required()->type_name("RECORDING");
  plot->add_option("-o,--output", d.output, "Draw into this file instead: .svg or .html")->type_name("FILE");
  plot->add_option("--from", d.from, "Begin here")->check(CLI::NonNegativeNumber)->type_name("SECONDS");
  plot->add_option("--seconds", d.seconds, "Draw no more than this")->check(CLI::PositiveNumber)->type_name("SECONDS");
  CLI::App* split = sub("split", "Share recordings out among training, validation and test", data_split,
                        "smelt data split                                    # as [split] in smelt.toml says\n"
                        "  smelt data split --by group --proportions 70 15 15\n  smelt data split --test '*-vd2-*'");
  split->add_option("--by", d.by, "What stays together")->check(CLI::IsMember({"recording", "group"}));
  split->add_option("--proportions", d.proportions, "Of training, validation and test")->expected(3)->check(CLI::NonNegativeNumber)->type_name("N");
  split->add_option("--seed", d.seed, "Another seed shares out differently")->type_name("N");
  size_t i = 0;
  for (const char* name : {"--train", "--validation", "--test"}) {
    split->add_option(name, d.fixed[i++], "Paths or file names that always go there, with * and ?")->expected(1)->take_all()->type_name("PATTERN");
  }
  split->add_flag("--keep", d.keep, "Only recordings that have no split yet");
  sub("check", "Look for leaks between splits, faulty sensors, and what else spoils training; exit code 1 on errors", data_check,
      "smelt data check\n  smelt data check --json");
  CLI::App* forget = sub("forget", "Take files out of the index; the files stay", data_forget, "smelt data forget 3\n  smelt data forget recordings/bad.csv");
  forget->add_option("paths", d.paths, "Numbers, paths or file names")->required()->type_name("RECORDING...");
}

}  // namespace smelt::cli
