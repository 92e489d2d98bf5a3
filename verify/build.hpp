// From emitted models to an image that a target can run: glue, linker script, compiler, sizes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "targets/target.hpp"
#include "verify/process.hpp"

namespace smelt::verify {

/// An input or output: where its bytes lie in the arena.
struct Buffer {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

/// A tensor to watch while a trace image runs: rows of one view, checked after each firing of the op that writes them.
struct TapSpec {
  std::uint16_t op = 0;
  std::uint16_t view = 0;  ///< index into Model::views
  std::uint32_t row_bytes = 0;
  std::uint16_t rows = 0;
  bool whole = false;  ///< the rows are only complete after the op's last firing
  std::uint32_t pieces =
      1;  ///< a row of `pieces` equal runs of bytes, `stride` bytes apart in the arena (a channel slice)
  std::uint32_t stride = 0;
};

/// An emitted model, by its own file names.
struct ModelSpec {
  std::string name;                 ///< NAME of NAME.cpp, NAME.h, namespace smelt_NAME
  std::filesystem::path directory;  ///< where these files are
  std::uint32_t arena_bytes = 0;
  std::uint32_t arena_align = 16;
  std::vector<Buffer> inputs;
  std::vector<Buffer> outputs;
  std::vector<Buffer> states;  ///< in order of address; an inference goes on from what the one before it in its batch left
  std::vector<TapSpec> taps;   ///< trace images only
  std::uint16_t op_count = 0;  ///< trace images only
  /// Trace images only: by call of a kernel, bytes of the arena that nobody may need any more. They are filled with
  /// wire::fill_byte behind it. Empty: nothing is.
  std::vector<std::vector<Buffer>> freed;
};

/// What stands in flash and is copied into the memory of data before anything runs.
struct Fast {
  std::vector<std::string> functions;  ///< as linked, without what compilers append to clones
  bool weights = false;                ///< of measure images
  bool any() const { return weights || !functions.empty(); }
};

enum class ImageKind {
  measure,  ///< NAME_init and NAME_invoke only: sizes, stack, instructions of a whole inference
  trace,    ///< firing by firing: instructions per op, checksums of tapped rows
};

struct ImageSpec {
  ImageKind kind = ImageKind::measure;
  std::vector<ModelSpec> models;         ///< they share one arena
  bool sanitize = false;                 ///< native targets: undefined behaviour and misalignment end the run
  std::vector<std::string> extra_flags;  ///< appended to the target's
  Fast fast{};
};

/// What the linker kept of the model; of all models together where an image has several.
struct Sizes {
  std::uint32_t code_bytes = 0;  ///< text, and constants that belong to code, with what it pulls in of libgcc and mem*
  std::uint32_t weights_bytes = 0;  ///< constants in namespace smelt_NAME: weights and all tables
  std::uint32_t static_bytes = 0;   ///< .data and .bss, without the arena
};

struct Image {
  std::shared_ptr<TempDir> directory;
  std::filesystem::path file;
  ImageKind kind = ImageKind::measure;
  std::vector<ModelSpec> models;
  std::optional<Sizes> sizes;  ///< of measure images with a linker script
  std::string compiler;        ///< first line of its --version
  std::vector<std::string> flags;
};

/// The flags with which `target` compiles emitted code: its own, and those that every target shares.
std::vector<std::string> compile_flags(const targets::Target& target);

/// Compiles and links. Failures: E0711 no compiler, E0712 it refuses the code, E0713 the image does not link or fit.
Result<Image> build_image(const targets::Target& target, const ImageSpec& spec);

}  // namespace smelt::verify
