// Takes the fields out of a description, of a target or a board, and collects what is wrong with them.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/diagnostic.hpp"
#include "targets/target.hpp"

namespace smelt::targets {

/// Collects what is wrong with one file while its fields are taken out, so that all mistakes are told at once.
class Reader {
 public:
  explicit Reader(std::string file, std::string code = "E0702",
                  std::string help = "the fields are described in targets/README.md")
      : file_(std::move(file)), code_(std::move(code)), help_(std::move(help)) {}

  void complain(const toml::node* at, const std::string& reason, const std::string& help = {}) {
    std::string place = file_;
    if (at != nullptr && at->source().begin.line != 0) place += ":" + std::to_string(at->source().begin.line);
    if (failure_.diagnostics.empty()) failure_.exit = ExitCode::input;
    failure_.diagnostics.push_back({code_, place, reason, help.empty() ? help_ : help});
  }

  /// Refuses whatever the schema does not know: a misspelt optional field must not be silently ignored.
  void only(const toml::table& table, const std::string& where, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        complain(&value, "unknown field '" + std::string(key.str()) + "' in " + where);
    }
  }

  const toml::node* field(const toml::table& table, const std::string& where, std::string_view key, bool required) {
    const toml::node* node = table.get(key);
    if (node == nullptr && required) complain(&table, where + " lacks the field '" + std::string(key) + "'");
    return node;
  }

  std::string text(const toml::table& table, const std::string& where, std::string_view key, bool required = true) {
    const toml::node* node = field(table, where, key, required);
    if (node == nullptr) return {};
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty()) complain(node, "'" + std::string(key) + "' must be a text that is not empty");
    return value.value_or("");
  }

  std::vector<std::string> texts(const toml::table& table, const std::string& where, std::string_view key) {
    std::vector<std::string> result;
    const toml::node* node = field(table, where, key, true);
    if (node == nullptr) return result;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
      complain(node, "'" + std::string(key) + "' must be a list of texts");
      return result;
    }
    for (const toml::node& item : *list) {
      if (const auto value = item.value_exact<std::string>()) {
        result.push_back(*value);
      } else {
        complain(&item, "'" + std::string(key) + "' must hold texts only");
      }
    }
    return result;
  }

  /// One of low, nominal and high estimate, or all three the same.
  Columns columns(const toml::table& table, const std::string& where, std::string_view key) {
    Columns result{};
    const toml::node* node = field(table, where, key, true);
    if (node == nullptr) return result;
    const toml::array* list = node->as_array();
    if (list != nullptr && list->size() != column_count) {
      complain(node, "'" + std::string(key) + "' must be a number or [low, nominal, high]");
      return result;
    }
    for (std::size_t i = 0; i < column_count; ++i) {
      const toml::node* item = list == nullptr ? node : list->get(i);
      const auto value = item->value<double>();
      if (!item->is_number() || !value || !(*value >= 0 && *value <= 1000)) {
        complain(item, "'" + std::string(key) + "' must be a number or [low, nominal, high], from 0 to 1000");
        return result;
      }
      result[i] = *value;
    }
    return result;
  }

  std::int64_t number(const toml::node* node, const std::string& what, std::int64_t low, std::int64_t high) {
    if (node == nullptr) return low;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= low && *value <= high) return *value;
    complain(node, what + " must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    return low;
  }

  std::uint32_t word(const toml::node* node, const std::string& what, std::int64_t low, std::int64_t high) {
    return static_cast<std::uint32_t>(number(node, what, low, high));
  }

  /// A number that may have a fraction; nothing where the field is absent or wrong.
  std::optional<double> real(const toml::table& table, std::string_view key, double low, double high) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value<double>();
    if (node->is_number() && value && *value >= low && *value <= high) return value;
    char range[64];
    std::snprintf(range, sizeof range, "%g to %g", low, high);
    complain(node, "'" + std::string(key) + "' must be a number from " + range);
    return std::nullopt;
  }

  /// False where it is absent.
  bool flag(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return false;
    const auto value = node->value_exact<bool>();
    if (!value) complain(node, "'" + std::string(key) + "' must be true or false");
    return value.value_or(false);
  }

  /// One of a few words; `choices` in the order that the message lists them.
  std::string choice(const toml::table& table, std::string_view key, std::initializer_list<std::string_view> choices,
                     const std::string& where = "the target") {
    const std::string value = text(table, where, key);
    if (!value.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
      std::string list;
      for (const std::string_view c : choices) list += (list.empty() ? "" : " or ") + std::string(c);
      complain(table.get(key), "'" + std::string(key) + "' must be " + list);
    }
    return value;
  }

  bool clean() const { return failure_.diagnostics.empty(); }
  const Failure& failure() const { return failure_; }

 private:
  std::string file_;
  std::string code_;
  std::string help_;
  Failure failure_;
};

CycleModel read_cycle_model(Reader& r, const toml::table& t);

}  // namespace smelt::targets
