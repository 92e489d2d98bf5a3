#include "dataset/import.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dataset/sha256.hpp"
#include "import/file.hpp"

namespace smelt::dataset {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Stamp {
  std::int64_t bytes = -1, modified = 0;
};

Stamp stamp_of(const fs::path& file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0) return {};
  return {s.st_size, static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec};
}

const char* word_of(Gaps gaps) { return gaps == Gaps::split ? "split" : gaps == Gaps::fill ? "fill" : "refuse"; }

Json json_of(const DecodeOptions& o) {
  return {{"rate", o.rate}, {"ignore_time", o.ignore_time}, {"gaps", word_of(o.gaps)},         {"time_unit", o.time_unit},
          {"axes", o.axes}, {"label_column", o.label_column}, {"group_column", o.group_column}};
}

DecodeOptions options_of(const std::string& text) {
  const Json j = Json::parse(text, nullptr, false);
  DecodeOptions o;
  if (!j.is_object() || !j.contains("decode")) return o;
  const Json& d = j["decode"];
  o.rate = d.value("rate", 0.0);
  o.ignore_time = d.value("ignore_time", false);
  const std::string gaps = d.value("gaps", "refuse");
  o.gaps = gaps == "split" ? Gaps::split : gaps == "fill" ? Gaps::fill : Gaps::refuse;
  o.time_unit = d.value("time_unit", "");
  o.axes = d.value("axes", std::vector<std::string>{});
  o.label_column = d.value("label_column", "");
  o.group_column = d.value("group_column", "");
  return o;
}

/// Texts that lie beside recordings.
bool beside(const fs::path& file) {
  std::string stem = file.stem().string();
  std::transform(stem.begin(), stem.end(), stem.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool text = file.extension() == ".txt" || file.extension() == ".csv";
  return text && (stem.rfind("readme", 0) == 0 || stem.rfind("license", 0) == 0 || stem == "labels" || stem == "requirements");
}

Outcome walk(const fs::path& folder, std::vector<fs::path>& files) {
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
       at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (error) return Failure("E0101", folder.string(), error.message(), "check the folder");
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (name.front() == '.') {
      if (at->is_directory(ignored)) at.disable_recursion_pending();
    } else if (at->is_regular_file(ignored) && is_recording(name) && !beside(at->path())) {
      files.push_back(at->path());
    }
  }
  if (error) return Failure("E0101", folder.string(), error.message(), "check the folder");
  return Done{};
}

void describe(Recording& r, const Part& part) {
  r.rate = part.signal.rate;
  for (const Axis& a : part.signal.axes) r.axes.push_back(a);
  r.samples = part.signal.samples();
  r.facts = facts_of(part.signal);
  r.print = fingerprint_of(part.signal);
  for (const std::string& n : part.notes) r.notes.push_back(printable(n));
}

void describe(Recording& r, const data::Image& image) {
  r.samples = 1;
  r.width = image.width;
  r.height = image.height;
  r.facts = facts_of(image);
  r.print = fingerprint_of(image);
}

}  // namespace

Result<Examiner> Examiner::make(const project::Project& project, const ImportOptions& options) {
  Examiner e(project, options);
  std::vector<fs::path> roots;
  for (const std::string& path : options.paths) {
    std::error_code error;
    const fs::path root = fs::absolute(path, error).lexically_normal();
    roots.push_back(root);
    if (!fs::exists(root, error)) return Failure("E0101", path, "no such file or folder", "check the path");
    if (!fs::is_directory(root, error)) {
      e.files_.push_back(root);
    } else if (Outcome o = walk(root, e.files_); !o) {
      return o.failure();
    }
  }
  std::sort(e.files_.begin(), e.files_.end());
  e.files_.erase(std::unique(e.files_.begin(), e.files_.end()), e.files_.end());
  if (e.files_.empty()) {
    return Failure("E1022", options.paths.empty() ? "" : options.paths[0], "holds no recordings",
                   "read are .csv, .tsv, .txt, .wav, .flac, .ogg, .npy, .jpg, .png, and Edge Impulse's .json and .cbor");
  }
  Result<Labeller> labeller = Labeller::make(options.labels, roots);
  if (!labeller) return labeller.failure();
  e.labeller_ = std::move(*labeller);
  e.take(project);
  return e;
}

void Examiner::take(const project::Project& project) {
  project_ = project;
  decode_ = options_.decode;
  decode_.label_column = labeller_.label_column();
  decode_.group_column = labeller_.group_column();
  if (decode_.kind == Kind::unknown) decode_.kind = project.data.kind;
  if (decode_.rate == 0) decode_.rate = project.data.rate;
  if (decode_.axes.empty()) decode_.axes = project.data.axes;
}

std::string Examiner::options_text() const {
  const LabelOptions& l = options_.labels;
  const Json j = {{"decode", json_of(decode_)}, {"labels", {labeller_.rule(), l.group_from, l.label}}};
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Examiner::stored_path(const fs::path& file) const {
  std::error_code error;
  const fs::path root = fs::absolute(project_.root, error).lexically_normal();
  const fs::path relative = file.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? file.string() : relative.string();
}

bool Examiner::unchanged(const fs::path& file, const File& stored) const {
  const Stamp stamp = stamp_of(file);
  return stamp.bytes == stored.bytes && stamp.modified == stored.modified && stored.options == options_text();
}

Result<Examined> Examiner::examine(const fs::path& file) const {
  const Stamp stamp = stamp_of(file);
  const Result<Bytes> bytes = read_file(file.string(), max_recording_bytes);
  if (!bytes) return bytes.failure();
  const Result<Named> named = labeller_.of(file);
  if (!named) return named.failure();
  Examined e;
  e.file = {0, stored_path(file), stamp.bytes, stamp.modified, hex(sha256(*bytes)), "", options_text()};
  Result<Decoded> decoded = decode(*bytes, file.string(), decode_);
  if (!decoded) return decoded.failure();
  e.content = std::move(*decoded);
  e.file.format = e.content.format;
  if (!options_.hmac_key.empty() && e.content.format.rfind("edge-impulse", 0) == 0) {
    if (Outcome o = check_signature(*bytes, file.string(), options_.hmac_key); !o) return o.failure();
  }
  const size_t parts = e.content.kind == Kind::image ? 1 : e.content.parts.size();
  for (size_t p = 0; p < parts; ++p) {
    Recording r;
    r.path = e.file.path;
    r.part = static_cast<int>(p);
    r.parts = static_cast<int>(parts);
    r.kind = e.content.kind;
    r.format = e.file.format;
    r.sha256 = e.file.sha256;
    r.bytes = e.file.bytes;
    r.modified = e.file.modified;
    r.label = named->label;
    r.group = named->group;
    r.split = named->split;
    if (r.kind == Kind::image) {
      describe(r, e.content.image);
    } else {
      const Part& part = e.content.parts[p];
      describe(r, part);
      if (!decode_.label_column.empty() && !part.label.empty() && options_.labels.label.empty()) r.label = part.label;
      if (!part.group.empty()) r.group = part.group;
    }
    r.label = printable(r.label);
    r.group = printable(r.group);
    e.recordings.push_back(std::move(r));
  }
  return e;
}

Result<ImportReport> import(project::Project& project, Index& index, const ImportOptions& options, const ImportProgress& progress) {
  Result<Examiner> examiner = Examiner::make(project, options);
  if (!examiner) return examiner.failure();
  ImportReport report;
  report.label_rule = examiner->label_rule();
  const Result<std::vector<Recording>> before = index.recordings();
  if (!before) return before.failure();
  std::map<std::string, std::vector<const Recording*>> known;
  for (const Recording& r : *before) known[r.path].push_back(&r);
  const size_t all = examiner->files().size();
  bool complete = false;
  for (size_t i = 0; i < all; ++i) {
    const fs::path& file = examiner->files()[i];
    const std::string path = examiner->stored_path(file);
    const auto tell = [&](const char* what) {
      if (progress) progress(i + 1, all, path, what);
    };
    const Result<std::optional<File>> stored = index.file(path);
    if (!stored) return stored.failure();
    if (*stored && !options.again && examiner->unchanged(file, **stored)) {
      ++report.unchanged;
      tell("unchanged");
      continue;
    }
    Result<Examined> examined = examiner->examine(file);
    if (!examined) {
      const auto& why = examined.failure().diagnostics;
      if (examined.failure().exit == ExitCode::usage) return examined.failure();
      report.refused.insert(report.refused.end(), why.begin(), why.end());
      tell("refused");
      continue;
    }
    if (!complete) {
      const Recording& r = examined->recordings.front();
      std::vector<std::string> axes = options.decode.axes;
      if (axes.empty()) {
        for (const Axis& a : r.axes) axes.push_back(a.name);
      }
      if (Outcome o = project::complete(project, r.kind, r.rate, axes); !o) return o.failure();
      examiner->take(project);
      examined->file.options = examiner->options_text();  // it says the same again: it was read as the project now is
      complete = true;
    }
    // What `split` said of a recording stays with it.
    for (Recording& r : examined->recordings) {
      for (const Recording* old : known[path]) {
        if (old->part == r.part && old->parts == r.parts && old->label == r.label && r.split == Split::none) r.split = old->split;
      }
      if (r.label.empty()) ++report.unlabelled;
      report.seconds += r.seconds();
    }
    if (Outcome o = index.put(examined->file, examined->recordings); !o) return o.failure();
    report.recordings += examined->recordings.size();
    ++(*stored ? report.replaced : report.added);
    tell(*stored ? "replaced" : "added");
  }
  if (Outcome o = index.sync(); !o) return o.failure();
  return report;
}

Result<Decoded> read_again(const project::Project& project, const File& file, Kind kind) {
  const fs::path path = fs::path(file.path).is_absolute() ? fs::path(file.path) : project.root / file.path;
  const Stamp stamp = stamp_of(path);
  const Result<Bytes> bytes = read_file(path.string(), max_recording_bytes);
  if (!bytes) return bytes.failure();
  const bool touched = stamp.bytes != file.bytes || stamp.modified != file.modified;
  if (touched && hex(sha256(*bytes)) != file.sha256) {
    return Failure("E1024", path.string(), "has changed since it was imported", "import it again");
  }
  DecodeOptions options = options_of(file.options);
  options.kind = kind;
  if (!project.data.axes.empty()) options.axes = project.data.axes;
  return decode(*bytes, path.string(), options);
}

}  // namespace smelt::dataset
