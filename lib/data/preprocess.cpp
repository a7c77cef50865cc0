// Resize, crop, channel order, normalisation.
#include "data/preprocess.h"

#include <algorithm>
#include <cmath>

namespace mo::data {

namespace {

// For each output position: the first input position and the weights from there on.
struct Taps {
  int64_t first;
  std::vector<float> weights;
};

std::vector<Taps> triangle_taps(int64_t from, int64_t to) {
  double ratio = static_cast<double>(from) / static_cast<double>(to), reach = std::max(1.0, ratio);
  std::vector<Taps> taps;
  for (int64_t i = 0; i < to; ++i) {
    double center = (static_cast<double>(i) + 0.5) * ratio;
    int64_t low = std::max<int64_t>(0, static_cast<int64_t>(std::floor(center - reach)));
    int64_t high = std::min<int64_t>(from, static_cast<int64_t>(std::ceil(center + reach)));
    Taps t{low, {}};
    double sum = 0;
    for (int64_t k = low; k < high; ++k) {
      double w = std::max(0.0, 1.0 - std::abs((static_cast<double>(k) + 0.5 - center) / reach));
      t.weights.push_back(static_cast<float>(w));
      sum += w;
    }
    for (float& w : t.weights) w = static_cast<float>(w / sum);
    taps.push_back(std::move(t));
  }
  return taps;
}

Extent resized_extent(const Image& image, const Preprocess& p) {
  if (p.resize) return *p.resize;
  if (!p.shorter_side) return {image.height, image.width};
  int64_t side = *p.shorter_side, shorter = std::min(image.height, image.width);
  auto scaled = [&](int64_t length) { return std::max<int64_t>(1, (length * side + shorter / 2) / shorter); };
  return {scaled(image.height), scaled(image.width)};
}

float per_channel(const std::vector<float>& values, int64_t c) { return values.size() == 1 ? values[0] : values[static_cast<size_t>(c)]; }

}  // namespace

std::vector<float> resize_bilinear(const Image& image, Extent to) {
  int64_t c = image.channels;
  std::vector<Taps> across = triangle_taps(image.width, to.width), down = triangle_taps(image.height, to.height);
  std::vector<float> rows(static_cast<size_t>(image.height * to.width * c)), out(static_cast<size_t>(to.height * to.width * c));
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < to.width; ++x) {
      const Taps& t = across[static_cast<size_t>(x)];
      for (int64_t k = 0; k < c; ++k) {
        float sum = 0;
        for (size_t i = 0; i < t.weights.size(); ++i)
          sum += t.weights[i] * image.pixels[static_cast<size_t>((y * image.width + t.first + static_cast<int64_t>(i)) * c + k)];
        rows[static_cast<size_t>((y * to.width + x) * c + k)] = sum;
      }
    }
  for (int64_t y = 0; y < to.height; ++y) {
    const Taps& t = down[static_cast<size_t>(y)];
    float* dst = out.data() + y * to.width * c;
    for (size_t i = 0; i < t.weights.size(); ++i) {
      const float* src = rows.data() + (t.first + static_cast<int64_t>(i)) * to.width * c;
      for (int64_t x = 0; x < to.width * c; ++x) dst[x] += t.weights[i] * src[x];
    }
  }
  return out;
}

Tensor preprocess(const Image& image, const Preprocess& p, const std::string& where) {
  int64_t c = p.channels();
  MO_ASSERT(image.channels == c);
  Extent size = resized_extent(image, p);
  std::vector<float> pixels;
  if (size.height == image.height && size.width == image.width) pixels.assign(image.pixels.begin(), image.pixels.end());
  else pixels = resize_bilinear(image, size);
  Extent crop = p.center_crop.value_or(size);
  require(crop.height <= size.height && crop.width <= size.width, Code::shape, where, ": picture of ", size.height, " x ", size.width,
          " is smaller than the crop of ", crop.height, " x ", crop.width);
  int64_t top = (size.height - crop.height) / 2, left = (size.width - crop.width) / 2;
  Tensor out = Tensor::allocate(p.dtype, p.channels_last ? Shape{crop.height, crop.width, c} : Shape{c, crop.height, crop.width});
  auto* floats = p.dtype == DType::f32 ? out.mutable_data<float>() : nullptr;
  auto* bytes = floats ? nullptr : out.mutable_data<uint8_t>();
  for (int64_t k = 0; k < c; ++k) {
    int64_t from = p.color == Preprocess::Color::bgr ? c - 1 - k : k;
    float scale = per_channel(p.scale, k), mean = per_channel(p.mean, k), std = per_channel(p.std, k);
    for (int64_t y = 0; y < crop.height; ++y)
      for (int64_t x = 0; x < crop.width; ++x) {
        float v = pixels[static_cast<size_t>(((top + y) * size.width + left + x) * c + from)];
        int64_t at = p.channels_last ? (y * crop.width + x) * c + k : (k * crop.height + y) * crop.width + x;
        if (floats) floats[at] = (v * scale - mean) / std;
        else bytes[at] = static_cast<uint8_t>(std::clamp(std::nearbyint(v), 0.0f, 255.0f));
      }
  }
  return out;
}

}  // namespace mo::data
