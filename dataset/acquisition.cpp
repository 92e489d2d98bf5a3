// Edge Impulse's data acquisition format, in JSON or CBOR. Source: docs.edgeimpulse.com, "Data acquisition format".
#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "dataset/decode.hpp"
#include "dataset/sha256.hpp"

namespace smelt::dataset {

namespace {

using Json = nlohmann::json;

constexpr size_t max_depth = 16;      // the CBOR parser recurses
constexpr size_t max_sensors = 1024;

/// Takes the fields out while the file is parsed: the values, of which there may be millions, go straight into floats.
class Acquisition : public nlohmann::json_sax<Json> {
 public:
  std::string algorithm, signature, error;
  double interval_ms = 0;
  std::vector<Axis> sensors;
  std::vector<float> values;
  std::vector<std::uint64_t> widths;   ///< distinct lengths of the rows; 0: values without rows
  bool has_values = false, has_signature = false;

  bool null() override { return !in_values() || fail("a value is null"); }
  bool boolean(bool) override { return !in_values() || fail("a value is true or false"); }
  bool number_integer(number_integer_t v) override { return number(static_cast<double>(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(static_cast<double>(v)); }
  bool number_float(number_float_t v, const string_t&) override { return number(v); }
  bool string(string_t& v) override {
    if (in_values()) return fail("values are no numbers but text (references to attachments are not read)");
    if (is({"protected", "alg"})) algorithm = v;
    if (is({"signature"})) signature = v, has_signature = true;
    if (is({"payload", "sensors", "", "name"}) && !sensors.empty()) sensors.back().name = printable(v);
    if (is({"payload", "sensors", "", "units"}) && !sensors.empty()) sensors.back().unit = printable(v);
    return true;
  }
  bool binary(binary_t&) override { return !in_values() || fail("values are bytes, not numbers"); }
  bool start_object(size_t) override {
    if (in_values()) return fail("values hold objects");
    if (is({"payload", "sensors", ""})) {
      if (sensors.size() == max_sensors) return fail("too many sensors");
      sensors.emplace_back();
    }
    return push("");
  }
  bool key(string_t& v) override {
    if (!path_.empty()) path_.back() = v;
    return true;
  }
  bool end_object() override { return pop(); }
  bool start_array(size_t) override {
    if (is({"payload", "values"})) has_values = true;
    if (in_values() && path_.size() > 3) return fail("rows of values hold lists");
    if (in_values() && path_.size() == 3) row_ = 0;
    return push("");
  }
  bool end_array() override {
    pop();
    if (path_.size() == 3 && in_values()) width(row_);
    return true;
  }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception& e) override {
    if (!error.empty()) return false;
    error = "malformed at byte " + std::to_string(at);
    const std::string what = e.what();  // "[json.exception.parse_error.101] parse error at ...: reason"
    if (const size_t colon = what.rfind(": "); colon != std::string::npos && colon + 2 < what.size()) error += ": " + printable(what.substr(colon + 2, 80));
    return false;
  }

 private:
  bool fail(const char* why) {
    error = why;
    return false;
  }
  bool push(const char* what) {
    if (path_.size() == max_depth) return fail("nested too deeply");
    path_.emplace_back(what);
    return true;
  }
  bool pop() {
    path_.pop_back();
    return true;
  }
  bool is(std::initializer_list<const char*> path) const { return std::equal(path_.begin(), path_.end(), path.begin(), path.end()); }
  bool in_values() const { return path_.size() >= 3 && path_[0] == "payload" && path_[1] == "values"; }
  void width(std::uint64_t w) {
    if (std::find(widths.begin(), widths.end(), w) == widths.end() && widths.size() < 3) widths.push_back(w);
  }
  bool number(double v) {
    if (in_values()) {
      if (static_cast<std::int64_t>(values.size()) == max_values) return fail("too many values");
      if (!(std::fabs(v) < 3e38)) return fail("a value is no finite number");
      values.push_back(static_cast<float>(v));
      if (path_.size() == 3) width(0);
      ++row_;
    } else if (is({"payload", "interval_ms"})) {
      interval_ms = v;
    }
    return true;
  }

  std::vector<std::string> path_;  ///< keys of objects, "" within arrays
  std::uint64_t row_ = 0;
};

Failure malformed(const std::string& name, const std::string& why) {
  return Failure("E1017", name, why, "give a file as Edge Impulse's data acquisition format describes it");
}

Outcome parse(std::span<const std::uint8_t> bytes, const std::string& name, bool cbor, Acquisition& a) {
  constexpr std::uint8_t described[3] = {0xd9, 0xd9, 0xf7};  // CBOR's optional first tag
  if (cbor && bytes.size() > 3 && std::memcmp(bytes.data(), described, 3) == 0) bytes = bytes.subspan(3);
  const bool sound = cbor ? Json::sax_parse(bytes.begin(), bytes.end(), &a, Json::input_format_t::cbor)
                          : Json::sax_parse(bytes.begin(), bytes.end(), &a, Json::input_format_t::json);
  if (!sound) return malformed(name, a.error.empty() ? "malformed" : a.error);
  return Done{};
}

}  // namespace

Result<Decoded> decode_acquisition(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options, bool cbor) {
  Acquisition a;
  if (Outcome o = parse(bytes, name, cbor, a); !o) return o.failure();
  if (!a.has_values) return malformed(name, "lacks payload.values");
  if (a.sensors.empty()) return malformed(name, "lacks payload.sensors");
  if (!(a.interval_ms > 1e-4 && a.interval_ms < 1e9)) return malformed(name, "payload.interval_ms is missing or absurd");
  if (a.values.empty()) return malformed(name, "holds no samples");
  const size_t width = a.sensors.size();
  const bool flat = a.widths.size() == 1 && a.widths[0] == 0 && width == 1;
  if (!flat && (a.widths.size() != 1 || a.widths[0] != width)) {
    return malformed(name, "rows of payload.values have not one number for each of the " + std::to_string(width) + " sensors");
  }
  for (size_t i = 0; i < width; ++i) {
    if (a.sensors[i].name.empty()) a.sensors[i].name = "c" + std::to_string(i + 1);
  }
  Part part;
  const double measured = 1000 / a.interval_ms;
  const double round = std::round(measured);  // intervals are often rounded: 0.0625 ms, 16.6667 ms
  part.signal.rate = options.rate > 0 && std::fabs(measured / options.rate - 1) < 1e-3 ? options.rate
                     : std::fabs(measured / round - 1) < 1e-4                          ? round
                                                                                       : measured;
  part.signal.axes = a.sensors;
  part.signal.values = std::move(a.values);
  Decoded d;
  d.kind = width == 1 && (a.sensors[0].unit == "wav" || a.sensors[0].name == "audio") ? Kind::audio : Kind::sensor;
  d.format = cbor ? "edge-impulse-cbor" : "edge-impulse-json";
  if (d.kind == Kind::audio) {  // 16-bit samples, written as integers
    for (float& v : part.signal.values) v /= 32768.0F;
    part.signal.axes[0].name = "audio";
  }
  if (Outcome o = select_axes(part.signal, name, options); !o) return o.failure();
  d.parts.push_back(std::move(part));
  return d;
}

Outcome check_signature(std::span<const std::uint8_t> bytes, const std::string& name, const std::string& key) {
  constexpr const char* help = "check --hmac-key, or fetch the file anew: it may have been changed";
  Acquisition a;
  const bool cbor = !bytes.empty() && bytes[0] >= 0x80;  // a map of CBOR; JSON begins with a brace
  if (Outcome o = parse(bytes, name, cbor, a); !o) return o;
  if (!a.has_signature || a.algorithm == "none") return Failure("E1018", name, "is not signed", help);
  if (a.algorithm != "HS256") return Failure("E1018", name, "is signed by another algorithm than HS256", help);
  const auto hex_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (a.signature.size() != 64 || !std::all_of(a.signature.begin(), a.signature.end(), hex_digit)) {
    return Failure("E1018", name, "its signature is not 64 hexadecimal digits", help);
  }
  std::vector<std::uint8_t> blank(bytes.begin(), bytes.end());
  const auto at = std::search(blank.begin(), blank.end(), a.signature.begin(), a.signature.end());
  if (at == blank.end()) return Failure("E1018", name, "its signature is written in escapes", help);
  std::fill_n(at, 64, '0');
  const auto* k = reinterpret_cast<const std::uint8_t*>(key.data());
  if (hex(hmac_sha256({k, key.size()}, blank)) != a.signature) return Failure("E1018", name, "the signature is not this key's", help);
  return Done{};
}

}  // namespace smelt::dataset
