#include "data/image.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

namespace smelt::data {

namespace {

constexpr int64_t most_pixels = int64_t{64} << 20;

Failure bad(const std::string& name, const std::string& why) {
  return Failure("E0606", name, why, "give JPEG or PNG pictures that other programs show");
}

Result<Image> sized(const std::string& name, int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width * height > most_pixels) return bad(name, "a picture of an absurd size");
  Image image{static_cast<int>(width), static_cast<int>(height), {}};
  image.rgb.resize(static_cast<size_t>(width * height) * 3);
  return image;
}

Result<Image> decode_jpeg(std::span<const uint8_t> bytes, const std::string& name) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  int width = 0, height = 0, sampling = 0, colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height, &sampling, &colours) != 0) {
    return bad(name, std::string("not a sound JPEG: ") + tjGetErrorStr2(decoder.get()));
  }
  Result<Image> image = sized(name, width, height);
  if (!image) return image;
  const int status = tjDecompress2(decoder.get(), bytes.data(), bytes.size(), image->rgb.data(), width, 0, height, TJPF_RGB,
                                   TJFLAG_ACCURATEDCT);
  if (status != 0 && tjGetErrorCode(decoder.get()) == TJERR_FATAL) {
    return bad(name, std::string("not a sound JPEG: ") + tjGetErrorStr2(decoder.get()));
  }
  return image;
}

Result<Image> decode_png(std::span<const uint8_t> bytes, const std::string& name) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> guard(&png, png_image_free);
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) {
    return bad(name, std::string("not a sound PNG: ") + png.message);
  }
  Result<Image> image = sized(name, png.width, png.height);
  if (!image) return image;
  png.format = PNG_FORMAT_RGB;
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&png, &black, image->rgb.data(), 0, nullptr) == 0) {
    return bad(name, std::string("not a sound PNG: ") + png.message);
  }
  return image;
}

/// How much each source index counts for one index of the result.
struct Share {
  int first = 0;
  std::vector<float> weights;
};

Share share(int to, int to_size, int from_size) {
  const double scale = static_cast<double>(from_size) / to_size;
  const double center = (to + 0.5) * scale - 0.5;
  const double reach = std::max(scale, 1.0);  // a triangle of this half width; as wide as a pixel covers where it shrinks
  Share s;
  s.first = std::max(0, static_cast<int>(std::floor(center - reach)) + 1);
  const int last = std::min(from_size - 1, static_cast<int>(std::ceil(center + reach)) - 1);
  double sum = 0;
  for (int i = s.first; i <= last; ++i) {
    const double w = std::max(0.0, 1 - std::abs(i - center) / reach);
    s.weights.push_back(static_cast<float>(w));
    sum += w;
  }
  for (float& w : s.weights) w = static_cast<float>(w / sum);
  return s;
}

}  // namespace

Result<Image> decode_image(std::span<const uint8_t> bytes, const std::string& name) {
  constexpr uint8_t png_start[4] = {0x89, 'P', 'N', 'G'};
  constexpr uint8_t jpeg_start[2] = {0xff, 0xd8};
  if (bytes.size() > 8 && std::memcmp(bytes.data(), png_start, sizeof png_start) == 0) return decode_png(bytes, name);
  if (bytes.size() > 8 && std::memcmp(bytes.data(), jpeg_start, sizeof jpeg_start) == 0) return decode_jpeg(bytes, name);
  return bad(name, "neither JPEG nor PNG");
}

std::vector<float> resized(const Image& image, int width, int height, int channels) {
  std::vector<Share> columns, rows;
  for (int x = 0; x < width; ++x) columns.push_back(share(x, width, image.width));
  for (int y = 0; y < height; ++y) rows.push_back(share(y, height, image.height));
  std::vector<float> result;
  for (const Share& row : rows) {
    for (const Share& column : columns) {
      float rgb[3] = {0, 0, 0};
      for (size_t j = 0; j < row.weights.size(); ++j) {
        const size_t line = (static_cast<size_t>(row.first) + j) * static_cast<size_t>(image.width);
        for (size_t i = 0; i < column.weights.size(); ++i) {
          const uint8_t* pixel = image.rgb.data() + (line + static_cast<size_t>(column.first) + i) * 3;
          for (size_t c = 0; c < 3; ++c) rgb[c] += row.weights[j] * column.weights[i] * pixel[c];
        }
      }
      if (channels == 1) {
        result.push_back(0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]);
      } else {
        result.insert(result.end(), rgb, rgb + 3);
      }
    }
  }
  return result;
}

}  // namespace smelt::data
