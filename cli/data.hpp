// `smelt init` and `smelt data`: their options, and what they show.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataset/store.hpp"

namespace smelt::cli {

struct DataOptions {
  std::string project;                   ///< --project; empty: here or above
  std::string name, task = "classification", kind;  ///< init
  std::vector<std::string> paths;        ///< import, forget
  std::string label_from = "auto", group_from, label, gaps = "refuse", time_unit, hmac_key, axes;
  std::optional<double> rate;
  bool ignore_time = false, again = false, verbose = false;
  std::string filter, split;             ///< list
  std::string recording, output;         ///< plot
  double from = 0;                       ///< plot: seconds
  std::optional<double> seconds;
  std::string by;                        ///< split
  std::optional<std::uint64_t> seed;
  std::vector<double> proportions;
  std::vector<std::string> fixed[3];
  bool keep = false;
};

/// A signal as dots of braille, a panel for each axis, of `columns` by `rows` characters each.
std::string draw(const dataset::Signal& signal, double start, int columns, int rows);
/// A picture in shades of characters.
std::string draw(const data::Image& image, int columns);
/// The same as SVG; as a page where `html`.
std::string draw_svg(const dataset::Signal& signal, double start, const std::string& title, bool html);

}  // namespace smelt::cli
