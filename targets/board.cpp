#include "targets/board.hpp"

#include <algorithm>

#include "targets/reader.hpp"

namespace smelt::targets {
namespace {

namespace fs = std::filesystem;

constexpr const char* help = "the fields are described in boards/README.md";
constexpr std::int64_t max_bytes = std::int64_t{1} << 32;

BoardMemory read_memory(Reader& r, const toml::table& t) {
  const std::string where = "[[memory]]";
  r.only(t, where, {"name", "kind", "bytes", "wait_states", "source", "unverified"});
  BoardMemory m;
  m.name = r.text(t, where, "name");
  const std::string kind = r.choice(t, "kind", {"flash", "ram", "tcm-instruction", "tcm-data"}, where);
  const auto* found = std::find(std::begin(memory_kind_names), std::end(memory_kind_names), kind);
  if (found != std::end(memory_kind_names)) m.kind = static_cast<MemoryKind>(found - std::begin(memory_kind_names));
  m.bytes = static_cast<std::uint64_t>(r.number(r.field(t, where, "bytes", true), "'bytes'", 1, max_bytes));
  m.wait_states = r.real(t, "wait_states", 0, 100);
  m.source = r.text(t, where, "source");
  m.unverified = r.flag(t, "unverified");
  return m;
}

Power read_power(Reader& r, const toml::table& t, std::uint64_t clock_hz) {
  const std::string where = "[power]";
  r.only(t, where, {"volts", "milliamps", "microamps_per_mhz", "source", "unverified"});
  Power p;
  r.field(t, where, "volts", true);
  p.volts = r.real(t, "volts", 0.5, 60).value_or(0);
  if ((t.get("milliamps") != nullptr) == (t.get("microamps_per_mhz") != nullptr))
    r.complain(&t, "give either 'milliamps' or 'microamps_per_mhz'");
  if (const auto per_mhz = r.real(t, "microamps_per_mhz", 0.001, 100'000))
    p.milliamps = *per_mhz * (static_cast<double>(clock_hz) / 1e6) / 1e3;
  if (const auto milliamps = r.real(t, "milliamps", 0.001, 100'000)) p.milliamps = *milliamps;
  p.source = r.text(t, where, "source");
  p.unverified = r.flag(t, "unverified");
  return p;
}

void read_memories(Reader& r, const toml::table& root, Board& board) {
  const toml::node* node = r.field(root, "the board", "memory", true);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || !list->is_homogeneous(toml::node_type::table))
    return r.complain(node, "memories are written as [[memory]]");
  for (const toml::node& item : *list) {
    BoardMemory m = read_memory(r, *item.as_table());
    for (const BoardMemory& other : board.memories) {
      if (!m.name.empty() && other.name == m.name) r.complain(&item, "two memories have the name '" + m.name + "'");
    }
    board.memories.push_back(std::move(m));
  }
  const auto flashes = std::count_if(board.memories.begin(), board.memories.end(),
                                     [](const BoardMemory& m) { return m.kind == MemoryKind::flash; });
  if (flashes != 1) r.complain(node, "exactly one memory must be flash");
  if (flashes == static_cast<std::ptrdiff_t>(board.memories.size())) r.complain(node, "one memory must be ram or a tcm");
}

void check_target(Reader& r, const toml::table& root, const std::string& name) {
  if (name.empty()) return;
  const Result<Target> target = load_target(name);
  if (!target) {
    const Diagnostic& d = target.failure().diagnostics.at(0);
    return r.complain(root.get("target"), d.place + ": " + d.reason, d.help);
  }
  if (target->memories.empty())
    r.complain(root.get("target"), "sizes are not measured on target '" + name + "'", "name that of a microcontroller");
}

}  // namespace

const BoardMemory& Board::flash() const {
  return *std::find_if(memories.begin(), memories.end(),
                       [](const BoardMemory& m) { return m.kind == MemoryKind::flash; });
}

const BoardMemory* Board::ram_for(std::uint64_t bytes) const {
  for (const BoardMemory& m : memories) {
    if (m.kind != MemoryKind::flash && m.bytes >= bytes) return &m;
  }
  return nullptr;
}

const BoardMemory& Board::largest_ram() const {
  const BoardMemory* largest = nullptr;
  for (const BoardMemory& m : memories) {
    if (m.kind != MemoryKind::flash && (largest == nullptr || m.bytes > largest->bytes)) largest = &m;
  }
  return *largest;
}

fs::path boards_directory() { return locate("SMELT_BOARDS_DIR", "share/smelt/boards", SMELT_SOURCE_BOARDS_DIR); }

std::vector<std::string> board_names() { return names_in(boards_directory()); }

Result<Board> load_board(const std::string& name) {
  const std::vector<std::string> names = board_names();
  if (std::find(names.begin(), names.end(), name) != names.end())
    return read_board(boards_directory() / (name + ".toml"));
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
  if (list.empty()) list = "none in " + boards_directory().string() + "; set SMELT_BOARDS_DIR";
  return Failure(ExitCode::usage, {"E0704", "board '" + name + "'", "there is no such board", "known boards: " + list});
}

Result<Board> read_board(const fs::path& file) {
  Reader r(file.string(), "E0705", help);
  toml::table root;
  try {
    root = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    const std::string line = e.source().begin.line == 0 ? "" : ":" + std::to_string(e.source().begin.line);
    return Failure("E0705", file.string() + line, std::string(e.description()), help);
  }
  const std::string where = "the board";
  r.only(root, where, {"name", "title", "target", "clock_hz", "clock_source", "memory", "power"});
  Board b;
  b.name = r.text(root, where, "name");
  b.title = r.text(root, where, "title");
  b.target = r.text(root, where, "target");
  b.clock_hz = static_cast<std::uint64_t>(
      r.number(r.field(root, where, "clock_hz", true), "'clock_hz'", 1'000'000, 10'000'000'000));
  b.clock_source = r.text(root, where, "clock_source");
  read_memories(r, root, b);
  if (const toml::node* node = root.get("power"); node != nullptr) {
    if (const toml::table* t = node->as_table()) {
      b.power = read_power(r, *t, b.clock_hz);
    } else {
      r.complain(node, "'power' must be a table");
    }
  }
  if (!b.name.empty() && b.name != file.stem().string())
    r.complain(root.get("name"), "the name must be that of the file, '" + file.stem().string() + "'");
  check_target(r, root, b.target);
  if (!r.clean()) return r.failure();
  return b;
}

}  // namespace smelt::targets
