#include "import/onnx_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "import/file.hpp"
#include "import/onnx.hpp"
#include "import/text.hpp"

namespace smelt {

bool looks_like_onnx(std::span<const uint8_t> bytes) {
  // Field 1, a varint, is the IR version, and every writer puts fields in their order.
  constexpr uint8_t newest = 64;
  return bytes.size() > 16 && bytes[0] == 0x08 && bytes[1] >= 1 && bytes[1] < newest;
}

namespace onnx {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

constexpr int64_t oldest_opset = 1;
constexpr int64_t newest_opset = 28;

/// Counts what takes more memory unpacked than packed: messages, strings, unknown fields. A file of a megabyte could
/// otherwise ask for a hundred.
class Counter {
 public:
  Counter(const uint8_t* begin, const uint8_t* end) : at_(begin), end_(end) {}

  /// False: the bytes are no such message. Groups are of no version of the format.
  bool count(const pb::Descriptor& type, size_t& parts) {
    while (at_ < end_) {
      uint64_t tag = 0, length = 0;
      if (!varint(tag) || tag >> 3 == 0) return false;
      const pb::FieldDescriptor* field = type.FindFieldByNumber(static_cast<int>(std::min<uint64_t>(tag >> 3, INT32_MAX)));
      parts += field == nullptr ? 1 : 0;
      switch (tag & 7) {
        case 0:
          if (!varint(length)) return false;
          break;
        case 1:
          if (!skip(8)) return false;
          break;
        case 5:
          if (!skip(4)) return false;
          break;
        case 2: {
          if (!varint(length) || length > static_cast<uint64_t>(end_ - at_)) return false;
          const bool message = field != nullptr && field->type() == pb::FieldDescriptor::TYPE_MESSAGE;
          parts += message || (field != nullptr && field->type() == pb::FieldDescriptor::TYPE_BYTES) ? 1 : 0;
          if (message && !Counter(at_, at_ + length).count(*field->message_type(), parts)) return false;
          at_ += length;
          break;
        }
        default:
          return false;
      }
    }
    return true;
  }

 private:
  bool varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const uint8_t byte = *at_++;
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool skip(size_t n) {
    if (n > static_cast<size_t>(end_ - at_)) return false;
    at_ += n;
    return true;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

/// IEEE 754 half precision.
float half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction != 0 ? std::nanf("") : sign * HUGE_VALF;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

/// Bytes of an element in the file.
int64_t stored_size(int32_t type) {
  if (type == TensorProto::DOUBLE) return 8;
  if (type == TensorProto::FLOAT16) return 2;
  return size_of(*dtype_of(type));
}

template <class To, class From>
Bytes narrowed(const From& values) {
  Bytes bytes(static_cast<size_t>(values.size()) * sizeof(To));
  for (int i = 0; i < values.size(); ++i) {
    const auto v = static_cast<To>(values[i]);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(To), &v, sizeof v);
  }
  return bytes;
}

/// The content where it stands in fields of its type; as it would stand raw.
Bytes typed_content(const TensorProto& t) {
  switch (t.data_type()) {
    case TensorProto::FLOAT:
      return narrowed<float>(t.float_data());
    case TensorProto::DOUBLE:
      return narrowed<double>(t.double_data());
    case TensorProto::INT64:
      return narrowed<int64_t>(t.int64_data());
    case TensorProto::INT32:
      return narrowed<int32_t>(t.int32_data());
    case TensorProto::INT16:
    case TensorProto::FLOAT16:
      return narrowed<uint16_t>(t.int32_data());
    default:
      return narrowed<uint8_t>(t.int32_data());
  }
}

/// Raw content as the IR has it.
Bytes converted(Bytes raw, int32_t type) {
  const bool is_half = type == TensorProto::FLOAT16;
  if (type == TensorProto::BOOL) {
    for (uint8_t& b : raw) b = b != 0 ? 1 : 0;
  }
  if (!is_half && type != TensorProto::DOUBLE) return raw;
  const size_t size = is_half ? 2 : 8;
  Bytes bytes(raw.size() / size * sizeof(float));
  for (size_t i = 0; i < raw.size() / size; ++i) {
    uint16_t bits = 0;
    double wide = 0;
    std::memcpy(is_half ? static_cast<void*>(&bits) : &wide, raw.data() + i * size, size);
    const float f = is_half ? half(bits) : static_cast<float>(wide);
    std::memcpy(bytes.data() + i * sizeof f, &f, sizeof f);
  }
  return bytes;
}

bool number(const std::string& text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0;
}

}  // namespace

std::string type_name(int32_t type) {
  return TensorProto::DataType_IsValid(type) ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type))
                                             : "number " + std::to_string(type);
}

std::optional<DType> dtype_of(int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::FLOAT16:
    case TensorProto::DOUBLE:
      return DType::f32;
    case TensorProto::UINT8:
      return DType::u8;
    case TensorProto::INT8:
      return DType::i8;
    case TensorProto::INT16:
      return DType::i16;
    case TensorProto::INT32:
      return DType::i32;
    case TensorProto::INT64:
      return DType::i64;
    case TensorProto::BOOL:
      return DType::boolean;
    default:
      return std::nullopt;
  }
}

Result<File> File::open(std::span<const uint8_t> bytes, const std::string& name) {
  const Failure damaged("E0107", name, "the file is damaged: this is not an ONNX model",
                        "check that the download or the export ended well");
  if (bytes.size() > static_cast<size_t>(max_model_bytes)) {
    return Failure("E0104", name, "the file is too large", "models this large are beyond what this tool is for");
  }
  size_t parts = 0;
  if (!Counter(bytes.data(), bytes.data() + bytes.size()).count(*ModelProto::descriptor(), parts)) return damaged;
  if (parts > (size_t{1} << 18) + bytes.size() / 64) {
    return Failure("E0201", name, "the model has more parts than are accepted", "export the model again");
  }
  auto model = std::make_shared<ModelProto>();
  if (!model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return damaged;
  File file(name, std::move(model));
  if (Outcome o = file.check(); !o) return o.failure();
  return file;
}

Outcome File::check() {
  for (const OperatorSetIdProto& set : model_->opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") opset_ = set.version();
  }
  if (!model_->has_graph()) return Failure("E0204", name_, "the model holds no graph", "export the model again");
  if (opset_ < oldest_opset || opset_ > newest_opset) {
    return Failure("E0108", name_,
                   opset_ == 0 ? "the model names no operator set"
                               : "operator set " + std::to_string(opset_) + " is not supported",
                   "export the model with an opset from " + std::to_string(oldest_opset) + " to " + std::to_string(newest_opset));
  }
  if (graph().sparse_initializer_size() != 0) {
    return Failure("E0315", name_, "sparse tensors are not supported", "export the model with dense weights");
  }
  if (static_cast<size_t>(graph().node_size()) > max_graph_nodes ||
      static_cast<size_t>(graph().initializer_size()) > max_graph_tensors) {
    return Failure("E0201", name_,
                   std::to_string(graph().node_size()) + " nodes and " + std::to_string(graph().initializer_size()) +
                       " constants are too many",
                   "at most " + std::to_string(max_graph_nodes) + " nodes and " + std::to_string(max_graph_tensors) +
                       " tensors are accepted");
  }
  return Done{};
}

Result<Tensor> File::tensor(const TensorProto& source, const std::string& where) {
  const std::optional<DType> dtype = dtype_of(source.data_type());
  if (!dtype) {
    return Failure("E0313", where, "element type " + type_name(source.data_type()) + " is not supported",
                   "supported: FLOAT, FLOAT16, DOUBLE (as FLOAT), INT8, UINT8, INT16, INT32, INT64, BOOL");
  }
  Tensor t;
  t.dtype = *dtype;
  int64_t count = 1;
  for (int64_t d : source.dims()) {
    if (d < 0 || d > max_tensor_bytes || t.shape.size() == max_rank) {
      return Failure("E0413", where, "these dimensions are not supported", "at most " + std::to_string(max_rank) + ", none negative");
    }
    t.shape.push_back(static_cast<int32_t>(d));
    count *= d;
    if (count > max_tensor_bytes) break;
  }
  const int64_t size = count * stored_size(source.data_type());
  if (count > max_tensor_bytes || size > max_tensor_bytes || (bytes_ += size) > max_graph_bytes) {
    return Failure("E0414", where, "the constant is too large", "models this large are beyond what this tool is for");
  }
  Bytes content;
  if (source.data_location() == TensorProto::EXTERNAL) {
    Result<Bytes> read = external(source, where, size);
    if (!read) return read.failure();
    content = std::move(*read);
  } else if (source.has_raw_data()) {
    content.assign(source.raw_data().begin(), source.raw_data().end());
  } else {
    content = typed_content(source);
  }
  if (static_cast<int64_t>(content.size()) != size) {
    return Failure("E0415", where,
                   "the constant has " + std::to_string(content.size()) + " bytes, its shape " + to_string(t.shape) + " needs " +
                       std::to_string(size),
                   "export the model again");
  }
  t.data = std::make_shared<const Bytes>(converted(std::move(content), source.data_type()));
  return t;
}

Result<Bytes> File::external(const TensorProto& source, const std::string& where, int64_t size) const {
  std::string location;
  int64_t offset = 0, length = size;
  for (const StringStringEntryProto& entry : source.external_data()) {
    bool sound = true;
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") sound = number(entry.value(), offset);
    if (entry.key() == "length") sound = number(entry.value(), length);
    if (!sound) return Failure("E0111", where, "the " + entry.key() + " of its external data is no number", "export the model again");
  }
  const std::string shown = "\"" + printable(location) + "\"";
  std::error_code error;
  const fs::path folder = fs::canonical(fs::absolute(fs::path(name_), error).parent_path(), error);
  if (error || location.empty() || location.find('\0') != std::string::npos || fs::path(location).is_absolute()) {
    return Failure("E0111", where, "external data at " + shown + " is not beside the model", "keep model and data in one folder");
  }
  const fs::path path = fs::canonical(folder / location, error);  // links resolved
  if (error) {
    return Failure("E0101", where, "its external data " + shown + " does not exist", "keep it where the model expects it");
  }
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  if (end != folder.end()) {
    return Failure("E0111", where, "external data at " + shown + " is outside the model's folder", "keep model and data in one folder");
  }
  if (!fs::is_regular_file(path, error)) return Failure("E0102", where, "its external data " + shown + " is not a regular file");
  const auto all = static_cast<int64_t>(fs::file_size(path, error));
  if (error || length != size || offset > all || length > all - offset) {
    return Failure("E0111", where,
                   "its external data, " + std::to_string(length) + " bytes from " + std::to_string(offset) + " on, is not in " + shown,
                   "a tensor of " + std::to_string(size) + " bytes is wanted; copy the file again");
  }
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(static_cast<size_t>(size));
  file.seekg(offset);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size)) return Failure("E0101", where, "its external data " + shown + " cannot be read");
  return bytes;
}

}  // namespace onnx
}  // namespace smelt
