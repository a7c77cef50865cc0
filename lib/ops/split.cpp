// Split: cuts a tensor along an axis into parts of given lengths, or num_outputs equal ones (the last may be shorter).
#include "ops/movement.h"

namespace mo::ops {

namespace {

std::vector<int64_t> equal_parts(int64_t dim, const Node& n, size_t outputs) {
  int64_t parts = static_cast<int64_t>(outputs);
  require(parts > 0 && n.i("num_outputs", parts) == parts, Code::shape, "split into ", n.i("num_outputs", parts), " parts for ", outputs, " outputs");
  int64_t step = dim / parts + (dim % parts != 0);
  std::vector<int64_t> out;
  for (int64_t k = 0, left = dim; k < parts; ++k, left -= out.back()) out.push_back(std::min(step, left));
  return out;
}

void check_parts(std::span<const int64_t> parts, size_t outputs, int64_t dim) {
  require(parts.size() == outputs, Code::shape, "split into ", parts.size(), " parts for ", outputs, " outputs");
  int64_t left = dim;
  for (int64_t p : parts) {
    require(p >= 0 && p <= left, Code::shape, "split ", parts, " of ", dim, " elements");
    left -= p;
  }
  require(left == 0, Code::shape, "split ", parts, " leaves ", left, " of ", dim, " elements");
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  auto parts = c.known_ints(1);
  if (!in.ranked) {
    for (size_t k = 0; k < c.outputs(); ++k) c.set_unranked(k, in.dtype);
    return;
  }
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), in.rank()));
  const Dim& d = in.dims[axis];
  if (!parts && !c.has(1) && d.known()) parts = equal_parts(d.size, c.node, c.outputs());
  if (parts && d.known()) check_parts(*parts, c.outputs(), d.size);
  for (size_t k = 0; k < c.outputs(); ++k) {
    std::vector<Dim> dims = in.dims;
    dims[axis] = parts && k < parts->size() ? known_dim((*parts)[k]) : Dim();
    c.set(k, in.dtype, std::move(dims));
  }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  int64_t dim = x.shape()[axis];
  std::vector<int64_t> parts = c.has(1) ? integer_list(c, 1) : equal_parts(dim, c.node, c.outputs());
  check_parts(parts, c.outputs(), dim);
  int64_t outer = product(x.shape(), 0, axis), inner = product(x.shape(), axis + 1, x.shape().size()), at = 0;
  for (size_t k = 0; k < parts.size(); ++k) {
    Shape shape = x.shape();
    shape[axis] = parts[k];
    int64_t run = parts[k] * inner;
    if (c.wants(k)) {
      Tensor& y = c.out(k, x.dtype(), shape);
      Mover m(y, x);
      if (run > 0)
        for (int64_t i = 0; i < outer; ++i) m.copy(i * run, i * dim * inner + at, run);
    }
    at += run;
  }
}

}  // namespace

extern const OpDef split{
    .name = "Split",
    .min_inputs = 1,
    .max_inputs = 2,
    .max_outputs = -1,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 13,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.has("num_outputs") ? 18 : since_dtypes(n, in); },
};

}  // namespace mo::ops
