// HDF5 as Keras writes it, read without the HDF5 library, which does not bear hostile files.
//
// Read: superblocks 0 and 1, version 1 object headers, groups as symbol tables, datasets of floats (16, 32, 64 bits)
// stored compact, contiguous or in chunks (deflated, shuffled), attributes that are strings of fixed or variable
// length. Refused by name: the formats behind libver="latest", links to other files, external storage, committed types.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"
#include "ir/graph.hpp"

namespace smelt {

bool is_hdf5(std::span<const uint8_t> bytes);

/// A file in memory; the bytes must outlive it. Objects are named by their path from the root: "a/b", "" for the root.
/// Time and memory of all calls together stay in proportion to the file's size, whatever it holds.
class Hdf5 {
 public:
  struct Array {
    Shape shape;
    std::vector<float> values;
  };

  static Result<Hdf5> open(std::span<const uint8_t> bytes, const std::string& name);
  Hdf5(Hdf5&&) noexcept;
  ~Hdf5();

  /// Whether there is such an object, and nothing on the way to it is damaged.
  bool has(const std::string& path);
  Result<std::vector<std::string>> members(const std::string& group);  ///< names, sorted
  bool has_attribute(const std::string& path, const std::string& attribute);
  Result<std::vector<std::string>> strings(const std::string& path, const std::string& attribute);
  Result<Array> array(const std::string& path);

 private:
  struct File;
  explicit Hdf5(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace smelt
