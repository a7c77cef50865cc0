// SplitToSequence: cuts a tensor along an axis into a sequence: into parts of given lengths, of one length, or single steps.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  Type t = c.input(0);
  if (t.kind == Type::Kind::unknown) t = Type::tensor(DType::undefined);
  if (t.ranked) {
    int64_t axis = normal_axis(c.node.i("axis", 0), t.rank());
    bool drop = !c.has(1) && c.node.i("keepdims", 1) == 0;
    if (drop) t.dims.erase(t.dims.begin() + axis);
    else t.dims[static_cast<size_t>(axis)] = c.has(1) ? Dim() : known_dim(1);
  }
  c.output(0) = Type::sequence_of(t);
}

std::vector<int64_t> lengths(const Run& c, int64_t dim) {
  std::vector<int64_t> out;
  if (c.has(1) && c.in(1).rank() == 1) {
    out = integer_list(c, 1);
    int64_t left = dim;
    for (int64_t n : out) {
      require(n >= 0 && n <= left, Code::shape, "split ", out, " of ", dim, " elements");
      left -= n;
    }
    require(left == 0, Code::shape, "split ", out, " leaves ", left, " of ", dim, " elements");
    return out;
  }
  int64_t step = c.has(1) ? scalar_integer(c, 1) : 1;
  require(step > 0, Code::shape, "split into parts of ", step);
  require(dim / step < (int64_t{1} << 24), Code::limit, "split of ", dim, " elements into parts of ", step);
  for (int64_t left = dim; left > 0; left -= out.back()) out.push_back(std::min(step, left));
  return out;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  bool drop = !c.has(1) && c.node.i("keepdims", 1) == 0;
  int64_t dim = x.shape()[axis], outer = product(x.shape(), 0, axis), inner = product(x.shape(), axis + 1, x.shape().size()), at = 0;
  std::vector<Datum> items;
  for (int64_t n : lengths(c, dim)) {
    Shape shape = x.shape();
    shape[axis] = n;
    Tensor part = Tensor::allocate(x.dtype(), shape);
    if (part.size() > 0) {
      Mover m(part, x);
      for (int64_t o = 0; o < outer; ++o) m.copy(o * n * inner, (o * dim + at) * inner, n * inner);
    }
    at += n;
    if (drop) shape.erase(shape.begin() + static_cast<int64_t>(axis));
    items.emplace_back(drop ? part.reshaped(shape) : std::move(part));
  }
  c.out(0, Datum::sequence(std::move(items)));
}

}  // namespace

extern const OpDef split_to_sequence{
    .name = "SplitToSequence",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
