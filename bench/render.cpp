#include "bench/render.hpp"

#include <algorithm>
#include <cstdio>

namespace smelt::bench {
namespace {

constexpr std::optional<std::uint64_t> Figures::*columns[] = {&Figures::arena, &Figures::stack, &Figures::code,
                                                              &Figures::weights, &Figures::instructions};

std::vector<const Engine*> engines(const Recorded& recorded, const std::vector<Engine>& smelt, bool all_peers) {
  std::vector<const Engine*> list;
  for (const Engine& engine : smelt) list.push_back(&engine);
  for (const Engine& peer : recorded.peers) {
    if (peer.target == smelt[0].target && (all_peers || list.size() == smelt.size())) list.push_back(&peer);
  }
  return list;
}

bool number(const std::string& cell) { return cell.find_first_not_of("0123456789,.-") == std::string::npos; }

std::vector<bool> numeric_columns(const Rows& rows) {
  std::vector<bool> numeric(rows[0].size(), true);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < rows[r].size(); ++c) numeric[c] = numeric[c] && number(rows[r][c]);
  }
  return numeric;
}

}  // namespace

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

Rows comparison(const Recorded& recorded, const std::vector<Engine>& smelt, bool all_peers) {
  Rows rows = {{"model", "engine", "RAM (arena)", "stack", "code", "weights", "instructions"}};
  const auto list = engines(recorded, smelt, all_peers);
  for (std::size_t m = 0; m < recorded.models.size(); ++m) {
    for (const Engine* engine : list) {
      std::vector<std::string> row = {engine == list[0] ? recorded.models[m].name : "", engine->name};
      for (const auto column : columns) {
        const auto& value = engine->figures[m].*column;
        row.push_back(value ? grouped(*value) : "-");
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Rows cores(const Recorded& recorded, const std::vector<Engine>& smelt) {
  const auto millions = [](double n) {
    char cell[32];
    std::snprintf(cell, sizeof cell, n < 99.95e6 ? "%#.3g" : "%.0f", n / 1e6);
    return std::string(cell);
  };
  Rows rows = {{"model", "millions of"}};
  for (const Engine& e : smelt) rows[0].push_back(e.title);
  for (std::size_t m = 0; m < recorded.models.size(); ++m) {
    std::vector<std::string> counted = {recorded.models[m].name, "instructions"}, estimated = {"", "cycles, estimated"};
    for (const Engine& e : smelt) {
      const Figures& f = e.figures[m];
      counted.push_back(f.instructions ? millions(static_cast<double>(*f.instructions)) : "-");
      estimated.push_back(f.cycles ? millions(*f.cycles) : "-");
    }
    rows.push_back(std::move(counted));
    rows.push_back(std::move(estimated));
  }
  return rows;
}

Rows records(const Recorded& recorded) {
  Rows rows = {{"board", "stack"}};
  for (const Model& m : recorded.models) rows[0].push_back(m.name);
  for (const Record& record : recorded.records) {
    std::vector<std::string> row = {record.board, record.stack};
    for (const auto& value : record.mcycles) {
      char cell[32];
      std::snprintf(cell, sizeof cell, "%.4g", value.value_or(0));
      row.push_back(value ? cell : "-");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_text(const Rows& rows) {
  const std::vector<bool> numeric = numeric_columns(rows);
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[c].size());
      const std::string gap(width - row[c].size(), ' ');
      line += "  " + (numeric[c] ? gap + row[c] : row[c] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string to_markdown(const Rows& rows) {
  const std::vector<bool> numeric = numeric_columns(rows);
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + cell + (cell.empty() ? "|" : " |");
    return text + "\n";
  };
  std::string text = line(rows[0]) + "|";
  for (const bool n : numeric) text += n ? "---:|" : "---|";
  text += "\n";
  for (std::size_t r = 1; r < rows.size(); ++r) text += line(rows[r]);
  return text;
}

}  // namespace smelt::bench
