// OneHot: a new axis of `depth` in which the place named by the index holds values[1] and all others values[0].
#include "ops/movement.h"

namespace mo::ops {

namespace {

int64_t place(const Node& n, int64_t rank) { return normal_axis(n.i("axis", -1), rank + 1); }

void infer(Infer& c) {
  const Type& index = c.input(0);
  DType dtype = c.dtype(2);
  if (!index.ranked) return c.set_unranked(0, dtype);
  Dim depth;
  if (const Tensor* t = c.known(1); t && t->size() == 1) {
    require(t->integer(0) >= 0, Code::shape, "depth ", t->integer(0));
    depth = known_dim(t->integer(0));
  }
  std::vector<Dim> dims = index.dims;
  dims.insert(dims.begin() + place(c.node, index.rank()), depth);
  c.set(0, dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor &index = c.in(0), &values = c.in(2);
  int64_t depth = scalar_integer(c, 1);
  require(depth >= 0, Code::shape, "depth ", depth);
  require(values.rank() == 1 && values.size() == 2, Code::shape, "values must be [off, on], have shape ", values.shape());
  std::vector<int64_t> at = index.integers();
  size_t axis = static_cast<size_t>(place(c.node, index.rank()));
  Shape shape = index.shape();
  shape.insert(shape.begin() + static_cast<int64_t>(axis), depth);
  Tensor& y = c.out(0, values.dtype(), shape);
  if (y.size() == 0) return;
  int64_t zero = 0, one = 1, n = y.size(), inner = product(shape, axis + 1, shape.size());
  copy_box(y, 0, {&one, 1}, values, 0, {&zero, 1}, {&n, 1});
  Mover m(y, values);
  for (size_t i = 0; i < at.size(); ++i) {
    int64_t k = at[i], e = static_cast<int64_t>(i);
    if (k < -depth || k >= depth) continue;
    if (k < 0) k += depth;
    m.copy((e / inner * depth + k) * inner + e % inner, 1);
  }
}

}  // namespace

extern const OpDef one_hot{
    .name = "OneHot",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer,
    .run = run,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
