// From a decoded picture to the tensor a model takes.
#pragma once
#include <optional>
#include <vector>

#include "base/image.h"
#include "tensor/tensor.h"

namespace mo::data {

struct Extent {
  int64_t height = 0, width = 0;
};

struct Preprocess {
  enum class Color { rgb, bgr, gray };
  Color color = Color::rgb;
  std::optional<int64_t> shorter_side;  // resized so that the shorter side has this length
  std::optional<Extent> resize;         // or to exactly this
  std::optional<Extent> center_crop;    // after the resize; the picture must be at least this large
  bool channels_last = false;
  DType dtype = DType::f32;  // f32 or u8 (u8: no scale, mean, std)
  // value = (pixel * scale - mean) / std, pixel 0..255; one number or one per channel
  std::vector<float> scale{1}, mean{0}, std{1};

  int64_t channels() const { return color == Color::gray ? 1 : 3; }
};

// One sample without batch axis: [c, h, w] or [h, w, c]. `where` names the picture in errors.
Tensor preprocess(const Image& image, const Preprocess& p, const std::string& where);

// Bilinear (triangle filter, widened when shrinking, so that nothing aliases), pixel centres at half integers.
std::vector<float> resize_bilinear(const Image& image, Extent to);

}  // namespace mo::data
