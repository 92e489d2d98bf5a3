#include "verify/elf.hpp"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace smelt::verify {
namespace {

/// Copy of a T at `offset`, false where the file ends before it does.
template <class T>
bool get(const std::vector<char>& bytes, std::size_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof value) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return true;
}

}  // namespace

std::map<std::string, std::uint32_t> section_sizes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  std::map<std::string, std::uint32_t> sizes;
  Elf32_Ehdr header;
  if (!get(bytes, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return sizes;
  if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB) return sizes;
  const auto section = [&](std::size_t i, Elf32_Shdr& s) { return get(bytes, header.e_shoff + i * sizeof s, s); };
  Elf32_Shdr names;
  if (!section(header.e_shstrndx, names)) return sizes;
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    Elf32_Shdr s;
    if (!section(i, s)) break;
    std::string name;
    char c = 0;
    for (std::size_t at = std::size_t{names.sh_offset} + s.sh_name; get(bytes, at, c) && c != '\0'; ++at) name += c;
    sizes[name] += s.sh_size;
  }
  return sizes;
}

}  // namespace smelt::verify
