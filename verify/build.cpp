#include "verify/build.hpp"

#include <fmt/format.h>

#include <fstream>

#include "verify/elf.hpp"
#include "verify/text.hpp"

namespace smelt::verify {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds compile_deadline{300};

/// The harness's sources.
fs::path device_directory() {
  return targets::locate("SMELT_DEVICE_DIR", "share/smelt/device", SMELT_SOURCE_DEVICE_DIR);
}

/// One image in the making: a directory, a compiler, and what was said to it.
class Builder {
 public:
  Builder(const targets::Target& target, const ImageSpec& spec, fs::path compiler, fs::path directory)
      : target_(target),
        spec_(spec),
        compiler_(std::move(compiler)),
        directory_(std::move(directory)),
        flags_(compile_flags(target)) {
    flags_.insert(flags_.end(), spec.extra_flags.begin(), spec.extra_flags.end());
    if (spec.fast.weights) flags_.push_back("-DSMELT_SECTION_WEIGHTS=__attribute__((section(\".smelt_weights\")))");
  }

  const std::vector<std::string>& flags() const { return flags_; }
  fs::path image() const { return directory_ / "image"; }

  std::string version() const {
    const std::string text = run_program({compiler_, "--version"}, directory_, compile_deadline).output;
    return text.substr(0, text.find('\n'));
  }

  Outcome write(const std::string& name, const std::string& text) const {
    std::ofstream file(directory_ / name, std::ios::binary);
    file << text;
    if (!file.flush()) return Failure("E0712", (directory_ / name).string(), "the file cannot be written");
    return Done{};
  }

  /// Sources become NAME.o; the linker script tells the harness's objects from the model's by that name.
  Outcome compile(const fs::path& source, const std::string& object) {
    std::vector<std::string> command{compiler_};
    command.insert(command.end(), flags_.begin(), flags_.end());
    if (spec_.sanitize && !target_.emulator)
      command.insert(command.end(), {"-g", "-fsanitize=undefined,alignment", "-fno-sanitize-recover=all"});
    for (const ModelSpec& m : spec_.models) {
      if (!m.directory.empty()) command.push_back("-I" + m.directory.string());
    }
    command.insert(command.end(), {"-I" + directory_.string(), "-I" + device_directory().string(), "-c",
                                   source.string(), "-o", object});
    objects_.push_back(object);
    return said(command, "E0712", source.string(), "the compiler refuses it");
  }

  Outcome link() const {
    std::vector<std::string> command{compiler_};
    command.insert(command.end(), flags_.begin(), flags_.end());
    command.insert(command.end(), target_.compiler.link_flags.begin(), target_.compiler.link_flags.end());
    if (spec_.sanitize && !target_.emulator) command.push_back("-fsanitize=undefined,alignment");
    command.insert(command.end(), objects_.begin(), objects_.end());
    if (!target_.memories.empty())
      command.insert(command.end(), {"-nostdlib", "-Wl,--gc-sections", "-Wl,-T,image.ld", "-lgcc"});
    command.insert(command.end(), {"-o", image().string()});
    return said(command, "E0713", "image for " + target_.name, "the image does not link");
  }

 private:
  Outcome said(const std::vector<std::string>& command, const char* code, const std::string& place,
               const std::string& reason) const {
    const Ended ended = run_program(command, directory_, compile_deadline);
    if (ended.timed_out) return Failure(code, place, target_.compiler.command + " did not end");
    if (ended.status != 0) return Failure(code, place, reason, ended.output);
    return Done{};
  }

  const targets::Target& target_;
  const ImageSpec& spec_;
  fs::path compiler_;
  fs::path directory_;
  std::vector<std::string> flags_;
  std::vector<std::string> objects_;
};

Outcome build_objects(Builder& b, const targets::Target& target, const ImageSpec& spec, const fs::path& directory) {
  const fs::path device = device_directory();
  if (Outcome o = b.write("target_config.hpp", config_text(target)); !o) return o;
  if (Outcome o = b.write("glue.cpp", glue_text(spec)); !o) return o;
  if (Outcome o = b.compile(directory / "glue.cpp", "harness_glue.o"); !o) return o;
  if (spec.kind == ImageKind::measure) {
    for (std::size_t i = 0; i < spec.models.size(); ++i) {
      const ModelSpec& m = spec.models[i];
      if (Outcome o = b.compile(m.directory / (m.name + ".cpp"), fmt::format("model_{}.o", i)); !o) return o;
    }
  }
  if (Outcome o = b.compile(device / "harness.cpp", "harness_main.o"); !o) return o;
  if (Outcome o = b.compile(device / (target.harness + ".cpp"), "harness_port.o"); !o) return o;
  if (target.memories.empty()) return Done{};
  if (Outcome o = b.write("image.ld", linker_text(target, spec)); !o) return o;
  return b.compile(device / "memory.cpp", "memory.o");
}

Sizes sizes_of(const fs::path& image) {
  auto sections = section_sizes(image);
  return {sections[".code"] + sections[".fast_code"], sections[".tables"] + sections[".fast_weights"], sections[".model_data"] + sections[".model_bss"]};
}

}  // namespace

std::vector<std::string> compile_flags(const targets::Target& target) {
  std::vector<std::string> flags = target.compiler.flags;
  // Freestanding, nothing at start-up, floats as on every other target, and sections that the linker can drop.
  for (const char* flag :
       {"-std=c++17", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
        "-fno-asynchronous-unwind-tables", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections"})
    flags.push_back(flag);
  return flags;
}

Result<Image> build_image(const targets::Target& target, const ImageSpec& spec) {
  const auto compiler = find_program(target.compiler.command);
  if (!compiler) return missing_tool(target.compiler.command, target.compiler.package);
  Image image;
  image.directory = std::make_shared<TempDir>();
  image.kind = spec.kind;
  image.models = spec.models;
  for (ModelSpec& m : image.models) m.directory = fs::absolute(m.directory);
  ImageSpec absolute = spec;
  absolute.models = image.models;
  Builder builder(target, absolute, *compiler, image.directory->path());
  if (Outcome o = build_objects(builder, target, absolute, image.directory->path()); !o) return o.failure();
  if (Outcome o = builder.link(); !o) return o.failure();
  image.file = builder.image();
  image.compiler = builder.version();
  image.flags = builder.flags();
  if (spec.kind == ImageKind::measure && !target.memories.empty()) image.sizes = sizes_of(image.file);
  return image;
}

}  // namespace smelt::verify
