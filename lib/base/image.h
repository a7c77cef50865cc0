// Decoding of PNG, JPEG, BMP, GIF, TGA, PSD, PNM pictures held in memory (stb_image).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mo {

struct Image {
  int64_t width = 0, height = 0, channels = 0;
  std::vector<uint8_t> pixels;  // row by row, channels interleaved: [height, width, channels]
};

// channels: 1 gray, 3 RGB, 4 RGBA, 0 as stored. `where` names the source in errors. max_pixels is checked before anything is decoded.
Image decode_image(std::span<const char> bytes, int channels, const std::string& where, int64_t max_pixels = int64_t{1} << 28);

}  // namespace mo
