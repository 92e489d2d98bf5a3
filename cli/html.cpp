#include "cli/html.hpp"

#include <algorithm>
#include <cstdio>

namespace smelt::cli {

const char* const page_style = R"(
:root { --ink: #1b1f24; --soft: #667085; --line: #d8dde4; --page: #ffffff; --card: #f6f7f9; --own: #3b6fd4; --whole: #f0a02b; --bad: #c43d3d; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #353b45; --page: #14171b; --card: #1d2127; --own: #7aa5f5; --whole: #f2b659; --bad: #ef8080; }
}
body { margin: 2.5rem auto; max-width: 62rem; padding: 0 1.25rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; } p { max-width: 44rem; }
.soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.tile { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; min-width: 9rem; }
.tile b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child, td.text, th.text { text-align: left; }
.bad { color: var(--bad); } svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
)";

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') safe += "&lt;";
    else if (c == '>') safe += "&gt;";
    else if (c == '&') safe += "&amp;";
    else if (c == '"') safe += "&quot;";
    else safe += c;
  }
  return safe;
}

std::string fixed(double v, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, v);
  return buffer;
}

std::string svg(double width, double height, const std::string& content, const std::string& label) {
  return "<svg viewBox=\"0 0 " + fixed(width) + " " + fixed(height) + "\" role=\"img\" aria-label=\"" + escaped(label) + "\">" + content + "</svg>\n";
}
std::string svg_rect(double x, double y, double w, double h, const std::string& fill, double opacity) {
  return "<rect x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" width=\"" + fixed(std::max(w, 0.0)) + "\" height=\"" + fixed(std::max(h, 0.0)) +
         "\" fill=\"" + fill + "\" opacity=\"" + fixed(opacity, 2) + "\"/>";
}
std::string svg_line(double x1, double y1, double x2, double y2, const std::string& stroke, const char* extra) {
  return "<line x1=\"" + fixed(x1) + "\" y1=\"" + fixed(y1) + "\" x2=\"" + fixed(x2) + "\" y2=\"" + fixed(y2) + "\" stroke=\"" + stroke + "\" " + extra + "/>";
}
std::string svg_label(double x, double y, const std::string& text, const char* anchor) {
  return "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" text-anchor=\"" + anchor + "\">" + escaped(text) + "</text>";
}

}  // namespace smelt::cli
