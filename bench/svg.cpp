// The picture of the README: for each model and each resource a pair of bars on a scale of their own.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench/render.hpp"

namespace smelt::bench {
namespace {

constexpr int width = 860, left = 168, panel = 226, bar = 128, row = 62, top = 104;

struct Resource {
  const char* title;
  const char* what;
  std::optional<std::uint64_t> (*of)(const Figures&);
  bool millions;
};

std::optional<std::uint64_t> sum(const std::optional<std::uint64_t>& a, const std::optional<std::uint64_t>& b) {
  return a && b ? std::optional<std::uint64_t>(*a + *b) : std::nullopt;
}

constexpr std::array<Resource, 3> resources = {{
    {"RAM", "arena and stack, bytes", [](const Figures& f) { return sum(f.arena, f.stack); }, false},
    {"Flash", "code and weights, bytes", [](const Figures& f) { return sum(f.code, f.weights); }, false},
    {"Instructions", "one inference, counted", [](const Figures& f) { return f.instructions; }, true},
}};

std::string label(std::uint64_t n, bool millions) {
  if (!millions) return grouped(n);
  const double m = static_cast<double>(n) / 1e6;
  return fmt::format("{:.{}f} M", m, m < 1 ? 3 : m < 10 ? 2 : 1);
}

std::string text(int x, int y, const char* style, const std::string& content) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", x, y, style, content);
}

constexpr const char* style = R"(<style>
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#1f2328}
.title{font-size:17px;font-weight:600}.head{font-size:13px;font-weight:600}.muted{fill:#59636e}
.name{font-size:14px;font-weight:600}.own{font-weight:600;fill:#bc4c00}
.card{fill:#ffffff;stroke:#d1d9e0}.line{stroke:#d1d9e0}.smelt{fill:#e8590c}.peer{fill:#b6bec7}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.muted{fill:#9198a1}.own{fill:#ff9a57}
.card{fill:#0d1117;stroke:#3d444d}.line{stroke:#3d444d}.smelt{fill:#f4742b}.peer{fill:#59636e}}
</style>
)";

}  // namespace

std::string to_svg(const Recorded& recorded, const Engine& smelt) {
  const auto peer = std::find_if(recorded.peers.begin(), recorded.peers.end(),
                                 [&](const Engine& e) { return e.target == smelt.target; });
  const int models = static_cast<int>(recorded.models.size());
  const int height = top + models * row + 34;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\" aria-label=\"RAM, flash and instructions of Smelt beside {2}\">\n",
      width, height, peer == recorded.peers.end() ? "nothing" : peer->title);
  svg += style;
  svg += fmt::format("<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"10\" class=\"card\"/>\n", width - 1,
                     height - 1);
  std::string core = smelt.target;
  if (core.rfind("cortex-m", 0) == 0) core.replace(0, 8, "Cortex-M");
  svg += text(24, 36, "title", "MLPerf Tiny, int8, on " + core);
  int x = 350;
  svg += fmt::format("<rect x=\"{}\" y=\"25\" width=\"12\" height=\"12\" rx=\"2\" class=\"smelt\"/>\n", x);
  svg += text(x + 18, 36, "head", "Smelt");
  if (peer != recorded.peers.end()) {
    x += 86;
    svg += fmt::format("<rect x=\"{}\" y=\"25\" width=\"12\" height=\"12\" rx=\"2\" class=\"peer\"/>\n", x);
    svg += text(x + 18, 36, "", peer->title);
  }
  for (std::size_t r = 0; r < resources.size(); ++r) {
    const int at = left + static_cast<int>(r) * panel;
    svg += text(at, 72, "head", resources[r].title);
    svg += text(at, 88, "muted", resources[r].what);
  }
  for (int m = 0; m < models; ++m) {
    const auto i = static_cast<std::size_t>(m);
    const int y = top + m * row;
    svg += fmt::format("<path d=\"M24 {0}.5H{1}\" class=\"line\"/>\n", y, width - 24);
    svg += text(24, y + 28, "name", recorded.models[i].name);
    svg += text(24, y + 45, "muted", recorded.models[i].title);
    for (std::size_t r = 0; r < resources.size(); ++r) {
      const int at = left + static_cast<int>(r) * panel;
      const auto own = resources[r].of(smelt.figures[i]);
      const auto other = peer == recorded.peers.end() ? std::nullopt : resources[r].of(peer->figures[i]);
      const std::uint64_t most = std::max({own.value_or(0), other.value_or(0), std::uint64_t{1}});
      const auto draw = [&](const std::optional<std::uint64_t>& n, int bar_y, const char* fill, const char* font) {
        if (!n) return;
        const int length = std::max(
            2, static_cast<int>(static_cast<double>(bar) * static_cast<double>(*n) / static_cast<double>(most)));
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\" rx=\"2\" class=\"{}\"/>\n", at, bar_y,
                           length, fill);
        svg += text(at + length + 7, bar_y + 11, font, label(*n, resources[r].millions));
      };
      draw(own, y + 15, "smelt", "own");
      draw(other, y + 33, "peer", "muted");
    }
  }
  const int foot = top + models * row;
  svg += fmt::format("<path d=\"M24 {0}.5H{1}\" class=\"line\"/>\n", foot, width - 24);
  svg += text(24, foot + 21, "muted",
              "Each pair of bars has its own scale. Both engines give the same bytes; instructions are counted exactly "
              "and are not cycles.");
  return svg + "</svg>\n";
}

}  // namespace smelt::bench
