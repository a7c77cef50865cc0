// MaxRoiPool: the largest element in each cell of a grid laid over each region; coordinates rounded to elements.
#include "ops/image.h"

namespace mo::ops {
namespace {

std::vector<int64_t> pooled(const Node& n) {
  std::vector<int64_t> p = n.ints("pooled_shape");
  require(p.size() == 2 && p[0] > 0 && p[1] > 0, Code::invalid_argument, "pooled_shape is ", p);
  return p;
}

void infer(Infer& c) {
  expect_rank(c, 0, 4);
  expect_rank(c, 1, 2);
  std::vector<int64_t> p = pooled(c.node);
  c.set(0, c.dtype(), {dim_of(c, 1, 0), dim_of(c, 0, 1), known_dim(p[0]), known_dim(p[1])});
}

void run(Run& c) {
  require_rank(c, 0, 4);
  require_rank(c, 1, 2);
  const Shape& s = c.in(0).shape();
  std::vector<int64_t> p = pooled(c.node);
  int64_t count = c.in(1).shape()[0], channels = s[1], height = s[2], width = s[3];
  require_shape(c, 1, {count, 5});
  double scale = c.node.f("spatial_scale", 1);
  std::vector<double> x = doubles(c.in(0)), rois = doubles(c.in(1));
  Tensor& y = c.out(0, c.dtype(), {count, channels, p[0], p[1]});
  void* dst = y.raw_mutable();
  for (int64_t n = 0; n < count; ++n) {
    check(c.control);
    const double* roi = rois.data() + n * 5;
    require(roi[0] >= 0 && roi[0] < static_cast<double>(s[0]), Code::invalid_argument, "batch index ", roi[0], " is outside 0..", s[0] - 1);
    int64_t image = static_cast<int64_t>(roi[0]);
    double edge[4];
    for (int i = 0; i < 4; ++i) {
      edge[i] = std::round(roi[i + 1] * scale);
      require(std::abs(edge[i]) < 1e12, Code::invalid_argument, "region coordinate ", roi[i + 1]);
    }
    double rh = std::max(edge[3] - edge[1] + 1, 1.0), rw = std::max(edge[2] - edge[0] + 1, 1.0);
    double bin_h = rh / static_cast<double>(p[0]), bin_w = rw / static_cast<double>(p[1]);
    auto cell = [](int64_t i, double bin, double start, int64_t size, int64_t& first, int64_t& last) {
      double low = std::floor(static_cast<double>(i) * bin) + start, high = std::ceil(static_cast<double>(i + 1) * bin) + start;
      first = static_cast<int64_t>(std::clamp(low, 0.0, static_cast<double>(size)));
      last = static_cast<int64_t>(std::clamp(high, 0.0, static_cast<double>(size)));
    };
    for (int64_t ch = 0; ch < channels; ++ch)
      for (int64_t ph = 0; ph < p[0]; ++ph)
        for (int64_t pw = 0; pw < p[1]; ++pw) {
          int64_t h0, h1, w0, w1;
          cell(ph, bin_h, edge[1], height, h0, h1);
          cell(pw, bin_w, edge[0], width, w0, w1);
          bool any = h0 < h1 && w0 < w1;
          double best = any ? -HUGE_VAL : 0.0;
          for (int64_t h = h0; h < h1; ++h)
            for (int64_t w = w0; w < w1; ++w) best = std::max(best, x[static_cast<size_t>(((image * channels + ch) * height + h) * width + w)]);
          store_number(c.dtype(), dst, ((n * channels + ch) * p[0] + ph) * p[1] + pw, best);
        }
  }
}

}  // namespace

extern const OpDef max_roi_pool{
    .name = "MaxRoiPool", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .since = 7, .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
