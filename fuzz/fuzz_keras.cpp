// .h5 and .keras files the whole way. Archives are unpacked, changed and packed again, or their checksums would keep
// everything out; their descriptions are changed as trees.
#include <zlib.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/check.hpp"
#include "fuzz/random.hpp"
#include "import/keras.hpp"
#include "import/zip.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace smelt::fuzz {
namespace {

using Json = nlohmann::json;

struct Entry {
  std::string name;
  Bytes content;
};

void put(Bytes& to, std::initializer_list<std::pair<uint64_t, int>> fields) {
  for (const auto& [value, size] : fields) {
    for (int b = 0; b < size; ++b) to.push_back(static_cast<uint8_t>(value >> 8 * b));
  }
}

/// A zip archive of stored entries.
Bytes pack(const std::vector<Entry>& entries) {
  Bytes all, directory;
  for (const Entry& e : entries) {
    const uint64_t crc = crc32(0, e.content.data(), static_cast<uInt>(e.content.size())), size = e.content.size(),
                   at = all.size();
    put(all, {{0x04034b50, 4}, {20, 2}, {0, 8}, {crc, 4}, {size, 4}, {size, 4}, {e.name.size(), 2}, {0, 2}});
    all.insert(all.end(), e.name.begin(), e.name.end());
    all.insert(all.end(), e.content.begin(), e.content.end());
    put(directory, {{0x02014b50, 4},
                    {20, 2},
                    {20, 2},
                    {0, 8},
                    {crc, 4},
                    {size, 4},
                    {size, 4},
                    {e.name.size(), 2},
                    {0, 8},
                    {0, 4},
                    {at, 4}});
    directory.insert(directory.end(), e.name.begin(), e.name.end());
  }
  const uint64_t n = entries.size(), at = all.size();
  all.insert(all.end(), directory.begin(), directory.end());
  put(all, {{0x06054b50, 4}, {0, 4}, {n, 2}, {n, 2}, {directory.size(), 4}, {at, 4}, {0, 2}});
  return all;
}

std::vector<Entry> unpack(std::span<const uint8_t> bytes) {
  std::vector<Entry> entries;
  const Result<Zip> zip = Zip::open(bytes, "fuzz");
  if (!zip) return entries;
  for (const std::string& name : zip->entries()) {
    Result<Bytes> content = zip->read(name, 1 << 20);
    if (content) entries.push_back({name, std::move(*content)});
  }
  return entries;
}

/// Any value of the tree, by a walk that ends somewhere.
Json& anywhere(Json& root, Random& random) {
  Json* at = &root;
  while ((at->is_object() || at->is_array()) && !at->empty() && random() / 7 % 12 != 0) {
    auto next = at->begin();
    std::advance(next, static_cast<std::ptrdiff_t>(random() / 7 % at->size()));
    at = &*next;
  }
  return *at;
}

void change(Json& root, Random& random) {
  Json& at = anywhere(root, random);
  const uint32_t how = static_cast<uint32_t>(random() / 7 % 6);
  if (how == 0) {
    at = Json(anywhere(root, random));  // a copy: it may contain this one
  } else if (how == 1 && at.is_array() && !at.empty()) {
    at.erase(random() / 7 % at.size());
  } else if (how == 2 && at.is_array() && !at.empty()) {
    at.push_back(Json(at[random() / 7 % at.size()]));
  } else if (how == 3 && at.is_object() && !at.empty()) {
    auto gone = at.begin();
    std::advance(gone, static_cast<std::ptrdiff_t>(random() / 7 % at.size()));
    at.erase(gone);
  } else if (at.is_number()) {
    const double numbers[] = {0, 1, 2, 3, -1, 5, 17, 0.5, 65536, 2147483647, -2147483648.0, 1e18, 1e300};
    at = random() / 7 % 2 != 0 ? Json(static_cast<int64_t>(random() / 7 % 9))
                               : Json(numbers[random() / 7 % std::size(numbers)]);
  } else if (at.is_boolean()) {
    at = !at.get<bool>();
  } else if (how == 4) {
    at = nullptr;
  } else {
    at = Json(anywhere(root, random));
  }
}

void mutate(Entry& e, Random& random) {
  if (e.name == "config.json" && random() / 7 % 10 != 0) {
    Json json = Json::parse(e.content.begin(), e.content.end(), nullptr, false);
    if (!json.is_discarded()) {
      do change(json, random);
      while (random() / 7 % 3 == 0);
      const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
      e.content.assign(text.begin(), text.end());
      return;
    }
  }
  const size_t size = e.content.size();
  e.content.resize(size + 64);
  e.content.resize(LLVMFuzzerMutate(e.content.data(), size, e.content.size()));
}

}  // namespace
}  // namespace smelt::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  constexpr uint32_t share = 16;  // most changes are to what the reader reads
  if (smelt::is_keras(bytes)) smelt::fuzz::check(smelt::parse_keras(bytes, "fuzz.keras"), bytes, share);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  smelt::fuzz::Random random(seed + 1);
  if (random() / 7 % 16 != 0) {
    std::vector<smelt::fuzz::Entry> entries = smelt::fuzz::unpack({data, size});
    if (!entries.empty()) {
      smelt::fuzz::mutate(entries[random() / 7 % entries.size()], random);
      const smelt::Bytes packed = smelt::fuzz::pack(entries);
      if (packed.size() <= max_size) {
        std::memcpy(data, packed.data(), packed.size());
        return packed.size();
      }
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
