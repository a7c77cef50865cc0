// ImageDecoder: an encoded PNG, JPEG, BMP or PNM picture as uint8 [height, width, channels]; other formats are refused.
#include <algorithm>

#include "base/image.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

std::string pixel_format(const Node& n) {
  std::string format = n.s("pixel_format", "RGB");
  require(format == "RGB" || format == "BGR" || format == "Grayscale", Code::format, "pixel_format must be RGB, BGR or Grayscale, got ",
          printable(format));
  return format;
}

void infer(Infer& c) { c.set(0, DType::u8, {Dim(), Dim(), known_dim(pixel_format(c.node) == "Grayscale" ? 1 : 3)}); }

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() == 1, Code::shape, "encoded bytes must be a list, have shape ", x.shape());
  std::string format = pixel_format(c.node);
  Image image = decode_image({reinterpret_cast<const char*>(x.data<uint8_t>()), static_cast<size_t>(x.size())}, 3, "input 0");
  const uint8_t* src = image.pixels.data();
  int64_t pixels = image.width * image.height;
  bool gray = format == "Grayscale";
  uint8_t* dst = c.out(0, DType::u8, {image.height, image.width, gray ? 1 : 3}).mutable_data<uint8_t>();
  for (int64_t i = 0; i < pixels; ++i, src += 3) {
    if (gray) {
      *dst++ = static_cast<uint8_t>((src[0] * 19595 + src[1] * 38470 + src[2] * 7471 + 0x8000) >> 16);  // ITU-R 601 luma in 16-bit fractions
    } else {
      std::copy_n(src, 3, dst);
      if (format == "BGR") std::swap(dst[0], dst[2]);
      dst += 3;
    }
  }
}

}  // namespace

extern const OpDef image_decoder{
    .name = "ImageDecoder",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 20,
};

}  // namespace mo::ops
