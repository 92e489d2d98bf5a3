// What can go wrong, as values. A user's mistake is a Failure that travels to the command line; a fault of ours aborts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace smelt {

/// Exit status of the command line tool; each Failure carries one.
enum class ExitCode : int {
  ok = 0,
  mismatch = 1,      ///< a comparison failed or a limit was broken
  usage = 2,         ///< the command line is wrong
  input = 3,         ///< a file is unreadable, malformed or unsupported
  missing_tool = 4,  ///< a compiler or an emulator is not installed
};

/// One mistake: where it is, what it is, and what to do about it.
struct Diagnostic {
  std::string code;    ///< stable, e.g. "E0301"
  std::string place;   ///< e.g. `kws.tflite: node 3 "conv1" (CONV_2D)`
  std::string reason;  ///< one sentence, no full stop
  std::string help;    ///< the remedy; may be empty
};

/// One or more mistakes found together.
struct Failure {
  ExitCode exit = ExitCode::input;
  std::vector<Diagnostic> diagnostics;

  Failure() = default;
  Failure(ExitCode exit_code, Diagnostic d) : exit(exit_code) { diagnostics.push_back(std::move(d)); }
  /// An input error, the commonest kind.
  Failure(std::string code, std::string place, std::string reason, std::string help = {})
      : Failure(ExitCode::input, Diagnostic{std::move(code), std::move(place), std::move(reason), std::move(help)}) {}

  /// `error[E0301]: place: reason\n  help: remedy\n`, one block a diagnostic.
  std::string to_string() const;
};

/// A value or the Failure that stood in its way.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}                 // NOLINT(google-explicit-constructor)
  Result(Failure failure) : content_(std::move(failure)) {}       // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return std::holds_alternative<T>(content_); }
  bool ok() const { return static_cast<bool>(*this); }
  T& operator*() & { return std::get<T>(content_); }
  const T& operator*() const& { return std::get<T>(content_); }
  T&& operator*() && { return std::get<T>(std::move(content_)); }
  T* operator->() { return &std::get<T>(content_); }
  const T* operator->() const { return &std::get<T>(content_); }
  const Failure& failure() const { return std::get<Failure>(content_); }

 private:
  std::variant<T, Failure> content_;
};

/// Success, or a Failure: `if (Outcome o = f(); !o) return o.failure();`
struct Done {};
using Outcome = Result<Done>;

/// A fault of ours: prints where and why, asks for a report, aborts.
[[noreturn]] void internal_error(const char* file, int line, const std::string& what);

#define SMELT_ASSERT(condition, what) \
  ((condition) ? static_cast<void>(0) : ::smelt::internal_error(__FILE__, __LINE__, what))

}  // namespace smelt
