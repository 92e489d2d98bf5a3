// Estimated cycles as JSON and as tables.
#include <cmath>
#include <cstdio>

#include "cli/report.hpp"

namespace smelt::cli {
namespace {

std::uint64_t whole(double cycles) { return cycles <= 0 ? 0 : static_cast<std::uint64_t>(std::llround(cycles)); }

void put(Json& j, const profile::Estimate& e, const char* nominal) {
  j[nominal] = whole(e.nominal);
  j["low"] = whole(e.low);
  j["high"] = whole(e.high);
}

Json share_json(const profile::Share& s, const char* key) {
  Json j = {{key, s.name}, {"instructions", s.instructions}};
  put(j, s.cycles, "cycles");
  return j;
}

std::string percent(double part, double total) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f%%", total > 0 ? 100 * part / total : 0);
  return buffer;
}

std::vector<std::string> cells(const profile::Estimate& e, double total) {
  return {grouped(whole(e.nominal)), percent(e.nominal, total), grouped(whole(e.low)), grouped(whole(e.high))};
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Names of C++ functions grow long: what stands in front of the parameters says enough, its end most.
std::string shortened(const std::string& name) {
  constexpr std::size_t most = 60;
  return name.size() <= most ? name : name.substr(0, most - 3) + "...";
}

}  // namespace

Json cycles_json(const profile::Cycles& c, const std::vector<OpReport>& ops) {
  Json j;
  put(j, c.total, "total");
  j["model"] = c.model;
  j["error"] = c.error;
  j["wait_states"] = c.wait_states;
  j["instructions"] = c.instructions;
  j["per_op"] = Json::array();
  for (std::size_t i = 0; i < c.per_op.size(); ++i) {
    Json op = i < ops.size() ? Json{{"index", ops[i].index}, {"name", ops[i].name}, {"op", ops[i].op}} : Json::object();
    put(op, c.per_op[i], "cycles");
    j["per_op"].push_back(op);
  }
  j["executor"] = Json::object();
  put(j["executor"], c.executor, "cycles");
  j["per_function"] = Json::array();
  for (const profile::Share& s : c.per_function) j["per_function"].push_back(share_json(s, "function"));
  j["mix"] = Json::array();
  for (const profile::Share& s : c.mix) j["mix"].push_back(share_json(s, "class"));
  return j;
}

std::string cycles_text(const profile::Cycles& c, const std::vector<OpReport>& ops) {
  char buffer[160];
  const double total = c.total.nominal;
  std::snprintf(
      buffer, sizeof buffer, "\n  cycles        %s estimated, from %s to %s; %.2f an instruction, %g wait states\n",
      grouped(whole(total)).c_str(), grouped(whole(c.total.low)).c_str(), grouped(whole(c.total.high)).c_str(),
      c.instructions != 0 ? total / static_cast<double>(c.instructions) : 0, c.wait_states);
  std::string text = buffer;
  text += "  model         " + c.model + "\n  its error     " + c.error + "\n";
  std::vector<std::vector<std::string>> rows = {{"op", "", "output", "cycles", "share", "low", "high"}};
  for (std::size_t i = 0; i < c.per_op.size(); ++i) {
    std::vector<std::string> what = {"", "", ""};
    if (i < ops.size()) what = {std::to_string(ops[i].index), ops[i].op, ops[i].shape};
    rows.push_back(joined(what, cells(c.per_op[i], total)));
  }
  rows.push_back(joined({"", "executor", ""}, cells(c.executor, total)));
  text += "\n" + table(rows);
  rows = {{"function", "instructions", "cycles", "share", "low", "high"}};
  for (const profile::Share& s : c.per_function) {
    if (rows.size() > 12) break;
    rows.push_back(joined({shortened(s.name), grouped(s.instructions)}, cells(s.cycles, total)));
  }
  text += "\n" + table(rows);
  rows = {{"instructions by kind", "count", "cycles", "share", "low", "high"}};
  for (const profile::Share& s : c.mix) {
    if (s.instructions != 0) rows.push_back(joined({s.name, grouped(s.instructions)}, cells(s.cycles, total)));
  }
  return text + "\n" + table(rows);
}

}  // namespace smelt::cli
