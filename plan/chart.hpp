// A plan to look at: what lives when and where.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace smelt::plan {

/// A row from the firing that writes it (-1: it is there before the first) to the last that reads it (the number of firings:
/// the caller reads it).
struct RowLife {
  int buffer = 0;
  int32_t row = 0;
  int32_t born = 0;
  int32_t dies = 0;
};
std::vector<RowLife> row_lives(const Problem& problem, const Plan& plan);

/// Live bytes of rows at each firing.
std::vector<uint32_t> live_bytes(const Problem& problem, const Plan& plan);

/// One line a buffer: how much of its ring is live over time, `columns` characters wide; and a line for the sum.
std::string text_chart(const Problem& problem, const Plan& plan, int columns);

/// Addresses upwards, time to the right, a rectangle for every run of rows.
std::string svg_chart(const Problem& problem, const Plan& plan, const std::string& title);

}  // namespace smelt::plan
