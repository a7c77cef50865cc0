// Unsqueeze: inserts axes of size 1 at the places of the result that input 1 names.
#include <algorithm>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

template <class D, class Make>
std::vector<D> insert_ones(const std::vector<D>& dims, const std::vector<int64_t>& axes, Make one) {
  int64_t rank = static_cast<int64_t>(dims.size() + axes.size());
  require(rank <= k_max_rank, Code::limit, "rank ", rank, " is above ", k_max_rank);
  std::vector<int64_t> at = normal_axes(axes, rank);
  std::vector<D> out;
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i) {
    if (std::find(at.begin(), at.end(), i) != at.end()) out.push_back(one);
    else out.push_back(dims[next++]);
  }
  return out;
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  auto axes = c.known_ints(1);
  if (in.ranked && axes) return c.set(0, in.dtype, insert_ones(in.dims, *axes, known_dim(1)));
  const Type& list = c.input(1);
  if (in.ranked && list.ranked && list.rank() == 1 && list.dims[0].known() && list.dims[0].size <= k_max_rank)
    c.set(0, in.dtype, unknown_dims(in.rank() + list.dims[0].size));
  else c.set_unranked(0, in.dtype);
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  c.out(0, x.reshaped(insert_ones<int64_t>(x.shape(), integer_list(c, 1), int64_t{1})));
}

}  // namespace

extern const OpDef unsqueeze{
    .name = "Unsqueeze",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement | k_shares,
    .since = 13,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
