#include "dataset/index.hpp"

#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace smelt::dataset {

namespace {

namespace fs = std::filesystem;

constexpr int version = 1;
constexpr const char* schema = R"(
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, modified INTEGER NOT NULL,
                    sha256 TEXT NOT NULL, format TEXT NOT NULL, options TEXT NOT NULL);
CREATE TABLE recordings (id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, part INTEGER NOT NULL,
                         parts INTEGER NOT NULL, kind TEXT NOT NULL, rate REAL NOT NULL, samples INTEGER NOT NULL, width INTEGER NOT NULL,
                         height INTEGER NOT NULL, label TEXT NOT NULL, "group" TEXT NOT NULL, split TEXT NOT NULL, axes TEXT NOT NULL,
                         notes TEXT NOT NULL, facts BLOB NOT NULL, print BLOB NOT NULL, UNIQUE (file, part));
PRAGMA user_version = 1;
)";

/// A prepared statement; parameters are bound in order.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { ok_ = sqlite3_prepare_v2(db, sql, -1, &s_, nullptr) == SQLITE_OK; }
  ~Statement() { sqlite3_finalize(s_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t v) { return took(sqlite3_bind_int64(s_, ++bound_, v)); }
  Statement& bind(double v) { return took(sqlite3_bind_double(s_, ++bound_, v)); }
  Statement& bind(const std::string& v) { return took(sqlite3_bind_text64(s_, ++bound_, v.data(), v.size(), SQLITE_TRANSIENT, SQLITE_UTF8)); }
  Statement& blob(const void* p, size_t n) { return took(sqlite3_bind_blob64(s_, ++bound_, n == 0 ? "" : p, n, SQLITE_TRANSIENT)); }
  /// A row; none left: false, and done() says whether that was the end or an error.
  bool row() { return ok_ && (status_ = sqlite3_step(s_)) == SQLITE_ROW; }
  bool done() const { return ok_ && status_ == SQLITE_DONE; }
  /// Executes and makes ready for other parameters.
  bool run() {
    while (row()) {
    }
    const bool fine = done();
    sqlite3_reset(s_);
    bound_ = 0;
    return fine;
  }

  std::int64_t number(int c) const { return sqlite3_column_int64(s_, c); }
  double real(int c) const { return sqlite3_column_double(s_, c); }
  std::string text(int c) const {
    const auto* p = reinterpret_cast<const char*>(sqlite3_column_text(s_, c));
    return p == nullptr ? std::string() : std::string(p, static_cast<size_t>(sqlite3_column_bytes(s_, c)));
  }
  template <class T>
  std::vector<T> blob(int c) const {
    const void* p = sqlite3_column_blob(s_, c);
    std::vector<T> v(p == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(s_, c)) / sizeof(T));
    if (!v.empty()) std::memcpy(v.data(), p, v.size() * sizeof(T));
    return v;
  }

 private:
  Statement& took(int status) {
    ok_ = ok_ && status == SQLITE_OK;
    return *this;
  }
  sqlite3_stmt* s_ = nullptr;
  bool ok_ = false;
  int bound_ = 0, status_ = SQLITE_OK;
};

// Names are free of control characters, so lines and tabs keep lists apart.
std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& l : lines) text += l + "\n";
  return text;
}
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::vector<std::string> written(const std::vector<Axis>& axes) {
  std::vector<std::string> lines;
  for (const Axis& a : axes) lines.push_back(a.name + "\t" + a.unit);
  return lines;
}
std::vector<Axis> axes_of(const std::string& text) {
  std::vector<Axis> axes;
  for (const std::string& line : lines_of(text)) {
    const size_t tab = std::min(line.find('\t'), line.size());
    axes.push_back({line.substr(0, tab), tab < line.size() ? line.substr(tab + 1) : std::string()});
  }
  return axes;
}

File file_of(const Statement& s) { return {s.number(0), s.text(1), s.number(2), s.number(3), s.text(4), s.text(5), s.text(6)}; }

}  // namespace

Index::~Index() { sqlite3_close_v2(db_); }
Index::Index(Index&& other) noexcept : db_(std::exchange(other.db_, nullptr)), place_(std::move(other.place_)) {}
Index& Index::operator=(Index&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(place_, other.place_);
  return *this;
}

Failure Index::failure() const {
  const int status = sqlite3_errcode(db_) & 0xff;
  const bool damaged = status == SQLITE_CORRUPT || status == SQLITE_NOTADB || status == SQLITE_ERROR;
  return Failure("E1004", place_, std::string("the index fails: ") + sqlite3_errmsg(db_),
                 damaged                     ? "delete it and import again: recordings are never changed"
                 : status == SQLITE_BUSY ? "another command is writing; try again"
                                         : "check permissions and free space");
}

Outcome Index::run(const char* sql) const {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return Done{};
}

Result<Index> Index::open(const fs::path& state) {
  std::error_code error;
  fs::create_directories(state, error);
  if (error) return Failure("E1004", state.string(), "the folder cannot be made: " + error.message(), "check permissions and free space");
  if (!fs::exists(state / ".gitignore", error)) std::ofstream(state / ".gitignore") << "*\n";
  const std::string place = (state / "data.sqlite").string();
  sqlite3* db = nullptr;
  const int status = sqlite3_open_v2(place.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Index index(db, place);
  if (status != SQLITE_OK) return index.failure();
  sqlite3_busy_timeout(db, 10'000);
  // NORMAL: a killed process loses nothing; after a loss of power the last files may have to be imported again (sync()).
  if (Outcome o = index.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; BEGIN IMMEDIATE"); !o) return o.failure();
  std::int64_t found = -1;
  {
    Statement s(db, "PRAGMA user_version");
    if (s.row()) found = s.number(0);
  }
  if (found == 0) {
    if (Outcome o = index.run(schema); !o) return o.failure();
  } else if (found != version) {
    return Failure("E1004", place, "the index is of version " + std::to_string(found) + ", this program reads " + std::to_string(version),
                   "use the program that wrote it, or delete the file and import again");
  }
  if (Outcome o = index.run("COMMIT"); !o) return o.failure();
  return index;
}

Outcome Index::put(const File& file, const std::vector<Recording>& recordings) {
  if (Outcome o = run("BEGIN IMMEDIATE"); !o) return o;
  const auto undone = [&] {
    const Failure f = failure();
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return f;
  };
  Statement old(db_, "DELETE FROM files WHERE path = ?");
  if (!old.bind(file.path).run()) return undone();
  Statement add(db_, "INSERT INTO files (path, bytes, modified, sha256, format, options) VALUES (?, ?, ?, ?, ?, ?)");
  if (!add.bind(file.path).bind(file.bytes).bind(file.modified).bind(file.sha256).bind(file.format).bind(file.options).run()) return undone();
  const std::int64_t id = sqlite3_last_insert_rowid(db_);
  Statement insert(db_, "INSERT INTO recordings (file, part, parts, kind, rate, samples, width, height, label, \"group\", split, axes, notes, "
                        "facts, print) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const Recording& r : recordings) {
    insert.bind(id).bind(std::int64_t{r.part}).bind(std::int64_t{r.parts}).bind(std::string(project::name_of(r.kind))).bind(r.rate).bind(r.samples);
    insert.bind(std::int64_t{r.width}).bind(std::int64_t{r.height}).bind(r.label).bind(r.group).bind(std::string(name_of(r.split)));
    insert.bind(joined(written(r.axes))).bind(joined(r.notes));
    insert.blob(r.facts.data(), r.facts.size() * sizeof(AxisFacts)).blob(r.print.data(), r.print.size());
    if (!insert.run()) return undone();
  }
  if (Outcome o = run("COMMIT"); !o) return undone();
  return Done{};
}

Result<std::optional<File>> Index::file(const std::string& path) const {
  Statement s(db_, "SELECT id, path, bytes, modified, sha256, format, options FROM files WHERE path = ?");
  s.bind(path);
  if (s.row()) return std::optional<File>(file_of(s));
  if (!s.done()) return failure();
  return std::optional<File>();
}

Result<std::vector<File>> Index::files() const {
  std::vector<File> files;
  Statement s(db_, "SELECT id, path, bytes, modified, sha256, format, options FROM files ORDER BY path");
  while (s.row()) files.push_back(file_of(s));
  if (!s.done()) return failure();
  return files;
}

Result<std::vector<Recording>> Index::recordings() const {
  std::vector<Recording> all;
  Statement s(db_, "SELECT r.id, f.path, part, parts, kind, rate, samples, width, height, label, \"group\", split, axes, notes, facts, print, "
                   "f.format, f.sha256, f.bytes, f.modified FROM recordings r JOIN files f ON r.file = f.id ORDER BY f.path, part");
  while (s.row()) {
    Recording r;
    r.id = s.number(0);
    r.path = s.text(1);
    r.part = static_cast<int>(s.number(2));
    r.parts = static_cast<int>(s.number(3));
    r.kind = project::kind_of(s.text(4));
    r.rate = s.real(5);
    r.samples = s.number(6);
    r.width = static_cast<int>(s.number(7));
    r.height = static_cast<int>(s.number(8));
    r.label = s.text(9);
    r.group = s.text(10);
    r.split = split_of(s.text(11));
    r.axes = axes_of(s.text(12));
    r.notes = lines_of(s.text(13));
    r.facts = s.blob<AxisFacts>(14);
    r.print = s.blob<std::int8_t>(15);
    r.format = s.text(16);
    r.sha256 = s.text(17);
    r.bytes = s.number(18);
    r.modified = s.number(19);
    all.push_back(std::move(r));
  }
  if (!s.done()) return failure();
  return all;
}

Outcome Index::assign(const std::vector<std::pair<std::int64_t, Split>>& splits) {
  if (Outcome o = run("BEGIN IMMEDIATE"); !o) return o;
  Statement s(db_, "UPDATE recordings SET split = ? WHERE id = ?");
  for (const auto& [id, split] : splits) {
    if (s.bind(std::string(name_of(split))).bind(id).run()) continue;
    const Failure f = failure();
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return f;
  }
  return run("COMMIT");
}

Result<size_t> Index::remove(const std::vector<std::string>& paths) {
  if (Outcome o = run("BEGIN IMMEDIATE"); !o) return o.failure();
  size_t count = 0;
  Statement s(db_, "DELETE FROM files WHERE path = ?");
  for (const std::string& path : paths) {
    if (!s.bind(path).run()) {
      const Failure f = failure();
      sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
      return f;
    }
    count += static_cast<size_t>(sqlite3_changes(db_));
  }
  if (Outcome o = run("COMMIT"); !o) return o.failure();
  return count;
}

Outcome Index::sync() {
  if (sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) != SQLITE_OK) return failure();
  return Done{};
}

}  // namespace smelt::dataset
