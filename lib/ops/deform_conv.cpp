// DeformConv: a convolution that reads X at positions moved by `offset`, by linear interpolation, each reading scaled by `mask`.
#include <cmath>

#include "base/checked.h"
#include "ops/compute.h"
#include "ops/convolve.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_same_dtype(c, 0, 1);
  infer_conv(c, 0, 1, first_dtype(c, {0, 1, 2}));
}

// X read between elements; outside it is zero.
double read_between(const double* plane, std::span<const int64_t> size, std::span<const double> at) {
  const size_t axes = size.size();
  double sum = 0;
  for (size_t corner = 0; corner < (size_t{1} << axes); ++corner) {
    double weight = 1;
    int64_t index = 0;
    for (size_t a = 0; a < axes; ++a) {
      double low = std::floor(at[a]), fraction = at[a] - low;
      bool high = corner >> a & 1;
      double i = low + (high ? 1 : 0);
      if (!(i >= 0 && i < static_cast<double>(size[a]))) {
        weight = 0;
        break;
      }
      weight *= high ? fraction : 1 - fraction;
      index = index * size[a] + static_cast<int64_t>(i);
    }
    if (weight != 0) sum += weight * plane[index];
  }
  return sum;
}

void run(Run& c) {
  for (size_t i = 1; i < c.inputs(); ++i)
    if (c.has(i)) require_dtype(c, i, c.dtype());
  require(is_floating(c.dtype()), Code::type, "X is ", name(c.dtype()));
  ConvShape g = conv_shape(c.node, c.in(0).shape(), c.in(1).shape());
  const int64_t axes = static_cast<int64_t>(g.in.size());
  require(axes <= 8, Code::unsupported, axes, " spatial axes");
  int64_t groups = c.node.i("offset_group", 1);
  require(groups >= 1 && g.in_channels % groups == 0, Code::shape, g.in_channels, " channels in ", groups, " offset groups");
  Shape offset_shape{g.batch, checked_mul(checked_mul(groups, g.kernel_plane), axes)}, mask_shape{g.batch, checked_mul(groups, g.kernel_plane)};
  offset_shape.insert(offset_shape.end(), g.out.begin(), g.out.end());
  mask_shape.insert(mask_shape.end(), g.out.begin(), g.out.end());
  require_shape(c, 2, offset_shape);
  if (c.has(3)) require_shape(c, 3, {g.out_channels});
  if (c.has(4)) require_shape(c, 4, mask_shape);
  std::vector<double> x = doubles(c.in(0)), w = doubles(c.in(1)), offset = doubles(c.in(2));
  std::vector<double> bias = c.has(3) ? doubles(c.in(3)) : std::vector<double>(), mask = c.has(4) ? doubles(c.in(4)) : std::vector<double>();
  Tensor& y = c.out(0, c.dtype(), g.result());
  void* dst = y.raw_mutable();
  const int64_t cg = g.in_channels / g.group, mg = g.out_channels / g.group, per_offset = g.in_channels / groups;
  std::vector<int64_t> position(g.out.size()), tap(g.out.size());
  std::vector<double> at(g.out.size()), sums(static_cast<size_t>(g.out_channels));
  for (int64_t n = 0; n < g.batch; ++n) {
    check(c.control);
    std::fill(position.begin(), position.end(), 0);
    for (int64_t o = 0; o < g.out_plane; ++o, next_position(position, g.out)) {
      for (int64_t m = 0; m < g.out_channels; ++m) sums[static_cast<size_t>(m)] = bias.empty() ? 0.0 : bias[static_cast<size_t>(m)];
      for (int64_t ch = 0; ch < g.in_channels; ++ch) {
        int64_t group = ch / per_offset, k = 0;
        std::fill(tap.begin(), tap.end(), 0);
        do {
          int64_t cell = n * groups * g.kernel_plane + group * g.kernel_plane + k;
          for (size_t a = 0; a < at.size(); ++a) {
            double moved = offset[static_cast<size_t>((cell * axes + static_cast<int64_t>(a)) * g.out_plane + o)];
            at[a] = static_cast<double>(position[a] * g.window.stride[a] - g.window.pad_begin[a] + tap[a] * g.window.dilation[a]) + moved;
          }
          double v = read_between(x.data() + (n * g.in_channels + ch) * g.in_plane, g.in, at);
          if (!mask.empty()) v *= mask[static_cast<size_t>(cell * g.out_plane + o)];
          for (int64_t m = ch / cg * mg; m < (ch / cg + 1) * mg; ++m)
            sums[static_cast<size_t>(m)] += v * w[static_cast<size_t>((m * cg + ch % cg) * g.kernel_plane + k)];
          ++k;
        } while (next_position(tap, g.window.kernel));
      }
      for (int64_t m = 0; m < g.out_channels; ++m)
        store_number(c.dtype(), dst, (n * g.out_channels + m) * g.out_plane + o, sums[static_cast<size_t>(m)]);
    }
  }
}

Cost cost(const CostQuery& q) { return conv_cost(q, 1); }

}  // namespace

extern const OpDef deform_conv{
    .name = "DeformConv", .min_inputs = 3, .max_inputs = 5, .infer = infer, .run = run, .cost = cost, .since = 19, .since_of = since_bf16<19, 22>};

}  // namespace mo::ops
