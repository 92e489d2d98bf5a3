// The commands, each a function from its options to an exit code. Errors travel as Failures to main.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/data.hpp"
#include "cli/report.hpp"
#include "ir/diagnostic.hpp"
#include "passes/row_layout.hpp"

namespace CLI {
class App;
}

namespace smelt::cli {

/// smelt quantize.
struct QuantizeOptions {
  std::string calibrate, test, labels, metric, html;
  std::string scheme = "int8", range = "minmax", io = "integer", pixels = "0..1", raw_type = "f4";
  std::vector<std::string> layers;
  double raw_scale = 1, raw_zero = 0;
  bool per_tensor = false, no_bias_correction = false, equalize = false;
  std::optional<double> max_drop;
  std::size_t count = 100;
};

/// Options that several commands share.
struct Options {
  std::string model;
  std::vector<std::string> shapes;  ///< NAME=1x2x3
  bool keep_layout = false;         ///< of inputs and outputs, as the file has them
  std::string target = "cortex-m4";
  std::string board;          ///< --board: sets the target
  std::string name;           ///< of the emitted model; empty: from the file's name
  std::string labels;         ///< a text file with one class name a line
  std::string optimize = "balanced";
  bool push = false;
  std::string svg;            ///< plan --svg
  bool json = false;
  std::string directory;      ///< compile -o
  std::string output;         ///< convert, quantize -o: a file
  bool as_read = false;       ///< convert --as-read
  QuantizeOptions quantize;
  DataOptions data;
  bool single_file = false;
  bool measure = false;
  std::optional<std::uint64_t> max_ram;
  std::optional<std::uint64_t> max_flash;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string inputs_directory;
  std::string expect_directory;
  std::size_t count = 16;
  bool taps = false;
  bool stateful = false;              ///< run: states go on from input to input
  bool cycles = false;                ///< profile --cycles
  std::optional<double> wait_states;  ///< instead of the target's own
};

using Command = Result<ExitCode> (*)(const Options&);

Result<ExitCode> inspect(const Options& options);
Result<ExitCode> compile(const Options& options);
Result<ExitCode> convert(const Options& options);
Result<ExitCode> quantize_model(const Options& options);
Result<ExitCode> run(const Options& options);
Result<ExitCode> verify_model(const Options& options);
Result<ExitCode> profile(const Options& options);
Result<ExitCode> plan(const Options& options);
Result<ExitCode> list_operators(const Options& options);
Result<ExitCode> list_targets(const Options& options);
Result<ExitCode> boards(const Options& options);
Result<ExitCode> init_project(const Options& options);
Result<ExitCode> data_import(const Options& options);
Result<ExitCode> data_list(const Options& options);
Result<ExitCode> data_stats(const Options& options);
Result<ExitCode> data_plot(const Options& options);
Result<ExitCode> data_split(const Options& options);
Result<ExitCode> data_check(const Options& options);
Result<ExitCode> data_forget(const Options& options);

/// `smelt init` and `smelt data ...` on the command line; the one that was typed is put into `command`.
void add_data_commands(CLI::App& app, Options& options, Command& command);

/// A model on its way: as it was read, and as it was compiled.
struct Compiled {
  Graph original;                ///< what the compiled code is held to
  std::optional<Graph> file;     ///< what was read, where `original` is its integer form
  RowLayout layout;              ///< of its inputs and outputs, against the file's
  Program program;
  std::vector<std::string> log;  ///< what the passes did
  Work before, after;            ///< and what it saved
};

/// Reads the model, with --shape.
Result<Graph> read_graph(const Options& options);
/// The model as its inputs and outputs are on the device, without a program.
Result<Compiled> load_unplanned(const Options& options);
/// Reads, runs the passes (with `keep_all_tensors`, those that remove no operator's tensor), plans.
Result<Compiled> load(const Options& options, bool keep_all_tensors = false);
/// The same; fails where no plan's arena is within --max-ram.
Result<Compiled> load_within_limit(const Options& options);
/// For help texts: the largest rings of the arena, or constants in flash, a line each.
std::string tenants(const Program& p, bool ram);
std::string model_name(const Options& options);

/// Those of --inputs or --input, else `count` random ones.
Result<verify::Runs> chosen_inputs(const Options& options, const Compiled& compiled);

/// A line on standard error while something takes its time; nothing unless that is a terminal. Gone when destroyed.
class Progress {
 public:
  explicit Progress(const std::string& what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  bool shown_;
};

/// A bar on standard error for what takes longer than a second; nothing unless that is a terminal. Gone when destroyed.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what) : what_(std::move(what)), start_(std::chrono::steady_clock::now()) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void rename(std::string what) { what_ = std::move(what); }
  /// `all` = 0: nobody knows how much there is to do.
  void show(std::size_t done, std::size_t all);

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_, last_{};
  bool shown_ = false;
};

}  // namespace smelt::cli
