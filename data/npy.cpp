#include "data/npy.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>

namespace smelt::data {

namespace {

constexpr const char* magic = "\x93NUMPY";

/// The numbers of "'shape': (2, 3, )" in a header; none where they are no shape.
std::optional<std::vector<int64_t>> shape_of(const std::string& header) {
  const size_t key = header.find("'shape':");
  const size_t open = header.find('(', key), close = header.find(')', key);
  if (key == std::string::npos || open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  std::vector<int64_t> shape;
  std::istringstream numbers(header.substr(open + 1, close - open - 1));
  for (std::string number; std::getline(numbers, number, ',');) {
    number.erase(std::remove(number.begin(), number.end(), ' '), number.end());
    if (number.empty()) continue;
    if (number.size() > 10 || number.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    shape.push_back(std::stoll(number));
  }
  return shape;
}

std::string descr_of(const std::string& header) {
  const size_t key = header.find("'descr':");
  const size_t open = header.find('\'', key == std::string::npos ? key : key + 8);
  const size_t close = header.find('\'', open == std::string::npos ? open : open + 1);
  return close == std::string::npos ? std::string{} : header.substr(open + 1, close - open - 1);
}

/// Bytes of an element: the number behind the type's letter.
size_t width_of(const std::string& descr) {
  const std::string digits = descr.size() > 2 ? descr.substr(2) : std::string{};
  return digits.size() == 1 && digits[0] >= '1' && digits[0] <= '8' ? static_cast<size_t>(digits[0] - '0') : 0;
}

template <class T>
std::vector<float> converted(std::span<const uint8_t> bytes) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T v{};
    std::memcpy(&v, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(v);
  }
  return values;
}

}  // namespace

Result<Array> parse_npy(std::span<const uint8_t> bytes, const std::string& name) {
  const auto bad = [&](const char* why) {
    return Failure("E0602", name, why, "save it with numpy.save as a C-ordered array of numbers");
  };
  if (bytes.size() < 10 || std::memcmp(bytes.data(), magic, 6) != 0) return bad("not a .npy file");
  const bool wide = bytes[6] >= 2;
  const size_t at = wide ? 12 : 10;
  if (bytes.size() < at) return bad("a truncated .npy header");
  size_t length = bytes[8] | static_cast<size_t>(bytes[9]) << 8;
  if (wide) length |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
  if (length > bytes.size() - at) return bad("a truncated .npy header");
  const std::string header(bytes.begin() + static_cast<int64_t>(at), bytes.begin() + static_cast<int64_t>(at + length));
  if (header.find("'fortran_order': True") != std::string::npos) return bad("a Fortran-ordered array");
  const std::optional<std::vector<int64_t>> shape = shape_of(header);
  Array array{descr_of(header), shape.value_or(std::vector<int64_t>{}), bytes.subspan(at + length)};
  if (!shape || width_of(array.descr) == 0) return bad("its header does not say type and shape of an array of numbers");
  uint64_t wanted = width_of(array.descr);
  for (const int64_t d : array.shape) {
    if (d != 0 && wanted > (uint64_t{1} << 40) / static_cast<uint64_t>(d)) return bad("its shape is absurd");
    wanted *= static_cast<uint64_t>(d);
  }
  if (wanted != array.bytes.size()) return bad("it holds more or fewer bytes than its shape says");
  return array;
}

Result<std::vector<float>> to_floats(const Array& array, const std::string& name) {
  const std::string type = array.descr.substr(1);
  if (array.descr[0] != '>') {
    if (type == "f4") return converted<float>(array.bytes);
    if (type == "f8") return converted<double>(array.bytes);
    if (type == "i1") return converted<int8_t>(array.bytes);
    if (type == "u1" || type == "b1") return converted<uint8_t>(array.bytes);
    if (type == "i2") return converted<int16_t>(array.bytes);
    if (type == "u2") return converted<uint16_t>(array.bytes);
    if (type == "i4") return converted<int32_t>(array.bytes);
    if (type == "u4") return converted<uint32_t>(array.bytes);
    if (type == "i8") return converted<int64_t>(array.bytes);
    if (type == "u8") return converted<uint64_t>(array.bytes);
  }
  return Failure("E0602", name, "elements of type '" + array.descr + "' are not read", "save floats or integers, little-endian");
}

const char* npy_descr(DType type) {
  switch (type) {
    case DType::i8: return "|i1";
    case DType::u8: return "|u1";
    case DType::i16: return "<i2";
    case DType::i32: return "<i4";
    case DType::i64: return "<i8";
    case DType::f32: return "<f4";
    case DType::boolean: return "|b1";
  }
  return "";
}

}  // namespace smelt::data
