#include "cli/data.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cli/commands.hpp"
#include "dataset/check.hpp"
#include "dataset/split.hpp"
#include "dataset/stats.hpp"

namespace smelt::cli {

namespace {

namespace fs = std::filesystem;
using dataset::Amount;
using dataset::Recording;
using dataset::Split;
using dataset::Store;

Result<project::Project> opened(const DataOptions& d) {
  const Result<fs::path> root = project::find_root(d.project.empty() ? fs::path(".") : fs::path(d.project));
  if (!root) return root.failure();
  return project::load(*root);
}

Result<Store> store_of(const DataOptions& d) {
  const Result<project::Project> project = opened(d);
  if (!project) return project.failure();
  return Store::open(*project);
}

std::string duration(double seconds) {
  char text[60];
  if (seconds >= 5400) std::snprintf(text, sizeof text, "%.2f h", seconds / 3600);
  else if (seconds >= 90) std::snprintf(text, sizeof text, "%.1f min", seconds / 60);
  else std::snprintf(text, sizeof text, "%.2f s", seconds);
  return text;
}

std::string one_digit(double v) {
  char text[60];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string short_number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

const char* split_word(Split s) { return s == Split::none ? "none" : dataset::name_of(s); }

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> all(1);
  for (const char c : list) {
    if (c == ',') all.emplace_back();
    else if (c != ' ') all.back() += c;
  }
  if (all.size() == 1 && all[0].empty()) all.clear();
  return all;
}

Json json_of(const Amount& a) { return {{"recordings", a.recordings}, {"seconds", a.seconds}, {"windows", a.windows}}; }

Json json_of(const Recording& r) {
  Json axes = Json::array(), facts = Json::array();
  for (const dataset::Axis& a : r.axes) axes.push_back({{"name", a.name}, {"unit", a.unit}});
  for (const dataset::AxisFacts& f : r.facts) {
    facts.push_back({{"low", f.low}, {"high", f.high}, {"mean", f.mean}, {"deviation", f.deviation}, {"clipped", f.clipped}, {"stuck", f.stuck}});
  }
  Json j = {{"id", r.id}, {"name", r.name()}, {"path", r.path}, {"part", r.part}, {"kind", project::name_of(r.kind)}, {"format", r.format},
            {"label", r.label}, {"group", r.group}, {"split", split_word(r.split)}, {"sha256", r.sha256}, {"notes", r.notes}, {"facts", facts}};
  if (r.kind == project::Kind::image) {
    j.update({{"width", r.width}, {"height", r.height}});
  } else {
    j.update({{"rate", r.rate}, {"samples", r.samples}, {"seconds", r.seconds()}, {"axes", axes}});
  }
  return j;
}

dataset::ImportOptions import_options(const DataOptions& d) {
  dataset::ImportOptions o;
  o.paths = d.paths;
  o.labels = {d.label_from, d.group_from, d.label};
  o.decode.rate = d.rate.value_or(0);
  o.decode.axes = words(d.axes);
  o.decode.gaps = d.gaps == "split" ? dataset::Gaps::split : d.gaps == "fill" ? dataset::Gaps::fill : dataset::Gaps::refuse;
  o.decode.time_unit = d.time_unit;
  o.decode.ignore_time = d.ignore_time;
  o.hmac_key = d.hmac_key;
  o.again = d.again;
  return o;
}

/// The first few, so that a folder of the wrong kind does not fill the screen.
Failure few(std::vector<Diagnostic> refused) {
  constexpr size_t shown = 20;
  Failure f;
  const size_t more = refused.size() > shown ? refused.size() - shown : 0;
  refused.resize(refused.size() - more);
  f.diagnostics = std::move(refused);
  if (more != 0) f.diagnostics.push_back({f.diagnostics.back().code, "", "and " + std::to_string(more) + " more files were refused", "--verbose or --json names them all"});
  return f;
}

std::string summary(const dataset::ImportReport& r) {
  std::string text = "  " + grouped(r.recordings) + (r.recordings == 1 ? " recording" : " recordings");
  if (r.seconds > 0) text += ", " + duration(r.seconds);
  text += ": " + grouped(r.added) + " files added, " + grouped(r.replaced) + " replaced, " + grouped(r.unchanged) + " unchanged, " + grouped(r.refused.size()) + " refused\n";
  text += "  labels from: " + (r.label_rule == "auto" ? "a column of the file, else its folder" : r.label_rule) + (r.unlabelled > 0 ? "; " + grouped(r.unlabelled) + " recordings have none" : "") + "\n";
  return text;
}

}  // namespace

Result<ExitCode> init_project(const Options& options) {
  const Result<project::Project> p = project::create(options.data.name, options.data.task, project::kind_of(options.data.kind));
  if (!p) return p.failure();
  if (options.json) {
    std::fputs(text(Json{{"name", p->name}, {"task", p->task}, {"file", p->file().string()}}).c_str(), stdout);
    return ExitCode::ok;
  }
  std::printf("  %s\n  next: cd %s && smelt data import FOLDER\n", p->file().string().c_str(), options.data.name.c_str());
  return ExitCode::ok;
}

Result<ExitCode> data_import(const Options& options) {
  const DataOptions& d = options.data;
  Result<Store> store = store_of(d);
  if (!store) return store.failure();
  project::Project p = store->project();
  Json files = Json::array();
  Result<dataset::ImportReport> report = [&] {
    ProgressBar bar("import");
    return dataset::import(p, store->index(), import_options(d), [&](size_t done, size_t all, const std::string& path, const std::string& what) {
      if (options.json) {
        files.push_back({{"path", path}, {"what", what}});
      } else if (d.verbose) {
        std::printf("%s %s\n", what.c_str(), path.c_str());
        std::fflush(stdout);
      } else {
        bar.show(done, all);
      }
    });
  }();
  if (!report) return report.failure();
  if (options.json) {
    Json refused = Json::array();
    for (const Diagnostic& x : report->refused) refused.push_back({{"code", x.code}, {"place", x.place}, {"reason", x.reason}, {"help", x.help}});
    std::fputs(text(Json{{"recordings", report->recordings}, {"seconds", report->seconds}, {"added", report->added}, {"replaced", report->replaced},
                         {"unchanged", report->unchanged}, {"unlabelled", report->unlabelled}, {"labels_from", report->label_rule}, {"files", files},
                         {"refused", refused}})
                   .c_str(), stdout);
  } else {
    std::fputs(summary(*report).c_str(), stdout);
  }
  if (!report->refused.empty()) return few(report->refused);
  return ExitCode::ok;
}

Result<ExitCode> data_forget(const Options& options) {
  Result<Store> store = store_of(options.data);
  if (!store) return store.failure();
  std::vector<std::string> paths;
  for (const std::string& word : options.data.paths) {
    const bool known = std::any_of(store->recordings().begin(), store->recordings().end(), [&](const Recording& r) { return r.path == word; });
    if (known) {
      paths.push_back(word);
      continue;
    }
    const Result<const Recording*> r = store->find(word);
    if (!r) return r.failure();
    paths.push_back((*r)->path);
  }
  const Result<size_t> count = store->index().remove(paths);
  if (!count) return count.failure();
  std::printf("  %zu %s forgotten; the files themselves stay\n", *count, *count == 1 ? "file" : "files");
  return ExitCode::ok;
}

Result<ExitCode> data_list(const Options& options) {
  const Result<Store> store = store_of(options.data);
  if (!store) return store.failure();
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows = {{"#", "recording", "label", "group", "split", "rate", "length", "windows", "axes", "notes"}};
  for (const Recording& r : store->recordings()) {
    if (!options.data.filter.empty() && r.label != options.data.filter) continue;
    if (!options.data.split.empty() && options.data.split != split_word(r.split)) continue;
    if (options.json) {
      list.push_back(json_of(r));
      list.back()["windows"] = dataset::windows_of(r, store->project());
      continue;
    }
    const bool image = r.kind == project::Kind::image;
    std::string axes, notes;
    for (const dataset::Axis& a : r.axes) axes += (axes.empty() ? "" : " ") + a.name;
    for (const std::string& n : r.notes) notes += (notes.empty() ? "" : "; ") + n;
    rows.push_back({std::to_string(r.id), r.name(), r.label, r.group, dataset::name_of(r.split), image ? "" : short_number(r.rate),
                    image ? std::to_string(r.width) + "x" + std::to_string(r.height) : duration(r.seconds()),
                    grouped(static_cast<std::uint64_t>(dataset::windows_of(r, store->project()))), axes, notes});
  }
  std::fputs((options.json ? text(list) : table(rows)).c_str(), stdout);
  return ExitCode::ok;
}

Result<ExitCode> data_stats(const Options& options) {
  const Result<Store> store = store_of(options.data);
  if (!store) return store.failure();
  const project::Project& p = store->project();
  const dataset::Statistics s = dataset::statistics(store->recordings(), p);
  constexpr Split order[] = {Split::train, Split::validation, Split::test, Split::none};
  if (options.json) {
    Json labels = Json::object(), splits = Json::object();
    for (const auto& [label, by_split] : s.by_label) {
      Json j = json_of(dataset::sum(by_split));
      for (const auto& [split, amount] : by_split) j["splits"][split_word(split)] = json_of(amount);
      labels[label] = j;
    }
    for (const auto& [split, amount] : s.by_split) splits[split_word(split)] = json_of(amount);
    Json j = {{"project", p.name}, {"kind", project::name_of(p.data.kind)}, {"rate", p.data.rate}, {"axes", p.data.axes},
              {"window_samples", p.window.length(p.data.rate)}, {"stride_samples", p.window.stride(p.data.rate)}, {"groups", s.groups},
              {"all", json_of(s.all)}, {"labels", labels}, {"splits", splits}};
    std::fputs(text(j).c_str(), stdout);
    return ExitCode::ok;
  }
  const bool image = p.data.kind == project::Kind::image;
  std::string head = p.name + ": " + project::name_of(p.data.kind);
  if (p.data.rate > 0) head += ", " + short_number(p.data.rate) + " Hz";
  if (!image) {
    for (size_t i = 0; i < p.data.axes.size(); ++i) head += (i == 0 ? ", " : " ") + p.data.axes[i];
    head += "; windows of " + grouped(static_cast<std::uint64_t>(p.window.length(p.data.rate))) + " samples every " + grouped(static_cast<std::uint64_t>(p.window.stride(p.data.rate)));
  }
  std::printf("%s\n\n", head.c_str());
  std::vector<std::vector<std::string>> rows = {{"label", "recordings", "seconds", "windows", "train", "validation", "test", "unsplit"}};
  const auto row = [&](const std::string& name, const Amount& all, const std::map<Split, Amount>& by_split) {
    rows.push_back({name, grouped(all.recordings), one_digit(all.seconds), grouped(static_cast<std::uint64_t>(all.windows))});
    for (const Split split : order) {
      const auto at = by_split.find(split);
      rows.back().push_back(at == by_split.end() ? "0" : grouped(static_cast<std::uint64_t>(at->second.windows)));
    }
  };
  for (const auto& [label, by_split] : s.by_label) row(label.empty() ? "(none)" : label, dataset::sum(by_split), by_split);
  row("all", s.all, s.by_split);
  std::printf("%s\n  columns from train on count windows%s\n", table(rows).c_str(),
              s.groups > 0 ? ("; " + std::to_string(s.groups) + (s.groups == 1 ? " group" : " groups")).c_str() : "");
  return ExitCode::ok;
}

Result<ExitCode> data_split(const Options& options) {
  const DataOptions& d = options.data;
  Result<Store> store = store_of(d);
  if (!store) return store.failure();
  project::Split how = store->project().split;
  if (!d.by.empty()) how.by_group = d.by == "group";
  if (d.seed) how.seed = *d.seed;
  if (!d.proportions.empty()) std::copy_n(d.proportions.begin(), 3, how.proportions);
  for (size_t s = 0; s < 3; ++s) {
    if (!d.fixed[s].empty()) how.fixed[s] = d.fixed[s];
  }
  const auto splits = dataset::assign_splits(store->recordings(), how, d.keep);
  if (!splits) return splits.failure();
  if (Outcome o = store->index().assign(*splits); !o) return o.failure();
  return data_stats(options);
}

Result<ExitCode> data_check(const Options& options) {
  const Result<Store> store = store_of(options.data);
  if (!store) return store.failure();
  const std::vector<dataset::Finding> findings = dataset::check(*store);
  const bool bad = std::any_of(findings.begin(), findings.end(), [](const dataset::Finding& f) { return f.level == dataset::Level::error; });
  if (options.json) {
    Json list = Json::array();
    for (const dataset::Finding& f : findings) {
      list.push_back({{"level", f.level == dataset::Level::error ? "error" : "warning"}, {"kind", f.kind}, {"text", f.text}, {"remedy", f.remedy},
                      {"count", f.count}, {"examples", f.examples}});
    }
    std::fputs(text(Json{{"recordings", store->recordings().size()}, {"sound", !bad}, {"findings", list}}).c_str(), stdout);
    return bad ? ExitCode::mismatch : ExitCode::ok;
  }
  for (const dataset::Finding& f : findings) {
    std::printf("%s: %s\n  do: %s\n", f.level == dataset::Level::error ? "error" : "warning", f.text.c_str(), f.remedy.c_str());
    for (const std::string& e : f.examples) std::printf("      %s\n", e.c_str());
    if (f.count > f.examples.size() && !f.examples.empty()) std::printf("      and %zu more\n", f.count - f.examples.size());
  }
  if (findings.empty()) std::printf("  %s recordings, nothing found\n", grouped(store->recordings().size()).c_str());
  return bad ? ExitCode::mismatch : ExitCode::ok;
}

Result<ExitCode> data_plot(const Options& options) {
  const DataOptions& d = options.data;
  Result<Store> store = store_of(d);
  if (!store) return store.failure();
  const Result<const Recording*> found = store->find(d.recording);
  if (!found) return found.failure();
  const Recording& r = **found;
  const std::string title = r.name() + (r.label.empty() ? "" : ", " + r.label);
  if (r.kind == project::Kind::image) {
    if (!d.output.empty()) return Failure(ExitCode::usage, {"E1023", r.name(), "is a picture already", "open it as it is"});
    const Result<data::Image> image = store->image(r);
    if (!image) return image.failure();
    std::printf("%s\n%s", title.c_str(), draw(*image, 72).c_str());
    return ExitCode::ok;
  }
  Result<dataset::Signal> signal = store->signal(r);
  if (!signal) return signal.failure();
  const std::int64_t samples = signal->samples();
  const auto first = static_cast<std::int64_t>(std::min(d.from * signal->rate, static_cast<double>(samples)));
  const auto length = static_cast<std::int64_t>(std::min(d.seconds.value_or(1e12) * signal->rate, static_cast<double>(samples - first)));
  if (length < 1) return Failure(ExitCode::usage, {"E1023", r.name(), "has nothing there", "it is " + duration(signal->seconds()) + " long"});
  signal->values = dataset::cut(*signal, first, length);
  const double start = static_cast<double>(first) / signal->rate;
  if (d.output.empty()) {
    std::printf("%s\n%s", title.c_str(), draw(*signal, start, 72, signal->axes.size() > 3 ? 4 : 6).c_str());
    return ExitCode::ok;
  }
  const bool html = fs::path(d.output).extension() == ".html";
  std::ofstream out(d.output, std::ios::binary);
  out << draw_svg(*signal, start, title, html);
  out.close();
  if (!out) return Failure("E0601", d.output, "cannot be written", "check the folder and the free space");
  return ExitCode::ok;
}

}  // namespace smelt::cli
