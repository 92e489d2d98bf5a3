#include "import/file.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace smelt {

Result<Bytes> read_file(const std::string& path, int64_t limit) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Failure("E0101", path, "the file does not exist", "check the path");
  }
  if (error) return Failure("E0101", path, "the file cannot be looked at: " + error.message());
  if (status.type() != fs::file_type::regular) {
    const bool folder = status.type() == fs::file_type::directory;
    return Failure("E0102", path, folder ? "this is a folder, not a file" : "this is not a regular file",
                   "name the file itself");
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const int64_t size = file ? static_cast<int64_t>(file.tellg()) : -1;
  if (size < 0) return Failure("E0101", path, "the file cannot be opened", "check its permissions");
  if (size == 0) return Failure("E0103", path, "the file is empty", "it was not written to its end; make or download it again");
  if (size > limit) {
    return Failure(
        "E0104", path,
        "the file has " + std::to_string(size) + " bytes, at most " + std::to_string(limit) + " are accepted",
        "files this large are beyond what this tool is for");
  }
  Bytes bytes(static_cast<size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size)) {
    return Failure("E0101", path, "the file cannot be read to its end", "check the disk, then try again");
  }
  return bytes;
}

}  // namespace smelt
