// The comparison as text for a terminal, as Markdown, and as a picture.
#pragma once

#include <string>

#include "bench/results.hpp"

namespace smelt::bench {

/// Rows of a table, the first one its heading.
using Rows = std::vector<std::vector<std::string>>;

/// Model by model: Smelt, one way or several, then the first peer or all that were recorded on that target.
Rows comparison(const Recorded& recorded, const std::vector<Engine>& smelt, bool all_peers);
/// Smelt on several cores, a column each: millions of instructions, and of estimated cycles. Headed by the engines' titles.
Rows cores(const Recorded& recorded, const std::vector<Engine>& smelt);
/// Published records in millions of cycles.
Rows records(const Recorded& recorded);

std::string to_text(const Rows& rows);
std::string to_markdown(const Rows& rows);

/// Bars of RAM, flash and instructions against the first peer of the target. Readable on light and dark pages.
std::string to_svg(const Recorded& recorded, const Engine& smelt);

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t n);

}  // namespace smelt::bench
