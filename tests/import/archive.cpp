#include "tests/import/archive.hpp"

#include <zip.h>

#include <stdexcept>

namespace smelt::testing {

Bytes archive(const std::vector<ArchiveEntry>& entries) {
  const auto must = [](bool ok) {
    if (!ok) throw std::runtime_error("libzip could not write an archive");
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  must(target != nullptr);
  zip_source_keep(target);
  zip_t* zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  must(zip != nullptr);
  for (const ArchiveEntry& e : entries) {
    if (e.name.back() == '/') {
      must(zip_dir_add(zip, e.name.c_str(), 0) >= 0);
      continue;
    }
    zip_source_t* content = zip_source_buffer(zip, e.content.data(), e.content.size(), 0);
    const zip_int64_t index = zip_file_add(zip, e.name.c_str(), content, 0);
    must(index >= 0);
    const auto at = static_cast<zip_uint64_t>(index);
    must(zip_set_file_compression(zip, at, e.deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) == 0);
    must(zip_file_set_mtime(zip, at, 0, 0) == 0);
  }
  must(zip_close(zip) == 0);
  zip_stat_t stat;
  must(zip_source_stat(target, &stat) == 0 && zip_source_open(target) == 0);
  Bytes bytes(stat.size);
  must(zip_source_read(target, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

}  // namespace smelt::testing
