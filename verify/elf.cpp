#include "verify/elf.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace smelt::verify {
namespace {

/// A file whose every read is checked against its end.
class Elf {
 public:
  explicit Elf(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    valid_ = get(0, header_) && std::memcmp(header_.e_ident, ELFMAG, SELFMAG) == 0 &&
             header_.e_ident[EI_CLASS] == ELFCLASS32 && header_.e_ident[EI_DATA] == ELFDATA2LSB;
  }

  /// Copy of a T at `offset`, false where the file ends before it does.
  template <class T>
  bool get(std::size_t offset, T& value) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) return false;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return true;
  }

  std::vector<Elf32_Shdr> sections() const {
    std::vector<Elf32_Shdr> all;
    Elf32_Shdr s;
    for (std::size_t i = 0; valid_ && i < header_.e_shnum && get(header_.e_shoff + i * sizeof s, s); ++i)
      all.push_back(s);
    return all;
  }

  std::size_t names_section() const { return header_.e_shstrndx; }

  /// The text at `offset` of a table of texts.
  std::string text(const Elf32_Shdr& table, std::size_t offset) const {
    std::string name;
    char c = 0;
    for (std::size_t at = std::size_t{table.sh_offset} + offset; get(at, c) && c != '\0'; ++at) name += c;
    return name;
  }

 private:
  std::vector<char> bytes_;
  Elf32_Ehdr header_{};
  bool valid_ = false;
};

/// Symbols of one type, sorted by address, one for each.
std::vector<Function> symbols(const std::filesystem::path& file, int type) {
  const Elf elf(file);
  const std::vector<Elf32_Shdr> sections = elf.sections();
  std::vector<Function> found;
  for (const Elf32_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB || table.sh_link >= sections.size()) continue;
    Elf32_Sym symbol;
    for (std::size_t at = 0; at + sizeof symbol <= table.sh_size && elf.get(std::size_t{table.sh_offset} + at, symbol);
         at += sizeof symbol) {
      if (ELF32_ST_TYPE(symbol.st_info) != type || symbol.st_shndx == SHN_UNDEF) continue;
      found.push_back({symbol.st_value & ~1U, symbol.st_size, elf.text(sections[table.sh_link], symbol.st_name)});
    }
  }
  const auto before = [](const Function& a, const Function& b) { return a.address < b.address; };
  std::stable_sort(found.begin(), found.end(), before);
  const auto same = [](const Function& a, const Function& b) { return a.address == b.address; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

}  // namespace

std::map<std::string, std::uint32_t> section_sizes(const std::filesystem::path& file) {
  const Elf elf(file);
  const std::vector<Elf32_Shdr> sections = elf.sections();
  std::map<std::string, std::uint32_t> sizes;
  if (elf.names_section() >= sections.size()) return sizes;
  for (const Elf32_Shdr& s : sections) sizes[elf.text(sections[elf.names_section()], s.sh_name)] += s.sh_size;
  return sizes;
}

std::vector<Function> functions(const std::filesystem::path& file) { return symbols(file, STT_FUNC); }
std::vector<Function> variables(const std::filesystem::path& file) { return symbols(file, STT_OBJECT); }

}  // namespace smelt::verify
