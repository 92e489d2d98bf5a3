// Signals and pictures, drawn in a terminal and in a file.
#include <algorithm>
#include <cmath>

#include "cli/data.hpp"
#include "cli/html.hpp"

namespace smelt::cli {

namespace {

using dataset::Signal;

struct Range {
  float low = 0, high = 0;
};

Range range_of(const Signal& s, size_t axis, std::int64_t first, std::int64_t last) {
  Range r{s.at(first, axis), s.at(first, axis)};
  for (std::int64_t i = first; i < last; ++i) {
    r.low = std::min(r.low, s.at(i, axis));
    r.high = std::max(r.high, s.at(i, axis));
  }
  return r;
}

/// What each of `columns` columns of a plot spans, joined to the one before.
std::vector<Range> envelope(const Signal& s, size_t axis, int columns) {
  const std::int64_t n = s.samples();
  std::vector<Range> spans;
  for (std::int64_t c = 0; c < columns; ++c) {
    const std::int64_t first = c * n / columns, last = std::max(first + 1, (c + 1) * n / columns);
    Range r = range_of(s, axis, std::max<std::int64_t>(0, first - 1), last);
    spans.push_back(r);
  }
  return spans;
}

std::string number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

std::string utf8(unsigned code) {
  std::string s;
  s += static_cast<char>(0xe0 | code >> 12);
  s += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  s += static_cast<char>(0x80 | (code & 0x3f));
  return s;
}

std::string title_of(const dataset::Axis& axis) { return axis.name + (axis.unit.empty() ? "" : " [" + axis.unit + "]"); }

std::string panel(const Signal& s, size_t axis, int columns, int rows) {
  constexpr unsigned dots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  const Range all = range_of(s, axis, 0, s.samples());
  const double span = all.high > all.low ? static_cast<double>(all.high) - static_cast<double>(all.low) : 1;
  const int height = rows * 4;
  std::vector<unsigned> cells(static_cast<size_t>(columns * rows), 0U);
  const std::vector<Range> spans = envelope(s, axis, columns * 2);
  const auto line = [&](float v) {
    return std::clamp(static_cast<int>(std::lround((static_cast<double>(all.high) - static_cast<double>(v)) / span * (height - 1))), 0, height - 1);
  };
  for (int x = 0; x < columns * 2; ++x) {
    for (int y = line(spans[static_cast<size_t>(x)].high); y <= line(spans[static_cast<size_t>(x)].low); ++y) {
      cells[static_cast<size_t>(y / 4 * columns + x / 2)] |= dots[y % 4][x % 2];
    }
  }
  std::string text = "  " + title_of(s.axes[axis]) + "\n";
  for (int r = 0; r < rows; ++r) {
    const std::string scale = r == 0 ? number(static_cast<double>(all.high)) : r == rows - 1 ? number(static_cast<double>(all.low)) : "";
    text += std::string(10 - std::min<size_t>(scale.size(), 10), ' ') + scale + " ";
    for (int c = 0; c < columns; ++c) text += utf8(0x2800 + cells[static_cast<size_t>(r * columns + c)]);
    text += "\n";
  }
  return text;
}

}  // namespace

std::string draw(const Signal& signal, double start, int columns, int rows) {
  std::string text;
  for (size_t a = 0; a < signal.axes.size(); ++a) text += panel(signal, a, columns, rows);
  const std::string from = number(start) + " s", to = number(start + signal.seconds()) + " s";
  const int gap = columns - static_cast<int>(from.size() + to.size());
  return text + std::string(11, ' ') + from + std::string(static_cast<size_t>(std::max(gap, 1)), ' ') + to + "\n";
}

std::string draw(const data::Image& image, int columns) {
  constexpr const char* shades = " .:-=+*#%@";
  const int rows = std::max(1, columns * image.height / image.width / 2);  // characters are twice as high as wide
  const std::vector<float> luma = data::resized(image, columns, rows, 1);
  std::string text;
  for (int y = 0; y < rows; ++y) {
    text += "  ";
    for (int x = 0; x < columns; ++x) {
      const float v = luma[static_cast<size_t>(y * columns + x)];
      text += shades[std::clamp(static_cast<int>(v / 256 * 10), 0, 9)];
    }
    text += "\n";
  }
  return text;
}

std::string draw_svg(const Signal& signal, double start, const std::string& title, bool html) {
  constexpr double width = 960, left = 70, panel_height = 130;
  constexpr int columns = 880;
  const char* colours[] = {"#3b6fd4", "#f0a02b", "#2c9c69", "#c43d3d", "#8a5cd1", "#5b7083"};
  std::string s;
  double top = 30;
  for (size_t a = 0; a < signal.axes.size(); ++a) {
    const Range all = range_of(signal, a, 0, signal.samples());
    const double span = all.high > all.low ? static_cast<double>(all.high) - static_cast<double>(all.low) : 1;
    const auto y = [&](float v) { return fixed(top + 6 + (static_cast<double>(all.high) - static_cast<double>(v)) / span * (panel_height - 36)); };
    const std::vector<Range> spans = envelope(signal, a, columns);
    std::string path;
    for (size_t x = 0; x < spans.size(); ++x) {
      const std::string at = fixed(left + static_cast<double>(x));
      path += (x == 0 ? "M" : "L") + at + " " + y(spans[x].high) + "L" + at + " " + y(spans[x].low);
    }
    s += svg_line(left, top + panel_height - 30, left + columns, top + panel_height - 30, "#8884");
    s += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + colours[a % std::size(colours)] + "\" stroke-width=\"1\"/>";
    s += svg_label(left, top - 2, title_of(signal.axes[a])) + svg_label(left - 6, top + 12, number(static_cast<double>(all.high)), "end") +
         svg_label(left - 6, top + panel_height - 30, number(static_cast<double>(all.low)), "end");
    top += panel_height;
  }
  s += svg_label(left, top - 8, number(start) + " s") + svg_label(left + columns, top - 8, number(start + signal.seconds()) + " s", "end");
  if (html) {
    return "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>" + escaped(title) +
           "</title><style>" + page_style + "</style><h1>" + escaped(title) + "</h1>\n" + svg(width, top + 6, s, title) + "</html>\n";
  }
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + fixed(width) + " " + fixed(top + 6) +
         "\" font-family=\"system-ui, sans-serif\" font-size=\"11\" fill=\"#667085\"><title>" + escaped(title) + "</title>" + s + "</svg>\n";
}

}  // namespace smelt::cli
