// The quantizer's report as one page: tables, and plots as inline SVG.
#include <algorithm>
#include <cmath>

#include "cli/html.hpp"
#include "cli/quantize_report.hpp"
#include "ir/graph.hpp"

namespace smelt::cli {
namespace {

std::string brief(const std::string& name, std::size_t most = 34) {
  const std::string s = layer_name(name);
  return s.size() <= most ? s : "…" + s.substr(s.size() - most + 1);
}

/// Two bars a layer: its own noise, and with all before it.
std::string noise_plot(const QuantizeReport& r) {
  constexpr double left = 250, width = 960, row = 26;
  double most = 10;
  for (const QuantizedLayer& l : r.layers) {
    for (const double db : {l.own_db, l.whole_db}) most = std::max(most, db < 199 ? db : 0);
  }
  const double scale = (width - left - 60) / most;
  std::string s;
  double y = 20;
  for (int db = 0; db <= most; db += 10) {
    s += svg_line(left + db * scale, 14, left + db * scale, 20 + row * static_cast<double>(r.layers.size()), "var(--line)");
    s += svg_label(left + db * scale, 10, std::to_string(db), "middle");
  }
  for (const QuantizedLayer& l : r.layers) {
    s += svg_label(left - 8, y + 14, brief(l.name), "end");
    const auto bar = [&](double db, double at, const char* colour) {
      const bool exact = db >= 199;
      s += svg_rect(left, y + at, (exact ? most : std::max(db, 0.0)) * scale, 8, colour, exact ? 0.25 : 1);
      s += svg_label(left + (exact ? most : std::max(db, 0.0)) * scale + 4, y + at + 8, exact ? "exact" : fixed(db));
    };
    bar(l.own_db, 2, l.hurts ? "var(--bad)" : "var(--own)");
    bar(l.whole_db, 12, "var(--whole)");
    y += row;
  }
  return svg(width, y + 6, s, "signal-to-noise ratio of each layer");
}

/// What a layer's output held (logarithmic counts), and what its form can hold.
std::string range_plot(const QuantizedLayer& l) {
  constexpr double width = 300, height = 84, base = 62;
  const double low = std::min(l.low, l.range_low), high = std::max(l.high, l.range_high);
  if (!(high > low) || l.histogram.empty()) return {};
  const auto x = [&](double v) { return 4 + (v - low) / (high - low) * (width - 8); };
  constexpr std::size_t columns = 96;
  std::vector<double> counts(columns);
  const double bin = (static_cast<double>(l.high) - l.low) / static_cast<double>(l.histogram.size());
  for (std::size_t i = 0; i < l.histogram.size(); ++i) {
    const double at = (l.low + (static_cast<double>(i) + 0.5) * bin - low) / (high - low) * columns;
    counts[std::min(columns - 1, static_cast<std::size_t>(std::max(at, 0.0)))] += static_cast<double>(l.histogram[i]);
  }
  const double top = std::log1p(*std::max_element(counts.begin(), counts.end()));
  std::string s;
  for (std::size_t i = 0; i < columns; ++i) {
    if (counts[i] <= 0) continue;
    const double h = std::log1p(counts[i]) / top * (base - 18);
    s += svg_rect(4 + static_cast<double>(i) * (width - 8) / columns, base - h, (width - 8) / columns - 0.4, h, "var(--own)", 0.8);
  }
  s += svg_line(4, base, width - 4, base, "var(--line)");
  if (l.form != "float32") {
    for (const float v : {l.range_low, l.range_high}) s += svg_line(x(v), 12, x(v), base, "var(--bad)", "stroke-dasharray=\"3 2\"");
  }
  s += svg_label(4, 76, number(low)) + svg_label(width - 4, 76, number(high), "end") + svg_label(4, 10, brief(l.name, 44));
  return "<div>" + svg(width, height, s, "values of " + l.name) + "</div>";
}

std::string scatter(const QuantizeReport& r) {
  constexpr double size = 360, pad = 40;
  float low = 0, high = 0;
  for (const auto& [a, b] : r.outputs) low = std::min({low, a, b}), high = std::max({high, a, b});
  if (!(high > low)) return {};
  const auto at = [&](float v) { return pad + static_cast<double>(v - low) / (high - low) * (size - 2 * pad); };
  std::string s = svg_line(pad, size - pad, size - pad, pad, "var(--line)") + svg_line(pad, size - pad, size - pad, size - pad, "var(--soft)") +
                  svg_line(pad, size - pad, pad, pad, "var(--soft)");
  for (const auto& [a, b] : r.outputs) {
    s += "<circle cx=\"" + fixed(at(a)) + "\" cy=\"" + fixed(size - at(b)) + "\" r=\"2.2\" fill=\"var(--own)\" opacity=\"0.45\"/>";
  }
  s += svg_label(size / 2, size - 8, "float model", "middle") + svg_label(pad, pad - 10, "quantized model");
  s += svg_label(pad, size - pad + 16, number(low)) + svg_label(size - pad, size - pad + 16, number(high), "end");
  return "<div style=\"max-width:26rem\">" + svg(size, size, s, "outputs of the quantized model against the float model's") + "</div>";
}

std::string tile(const std::string& value, const std::string& what) { return "<div class=tile><b>" + value + "</b>" + escaped(what) + "</div>"; }

std::string tiles(const QuantizeReport& r) {
  const char* unit = r.metric == "accuracy" ? " points" : " %";
  std::string s = "<div class=tiles>";
  if (r.metric == "accuracy") {
    s += tile(number(r.of_float) + " %", "accuracy in floats") + tile(number(r.of_quantized) + " %", "accuracy quantized");
  } else if (r.metric == "reconstruction") {
    s += tile(number(r.of_float), "reconstruction error in floats") + tile(number(r.of_quantized), "quantized");
  }
  s += tile(number(r.drop) + unit, r.metric == "deviation" ? "deviation of the output" : "drop");
  s += tile(fixed(r.output_db) + " dB", "signal to noise at the output");
  s += tile(grouped(static_cast<std::uint64_t>(r.bytes)), "bytes of constants, " + grouped(static_cast<std::uint64_t>(r.float_bytes)) + " in floats");
  return s + "</div>\n";
}

std::string layer_table(const QuantizeReport& r) {
  std::string s = "<div class=scroll><table><tr><th>layer<th class=text>operator<th class=text>form<th>observed<th>range<th>own SNR<th>SNR<th>bytes<th>MACs" + std::string(r.target.empty() ? "" : "<th>instructions") +
                  "<th class=text></tr>\n";
  for (const QuantizedLayer& l : r.layers) {
    const bool floats = l.form == "float32";
    s += "<tr><td>" + escaped(brief(l.name, 44)) + "<td class=text>" + l.op + "<td class=text>" + l.form + "<td>" + number(l.low) + " … " + number(l.high) +
         "<td>" + (floats ? "" : number(l.range_low) + " … " + number(l.range_high)) + "<td>" + (l.own_db >= 199 ? "exact" : fixed(l.own_db)) + "<td>" +
         (l.whole_db >= 199 ? "exact" : fixed(l.whole_db)) + "<td>" + grouped(static_cast<std::uint64_t>(l.bytes)) + "<td>" +
         grouped(static_cast<std::uint64_t>(l.macs)) + (r.target.empty() ? "" : "<td>" + (l.instructions ? grouped(*l.instructions) : std::string())) +
         "<td class=text>" + (l.hurts ? "<span class=bad>adds most noise</span>" : escaped(l.why)) + "</tr>\n";
  }
  return s + "</table></div>\n";
}

std::string trial_table(const QuantizeReport& r) {
  if (r.trials.size() < 2) return {};
  std::string s = "<h2>What was tried</h2><p class=soft>Layers were given more bits, those first that take most noise from the output for their cost, "
                  "until the limit held; then what turned out needless was taken back.</p><div class=scroll><table><tr><th>layers with more bits<th>drop</tr>\n";
  for (const quantize::Trial& t : r.trials) {
    std::string raised;
    for (const std::string& layer : t.raised) raised += (raised.empty() ? "" : ", ") + layer_name(layer);
    s += "<tr><td>" + escaped(raised.empty() ? "as asked" : raised) + "<td>" + number(t.drop) + "</tr>\n";
  }
  return s + "</table></div>\n";
}

}  // namespace

std::string to_html(const QuantizeReport& r) {
  std::string s = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>" + escaped(r.model) +
                  " quantized</title><style>" + page_style + "</style>\n<h1>" + escaped(r.model) + ", quantized</h1><p class=soft>Calibrated on " +
                  std::to_string(r.calibrated) + " examples, tested on " + std::to_string(r.tested) + ".";
  if (r.equalized > 0) s += " " + std::to_string(r.equalized) + " pairs of layers were equalized.";
  s += "</p>\n" + tiles(r);
  s += "<h2>Noise</h2><p class=soft>Signal-to-noise ratio in dB, more is better. <span style=\"color:var(--own)\">■</span> what a layer adds by itself, on exact "
       "inputs (<span class=bad>■</span> the worst); <span style=\"color:var(--whole)\">■</span> what arrives there with all layers before it.</p>\n" + noise_plot(r);
  s += "<h2>Layers</h2>\n" + layer_table(r) + trial_table(r);
  s += "<h2>Output</h2><p class=soft>Each point is one number of the first output.</p>\n" + scatter(r);
  s += "<h2>Ranges</h2><p class=soft>What the layers' outputs held during calibration (counts, logarithmic); dashed: the ends of what their form can hold.</p>"
       "<div style=\"display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem\">\n";
  for (const QuantizedLayer& l : r.layers) s += range_plot(l);
  return s + "</div></html>\n";
}

}  // namespace smelt::cli
