// RoiAlign: bilinear samples inside each bin of each region, averaged (or the largest weighted corner, in mode "max").
#include "ops/image.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_rank(c, 0, 4);
  expect_rank(c, 1, 2);
  expect_rank(c, 2, 1);
  int64_t h = c.node.i("output_height", 1), w = c.node.i("output_width", 1);
  require(h >= 0 && w >= 0, Code::invalid_argument, "output is ", h, " x ", w);
  c.set(0, c.dtype(),
        {same_dim(dim_of(c, 1, 0), dim_of(c, 2, 0), "counts of rois and batch_indices differ"), dim_of(c, 0, 1), known_dim(h), known_dim(w)});
}

struct Corners {
  int64_t at[4] = {0, 0, 0, 0};
  double weight[4] = {0, 0, 0, 0};
};

Corners corners(double y, double x, int64_t height, int64_t width) {
  Corners r;
  if (!(y >= -1 && y <= static_cast<double>(height) && x >= -1 && x <= static_cast<double>(width))) return r;
  y = std::max(y, 0.0);
  x = std::max(x, 0.0);
  int64_t y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x), y1 = y0 + 1, x1 = x0 + 1;
  if (y0 >= height - 1) {
    y0 = y1 = height - 1;
    y = static_cast<double>(y0);
  }
  if (x0 >= width - 1) {
    x0 = x1 = width - 1;
    x = static_cast<double>(x0);
  }
  double dy = y - static_cast<double>(y0), dx = x - static_cast<double>(x0);
  int64_t at[4] = {y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1};
  double weight[4] = {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx};
  std::copy(at, at + 4, r.at);
  std::copy(weight, weight + 4, r.weight);
  return r;
}

void run(Run& c) {
  require_rank(c, 0, 4);
  require_rank(c, 2, 1);
  const Shape& s = c.in(0).shape();
  int64_t count = c.in(2).size(), channels = s[1], height = s[2], width = s[3], oh = c.node.i("output_height", 1), ow = c.node.i("output_width", 1);
  require_shape(c, 1, {count, 4});
  require(oh >= 0 && ow >= 0, Code::invalid_argument, "output is ", oh, " x ", ow);
  require(height > 0 && width > 0, Code::shape, "X has shape ", s);
  int64_t ratio = c.node.i("sampling_ratio", 0);
  double scale = c.node.f("spatial_scale", 1);
  std::string mode = c.node.s("mode", "avg"), transform = c.node.s("coordinate_transformation_mode", "half_pixel");
  require(mode == "avg" || mode == "max", Code::invalid_argument, "mode is '", printable(mode), "'");
  require(transform == "half_pixel" || transform == "output_half_pixel", Code::invalid_argument, "coordinate_transformation_mode is '",
          printable(transform), "'");
  bool half = transform == "half_pixel", average = mode == "avg";
  std::vector<double> x = doubles(c.in(0)), rois = doubles(c.in(1));
  Tensor& y = c.out(0, c.dtype(), {count, channels, oh, ow});
  void* dst = y.raw_mutable();
  for (int64_t n = 0; n < count; ++n) {
    check(c.control);
    int64_t image = c.in(2).integer(n);
    require(image >= 0 && image < s[0], Code::invalid_argument, "batch index ", image, " is outside 0..", s[0] - 1);
    double offset = half ? 0.5 : 0.0, edge[4];
    for (int64_t i = 0; i < 4; ++i) edge[i] = rois[static_cast<size_t>(n * 4 + i)] * scale - offset;
    double rw = edge[2] - edge[0], rh = edge[3] - edge[1];
    if (!half) {
      rw = std::max(rw, 1.0);
      rh = std::max(rh, 1.0);
    }
    double bin_h = rh / static_cast<double>(oh), bin_w = rw / static_cast<double>(ow);
    require(ratio > 0 || (bin_h < 1e6 && bin_w < 1e6), Code::limit, "region of ", rh, " x ", rw, " elements");
    int64_t gh = ratio > 0 ? ratio : static_cast<int64_t>(std::ceil(bin_h)), gw = ratio > 0 ? ratio : static_cast<int64_t>(std::ceil(bin_w));
    require(gh <= 1000000 && gw <= 1000000, Code::limit, "a grid of ", gh, " x ", gw, " samples");
    double samples = std::max(static_cast<double>(gh) * static_cast<double>(gw), 1.0);
    for (int64_t bin = 0; bin < oh * ow; ++bin) {
      std::vector<double> value(static_cast<size_t>(channels), 0.0);
      bool first = true;
      for (int64_t iy = 0; iy < gh; ++iy) {
        check(c.control);
        for (int64_t ix = 0; ix < gw; ++ix) {
          double yy = edge[1] + static_cast<double>(bin / ow) * bin_h + (static_cast<double>(iy) + 0.5) * bin_h / static_cast<double>(gh);
          double xx = edge[0] + static_cast<double>(bin % ow) * bin_w + (static_cast<double>(ix) + 0.5) * bin_w / static_cast<double>(gw);
          Corners k = corners(yy, xx, height, width);
          for (int64_t ch = 0; ch < channels; ++ch) {
            const double* plane = x.data() + (image * channels + ch) * height * width;
            double sum = 0, largest = k.weight[0] * plane[k.at[0]];
            for (int i = 0; i < 4; ++i) {
              sum += k.weight[i] * plane[k.at[i]];
              largest = std::max(largest, k.weight[i] * plane[k.at[i]]);
            }
            double& v = value[static_cast<size_t>(ch)];
            if (average) v += sum;
            else v = first ? largest : std::max(v, largest);
          }
          first = false;
        }
      }
      for (int64_t ch = 0; ch < channels; ++ch)
        store_number(c.dtype(), dst, (n * channels + ch) * oh * ow + bin,
                     average ? value[static_cast<size_t>(ch)] / samples : value[static_cast<size_t>(ch)]);
    }
  }
}

int since(const Node&, std::span<const Type> in) { return !in.empty() && in[0].dtype == DType::bf16 ? 22 : 16; }

}  // namespace

extern const OpDef roi_align{.name = "RoiAlign", .min_inputs = 3, .max_inputs = 3, .infer = infer, .run = run, .since = 16, .since_of = since};

}  // namespace mo::ops
