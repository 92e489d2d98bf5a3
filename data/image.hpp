// JPEG and PNG pictures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/diagnostic.hpp"

namespace smelt::data {

/// Rows of pixels, red, green, blue, 8 bits each.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

/// The content says which format it is. Fails with E0606 where it is neither, broken, or beyond 64 megapixels.
Result<Image> decode_image(std::span<const uint8_t> bytes, const std::string& name);

/// To another size: the mean of what each pixel covers where it shrinks, bilinear where it grows. `channels`: 3, or 1 for
/// luma (ITU-R BT.601). Values stay in 0 to 255.
std::vector<float> resized(const Image& image, int width, int height, int channels);

}  // namespace smelt::data
