// NonMaxSuppression: per batch and class, boxes by falling score that overlap no better box by more than a threshold.
#include <algorithm>

#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_rank(c, 0, 3);
  expect_rank(c, 1, 3);
  same_dim(dim_of(c, 0, 0), dim_of(c, 1, 0), "batches of boxes and scores differ");
  same_dim(dim_of(c, 0, 1), dim_of(c, 1, 2), "counts of boxes and scores differ");
  c.set(0, DType::i64, {Dim(), known_dim(3)});
}

struct Box {
  float y0, x0, y1, x1;
};

Box read_box(const float* b, bool center) {
  if (center) return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};
  return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

bool overlaps(const Box& a, const Box& b, float threshold) {
  float h = std::min(a.y1, b.y1) - std::max(a.y0, b.y0), w = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  if (!(h > 0) || !(w > 0)) return false;
  float area_a = (a.y1 - a.y0) * (a.x1 - a.x0), area_b = (b.y1 - b.y0) * (b.x1 - b.x0), common = h * w, all = area_a + area_b - common;
  return area_a > 0 && area_b > 0 && all > 0 && common / all > threshold;
}

void run(Run& c) {
  require_dtype(c, 0, DType::f32);
  require_dtype(c, 1, DType::f32);
  require_rank(c, 0, 3);
  require_rank(c, 1, 3);
  const Shape& s = c.in(1).shape();
  int64_t batches = s[0], classes = s[1], count = s[2];
  require_shape(c, 0, {batches, count, 4});
  auto scalar = [&](size_t i, double fallback) {
    if (!c.has(i) || c.in(i).size() == 0) return fallback;
    require(c.in(i).size() == 1, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants a scalar");
    return c.in(i).number();
  };
  double limit = scalar(2, 0);
  float iou = static_cast<float>(scalar(3, 0)), low = static_cast<float>(scalar(4, 0));
  require(iou >= 0 && iou <= 1, Code::invalid_argument, "iou_threshold ", iou, " is outside [0, 1]");
  bool filter = c.has(4) && c.in(4).size() > 0, center = c.node.i("center_point_box", 0) != 0;
  const float *boxes = c.in(0).data<float>(), *scores = c.in(1).data<float>();
  std::vector<int64_t> selected;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t k = 0; k < classes; ++k) {
      check(c.control);
      const float* score = scores + (b * classes + k) * count;
      std::vector<int64_t> order;
      for (int64_t i = 0; i < count; ++i)
        if (score[i] == score[i] && (!filter || score[i] > low)) order.push_back(i);
      std::stable_sort(order.begin(), order.end(), [&](int64_t x, int64_t y) { return score[x] > score[y]; });
      std::vector<Box> kept;
      for (int64_t i : order) {
        if (static_cast<double>(kept.size()) >= limit) break;
        Box box = read_box(boxes + (b * count + i) * 4, center);
        if (std::any_of(kept.begin(), kept.end(), [&](const Box& other) { return overlaps(box, other, iou); })) continue;
        kept.push_back(box);
        selected.insert(selected.end(), {b, k, i});
      }
    }
  c.out(0, Tensor::of<int64_t>({static_cast<int64_t>(selected.size() / 3), 3}, std::span<const int64_t>(selected)));
}

}  // namespace

extern const OpDef non_max_suppression{.name = "NonMaxSuppression", .min_inputs = 2, .max_inputs = 5, .infer = infer, .run = run, .since = 11};

}  // namespace mo::ops
