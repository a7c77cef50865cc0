// Shapes and cost of convolutions.
#include "ops/convolve.h"

#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

Shape ConvShape::result() const {
  Shape s{batch, out_channels};
  s.insert(s.end(), out.begin(), out.end());
  return s;
}

ConvShape conv_shape(const Node& node, const Shape& x, const Shape& w) {
  require(x.size() >= 3, Code::shape, "X has shape ", x, ", wants [n, c, spatial...]");
  require(w.size() == x.size(), Code::shape, "X has shape ", x, " but W ", w);
  ConvShape g;
  g.group = node.i("group", 1);
  g.batch = x[0];
  g.in_channels = x[1];
  g.out_channels = w[0];
  require(g.group >= 1 && w[0] % g.group == 0, Code::shape, w[0], " output channels in ", g.group, " groups");
  require(checked_mul(w[1], g.group) == x[1], Code::shape, "X has ", x[1], " channels, W wants ", w[1], " * ", g.group);
  g.in.assign(x.begin() + 2, x.end());
  g.window = read_window(node, g.in.size(), std::span(w).subspan(2));
  g.window.ceil_mode = false;
  g.out = resolve_window(g.window, g.in);
  g.in_plane = checked_product(g.in);
  g.out_plane = checked_product(g.out);
  g.kernel_plane = checked_product(g.window.kernel);
  return g;
}

void infer_conv(Infer& c, size_t xi, size_t wi, DType dtype) {
  const Type &x = c.input(xi), &w = c.input(wi);
  require(!x.ranked || !w.ranked || x.dims.size() == w.dims.size(), Code::shape, "X is ", describe(x), " but W ", describe(w));
  size_t rank = x.ranked ? x.dims.size() : w.ranked ? w.dims.size() : 0;
  if (rank == 0) {
    if (!x.ranked && !w.ranked) return c.set_unranked(0, dtype);
  }
  require(rank >= 3, Code::shape, "X is ", describe(x), ", wants [n, c, spatial...]");
  int64_t group = c.node.i("group", 1);
  require(group >= 1, Code::invalid_argument, "group is ", group);
  Dim channels = dim_of(c, xi, 1), per_group = dim_of(c, wi, 1), m = dim_of(c, wi, 0);
  if (channels.known() && per_group.known())
    require(checked_mul(per_group.size, group) == channels.size, Code::shape, "X has ", channels.size, " channels, W wants ", per_group.size, " * ",
            group);
  if (m.known()) require(m.size % group == 0, Code::shape, m.size, " output channels in ", group, " groups");
  std::vector<Dim> dims{dim_of(c, xi, 0), m};
  std::vector<int64_t> kernel;
  bool kernel_known = w.ranked;
  for (size_t a = 2; w.ranked && a < rank; ++a) {
    kernel.push_back(w.dims[a].size);
    kernel_known = kernel_known && w.dims[a].known();
  }
  if (kernel_known || c.node.has("kernel_shape")) {
    Window win = read_window(c.node, rank - 2, kernel_known ? std::span<const int64_t>(kernel) : std::span<const int64_t>());
    win.ceil_mode = false;
    for (size_t a = 0; a < rank - 2; ++a) dims.push_back(window_output(win, a, dim_of(c, xi, a + 2)));
  } else {
    dims.resize(rank);
  }
  c.set(0, dtype, std::move(dims));
}

Cost conv_cost(const CostQuery& q, size_t w) {
  Cost cost;
  if (q.outputs.empty() || !q.outputs[0].is_static() || w >= q.inputs.size() || !q.inputs[w].is_static()) return cost;
  Shape weights = q.inputs[w].shape();
  if (weights.empty()) return cost;
  int64_t per_output = checked_product(std::span<const int64_t>(weights).subspan(1));
  cost.macs = checked_mul(element_count(q.outputs[0].shape()), per_output);
  return cost;
}

}  // namespace mo::ops
