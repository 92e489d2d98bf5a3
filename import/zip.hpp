// Zip archives in memory. Entries are only ever read into memory, so their names can lead nowhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

struct zip;

namespace smelt {

bool is_zip(std::span<const uint8_t> bytes);

/// An archive opened for reading; the bytes must outlive it. Stored and deflated entries, without encryption.
class Zip {
 public:
  /// `name` is the file's, for messages.
  static Result<Zip> open(std::span<const uint8_t> bytes, const std::string& name);

  /// Names as they stand in the archive (any bytes), folders left out, each name once, in the archive's order.
  const std::vector<std::string>& entries() const { return entries_; }
  bool has(const std::string& entry) const;

  /// An entry unpacked, its checksum verified; refused when it is larger than `limit`, without unpacking more than
  /// that.
  Result<Bytes> read(const std::string& entry, int64_t limit) const;

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  Zip(std::unique_ptr<zip, Close> archive, std::string name);

  std::unique_ptr<zip, Close> archive_;
  std::string name_;
  std::vector<std::string> entries_;
  std::vector<uint64_t> indices_;  ///< of the entries, in the archive
};

}  // namespace smelt
