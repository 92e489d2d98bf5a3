// Source: HDF5 File Format Specification, version 1.1: II (superblock), III.A to III.E (trees, symbol tables, heaps),
// IV.A (object headers).
#include "import/hdf5.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <optional>

#include "import/hdf5_types.hpp"
#include "ir/half.hpp"
#include "import/text.hpp"

namespace smelt {

using hdf5::Cursor;
using hdf5::damaged;
using hdf5::Span;
using hdf5::undefined_address;
using hdf5::unread;
using hdf5::Wrong;

namespace {

constexpr uint16_t max_messages = 4096;  ///< of an object; HDF5 itself turns to other forms long before
constexpr uint8_t signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

enum : uint16_t {
  msg_space = 0x01,
  msg_link_info = 0x02,
  msg_type = 0x03,
  msg_link = 0x06,
  msg_external = 0x07,
  msg_layout = 0x08,
  msg_filters = 0x0b,
  msg_attribute = 0x0c,
  msg_continuation = 0x10,
  msg_symbol_table = 0x11,
};

struct Message {
  uint16_t type;
  uint8_t flags;
  Span data;
};

struct Attribute {
  hdf5::Type type;
  hdf5::Space space;
  Span data;
};

std::string text_of(Span bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return {begin, std::find(begin, begin + bytes.size(), '\0')};
}

std::vector<float> to_floats(const Bytes& bytes, const hdf5::Type& type) {
  std::vector<float> values(bytes.size() / type.size);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint8_t* at = &bytes[i * type.size];
    if (type.kind == hdf5::Type::float32) {
      std::memcpy(&values[i], at, sizeof(float));
    } else if (type.kind == hdf5::Type::float64) {
      double wide;
      std::memcpy(&wide, at, sizeof wide);
      values[i] = static_cast<float>(wide);
    } else {
      values[i] = from_half(static_cast<uint16_t>(at[0] | at[1] << 8));
    }
  }
  return values;
}

}  // namespace

struct Hdf5::File {
  File(Span content, std::string file_name)
      : bytes(content),
        name(std::move(file_name)),
        steps(content.size() / 4 + 1000),
        copies(8 * content.size() + (64U << 20)) {}

  const Span bytes;
  const std::string name;
  uint64_t root = 0;
  /// Each record of a sound file takes 8 bytes and more and is read once: what goes beyond that runs in circles.
  uint64_t steps;
  /// Bytes given out: a hostile file would have the same few unpacked or copied again and again.
  uint64_t copies;

  std::map<uint64_t, std::vector<Message>> headers;
  std::map<uint64_t, std::map<std::string, uint64_t>> groups;
  using Heap = std::map<uint32_t, Span>;  ///< strings of variable length, by their numbers
  std::map<uint64_t, Heap> heaps;

  void step() {
    if (steps-- == 0) damaged("its structures refer to each other in circles");
  }
  void spend(uint64_t n) {
    if (n > copies) throw Wrong{"E0133", "the HDF5 file unpacks to far more than its size", ""};
    copies -= n;
  }
  Span at(uint64_t address, uint64_t size) const {
    if (address > bytes.size() || size > bytes.size() - address) damaged("an address lies beyond its end");
    return bytes.subspan(static_cast<size_t>(address), static_cast<size_t>(size));
  }
  Cursor from(uint64_t address) const {
    return Cursor(at(address, address <= bytes.size() ? bytes.size() - address : 0));
  }

  void open();
  const std::vector<Message>& header(uint64_t address);
  const Message* find(uint64_t address, uint16_t type);
  const Message& need(uint64_t address, uint16_t type, const char* what);
  const std::map<std::string, uint64_t>& group(uint64_t address);
  void group_tree(uint64_t address, int level, Span names, std::map<std::string, uint64_t>& members);
  uint64_t lookup(const std::string& path);

  std::optional<Attribute> attribute(uint64_t object, const std::string& wanted);
  const Heap& heap(uint64_t address);
  std::string variable_string(Cursor reference);
  std::vector<std::string> strings(const Attribute& a);

  Array array(uint64_t object);
  Bytes content(uint64_t object, const hdf5::Type& type, const hdf5::Space& space);
  void chunks(uint64_t address, int level, const hdf5::Layout& layout, const std::vector<hdf5::Filter>& filters,
              const hdf5::Type& type, const hdf5::Space& space, Bytes& out);
};

// ---- superblock, object headers, groups ----

void Hdf5::File::open() {
  Cursor c(bytes);
  c.skip(sizeof signature);
  const uint8_t version = c.u8();
  if (version > 1) unread("a superblock of version " + std::to_string(version));
  c.skip(4);
  const uint8_t offsets = c.u8(), lengths = c.u8();
  if (offsets != 8 || lengths != 8) unread("addresses of " + std::to_string(offsets) + " bytes");
  c.skip(version == 0 ? 9 : 13);
  if (c.u64() != 0) unread("a base address other than 0");
  c.skip(24);  // free space, end of file, driver information
  c.skip(8);   // the root's name
  root = c.u64();
}

const std::vector<Message>& Hdf5::File::header(uint64_t address) {
  const auto known = headers.find(address);
  if (known != headers.end()) return known->second;
  Cursor c = from(address);
  const uint8_t version = c.u8();
  if (version == 'O') unread("object headers of version 2");
  if (version != 1) damaged("no object header where one should be");
  c.skip(1);
  const uint16_t count = c.u16();
  if (count > max_messages) damaged("an object header of " + std::to_string(count) + " messages");
  c.skip(4);
  const uint32_t size = c.u32();
  c.skip(4);
  std::vector<Message> messages;
  std::deque<Cursor> blocks = {Cursor(c.take(size))};
  for (uint16_t i = 0; i < count; ++i) {
    step();
    while (blocks.front().left() < 8 && blocks.size() > 1) blocks.pop_front();
    Cursor& block = blocks.front();
    const uint16_t type = block.u16(), length = block.u16();
    const uint8_t flags = block.u8();
    block.skip(3);
    messages.push_back({type, flags, block.take(length)});
    if (type != msg_continuation) continue;
    Cursor where(messages.back().data);
    const uint64_t begin = where.u64();
    blocks.emplace_back(at(begin, where.u64()));
  }
  return headers[address] = std::move(messages);
}

const Message* Hdf5::File::find(uint64_t address, uint16_t type) {
  for (const Message& m : header(address)) {
    if (m.type != type) continue;
    if ((m.flags & 2) != 0) unread("a shared message");
    return &m;
  }
  return nullptr;
}

const Message& Hdf5::File::need(uint64_t address, uint16_t type, const char* what) {
  const Message* m = find(address, type);
  if (m == nullptr) damaged(std::string("an object lacks its ") + what);
  return *m;
}

const std::map<std::string, uint64_t>& Hdf5::File::group(uint64_t address) {
  const auto known = groups.find(address);
  if (known != groups.end()) return known->second;
  const Message* table = find(address, msg_symbol_table);
  std::map<std::string, uint64_t> members;
  if (table == nullptr) {
    if (find(address, msg_link_info) != nullptr || find(address, msg_link) != nullptr)
      unread("a group of the later kind");
  } else {
    Cursor c(table->data);
    const uint64_t tree = c.u64();
    Cursor heap = from(c.u64());
    heap.expect("HEAP");
    heap.skip(4);
    const uint64_t size = heap.u64();
    heap.skip(8);
    group_tree(tree, -1, at(heap.u64(), size), members);
  }
  return groups[address] = std::move(members);
}

/// `level` is what the node above expects; -1 for the root. Levels fall by one from node to node, so that this ends.
void Hdf5::File::group_tree(uint64_t address, int level, Span names, std::map<std::string, uint64_t>& members) {
  Cursor c = from(address);
  c.expect("TREE");
  const uint8_t type = c.u8(), own = c.u8();
  if (type != 0 || (level >= 0 && own != level) || own > 16) damaged("a group's tree is not one");
  const uint16_t used = c.u16();
  c.skip(16);
  for (uint16_t i = 0; i < used; ++i) {
    step();
    c.skip(8);
    const uint64_t child = c.u64();
    if (own > 0) {
      group_tree(child, own - 1, names, members);
      continue;
    }
    Cursor node = from(child);
    node.expect("SNOD");
    node.skip(2);
    const uint16_t symbols = node.u16();
    for (uint16_t s = 0; s < symbols; ++s) {
      step();
      const uint64_t name_at = node.u64(), object = node.u64();
      const uint32_t cache = node.u32();
      node.skip(20);
      if (name_at >= names.size()) damaged("a name lies outside its heap");
      if (cache == 2) continue;  // a symbolic link; Keras writes none
      const Span rest = names.subspan(static_cast<size_t>(name_at));
      const std::string member = text_of(rest.first(std::min<size_t>(rest.size(), max_name_bytes)));
      if (member.empty() || !members.emplace(member, object).second) damaged("a group has a name twice");
    }
  }
}

uint64_t Hdf5::File::lookup(const std::string& path) {
  uint64_t object = root;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty()) continue;
    const auto& members = group(object);
    const auto found = members.find(part);
    if (found == members.end()) throw Wrong{"E0132", "there is no \"" + printable(part, 80) + "\" in the file", ""};
    object = found->second;
  }
  return object;
}

// ---- attributes ----

std::optional<Attribute> Hdf5::File::attribute(uint64_t object, const std::string& wanted) {
  for (const Message& m : header(object)) {
    if (m.type != msg_attribute) continue;
    step();
    if ((m.flags & 2) != 0) unread("a shared attribute");
    Cursor c(m.data);
    const uint8_t version = c.u8(), flags = c.u8();
    if (version < 1 || version > 3) unread("an attribute of version " + std::to_string(version));
    const uint16_t name_size = c.u16(), type_size = c.u16(), space_size = c.u16();
    if (version == 3) c.skip(1);  // how the name is encoded
    const auto part = [&](uint16_t size) { return version == 1 ? c.take_padded(size) : c.take(size); };
    if (text_of(part(name_size)) != wanted) continue;
    if (version > 1 && flags != 0) unread("an attribute of a committed type");
    const Span type = part(type_size), space = part(space_size);
    return Attribute{hdf5::read_type(Cursor(type)), hdf5::read_space(Cursor(space)), c.take(c.left())};
  }
  return std::nullopt;
}

const Hdf5::File::Heap& Hdf5::File::heap(uint64_t address) {
  const auto known = heaps.find(address);
  if (known != heaps.end()) return known->second;
  Cursor c = from(address);
  c.expect("GCOL");
  c.skip(4);
  const uint64_t size = c.u64();
  Cursor body(size < 16 ? Span() : c.take(size - 16));
  Heap objects;
  while (body.left() >= 16) {
    step();
    const uint16_t id = body.u16();
    body.skip(6);
    const uint64_t length = body.u64();
    if (id == 0) break;  // the rest is free
    objects.emplace(id, body.take(length));
    body.skip(std::min<uint64_t>((8 - length % 8) % 8, body.left()));
  }
  return heaps[address] = std::move(objects);
}

std::string Hdf5::File::variable_string(Cursor reference) {
  const uint32_t length = reference.u32();
  const uint64_t collection = reference.u64();
  const uint32_t index = reference.u32();
  if (length == 0) return {};
  const Heap& objects = heap(collection);
  const auto object = objects.find(index);
  if (object == objects.end() || object->second.size() < length) damaged("a string is not in its heap");
  spend(length);
  return text_of(object->second.first(length));
}

std::vector<std::string> Hdf5::File::strings(const Attribute& a) {
  const uint64_t n = a.space.count();
  const bool fixed = a.type.kind == hdf5::Type::fixed_string;
  // An empty list has no type of its own: numpy makes it one of doubles.
  if (n != 0 && !fixed && a.type.kind != hdf5::Type::variable_string) unread("an attribute that is no string");
  std::vector<std::string> all;
  Cursor c(a.data);
  if (n > a.data.size() / a.type.size) damaged("an attribute is cut off");
  spend(n * (a.type.size + sizeof(std::string)));
  for (uint64_t i = 0; i < n; ++i) {
    const Span element = c.take(a.type.size);
    all.push_back(fixed ? text_of(element) : variable_string(Cursor(element)));
  }
  return all;
}

// ---- datasets ----

Hdf5::Array Hdf5::File::array(uint64_t object) {
  if (find(object, msg_external) != nullptr) unread("data in another file");
  const hdf5::Type type = hdf5::read_type(Cursor(need(object, msg_type, "type").data));
  const hdf5::Space space = hdf5::read_space(Cursor(need(object, msg_space, "data space").data));
  if (type.kind != hdf5::Type::float16 && type.kind != hdf5::Type::float32 && type.kind != hdf5::Type::float64) {
    unread("an array of something else than floats");
  }
  if (space.null) unread("an array without data");
  return {space.shape, to_floats(content(object, type, space), type)};
}

Bytes Hdf5::File::content(uint64_t object, const hdf5::Type& type, const hdf5::Space& space) {
  const uint64_t size = space.count() * type.size;
  spend(3 * size);  // the bytes, the chunks, the floats
  const hdf5::Layout layout = hdf5::read_layout(Cursor(need(object, msg_layout, "layout").data));
  if (layout.kind == hdf5::Layout::compact) {
    if (layout.data.size() < size) damaged("an array is cut off");
    return {layout.data.begin(), layout.data.begin() + static_cast<ptrdiff_t>(size)};
  }
  if (layout.address == undefined_address) return Bytes(size);  // never written: zeros
  if (layout.kind == hdf5::Layout::contiguous) {
    if (layout.size < size) damaged("an array is cut off");
    const Span data = at(layout.address, size);
    return {data.begin(), data.end()};
  }
  if (layout.chunk.size() != space.shape.size()) damaged("chunks of other dimensions than their array");
  const Message* filters = find(object, msg_filters);
  Bytes out(size);
  chunks(layout.address, -1, layout,
         filters == nullptr ? std::vector<hdf5::Filter>{} : hdf5::read_filters(Cursor(filters->data)), type, space,
         out);
  return out;
}

namespace {

/// Copies a chunk to its place; what stands out over the array's end is left out.
void place_chunk(const Bytes& chunk, const std::vector<uint32_t>& extent, const std::vector<uint64_t>& begin,
                 const Shape& shape, uint32_t element, Bytes& out) {
  const size_t rank = shape.size();
  const size_t last = rank - 1;
  const uint64_t run = std::min<uint64_t>(extent[last], static_cast<uint64_t>(shape[last]) - begin[last]) * element;
  std::vector<uint64_t> index(rank, 0);
  for (;;) {
    uint64_t from = 0, to = 0;
    for (size_t d = 0; d < rank; ++d) {
      from = from * extent[d] + index[d];
      to = to * static_cast<uint64_t>(shape[d]) + begin[d] + index[d];
    }
    std::memcpy(&out[to * element], &chunk[from * element], run);
    size_t d = last;
    while (d-- > 0) {
      if (++index[d] < extent[d] && begin[d] + index[d] < static_cast<uint64_t>(shape[d])) break;
      index[d] = 0;
    }
    if (d > last) return;
  }
}

}  // namespace

void Hdf5::File::chunks(uint64_t address, int level, const hdf5::Layout& layout,
                        const std::vector<hdf5::Filter>& filters, const hdf5::Type& type, const hdf5::Space& space,
                        Bytes& out) {
  uint64_t chunk_bytes = type.size;
  for (uint32_t e : layout.chunk) {
    if (e == 0) damaged("chunks without elements");
    chunk_bytes *= e;
    if (chunk_bytes > static_cast<uint64_t>(max_tensor_bytes)) damaged("a chunk is too large");
  }
  Cursor c = from(address);
  c.expect("TREE");
  const uint8_t kind = c.u8(), own = c.u8();
  if (kind != 1 || (level >= 0 && own != level) || own > 16) damaged("an array's tree is not one");
  const uint16_t used = c.u16();
  c.skip(16);
  for (uint16_t i = 0; i < used; ++i) {
    step();
    const uint32_t stored = c.u32(), skipped = c.u32();
    std::vector<uint64_t> begin;
    for (size_t d = 0; d < space.shape.size(); ++d) begin.push_back(c.u64());
    c.skip(8);
    const uint64_t child = c.u64();
    if (own > 0) {
      chunks(child, own - 1, layout, filters, type, space, out);
      continue;
    }
    for (size_t d = 0; d < begin.size(); ++d) {
      if (begin[d] >= static_cast<uint64_t>(space.shape[d])) damaged("a chunk lies outside its array");
    }
    spend(stored + chunk_bytes);
    place_chunk(hdf5::unfilter(at(child, stored), filters, skipped, static_cast<size_t>(chunk_bytes), type.size),
                layout.chunk, begin, space.shape, type.size, out);
  }
}

// ---- what others see ----

bool is_hdf5(Span bytes) {
  return bytes.size() >= sizeof signature && std::equal(std::begin(signature), std::end(signature), bytes.begin());
}

Hdf5::Hdf5(std::unique_ptr<File> file) : file_(std::move(file)) {}
Hdf5::Hdf5(Hdf5&&) noexcept = default;
Hdf5::~Hdf5() = default;

namespace {

/// Calls f; what it throws becomes a Failure at this object.
template <class F>
auto guarded(const std::string& file, const std::string& path, F f) -> Result<decltype(f())> {
  try {
    return f();
  } catch (const Wrong& wrong) {
    return Failure(wrong.code, path.empty() ? file : file + ": \"" + printable(path, 200) + "\"", wrong.reason,
                   wrong.help);
  }
}

}  // namespace

Result<Hdf5> Hdf5::open(Span bytes, const std::string& name) {
  if (!is_hdf5(bytes)) return Failure("E0130", name, "this is not an HDF5 file");
  auto file = std::make_unique<File>(bytes, name);
  const Outcome opened = guarded(name, "", [&] {
    file->open();
    file->group(file->root);
    return Done{};
  });
  if (!opened) return opened.failure();
  return Hdf5(std::move(file));
}

bool Hdf5::has(const std::string& path) {
  return guarded(file_->name, path, [&] { return file_->lookup(path); }).ok();
}

Result<std::vector<std::string>> Hdf5::members(const std::string& path) {
  return guarded(file_->name, path, [&] {
    std::vector<std::string> names;
    for (const auto& [member, object] : file_->group(file_->lookup(path))) names.push_back(member);
    return names;
  });
}

bool Hdf5::has_attribute(const std::string& path, const std::string& attribute) {
  const auto found =
      guarded(file_->name, path, [&] { return file_->attribute(file_->lookup(path), attribute).has_value(); });
  return found && *found;
}

Result<std::vector<std::string>> Hdf5::strings(const std::string& path, const std::string& attribute) {
  return guarded(file_->name, path, [&] {
    const auto found = file_->attribute(file_->lookup(path), attribute);
    if (!found) throw Wrong{"E0132", "there is no attribute \"" + printable(attribute, 80) + "\"", ""};
    return file_->strings(*found);
  });
}

Result<Hdf5::Array> Hdf5::array(const std::string& path) {
  return guarded(file_->name, path, [&] { return file_->array(file_->lookup(path)); });
}

}  // namespace smelt
