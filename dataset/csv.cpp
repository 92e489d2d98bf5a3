// Tables of text: separator, header, units and times found by looking; numbers by the C locale.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "dataset/timeline.hpp"

namespace smelt::dataset {

namespace {

constexpr size_t max_columns = 1024;
using Cells = std::vector<std::string_view>;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

/// At most max_columns + 1 cells. Quotes around a cell go; a separator within them counts as text.
void split(std::string_view line, char separator, Cells& cells) {
  cells.clear();
  size_t at = 0;
  while (cells.size() <= max_columns) {
    if (separator == ' ') {
      while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
      if (at >= line.size()) return;
    }
    size_t end = at;
    size_t open = at;
    while (open < line.size() && line[open] == ' ') ++open;
    if (open < line.size() && line[open] == '"') end = std::min(line.find('"', open + 1), line.size() - 1);
    end = std::min(separator == ' ' ? line.find_first_of(" \t", end) : line.find(separator, end), line.size());
    std::string_view cell = trimmed(line.substr(at, end - at));
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
    cells.push_back(cell);
    if (end >= line.size()) return;
    at = end + 1;
  }
}

/// Where `decimal` is a comma, one comma is a point.
bool parse(std::string_view cell, char decimal, double& value) {
  char copy[64];
  if (!cell.empty() && cell.front() == '+') cell.remove_prefix(1);
  if (decimal == ',' && cell.size() < sizeof copy && cell.find(',') != std::string_view::npos) {
    std::memcpy(copy, cell.data(), cell.size());
    copy[cell.find(',')] = '.';
    cell = {copy, cell.size()};
  }
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() && !cell.empty();
}

std::string lower(std::string_view s) {
  std::string l(s);
  std::transform(l.begin(), l.end(), l.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return l;
}

struct Column {
  enum class Role { axis, time, label, group, none } role = Role::axis;
  std::string name, unit;
};

/// "time[ms]", "ax (g)": name and unit.
Column named(std::string_view text) {
  for (const char* brackets : {"[]", "()"}) {
    const size_t open = text.find(brackets[0]);
    if (open == std::string_view::npos || open == 0 || text.back() != brackets[1]) continue;
    return {Column::Role::axis, printable(trimmed(text.substr(0, open))), printable(trimmed(text.substr(open + 1, text.size() - open - 2)))};
  }
  return {Column::Role::axis, printable(text), {}};
}

/// Seconds of a unit; 0 for other words.
double seconds_of(const std::string& unit) {
  if (unit == "s" || unit == "sec" || unit == "second" || unit == "seconds") return 1;
  if (unit == "ms" || unit == "msec" || unit == "millis" || unit == "milliseconds") return 1e-3;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "micros" || unit == "microseconds") return 1e-6;
  if (unit == "ns" || unit == "nanoseconds") return 1e-9;
  return 0;
}

/// Of a column of times: seconds of its unit, 0 where its name does not say it. Nothing for other columns.
std::optional<double> time_unit(const Column& column) {
  const std::string name = lower(column.name);
  for (const char* word : {"time", "timestamp", "t", "ts"}) {
    if (name == word) return seconds_of(lower(column.unit));
    const std::string stem = word + std::string("_");
    if (name.rfind(stem, 0) == 0 && seconds_of(name.substr(stem.size())) > 0) return seconds_of(name.substr(stem.size()));
  }
  if (name.size() > 1 && seconds_of(name) > 0) return seconds_of(name);
  return std::nullopt;
}

class Table {
 public:
  Table(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options)
      : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), name_(name), options_(options) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") text_.remove_prefix(3);
  }

  Result<Decoded> read() {
    if (text_.find('\0') != std::string_view::npos) return bad(0, "not a text file");
    if (Outcome o = head(); !o) return o.failure();
    if (Outcome o = roles(); !o) return o.failure();
    if (Outcome o = body(); !o) return o.failure();
    return finish();
  }

 private:
  Failure bad(size_t line, const std::string& why, const std::string& help = "give a table of numbers, a line for each sample") const {
    return Failure("E1011", line == 0 ? name_ : place(line), why, help);
  }
  std::string place(size_t line) const { return name_ + ":" + std::to_string(line); }

  /// The next line that is neither empty nor a comment.
  bool next(std::string_view& line) {
    while (at_ < text_.size()) {
      const size_t end = std::min(text_.find('\n', at_), text_.size());
      line = trimmed_line(text_.substr(at_, end - at_));
      at_ = end + 1;
      ++line_;
      if (!line.empty() && line.front() != '#') return true;
    }
    return false;
  }
  static std::string_view trimmed_line(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return line;
  }

  /// The separator is the one that cuts the first lines into the same number of cells, most of them.
  char separator_of(const std::vector<std::string_view>& lines) const {
    char best = ',';
    size_t most = 1;
    Cells cells;
    for (const char candidate : {'\t', ';', ',', ' '}) {
      size_t count = 0;
      for (size_t i = 0; i < lines.size(); ++i) {
        split(lines[i], candidate, cells);
        if (i > 0 && cells.size() != count) count = 0;
        if (i == 0 || count != 0) count = cells.size();
        if (count == 0) break;
      }
      if (count > most) most = count, best = candidate;
      if (most > 1 && (candidate == '\t' || candidate == ';')) break;  // no other use in numbers
    }
    return best;
  }

  Outcome head() {
    std::vector<std::string_view> lines;
    size_t first_line = 0, first_at = 0;
    std::string_view line;
    while (lines.size() < 10 && next(line)) {
      if (lines.empty()) first_line = line_, first_at = at_;
      lines.push_back(line.substr(0, 65536));
    }
    if (lines.empty()) return bad(0, "holds no line with numbers");
    separator_ = separator_of(lines);
    decimal_ = separator_ == ',' ? '.' : ',';
    Cells cells;
    split(lines[0], separator_, cells);
    if (cells.size() > max_columns) return bad(first_line, "more than " + std::to_string(max_columns) + " columns");
    double number = 0;
    const bool header = std::none_of(cells.begin(), cells.end(), [&](std::string_view c) { return parse(c, decimal_, number); });
    for (size_t i = 0; i < cells.size(); ++i) columns_.push_back(header ? named(cells[i]) : Column{Column::Role::axis, "c" + std::to_string(i + 1), {}});
    if (header && lines.size() < 2) return bad(first_line, "holds a header and no samples");
    at_ = header ? first_at : 0;
    line_ = header ? first_line : 0;
    split(lines[header ? 1 : 0], separator_, sample_);
    return Done{};
  }

  /// By name, or number from 1.
  Result<size_t> find(const std::string& word) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name == word || std::to_string(i + 1) == word) return i;
    }
    return Failure("E1015", name_, "lacks the column " + word, "columns go by their names in the header, or by numbers from 1");
  }

  Outcome roles() {
    for (const auto& [word, role] : {std::pair(options_.label_column, Column::Role::label), std::pair(options_.group_column, Column::Role::group)}) {
      if (word.empty() || word == "auto") continue;
      const Result<size_t> i = find(word);
      if (!i) return i.failure();
      columns_[*i].role = role;
    }
    bool timed = false;
    double number = 0;
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& c = columns_[i];
      if (c.role != Column::Role::axis) continue;
      const std::string name = lower(c.name);
      const bool wanted = std::find(options_.axes.begin(), options_.axes.end(), c.name) != options_.axes.end();
      if (wanted) continue;
      if (const auto unit = time_unit(c); unit && !timed) {
        timed = true;
        c.role = options_.ignore_time ? Column::Role::none : Column::Role::time;
        seconds_ = options_.time_unit.empty() ? *unit : seconds_of(options_.time_unit);
      } else if (name == "label" || name == "class" || name == "activity") {
        c.role = options_.label_column == "auto" ? Column::Role::label : Column::Role::none;
      } else if (name.empty() || name == "index" || name.rfind("unnamed:", 0) == 0) {
        c.role = Column::Role::none;
      } else if (options_.axes.empty() && i < sample_.size() && !sample_[i].empty() && !parse(sample_[i], decimal_, number)) {
        c.role = Column::Role::none;
        notes_.push_back("column " + c.name + " is text and left out");
      }
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].role != Column::Role::axis) continue;
      names.push_back(columns_[i].name);
      axes_.push_back(i);
    }
    if (!options_.axes.empty()) {
      const Result<std::vector<size_t>> chosen = find_axes(options_.axes, names, name_);
      if (!chosen) return chosen.failure();
      std::vector<size_t> order;
      for (const size_t a : *chosen) order.push_back(axes_[a]);
      axes_ = order;
    }
    if (axes_.empty()) return bad(0, "has no column of numbers to learn from");
    rows_.width = axes_.size();
    return Done{};
  }

  Outcome body() {
    Cells cells;
    std::vector<float> sample(axes_.size());
    const auto column_of = [&](Column::Role role) {
      const auto at = std::find_if(columns_.begin(), columns_.end(), [role](const Column& c) { return c.role == role; });
      return at == columns_.end() ? SIZE_MAX : static_cast<size_t>(at - columns_.begin());
    };
    const size_t time = column_of(Column::Role::time), label = column_of(Column::Role::label), group = column_of(Column::Role::group);
    timed_ = time != SIZE_MAX;
    std::string_view line;
    size_t decimals = 0;
    bool hole = false;
    for (size_t number = 0; next(line); ++number) {
      split(line, separator_, cells);
      if (cells.size() != columns_.size()) {
        return bad(line_, "has " + std::to_string(cells.size()) + " cells, the first line " + std::to_string(columns_.size()),
                   at_ >= text_.size() ? "the file was cut off; remove its last line" : "give every line the same columns");
      }
      bool complete = true;
      for (size_t a = 0; a < axes_.size(); ++a) {
        const std::string_view cell = cells[axes_[a]];
        double value = 0;
        if (!cell.empty() && !parse(cell, decimal_, value)) {
          return bad(line_, "\"" + printable(cell.substr(0, 40)) + "\" in column " + columns_[axes_[a]].name + " is no number",
                     "mend it, or choose columns with --axes");
        }
        if (cell.empty() || !std::isfinite(value) || std::fabs(value) > 3e38) {
          if (options_.gaps == Gaps::refuse) {
            return Failure("E1020", place(line_), "column " + columns_[axes_[a]].name + (cell.empty() ? " is empty" : " holds no finite number"),
                           "mend it, or say --gaps split or --gaps fill");
          }
          complete = false;
        }
        sample[a] = static_cast<float>(value);
      }
      if (!complete) {
        hole = true;
        continue;
      }
      double stamp = static_cast<double>(number);
      if (timed_ && !parse(cells[time], decimal_, stamp)) {
        return Failure("E1012", place(line_), "\"" + printable(cells[time].substr(0, 40)) + "\" is no time in numbers",
                       "write times in s, ms or us, or say --ignore-time --rate HZ");
      }
      if (!std::isfinite(stamp)) return Failure("E1012", place(line_), "the time is no finite number", "mend it, or say --ignore-time --rate HZ");
      if (timed_) {
        const size_t point = cells[time].find(decimal_ == ',' && cells[time].find(',') != std::string_view::npos ? ',' : '.');
        if (point != std::string_view::npos) decimals = std::max(decimals, cells[time].size() - point - 1);
      }
      if (static_cast<std::int64_t>(rows_.values.size() + sample.size()) > max_values) {
        return Failure("E1019", name_, "more than " + std::to_string(max_values) + " numbers", "cut it into several files");
      }
      rows_.times.push_back(stamp);
      rows_.values.insert(rows_.values.end(), sample.begin(), sample.end());
      if (label != SIZE_MAX) follow(cells[label], labels_);
      if (group != SIZE_MAX) follow(cells[group], groups_);
      lines_.push_back(static_cast<std::uint32_t>(line_));
    }
    if (rows_.times.empty()) return bad(0, "holds no samples");
    resolution_ = std::pow(10, -static_cast<double>(std::min<size_t>(decimals, 15)));
    hole_ = hole;
    for (const auto* runs : {&labels_, &groups_}) {
      for (size_t i = 1; i < runs->size(); ++i) rows_.cuts.push_back((*runs)[i].first);
    }
    std::sort(rows_.cuts.begin(), rows_.cuts.end());
    return Done{};
  }

  using Runs = std::vector<std::pair<size_t, std::string>>;  // from which row on, what
  void follow(std::string_view cell, Runs& runs) const {
    if (runs.empty() || runs.back().second != cell) runs.emplace_back(rows_.times.size() - 1, cell);
  }
  static std::string at_row(const Runs& runs, size_t row) {
    const auto after = std::upper_bound(runs.begin(), runs.end(), row, [](size_t r, const auto& run) { return r < run.first; });
    return after == runs.begin() ? std::string() : std::prev(after)->second;
  }

  /// Rows that fell out leave gaps, with timestamps or without.
  Result<Timeline> timeline() {
    double seconds = seconds_;
    if (timed_ && seconds == 0) {
      const bool whole = resolution_ == 1;
      seconds = whole ? 1e-3 : 1;
      notes_.push_back(whole ? "times taken for ms" : "times taken for s");
    }
    if (!timed_ || rows_.times.size() == 1) {
      if (!(options_.rate > 0)) {
        return Failure("E1014", name_, rows_.times.size() == 1 ? "a single sample says no rate" : "has no column of times, and no rate is known",
                       "say --rate HZ, or `rate` in smelt.toml; a column named time, timestamp or t is read");
      }
      seconds = 1 / options_.rate;
      resolution_ = 0;
      rows_.interval = seconds;
    }
    if (rows_.times.size() > 1 && (timed_ || hole_)) {
      const double origin = rows_.times[0];
      for (double& t : rows_.times) t = (t - origin) * seconds;
      rows_.resolution = resolution_ * seconds;
      return to_uniform(rows_, options_, [this](size_t row) { return place(lines_[row]); });
    }
    Timeline plain{options_.rate, {}};
    size_t first = 0;
    rows_.cuts.push_back(rows_.times.size());
    for (const size_t cut : rows_.cuts) {
      if (cut == first) continue;
      const auto begin = rows_.values.begin();
      plain.pieces.push_back({first, {begin + static_cast<std::ptrdiff_t>(first * rows_.width), begin + static_cast<std::ptrdiff_t>(cut * rows_.width)}, {}});
      first = cut;
    }
    return plain;
  }

  Result<Decoded> finish() {
    Result<Timeline> t = timeline();
    if (!t) return t.failure();
    Decoded d;
    d.kind = Kind::sensor;
    d.format = "csv";
    for (Piece& piece : t->pieces) {
      Part part;
      part.signal.rate = t->rate;
      for (const size_t a : axes_) part.signal.axes.push_back({columns_[a].name, columns_[a].unit});
      part.signal.values = std::move(piece.values);
      part.label = at_row(labels_, piece.first_row);
      part.group = at_row(groups_, piece.first_row);
      part.notes = notes_;
      part.notes.insert(part.notes.end(), piece.notes.begin(), piece.notes.end());
      d.parts.push_back(std::move(part));
    }
    return d;
  }

  std::string_view text_;
  const std::string& name_;
  const DecodeOptions& options_;
  size_t at_ = 0, line_ = 0;
  char separator_ = ',', decimal_ = '.';
  std::vector<Column> columns_;
  std::vector<size_t> axes_;
  Cells sample_;                       ///< the first line of numbers
  std::vector<std::string> notes_;
  Rows rows_;
  std::vector<std::uint32_t> lines_;   ///< of each row
  Runs labels_, groups_;
  double seconds_ = 0, resolution_ = 1;
  bool timed_ = false, hole_ = false;
};

}  // namespace

Result<Decoded> decode_csv(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  return Table(bytes, name, options).read();
}

}  // namespace smelt::dataset
