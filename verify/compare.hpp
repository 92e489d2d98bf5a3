// The target's bytes against the independent oracle, and against expected outputs where there are any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verify/measure.hpp"

namespace smelt::verify {

/// One thing that differs.
struct Mismatch {
  std::size_t run = 0;
  std::string tensor;   ///< name and shape
  std::string against;  ///< "oracle", "expected"
  std::string detail;   ///< how many elements, the first of them
};

/// How far outputs in integers are from the file's own arithmetic, floats between quantizations.
struct FormDistance {
  double largest = 0;  ///< difference of any element
  double steps = 0;    ///< the same in steps of the output's scale; 0 where it has none
};

struct Comparison {
  bool bit_exact = true;           ///< every compared byte equals the oracle's
  bool within_tolerance = true;    ///< floats: |difference| <= float_tolerance * largest magnitude
  double largest_error = 0;        ///< floats: largest |difference|
  std::size_t outputs_compared = 0;
  std::size_t distinct_outputs = 0;   ///< different output contents among the runs
  std::size_t tensors_compared = 0;   ///< operator tensors of the model, times runs
  std::vector<std::string> not_compared;  ///< operator tensors that the passes removed
  std::vector<Mismatch> mismatches;
  std::optional<FormDistance> from_file;  ///< where `original` is the integer form of a file
  bool ok() const { return within_tolerance && mismatches.empty(); }
};

constexpr double float_tolerance = 1e-5;

/// `original` is the model as read; `program` what was compiled from it.
void compare_outputs(const Graph& original, const Runs& inputs, const Runs& outputs, const Runs& expected, Comparison& result);
/// Sets `from_file`.
void compare_forms(const Graph& file, const Graph& original, const Runs& inputs, Comparison& result);
/// Every operator tensor of `original`, by the checksums of its rows (integers against the oracle; floats against the same
/// kernels on the host, and those against the oracle within the tolerance).
void compare_tensors(const Graph& original, const Program& program, const Runs& inputs, const Traced& traced,
                     Comparison& result);

}  // namespace smelt::verify
