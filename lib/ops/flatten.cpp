// Flatten: to a matrix [product of the dims before axis, product of the rest].
#include "base/checked.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

int64_t split_axis(const Node& n, int64_t rank) {
  int64_t axis = n.i("axis", 1);
  require(axis >= -rank && axis <= rank, Code::shape, "axis ", axis, " outside rank ", rank);
  return axis < 0 ? axis + rank : axis;
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  std::vector<Dim> dims(2);
  if (in.ranked) {
    size_t axis = static_cast<size_t>(split_axis(c.node, in.rank()));
    auto join = [&](size_t from, size_t to) {
      if (to - from == 1) return in.dims[from];
      int64_t n = 1;
      Dim symbol;
      int unknown = 0;
      for (size_t i = from; i < to; ++i) {
        if (in.dims[i].known()) n = checked_mul(n, in.dims[i].size);
        else ++unknown, symbol = in.dims[i];
      }
      if (unknown == 0 || n == 0) return known_dim(n);
      return unknown == 1 && n == 1 ? symbol : Dim();
    };
    dims = {join(0, axis), join(axis, in.dims.size())};
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(split_axis(c.node, x.rank()));
  c.out(0, x.reshaped({product(x.shape(), 0, axis), product(x.shape(), axis, x.shape().size())}));
}

}  // namespace

extern const OpDef flatten{
    .name = "Flatten",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_movement | k_shares,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.i("axis", 1) < 0 ? std::max(11, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
