#include "plan/chart.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace smelt::plan {
namespace {

constexpr int32_t unborn = std::numeric_limits<int32_t>::min();

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

/// The end of a name is what tells tensors apart.
std::string shortened(const std::string& name, size_t most) {
  const std::string tail = name.substr(0, name.find(';'));
  return tail.size() <= most ? tail : "~" + tail.substr(tail.size() - most + 1);
}

std::string grouped(uint32_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, pattern, args...);
  return buffer;
}

}  // namespace

std::vector<RowLife> row_lives(const Problem& problem, const Plan& plan) {
  std::vector<std::vector<RowLife>> lives(problem.buffers.size());
  for (size_t b = 0; b < lives.size(); ++b) {
    for (int32_t r = 0; r < problem.buffers[b].rows; ++r) {
      const bool input = problem.buffers[b].at_start();
      lives[b].push_back({static_cast<int>(b), r, input ? -1 : unborn, input ? -1 : unborn});
    }
  }
  std::vector<int32_t> next(problem.operations.size(), 0);
  for (size_t f = 0; f < plan.firings.size(); ++f) {
    const auto o = static_cast<size_t>(plan.firings[f].operation);
    const auto now = static_cast<int32_t>(f);
    for (int32_t n = 0; n < plan.firings[f].count; ++n) {
      const auto step = static_cast<size_t>(next[o]++);
      for (const Access& read : problem.operations[o].reads) {
        for (int32_t r = read.rows[step].first; r < read.rows[step].end; ++r) {
          lives[static_cast<size_t>(read.buffer)][static_cast<size_t>(r)].dies = now;
        }
      }
      for (const Access& write : problem.operations[o].writes) {
        for (int32_t r = write.rows[step].first; r < write.rows[step].end; ++r) {
          RowLife& life = lives[static_cast<size_t>(write.buffer)][static_cast<size_t>(r)];
          life.born = life.dies = now;
        }
      }
    }
  }
  std::vector<RowLife> all;
  for (size_t b = 0; b < lives.size(); ++b) {
    for (RowLife& life : lives[b]) {
      if (problem.buffers[b].at_end()) life.dies = static_cast<int32_t>(plan.firings.size());
      if (life.born != unborn) all.push_back(life);
    }
  }
  return all;
}

std::vector<uint32_t> live_bytes(const Problem& problem, const Plan& plan) {
  std::vector<int64_t> change(plan.firings.size() + 3, 0);
  for (const RowLife& life : row_lives(problem, plan)) {
    const int64_t bytes = problem.buffers[static_cast<size_t>(life.buffer)].row_bytes;
    change[static_cast<size_t>(life.born + 1)] += bytes;
    change[static_cast<size_t>(life.dies + 2)] -= bytes;
  }
  std::vector<uint32_t> live;
  int64_t sum = change[0];
  for (size_t f = 0; f < plan.firings.size(); ++f) live.push_back(static_cast<uint32_t>(sum += change[f + 1]));
  return live;
}

std::string text_chart(const Problem& problem, const Plan& plan, int columns) {
  static constexpr std::array<const char*, 9> levels = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto firings = std::max<int64_t>(static_cast<int64_t>(plan.firings.size()), 1);
  // A column stands for some firings, or, where they are few, a firing for some columns.
  const auto show = [&](auto& most, int64_t f, auto value) {
    f = std::clamp<int64_t>(f, 0, firings - 1);
    const int64_t first = f * columns / firings, end = std::max((f + 1) * columns / firings, first + 1);
    for (int64_t c = first; c < end; ++c) most[static_cast<size_t>(c)] = std::max(most[static_cast<size_t>(c)], value);
  };
  std::vector<std::vector<int32_t>> peak(problem.buffers.size(), std::vector<int32_t>(static_cast<size_t>(columns), 0));
  std::vector<std::vector<int32_t>> change(problem.buffers.size(), std::vector<int32_t>(static_cast<size_t>(firings) + 3, 0));
  for (const RowLife& life : row_lives(problem, plan)) {
    ++change[static_cast<size_t>(life.buffer)][static_cast<size_t>(life.born + 1)];
    --change[static_cast<size_t>(life.buffer)][static_cast<size_t>(life.dies + 2)];
  }
  std::string text = format("  %-26s %8s  %-9s  live rows over time\n", "tensor", "bytes", "rows kept");
  for (size_t b = 0; b < problem.buffers.size(); ++b) {
    const Buffer& buffer = problem.buffers[b];
    int32_t live = 0;
    for (size_t t = 0; t < change[b].size(); ++t) {
      live += change[b][t];
      show(peak[b], static_cast<int64_t>(t) - 1, live);
    }
    std::string bar;
    for (int32_t n : peak[b]) {
      const int32_t depth = plan.buffers[b].depth;
      bar += levels[static_cast<size_t>(std::min(8, (n * 8 + depth - 1) / depth))];
    }
    const auto bytes = static_cast<uint32_t>(plan.buffers[b].depth) * static_cast<uint32_t>(buffer.row_bytes);
    text += format("  %-26s %8s  %3d of %3d |", shortened(buffer.name, 26).c_str(), grouped(bytes).c_str(), plan.buffers[b].depth,
                   buffer.rows) + bar + "|\n";
  }
  std::vector<uint32_t> most(static_cast<size_t>(columns), 0);
  const std::vector<uint32_t> live = live_bytes(problem, plan);
  for (size_t f = 0; f < live.size(); ++f) show(most, static_cast<int64_t>(f), live[f]);
  std::string bar;
  for (uint32_t n : most) bar += levels[std::min<size_t>(8, (uint64_t{n} * 8 + plan.arena_bytes - 1) / std::max(plan.arena_bytes, 1U))];
  return text + format("  %-26s %8s  %10s |", "arena", grouped(plan.arena_bytes).c_str(), "") + bar + "|\n";
}

std::string svg_chart(const Problem& problem, const Plan& plan, const std::string& title) {
  constexpr double width = 960, height = 480, left = 70, top = 48, legend = 250;
  static constexpr std::array<const char*, 10> colours = {"#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2",
                                                          "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#86bcb6"};
  const double firings = std::max<double>(static_cast<double>(plan.firings.size()), 1);
  const double bytes = std::max<double>(plan.arena_bytes, 1);
  const auto x = [&](double f) { return left + std::clamp(f, 0.0, firings) / firings * width; };
  const auto y = [&](double at) { return top + height - at / bytes * height; };
  std::string text = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
      left + width + legend + 20, top + height + 48);
  text += "<text x=\"" + format("%.0f", left) + "\" y=\"26\" font-size=\"17\" font-weight=\"600\" fill=\"#222\">" + escaped(title) + "</text>\n";
  for (int tick = 0; tick <= 4; ++tick) {
    const auto at = static_cast<uint32_t>(bytes * tick / 4);
    text += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, left + width, y(at), y(at));
    text += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">", left - 8, y(at) + 4) + grouped(at) + "</text>\n";
  }
  text += format("<text x=\"%.1f\" y=\"%.1f\" fill=\"#555\">time: %zu kernel calls from left to right; height: address in the arena, in bytes; grey: scratch</text>\n",
                 left, top + height + 30, plan.firings.size());
  // Neighbouring rows of one buffer with overlapping lives join into fewer shapes only by eye: rectangles abut.
  for (const RowLife& life : row_lives(problem, plan)) {
    const auto b = static_cast<size_t>(life.buffer);
    const double row_bytes = problem.buffers[b].row_bytes;
    const double at = plan.buffers[b].offset + life.row % plan.buffers[b].depth * row_bytes;
    text += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"0.85\"/>\n", x(life.born),
                   y(at + row_bytes), std::max(x(life.dies + 1) - x(life.born), 0.6), std::max(row_bytes / bytes * height, 0.4),
                   colours[b % colours.size()]);
  }
  for (size_t f = 0; f < plan.firings.size(); ++f) {
    const auto o = static_cast<size_t>(plan.firings[f].operation);
    const double scratch = problem.operations[o].scratch_bytes;
    if (scratch <= 0) continue;
    text += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#bbb\"/>\n", x(static_cast<double>(f)),
                   y(plan.scratch[o] + scratch), std::max(x(static_cast<double>(f) + 1) - x(static_cast<double>(f)), 0.6), scratch / bytes * height);
  }
  const double pitch = std::min(16.0, height / static_cast<double>(std::max<size_t>(problem.buffers.size(), 1)));
  for (size_t b = 0; b < problem.buffers.size(); ++b) {
    const double at = top + pitch * static_cast<double>(b);
    text += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"%.1f\" fill=\"%s\"/>", left + width + 16, at, pitch * 0.7,
                   colours[b % colours.size()]);
    text += format("<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" fill=\"#333\">", left + width + 32, at + pitch * 0.65, std::min(11.0, pitch * 0.75)) +
            escaped(shortened(problem.buffers[b].name, 28)) + format(" %d/%d rows</text>\n", plan.buffers[b].depth, problem.buffers[b].rows);
  }
  return text + "</svg>\n";
}

}  // namespace smelt::plan
