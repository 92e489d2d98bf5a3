// smelt: the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <new>
#include <string>

#include "cli/commands.hpp"

namespace {

using smelt::cli::Options;

class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", std::string("smelt ") + SMELT_VERSION);
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "Show this help");
    app_.failure_message(CLI::FailureMessage::help);
    app_.footer("Exit codes: 0 done, 1 mismatch or limit broken, 2 usage, 3 unreadable or unsupported input, 4 a tool is missing.\n\n"
                "Examples:\n"
                "  smelt inspect model.tflite\n"
                "  smelt compile model.tflite -o out/ --target cortex-m4\n"
                "  smelt verify model.tflite --target cortex-m4 --taps\n");

    smelt::cli::add_data_commands(app_, options_, command_);

    CLI::App* inspect = add("inspect", "Show operators, shapes, quantization, MACs and parameters", smelt::cli::inspect);
    model(inspect);
    json(inspect);
    example(inspect, "smelt inspect kws.tflite --json");

    CLI::App* compile = add("compile", "Emit a C++ library; with --measure, build and run it on the target", smelt::cli::compile);
    model(compile);
    layout(compile);
    compile->add_option("-o,--output", options_.directory, "Folder for the emitted library")->type_name("DIR");
    board(compile, target(compile), "On a board's core: what goes into which memory; builds and runs it");
    lowering(compile);
    compile->add_option("--labels", options_.labels, "Class names, one a line, for the output's descriptor")->type_name("FILE");
    compile->add_flag("--single-file", options_.single_file, "Emit one .hpp and one .cpp");
    compile->add_flag("--measure", options_.measure, "Build, link and run: code size, stack, instructions");
    limit(compile, "--max-ram", options_.max_ram, "Fail if arena and static data exceed this, e.g. 32k");
    limit(compile, "--max-flash", options_.max_flash, "Fail if code and tables exceed this, e.g. 256k");
    json(compile);
    example(compile, "smelt compile kws.tflite -o out/ --target cortex-m4\n  smelt compile kws.tflite -o out/ --measure --max-ram 16k --max-flash 64k\n"
                     "  smelt compile kws.tflite -o out/ --board nucleo-h7a3zi");

    CLI::App* convert = add("convert", "Write what Smelt holds as .tflite, to check it with TensorFlow Lite itself", smelt::cli::convert);
    model(convert);
    convert->add_option("-o,--output", options_.output, "The file to write")->required()->type_name("FILE");
    convert->add_flag("--as-read", options_.as_read, "Operator by operator as the file has them, before any pass");
    json(convert);
    example(convert, "smelt convert model.tflite -o optimized.tflite\n  smelt convert model.tflite -o copy.tflite --as-read");

    quantize();

    CLI::App* run = add("run", "Run a model on this machine, with the kernels that ship to the device", smelt::cli::run);
    model(run);
    layout(run);
    run->add_option("--input", options_.inputs, "Raw little-endian tensor or .npy; several tensors in a row mean several runs")
        ->type_name("[NAME=]FILE")->required();
    run->add_option("--output", options_.outputs, "Where the outputs go; .npy or raw by its name")->type_name("[NAME=]FILE");
    run->add_flag("--stateful", options_.stateful,
                  "The inputs are one sequence: state (SVDF, RNN) goes on from each to the next; else each starts afresh");
    target(run);
    rings(run);
    json(run);
    example(run, "smelt run kws.tflite --input in.bin --output out.bin\n  smelt run two.tflite --input a=a.npy --input b=b.npy\n"
                 "  smelt run kws.tflite --input in.bin --target cortex-m55    # that core's kernels, interpreted");

    CLI::App* verify = add("verify", "Compare the target's results with the independent oracle, bit by bit; state goes on from input to input", smelt::cli::verify_model);
    model(verify);
    layout(verify);
    target(verify);
    verify->add_option("--count", options_.count, "Random inputs to run")->capture_default_str()->check(CLI::Range(1, 100000));
    inputs(verify);
    verify->add_option("--expect", options_.expect_directory, "Folder with out_*.bin to compare with as well; needs --inputs")
        ->type_name("DIR")->needs("--inputs");
    verify->add_flag("--taps", options_.taps, "Compare every operator's tensor, row by row");
    lowering(verify);
    within(verify);
    json(verify);
    example(verify, "smelt verify kws.tflite --target cortex-m4 --count 16 --taps\n  smelt verify kws.tflite --inputs in/ --expect out/");

    CLI::App* profile = add("profile", "Instructions of an inference, operator by operator", smelt::cli::profile);
    model(profile);
    layout(profile);
    board(profile, target(profile), "On a board's core: time and energy, estimated, whether it fits, what goes where");
    inputs(profile);
    lowering(profile);
    within(profile);
    json(profile);
    profile->add_flag("--cycles", options_.cycles, "Estimate cycles too, by the target's pipeline model");
    profile->add_option("--wait-states", options_.wait_states, "Of the flash, for cycles; default: the board's or the target's")
        ->check(CLI::Range(0, 100))->type_name("N");
    example(profile, "smelt profile kws.tflite --target cortex-m4\n  smelt profile kws.tflite --target cortex-m4 --cycles --wait-states 5\n"
                     "  smelt profile kws.tflite --board nucleo-l4r5zi");

    CLI::App* plan = add("plan", "Show what lives when in the arena, and what more RAM would buy", smelt::cli::plan);
    model(plan);
    layout(plan);
    target(plan);
    rings(plan);
    within(plan);
    plan->add_option("--svg", options_.svg, "Draw it into this file")->type_name("FILE");
    json(plan);
    example(plan, "smelt plan kws.tflite --target cortex-m55 --svg kws.svg\n  smelt plan kws.tflite --optimize speed --max-ram 8k");

    CLI::App* operators = add("operators", "List the operators, and what they are called in each format", smelt::cli::list_operators);
    json(operators);
    example(operators, "smelt operators\n  smelt operators --json");

    CLI::App* targets = add("targets", "List the targets", smelt::cli::list_targets);
    json(targets);
    example(targets, "smelt targets\n  smelt targets --json");

    CLI::App* boards = add("boards", "List the boards, or rank them for a model", smelt::cli::boards);
    CLI::Option* ranked = boards->add_option("--for", options_.model, "Rank by estimated time; built and run once for each core")->type_name("MODEL");
    inputs(boards);
    rings(boards);
    for (const char* option : {"--inputs", "--input", "--optimize", "--push"}) boards->get_option(option)->needs(ranked);
    json(boards);
    example(boards, "smelt boards\n  smelt boards --for kws.tflite --optimize speed\n  smelt boards --for kws.tflite --json");
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return app_.exit(e);
      if (app_.get_subcommands().empty() && argc > 1) {
        std::fprintf(stderr, "error[E0001]: there is no %s \"%s\"\n  help: smelt --help\n", argv[1][0] == '-' ? "option" : "command", argv[1]);
        return static_cast<int>(smelt::ExitCode::usage);
      }
      std::fprintf(stderr, "error[E0001]: %s\n  help: smelt%s --help\n", e.what(), chosen().c_str());
      return static_cast<int>(smelt::ExitCode::usage);
    }
    smelt::Result<smelt::ExitCode> result = run_command();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      result = smelt::Failure("E0601", "standard output", "cannot be written", "check the free space of where it goes");
    }
    if (result) return static_cast<int>(*result);
    std::fprintf(stderr, "%s", result.failure().to_string().c_str());
    return static_cast<int>(result.failure().exit);
  }

 private:
  smelt::Result<smelt::ExitCode> run_command() {
    try {
      return command_(options_);
    } catch (const std::bad_alloc&) {
      return smelt::Failure("E0004", options_.model, "there is not enough memory for this", "try it on a smaller model, or a larger machine");
    } catch (const std::filesystem::filesystem_error& e) {  // of temporary folders, as a rule
      return smelt::Failure("E0601", e.path1().empty() ? "temporary folder" : e.path1().string(), e.code().message(),
                            "check TMPDIR, permissions and the free space");
    }
  }

  void quantize() {
    smelt::cli::QuantizeOptions& q = options_.quantize;
    CLI::App* sub = add("quantize", "Make a float model compute in integers, and show what that costs layer by layer", smelt::cli::quantize_model);
    model(sub);
    sub->add_option("--calibrate", q.calibrate, "Examples: .npy, .npz, raw tensors, or a folder of those or of JPEG and PNG pictures")->required()->type_name("DATA");
    sub->add_option("-o,--output", options_.output, "The quantized model, a .tflite file")->type_name("FILE");
    sub->add_option("--report", q.html, "The report as an HTML page with plots")->type_name("FILE");
    json(sub);
    sub->add_flag("--measure", options_.measure, "Build and run the result on the target: instructions of each layer");
    target(sub);
    sub->add_option("--scheme", q.scheme, "Activations and weights of 8 bits; 16 and 8; 8 with powers of two as scales; floats with weights of 16 bits in the file")
        ->check(CLI::IsMember({"int8", "int16x8", "int8-pow2", "float16"}))->capture_default_str();
    sub->add_option("--layer", q.layers, "Another form for one layer, by its name in the report: int8, int16x8, float32")->type_name("NAME=FORM");
    sub->add_option("--range", q.range, "How activation ranges are chosen")->check(CLI::IsMember({"minmax", "percentile", "mse"}))->capture_default_str();
    sub->add_option("--io", q.io, "The model's inputs and outputs: as its layers, or floats")->check(CLI::IsMember({"integer", "float32"}))->capture_default_str();
    sub->add_flag("--equalize", q.equalize, "Bring the ranges of neighbouring layers' channels together first");
    sub->add_flag("--per-tensor", q.per_tensor, "One scale for all weights of a layer");
    sub->add_flag("--no-bias-correction", q.no_bias_correction, "Leave biases as they are");
    sub->add_option("--count", q.count, "At most so many examples to calibrate with; 0: all")->capture_default_str();
    sub->add_option("--test", q.test, "Other examples to judge by; default: those of --calibrate")->type_name("DATA");
    sub->add_option("--labels", q.labels, "CSV with a column label (and file), one label a line, or \"folders\"")->type_name("FILE");
    sub->add_option("--metric", q.metric, "What counts; default: accuracy where there are labels, else deviation")
        ->check(CLI::IsMember({"accuracy", "reconstruction", "deviation"}));
    sub->add_option("--max-drop", q.max_drop, "Give layers more bits until no more than this is lost: points of accuracy, or percent")->check(CLI::NonNegativeNumber);
    sub->add_option("--pixels", q.pixels, "What 0 and 255 of a picture become")->type_name("LOW..HIGH")->capture_default_str();
    sub->add_option("--raw-type", q.raw_type, "Elements of files without a header: f4, i1, u1, i2")->check(CLI::IsMember({"f4", "i1", "u1", "i2"}))->capture_default_str();
    sub->add_option("--raw-scale", q.raw_scale, "Real value = scale * (stored - zero)")->capture_default_str();
    sub->add_option("--raw-zero", q.raw_zero, "See --raw-scale")->capture_default_str();
    example(sub, "smelt quantize model.tflite --calibrate examples.npy -o model_int8.tflite --report model.html\n"
                 "  smelt quantize model.tflite --calibrate pictures/ --pixels -1..1 --labels folders --max-drop 0.5 -o model_int8.tflite");
  }

  CLI::App* add(const char* name, const char* what, smelt::cli::Command command) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, command] { command_ = command; });
    return sub;
  }
  void model(CLI::App* sub) {
    sub->add_option("model", options_.model, "Model file (.tflite, .onnx, .h5, .keras)")->required()->type_name("MODEL");
    sub->add_option("--shape", options_.shapes, "Shape of an input of which the file leaves dimensions open")->type_name("NAME=1x49x10");
  }
  void layout(CLI::App* sub) {
    sub->add_flag("--keep-layout", options_.keep_layout, "Inputs and outputs in the file's order, even where rows come in another");
  }
  void json(CLI::App* sub) { sub->add_flag("--json", options_.json, "Report as JSON"); }
  static void limit(CLI::App* sub, const char* name, std::optional<std::uint64_t>& bytes, const char* what) {
    const auto counts = [](std::string& text) {  // the library would wrap negative numbers round
      return text.empty() || text[0] < '0' || text[0] > '9' ? std::string("give a number of bytes, e.g. 32k") : std::string();
    };
    sub->add_option(name, bytes, what)
        ->transform(CLI::AsSizeValue(false))
        ->transform(CLI::Validator(counts, ""))  // looked at first
        ->type_name("BYTES");
  }
  CLI::Option* target(CLI::App* sub) {
    return sub->add_option("--target", options_.target, "See `smelt targets`")->capture_default_str()->type_name("NAME");
  }
  void board(CLI::App* sub, CLI::Option* core, const char* what) {
    sub->add_option("--board", options_.board, what)->excludes(core)->type_name("NAME");
  }
  void rings(CLI::App* sub) {
    sub->add_option("--optimize", options_.optimize, "Fewest calls of kernels, least RAM, or the fewest calls within 1.5 times the least RAM")
        ->check(CLI::IsMember({"speed", "ram", "balanced"}))->capture_default_str();
    sub->add_flag("--push", options_.push, "The input comes row by row and never stands in RAM as a whole");
  }
  void lowering(CLI::App* sub) {
    sub->add_option("--name", options_.name, "Name of the emitted model; default: from the file's")->type_name("NAME");
    rings(sub);
  }
  void within(CLI::App* sub) { limit(sub, "--max-ram", options_.max_ram, "The fastest plan whose arena is no larger, e.g. 32k"); }
  void inputs(CLI::App* sub) {
    sub->add_option("--inputs", options_.inputs_directory, "Folder with in_*.bin")->type_name("DIR");
    sub->add_option("--input", options_.inputs, "As for `smelt run`")->type_name("[NAME=]FILE")->excludes("--inputs");
  }
  static void example(CLI::App* sub, const std::string& lines) { sub->footer("Examples:\n  " + lines + "\n"); }
  std::string chosen() const {
    std::string names;
    for (auto subs = app_.get_subcommands(); !subs.empty(); subs = subs[0]->get_subcommands()) names += " " + subs[0]->get_name();
    return names;
  }

  CLI::App app_{"Smelt: a trained model in, a small verified C++ library for a microcontroller out."};
  Options options_;
  smelt::cli::Command command_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) { return CommandLine().run(argc, argv); }
