#include "import/tflite_schema.hpp"

#include <cstring>
#include <map>
#include <vector>

#include "flatbuffers/reflection_generated.h"
#include "import/tflite_bfbs_generated.h"

namespace smelt::tflite {
namespace {

/// The schema in flatc's binary form; copied, as the array it is embedded as promises no alignment.
const reflection::Schema& schema() {
  static const std::vector<uint8_t> bytes(ModelBinarySchema::data(),
                                          ModelBinarySchema::data() + ModelBinarySchema::size());
  return *reflection::GetSchema(bytes.data());
}

const reflection::Enum* find_enum(const std::string& name) {
  return schema().enums()->LookupByKey(("smelt.tflite." + name).c_str());
}

std::string value_name(const reflection::Enum& e, int64_t value) {
  const reflection::EnumVal* v = e.values()->LookupByKey(value);
  return v == nullptr ? std::string{} : v->name()->str();
}

/// Reads scalars of any width: from a table's field, or a vector's element.
template <class Read>
int64_t integer(reflection::BaseType type, Read read) {
  switch (type) {
    case reflection::Bool:
      return read(uint8_t{}) != 0;
    case reflection::Byte:
      return read(int8_t{});
    case reflection::UByte:
    case reflection::UType:
      return read(uint8_t{});
    case reflection::Short:
      return read(int16_t{});
    case reflection::UShort:
      return read(uint16_t{});
    case reflection::Int:
      return read(int32_t{});
    case reflection::UInt:
      return read(uint32_t{});
    case reflection::Long:
      return read(int64_t{});
    case reflection::ULong:
      return static_cast<int64_t>(read(uint64_t{}));
    default:
      SMELT_ASSERT(false, "not an integer type of the schema");
      return 0;
  }
}

bool is_integer(reflection::BaseType type) { return type >= reflection::UType && type <= reflection::ULong; }

/// Copies a vector of integers element by element; other vectors (floats of BUCKETIZE) have no form in Attrs.
size_t read_vector(const flatbuffers::Table& table, const reflection::Field& field, Attrs& attrs) {
  const reflection::BaseType element = field.type()->element();
  if (!is_integer(element)) return 0;
  const auto* bytes = table.GetPointer<const flatbuffers::Vector<uint8_t>*>(field.offset());
  std::vector<int64_t> values(bytes == nullptr ? 0 : bytes->size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = integer(element, [&](auto value) {
      std::memcpy(&value, bytes->Data() + i * sizeof value, sizeof value);  // 64-bit elements may be misaligned
      return value;
    });
  }
  const size_t copied = values.size() * sizeof(int64_t);
  attrs.set(field.name()->str(), std::move(values));
  return copied;
}

size_t read_field(const flatbuffers::Table& table, const reflection::Field& field, Attrs& attrs) {
  const std::string name = field.name()->str();
  const reflection::Type& type = *field.type();
  switch (type.base_type()) {
    case reflection::Float:
      attrs.set(name, static_cast<double>(table.GetField(field.offset(), static_cast<float>(field.default_real()))));
      return 0;
    case reflection::String: {
      const auto* text = table.GetPointer<const flatbuffers::String*>(field.offset());
      attrs.set(name, text == nullptr ? std::string{} : text->str());
      return text == nullptr ? 0 : text->size();
    }
    case reflection::Vector:
      return read_vector(table, field, attrs);
    default:
      break;
  }
  if (!is_integer(type.base_type())) return 0;
  const int64_t value = integer(type.base_type(), [&](auto zero) {
    return table.GetField(field.offset(), static_cast<decltype(zero)>(field.default_integer()));
  });
  if (type.index() < 0) {
    attrs.set(name, value);
  } else {
    const std::string word = value_name(*schema().enums()->Get(static_cast<uint32_t>(type.index())), value);
    attrs.set(name, word.empty() ? std::to_string(value) : word);  // operators refuse a number where a word belongs
  }
  return 0;
}

std::optional<int64_t> value_of(const reflection::Enum& e, const std::string& name) {
  for (const reflection::EnumVal* v : *e.values()) {
    if (v->name()->str() == name) return v->value();
  }
  return std::nullopt;
}

/// A member of the union of options; null when the schema does not know it.
const reflection::Object* options_table(uint8_t member) {
  static const reflection::Enum* const options = find_enum("BuiltinOptions");
  const reflection::EnumVal* value = options->values()->LookupByKey(static_cast<int64_t>(member));
  if (member == 0 || value == nullptr) return nullptr;
  return schema().objects()->Get(static_cast<uint32_t>(value->union_type()->index()));
}

/// A scalar, in place; numbers are left out where they are the default.
void write_field(const reflection::Field& field, const Attrs& attrs, flatbuffers::FlatBufferBuilder& builder) {
  const std::string name = field.name()->str();
  const reflection::Type& type = *field.type();
  if (type.base_type() == reflection::Float) {
    builder.AddElement(field.offset(), static_cast<float>(attrs.f(name)), static_cast<float>(field.default_real()));
    return;
  }
  int64_t value = attrs.i(name);
  if (type.index() >= 0) {
    const std::string word = attrs.s(name);
    const std::optional<int64_t> number = value_of(*schema().enums()->Get(static_cast<uint32_t>(type.index())), word);
    SMELT_ASSERT(number.has_value(), "the schema knows no \"" + word + "\" for " + name);
    value = *number;
  }
  const auto add = [&](auto zero) {
    using T = decltype(zero);
    builder.AddElement(field.offset(), static_cast<T>(value), static_cast<T>(field.default_integer()));
  };
  switch (type.base_type()) {
    case reflection::Bool:
    case reflection::Byte:
    case reflection::UByte:
    case reflection::UType:
      return add(int8_t{});
    case reflection::Int:
    case reflection::UInt:
      return add(int32_t{});
    case reflection::Long:
    case reflection::ULong:
      return add(int64_t{});
    default:
      SMELT_ASSERT(false, "no operator's options have a field of this type: " + name);
  }
}

}  // namespace

std::string enum_name(const char* enumeration, int64_t value) {
  const reflection::Enum* e = find_enum(enumeration);
  SMELT_ASSERT(e != nullptr, std::string("no enumeration ") + enumeration);
  return value_name(*e, value);
}

std::optional<int64_t> enum_value(const char* enumeration, const std::string& name) {
  const reflection::Enum* e = find_enum(enumeration);
  SMELT_ASSERT(e != nullptr, std::string("no enumeration ") + enumeration);
  return value_of(*e, name);
}

size_t read_options(uint8_t member, const flatbuffers::Table& table, Attrs& attrs) {
  size_t copied = 0;
  if (const reflection::Object* options = options_table(member)) {
    for (const reflection::Field* field : *options->fields()) {
      if (!field->deprecated()) copied += read_field(table, *field, attrs);
    }
  }
  return copied;
}

flatbuffers::Offset<void> write_options(uint8_t member, const Attrs& attrs, flatbuffers::FlatBufferBuilder& builder) {
  const reflection::Object* options = options_table(member);
  SMELT_ASSERT(options != nullptr, "the schema has no such options");
  std::map<uint16_t, flatbuffers::Offset<flatbuffers::Vector<int32_t>>> vectors;  // these must lie before their table
  for (const reflection::Field* field : *options->fields()) {
    const std::string name = field->name()->str();
    if (field->type()->base_type() != reflection::Vector || !attrs.has(name)) continue;
    SMELT_ASSERT(field->type()->element() == reflection::Int, "lists of 32-bit integers only");
    const std::vector<int64_t> values = attrs.ints(name);
    vectors[field->offset()] = builder.CreateVector(std::vector<int32_t>(values.begin(), values.end()));
  }
  const flatbuffers::uoffset_t start = builder.StartTable();
  for (const reflection::Field* field : *options->fields()) {
    if (const auto at = vectors.find(field->offset()); at != vectors.end()) {
      builder.AddOffset(field->offset(), at->second);
    } else if (attrs.has(field->name()->str())) {
      write_field(*field, attrs, builder);
    }
  }
  return builder.EndTable(start);
}

}  // namespace smelt::tflite
