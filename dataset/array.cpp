// .npy: [samples], [samples, axes], or [recordings, samples, axes].
#include "data/npy.hpp"
#include "dataset/decode.hpp"

namespace smelt::dataset {

Result<Decoded> decode_array(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  const Result<data::Array> array = data::parse_npy(bytes, name);
  if (!array) return array.failure();
  const std::vector<std::int64_t>& shape = array->shape;
  if (shape.empty() || shape.size() > 3) {
    return Failure("E0602", name, "an array of " + std::to_string(shape.size()) + " dimensions",
                   "save [samples], [samples, axes] or [recordings, samples, axes]");
  }
  const std::int64_t recordings = shape.size() == 3 ? shape[0] : 1;
  const std::int64_t samples = shape[shape.size() == 3 ? 1 : 0], width = shape.size() == 1 ? 1 : shape.back();
  if (recordings < 1 || samples < 1 || width < 1) return Failure("E0602", name, "an array without samples", "save at least one sample");
  if (width > 1024 || recordings * samples * width > max_values || recordings > 1 << 20) {
    return Failure("E1019", name, "more axes, recordings or numbers than are accepted", "save [samples, axes], and cut it into several files");
  }
  if (!(options.rate > 0)) {
    return Failure("E1014", name, "arrays do not say their rate, and none is known", "say --rate HZ, or `rate` in smelt.toml");
  }
  Result<std::vector<float>> values = data::to_floats(*array, name);
  if (!values) return values.failure();
  if (options.kind == Kind::audio) {  // integers are full scale, as in WAV
    const std::string type = array->descr.substr(1);
    const float scale = type == "i1" ? 128.0F : type == "i2" ? 32768.0F : type == "i4" ? 2147483648.0F : 1.0F;
    for (float& v : *values) v /= scale;
  }
  Decoded d;
  d.kind = Kind::sensor;
  d.format = "npy";
  // Without names of their own axes take the project's, as many as there are.
  const bool fits = static_cast<std::int64_t>(options.axes.size()) == width;
  if (!fits && !options.axes.empty()) {
    return Failure("E1015", name, "has " + std::to_string(width) + " axes, not the " + std::to_string(options.axes.size()) + " of the project",
                   "save the axes of `axes` in smelt.toml, in that order");
  }
  const auto length = static_cast<std::ptrdiff_t>(samples * width);
  for (std::int64_t r = 0; r < recordings; ++r) {
    Part part;
    part.signal.rate = options.rate;
    for (std::int64_t a = 0; a < width; ++a) {
      part.signal.axes.push_back({fits ? options.axes[static_cast<size_t>(a)] : width == 1 ? "x" : "c" + std::to_string(a + 1), {}});
    }
    const auto begin = values->begin() + r * length;
    part.signal.values.assign(begin, begin + length);
    d.parts.push_back(std::move(part));
  }
  return d;
}

}  // namespace smelt::dataset
