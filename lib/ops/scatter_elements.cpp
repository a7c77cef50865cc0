// ScatterElements: a copy of the data in which y[i][index[i][j]] = update[i][j] (for axis 1), under a reduction.
#include "ops/scatter.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor &x = c.in(0), &index = c.in(1), &updates = c.in(2);
  require_same_dtype(c, 0, 2);
  require(updates.shape() == index.shape(), Code::shape, "updates of shape ", updates.shape(), " for indices of shape ", index.shape());
  ScatterReduction how = scatter_reduction(c.node);
  std::vector<int64_t> to = element_offsets(x.shape(), index.shape(), index_values(c, 1), c.node.i("axis", 0));
  scatter_slices(copy_of_data(c), updates, to, 1, how);
}

}  // namespace

extern const OpDef scatter_elements{
    .name = "ScatterElements",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer_same,
    .run = run,
    .since = 11,
    .since_of = scatter_since,
};

}  // namespace mo::ops
