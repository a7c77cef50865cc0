// stb_image behind one function; file access is compiled out.
#include "base/image.h"

#include <memory>

#include "base/error.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_FAILURE_USERMSG
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace mo {

namespace {

const char* why() {  // null for some forms that no decoder knows
  const char* reason = stbi_failure_reason();
  return reason ? reason : "unknown form";
}

}  // namespace

Image decode_image(std::span<const char> bytes, int channels, const std::string& where, int64_t max_pixels) {
  require(!bytes.empty() && bytes.size() < (size_t{1} << 31), Code::format, where, ": ", bytes.size(), " bytes are no picture");
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  int size = static_cast<int>(bytes.size()), width = 0, height = 0, stored = 0;
  require(stbi_info_from_memory(data, size, &width, &height, &stored) != 0, Code::format, where, ": not a picture that can be decoded (", why(), ")");
  require(width > 0 && height > 0 && int64_t{width} * height <= max_pixels, Code::limit, where, ": picture of ", width, " x ", height,
          " pixels is above the limit of ", max_pixels);
  std::unique_ptr<stbi_uc, void (*)(void*)> pixels(stbi_load_from_memory(data, size, &width, &height, &stored, channels), stbi_image_free);
  require(pixels != nullptr, Code::format, where, ": picture cannot be decoded (", why(), ")");
  Image image{width, height, channels ? channels : stored, {}};
  image.pixels.assign(pixels.get(), pixels.get() + image.width * image.height * image.channels);
  return image;
}

}  // namespace mo
