// What commands tell: one Report, as JSON for programs and as a table for people.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lower/compile.hpp"
#include "passes/pass.hpp"
#include "profile/board.hpp"
#include "profile/placement.hpp"
#include "profile/profile.hpp"
#include "verify/compare.hpp"
#include "verify/measure.hpp"

namespace smelt::cli {

using Json = nlohmann::ordered_json;

/// Flash that constant tables take on a 32-bit core: exact, without a compiler.
std::uint32_t table_bytes(const Program& program);

struct OpReport {
  int index = 0;     ///< operator index in the model file
  std::string name;  ///< of its output tensor
  std::string op;
  std::string shape;
  std::int64_t macs = 0;
  std::optional<std::uint64_t> instructions;
  std::uint32_t firings = 0;
  std::uint32_t worst = 0;  ///< instructions of its most expensive firing
};

/// A measured model on a board.
struct BoardReport {
  targets::Board board;
  profile::OnBoard on;
  std::optional<double> wait_states;  ///< of the estimate; absent: unknown, estimated without any
  std::optional<profile::Placement> placement{};
};

struct Report {
  std::string model;
  std::string target;
  std::string rings;
  std::uint32_t arena_bytes = 0;
  std::uint32_t state_bytes = 0;           ///< of these: kept from one inference to the next
  std::uint32_t weights_bytes = 0;
  std::optional<verify::Measured> measured;
  std::vector<OpReport> ops;               ///< filled by profile
  std::int32_t pushed_rows = 0;            ///< 0: the input is not pushed
  std::uint32_t worst_push = 0;            ///< most instructions that the kernels spend on one pushed row; by profile
  std::optional<profile::Cycles> cycles;   ///< filled by profile --cycles
  std::optional<BoardReport> board;        ///< filled by profile --board
  std::optional<verify::Comparison> comparison;
  bool taps = false;
  std::vector<std::string> removed;        ///< what the passes did
  Work before, after;                      ///< what it saved
  std::vector<std::string> proofs;         ///< of int8 sums, a line a node: what its kernel may rely on
};

Report make_report(const std::string& model, const Program& program, const std::string& target);
std::vector<OpReport> op_reports(const Program& program, const verify::Traced* traced);

Json to_json(const Report& report);
/// JSON text; bytes that are no UTF-8 (in file names) are replaced.
std::string text(const Json& json);
/// Memory, counts and comparison, for a terminal.
std::string to_text(const Report& report);

/// Estimated cycles, with the operations of op_reports.
Json cycles_json(const profile::Cycles& cycles, const std::vector<OpReport>& ops);
std::string cycles_text(const profile::Cycles& cycles, const std::vector<OpReport>& ops);

/// What a model means on a board: fit, milliseconds, millijoules.
Json board_json(const BoardReport& report);
std::string board_text(const BoardReport& report);
/// A Failure where it does not fit the board of the report.
Outcome check_board(const Report& report);

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t n);

/// Converters join the names of what they fused by semicolons: quoted names end at the first one.
std::string short_names(const std::string& text);

/// Columns aligned to the widest cell; numbers (digits and commas) to the right.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace smelt::cli
