// CenterCropPad: each chosen axis cropped around its centre, or padded with zeros on both sides, to a given size.
#include "ops/stack.h"
#include "ops/strides.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

std::vector<size_t> chosen_axes(const Node& n, int64_t rank) {
  std::vector<size_t> axes;
  if (!n.has("axes"))
    for (int64_t a = 0; a < rank; ++a) axes.push_back(static_cast<size_t>(a));
  for (int64_t a : n.ints("axes")) axes.push_back(static_cast<size_t>(normal_axis(a, rank)));
  return axes;
}

void infer(Infer& c) {
  const Type& x = c.input(0);
  if (!x.ranked) return c.set_unranked(0, x.dtype);
  std::vector<Dim> dims = x.dims;
  std::vector<size_t> axes = chosen_axes(c.node, x.rank());
  auto shape = c.known_ints(1);
  require(!shape || shape->size() == axes.size(), Code::shape, "shape has ", shape ? shape->size() : 0, " entries, wants ", axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    require(!shape || (*shape)[i] >= 0, Code::shape, "shape has a negative entry");
    dims[axes[i]] = shape ? known_dim((*shape)[i]) : Dim();
  }
  c.set(0, x.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<size_t> axes = chosen_axes(c.node, x.rank());
  std::vector<int64_t> target = c.in(1).integers();
  require(target.size() == axes.size(), Code::shape, "shape has ", target.size(), " entries, wants ", axes.size());
  Shape out = x.shape();
  std::vector<int64_t> src_from(out.size(), 0), dst_from(out.size(), 0), count = out;
  for (size_t i = 0; i < axes.size(); ++i) {
    size_t a = axes[i];
    require(target[i] >= 0, Code::shape, "shape is ", target);
    int64_t size = x.shape()[a];
    out[a] = target[i];
    src_from[a] = size > target[i] ? (size - target[i]) / 2 : 0;
    dst_from[a] = size < target[i] ? (target[i] - size) / 2 : 0;
    count[a] = std::min(size, target[i]);
  }
  Tensor y = Tensor::zeros(x.dtype(), out);
  void* dst = y.raw_mutable();
  if (element_count(count) > 0) {
    std::vector<int64_t> position(out.size(), 0), src_stride = row_major_strides(x.shape()), dst_stride = row_major_strides(out);
    size_t outer = out.empty() ? 0 : out.size() - 1;
    int64_t row = out.empty() ? 1 : count.back();
    do {
      int64_t from = 0, to = 0;
      for (size_t a = 0; a < out.size(); ++a) {
        from += (src_from[a] + position[a]) * src_stride[a];
        to += (dst_from[a] + position[a]) * dst_stride[a];
      }
      copy_elements(x.dtype(), x.raw(), from, dst, to, row);
    } while (next_position(std::span(position).first(outer), std::span<const int64_t>(count).first(outer)));
  }
  c.out(0, std::move(y));
}

}  // namespace

extern const OpDef center_crop_pad{.name = "CenterCropPad", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .since = 18};

}  // namespace mo::ops
