// The [cycles] table.
#include "targets/reader.hpp"

namespace smelt::targets {

CycleModel read_cycle_model(Reader& r, const toml::table& t) {
  const std::string where = "[cycles]";
  for (const auto& [key, value] : t) {
    const std::string_view name = key.str();
    if (name == "isa" || name == "model" || name == "error" || name == "wait_states") continue;
    if (std::find(std::begin(cycle_parameter_names), std::end(cycle_parameter_names), name) ==
        std::end(cycle_parameter_names))
      r.complain(&value, "unknown field '" + std::string(name) + "' in " + where);
  }
  CycleModel m;
  m.isa = r.choice(t, "isa", {"thumb", "riscv"}, where);
  m.model = r.text(t, where, "model");
  m.error = r.text(t, where, "error");
  m.wait_states = static_cast<double>(r.number(r.field(t, where, "wait_states", true), "'wait_states'", 0, 100));
  for (std::size_t p = 0; p < cycle_parameter_count; ++p) {
    const Columns values = r.columns(t, where, cycle_parameter_names[p]);
    for (std::size_t c = 0; c < column_count; ++c) m.columns[c][p] = values[c];
  }
  const auto check = [&](CycleParameter p, double low, double high) {
    for (const CycleParameters& column : m.columns) {
      const double v = column[static_cast<std::size_t>(p)];
      if (v < low || v > high) {
        const std::string name(cycle_parameter_names[static_cast<std::size_t>(p)]);
        return r.complain(t.get(name), "'" + name + "' is out of range");
      }
    }
  };
  if (r.clean()) {
    check(CycleParameter::issue_width, 1, 2);
    check(CycleParameter::load_cost, 1, 100);
    check(CycleParameter::flash_line, 4, 1000);
  }
  return m;
}

}  // namespace smelt::targets
