#include "import/zip.hpp"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "import/text.hpp"

namespace smelt {
namespace {

/// libzip allocates a few hundred bytes for an entry of 46, so their number is bounded before it looks.
constexpr size_t max_entries = 65536;

size_t directory_records(std::span<const uint8_t> bytes) {
  constexpr uint8_t signature[] = {'P', 'K', 1, 2};
  size_t found = 0;
  for (auto at = bytes.begin();; at += std::size(signature), ++found) {
    at = std::search(at, bytes.end(), std::begin(signature), std::end(signature));
    if (at == bytes.end()) return found;
  }
}

std::string message(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Failure damaged(const std::string& place, const std::string& why) {
  return {"E0120", place, "the zip archive is damaged: " + why, "make or download it again"};
}

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

bool is_zip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' &&
         ((bytes[2] == 3 && bytes[3] == 4) || (bytes[2] == 5 && bytes[3] == 6));
}

void Zip::Close::operator()(zip* archive) const { zip_discard(archive); }

Zip::Zip(std::unique_ptr<zip, Close> archive, std::string name)
    : archive_(std::move(archive)), name_(std::move(name)) {}

Result<Zip> Zip::open(std::span<const uint8_t> bytes, const std::string& name) {
  if (!is_zip(bytes)) return Failure("E0120", name, "this is not a zip archive");
  if (directory_records(bytes) > max_entries) {
    return Failure("E0121", name, "the zip archive has more than " + std::to_string(max_entries) + " entries");
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return damaged(name, message(error));
  std::unique_ptr<zip, Close> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) {
    zip_source_free(source);
    return damaged(name, message(error));
  }
  zip_error_fini(&error);

  Zip opened(std::move(archive), name);
  std::set<std::string> seen;
  const auto count = static_cast<uint64_t>(zip_get_num_entries(opened.archive_.get(), 0));
  for (uint64_t i = 0; i < count; ++i) {
    const char* raw = zip_get_name(opened.archive_.get(), i, ZIP_FL_ENC_RAW);
    if (raw == nullptr) return damaged(name, "an entry has no name");
    const std::string entry = raw;
    if (entry.empty() || entry.back() == '/') continue;
    if (!seen.insert(entry).second) return damaged(name, "it has two entries \"" + printable(entry, 80) + "\"");
    opened.entries_.push_back(entry);
    opened.indices_.push_back(i);
  }
  return opened;
}

bool Zip::has(const std::string& entry) const {
  return std::find(entries_.begin(), entries_.end(), entry) != entries_.end();
}

Result<Bytes> Zip::read(const std::string& entry, int64_t limit) const {
  const auto found = std::find(entries_.begin(), entries_.end(), entry);
  const std::string place = name_ + ": entry \"" + printable(entry, 80) + "\"";
  if (found == entries_.end()) return Failure("E0122", place, "the zip archive has no such entry");
  const uint64_t index = indices_[static_cast<size_t>(found - entries_.begin())];

  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & needed) != needed) {
    return damaged(place, "its directory does not describe the entry");
  }
  if (stat.encryption_method != ZIP_EM_NONE)
    return Failure("E0124", place, "the entry is encrypted", "store it without a password");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    return Failure("E0124", place, "the entry is compressed by method " + std::to_string(stat.comp_method),
                   "store or deflate it");
  }
  const Failure large("E0123", place,
                      "the entry unpacks to more than the " + std::to_string(limit) + " bytes that are accepted here");
  if (stat.size > static_cast<uint64_t>(limit)) return large;

  std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive_.get(), index, 0));
  if (file == nullptr) return damaged(place, zip_strerror(archive_.get()));
  // The size that the directory states is not believed: memory grows with what comes.
  Bytes content;
  uint8_t block[16384];
  for (;;) {
    const int64_t got = zip_fread(file.get(), block, sizeof block);
    if (got < 0) return damaged(place, zip_file_strerror(file.get()));
    if (got == 0) break;
    if (static_cast<int64_t>(content.size()) + got > limit) return large;
    content.insert(content.end(), block, block + got);
  }
  if (content.size() != stat.size) return damaged(place, "the entry is not as long as its directory says");
  return content;
}

}  // namespace smelt
