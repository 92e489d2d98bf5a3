// Self-contained pages: their style, and plots as inline SVG.
#pragma once

#include <string>

namespace smelt::cli {

extern const char* const page_style;

std::string escaped(const std::string& text);
std::string fixed(double v, int digits = 1);
std::string svg(double width, double height, const std::string& content, const std::string& label);
std::string svg_rect(double x, double y, double w, double h, const std::string& fill, double opacity = 1);
std::string svg_line(double x1, double y1, double x2, double y2, const std::string& stroke, const char* extra = "");
std::string svg_label(double x, double y, const std::string& text, const char* anchor = "start");

}  // namespace smelt::cli
