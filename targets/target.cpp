#include "targets/target.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "targets/reader.hpp"

namespace smelt::targets {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t max_word = 0xffffffff;

const toml::table* table_of(Reader& r, const toml::table& root, std::string_view key, bool required) {
  const toml::node* node = r.field(root, "the target", key, required);
  if (node == nullptr) return nullptr;
  const toml::table* table = node->as_table();
  if (table == nullptr) r.complain(node, "'" + std::string(key) + "' must be a table");
  return table;
}

Compiler read_compiler(Reader& r, const toml::table& t) {
  r.only(t, "[compiler]", {"command", "package", "flags", "link_flags"});
  Compiler c;
  c.command = r.text(t, "[compiler]", "command");
  c.package = r.text(t, "[compiler]", "package");
  c.flags = r.texts(t, "[compiler]", "flags");
  if (t.get("link_flags") != nullptr) c.link_flags = r.texts(t, "[compiler]", "link_flags");
  return c;
}

Emulator read_emulator(Reader& r, const toml::table& t) {
  const std::string where = "[emulator]";
  r.only(t, where, {"command", "package", "machine", "cpu", "arguments", "icount_shift"});
  Emulator e;
  e.command = r.text(t, where, "command");
  e.package = r.text(t, where, "package");
  e.machine = r.text(t, where, "machine");
  e.cpu = r.text(t, where, "cpu", false);
  e.arguments = r.texts(t, where, "arguments");
  e.icount_shift = static_cast<int>(r.word(r.field(t, where, "icount_shift", true), "'icount_shift'", 0, 10));
  return e;
}

Memory read_memory(Reader& r, const toml::table& t) {
  const std::string where = "[[memory]]";
  r.only(t, where, {"name", "origin", "length", "holds"});
  Memory m;
  m.name = r.text(t, where, "name");
  m.origin = r.word(r.field(t, where, "origin", true), "'origin'", 0, max_word);
  m.length = r.word(r.field(t, where, "length", true), "'length'", 1, max_word);
  m.holds = r.texts(t, where, "holds");
  for (const std::string& h : m.holds) {
    if (h != "start" && h != "code" && h != "data")
      r.complain(t.get("holds"), "a memory holds start, code or data, not '" + h + "'");
  }
  if (std::uint64_t{m.origin} + m.length > std::uint64_t{1} << 32)
    r.complain(&t, "memory '" + m.name + "' ends beyond 4 GiB");
  return m;
}

Timer read_timer(Reader& r, const toml::table& t) {
  const std::string where = "[timer]";
  r.only(t, where, {"kind", "address", "hz", "coarse_address", "coarse_ticks", "setup"});
  Timer timer;
  timer.up = r.choice(t, "kind", {"up", "down"}) == "up";
  timer.address = r.word(r.field(t, where, "address", true), "'address'", 0, max_word);
  timer.hz = r.word(r.field(t, where, "hz", true), "'hz'", 1, max_word);
  timer.coarse_address = r.word(r.field(t, where, "coarse_address", true), "'coarse_address'", 0, max_word);
  timer.coarse_ticks = static_cast<std::uint64_t>(
      r.number(r.field(t, where, "coarse_ticks", true), "'coarse_ticks'", 1, std::int64_t{1} << 32));
  const toml::node* node = r.field(t, where, "setup", true);
  const toml::array* setup = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && setup == nullptr) r.complain(node, "'setup' must be a list of [address, value]");
  if (setup == nullptr) return timer;
  if (setup->empty()) r.complain(node, "'setup' must set the counters to zero");
  for (const toml::node& item : *setup) {
    const toml::array* pair = item.as_array();
    if (pair == nullptr || pair->size() != 2) {
      r.complain(&item, "'setup' must hold pairs [address, value]");
      continue;
    }
    timer.setup.emplace_back(r.word(pair->get(0), "the address", 0, max_word),
                             r.word(pair->get(1), "the value", 0, max_word));
  }
  return timer;
}

void read_memories(Reader& r, const toml::table& root, Target& target) {
  const toml::node* node = root.get("memory");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || !list->is_homogeneous(toml::node_type::table)) {
    r.complain(node, "memories are written as [[memory]]");
    return;
  }
  for (const toml::node& item : *list) target.memories.push_back(read_memory(r, *item.as_table()));
  for (const std::string role : {"start", "code", "data"}) {
    const auto holds = [&](const Memory& m) {
      return std::find(m.holds.begin(), m.holds.end(), role) != m.holds.end();
    };
    if (std::count_if(target.memories.begin(), target.memories.end(), holds) != 1)
      r.complain(node, "exactly one memory must hold " + role);
  }
}

/// What no single field shows: the pieces must fit together.
void check_whole(Reader& r, const toml::table& root, const Target& t, const std::string& stem) {
  if (!t.name.empty() && t.name != stem)
    r.complain(root.get("name"), "the name must be that of the file, '" + stem + "'");
  if (t.emulator && t.memories.empty()) r.complain(root.get("emulator"), "an emulated target needs memories");
  if (t.timer && !t.emulator) r.complain(root.get("timer"), "a timer counts instructions only under an emulator");
  if (t.cycles && !t.timer) r.complain(root.get("cycles"), "a cycle model needs a timer, which marks what is measured");
  if (t.timer && t.emulator && r.clean()) {
    const TickRatio ratio = tick_ratio(t);
    if (ratio.denominator < 2 * ratio.numerator)
      r.complain(root.get("timer"), "an instruction must take two ticks or more, else counts are not exact",
                 "raise emulator.icount_shift");
  }
}

}  // namespace

TickRatio tick_ratio(const Target& t) {
  if (!t.emulator || !t.timer) return {};
  const std::uint64_t numerator = 1'000'000'000;
  const std::uint64_t denominator = std::uint64_t{t.timer->hz} << t.emulator->icount_shift;
  const std::uint64_t common = std::gcd(numerator, denominator);
  return {numerator / common, denominator / common};
}

fs::path locate(const char* variable, const char* installed, const char* built) {
  if (const char* env = std::getenv(variable); env != nullptr && *env != '\0') return env;
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path beside = self.parent_path().parent_path() / installed;
  return !self.empty() && fs::exists(beside, ignored) ? beside : fs::path(built);
}

fs::path directory() { return locate("SMELT_TARGETS_DIR", "share/smelt/targets", SMELT_SOURCE_TARGETS_DIR); }

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> target_names() { return names_in(directory()); }

Result<Target> load_target(const std::string& name) {
  const std::vector<std::string> names = target_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return read_target(directory() / (name + ".toml"));
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
  if (list.empty()) list = "none in " + directory().string() + "; set SMELT_TARGETS_DIR";
  return Failure(ExitCode::usage,
                 {"E0701", "target '" + name + "'", "there is no such target", "known targets: " + list});
}

Result<Target> read_target(const fs::path& file) {
  Reader r(file.string());
  toml::table root;
  try {
    root = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    const std::string line = e.source().begin.line == 0 ? "" : ":" + std::to_string(e.source().begin.line);
    return Failure("E0702", file.string() + line, std::string(e.description()),
                   "the fields are described in targets/README.md");
  }
  r.only(root, "the target",
         {"name", "title", "core", "harness", "alignment", "vector", "compiler", "emulator", "memory", "timer", "cycles"});
  Target t;
  t.name = r.text(root, "the target", "name");
  t.title = r.text(root, "the target", "title");
  t.core = r.text(root, "the target", "core");
  t.harness = r.text(root, "the target", "harness");
  t.strict_alignment = r.choice(root, "alignment", {"strict", "tolerant"}) == "strict";
  if (root.get("vector") != nullptr) {
    t.vector = r.choice(root, "vector", {"helium", "swar"}) == "swar" ? Vector::swar : Vector::helium;
  }
  if (const toml::table* c = table_of(r, root, "compiler", true)) t.compiler = read_compiler(r, *c);
  if (const toml::table* e = table_of(r, root, "emulator", false)) t.emulator = read_emulator(r, *e);
  read_memories(r, root, t);
  if (const toml::table* c = table_of(r, root, "timer", false)) t.timer = read_timer(r, *c);
  if (const toml::table* c = table_of(r, root, "cycles", false)) t.cycles = read_cycle_model(r, *c);
  check_whole(r, root, t, file.stem().string());
  if (!r.clean()) return r.failure();
  return t;
}

}  // namespace smelt::targets
