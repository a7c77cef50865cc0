// Shapes and cost of pooling.
#include "ops/pooling.h"

#include "base/checked.h"

namespace mo::ops {

PoolShape pool_shape(const Node& node, const Shape& x) {
  require(x.size() >= 3, Code::shape, "X has shape ", x, ", wants [n, c, spatial...]");
  PoolShape g;
  g.planes = checked_mul(x[0], x[1]);
  g.in.assign(x.begin() + 2, x.end());
  g.window = read_window(node, g.in.size(), {});
  g.out = resolve_window(g.window, g.in);
  g.result = {x[0], x[1]};
  g.result.insert(g.result.end(), g.out.begin(), g.out.end());
  g.in_plane = checked_product(g.in);
  g.out_plane = checked_product(g.out);
  return g;
}

void infer_pool(Infer& c, size_t output, DType dtype) {
  const Type& x = c.input(0);
  if (!x.ranked) return c.set_unranked(output, dtype);
  require(x.dims.size() >= 3, Code::shape, "X is ", describe(x), ", wants [n, c, spatial...]");
  Window w = read_window(c.node, x.dims.size() - 2, {});
  std::vector<Dim> dims{x.dims[0], x.dims[1]};
  for (size_t a = 2; a < x.dims.size(); ++a) dims.push_back(window_output(w, a - 2, x.dims[a]));
  c.set(output, dtype, std::move(dims));
}

Cost pool_cost(const CostQuery& q) {
  Cost r;
  if (!q.outputs.empty() && q.outputs[0].is_static())
    r.flops = checked_mul(element_count(q.outputs[0].shape()), checked_product(q.node.ints("kernel_shape")));
  return r;
}

}  // namespace mo::ops
