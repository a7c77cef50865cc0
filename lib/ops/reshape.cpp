// Reshape: the same elements under another shape; 0 copies a dimension (unless allowzero), -1 takes what is left.
#include "base/checked.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void check_target(std::span<const int64_t> target, bool allow_zero) {
  int64_t open = 0;
  bool zero = false;
  for (int64_t d : target) {
    require(d >= -1, Code::shape, "reshape target ", target);
    open += d == -1;
    zero = zero || d == 0;
  }
  require(open <= 1, Code::shape, "reshape target ", target, " leaves more than one dimension open");
  require(!(allow_zero && zero && open), Code::shape, "reshape target ", target, " holds both 0 and -1");
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  auto target = c.known_ints(1);
  if (!target) {
    const Type& shape = c.input(1);
    if (shape.ranked && shape.rank() == 1 && shape.dims[0].known() && shape.dims[0].size <= k_max_rank)
      c.set(0, in.dtype, unknown_dims(shape.dims[0].size));
    else c.set_unranked(0, in.dtype);
    return;
  }
  bool allow_zero = c.node.i("allowzero", 0) != 0;
  check_target(*target, allow_zero);
  std::vector<Dim> dims(target->size());
  size_t open = target->size();
  bool known = in.ranked;
  int64_t rest = 1, total = 1;
  std::vector<Dim> left = in.ranked ? in.dims : std::vector<Dim>{};  // unknown input dims that no copied dim has used up
  for (size_t i = 0; i < target->size(); ++i) {
    int64_t d = (*target)[i];
    if (d == -1) {
      open = i;
    } else if (d == 0 && !allow_zero) {
      if (!in.ranked) {
        known = false;
        continue;
      }
      require(i < in.dims.size(), Code::shape, "reshape target ", *target, " copies dimension ", i, " of a rank ", in.rank(), " input");
      dims[i] = in.dims[i];
      left[i] = known_dim(1);  // cancels on both sides
    } else {
      dims[i] = known_dim(d);
      rest = checked_mul(rest, d);
    }
  }
  if (open < dims.size() && known) {
    int unknowns = 0;
    Dim symbol;
    for (const Dim& d : left) {
      if (d.known()) total = checked_mul(total, d.size);
      else ++unknowns, symbol = d;
    }
    if (unknowns == 0 && rest > 0) {
      require(total % rest == 0, Code::shape, "cannot reshape ", total, " elements to ", *target);
      dims[open] = known_dim(total / rest);
    } else if (unknowns == 0) {
      dims[open] = known_dim(0);
    } else if (unknowns == 1 && total == rest) {
      dims[open] = symbol;
    }
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Shape target = integer_list(c, 1);
  bool allow_zero = c.node.i("allowzero", 0) != 0;
  check_target(target, allow_zero);
  int64_t rest = 1;
  size_t open = target.size();
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == 0 && !allow_zero) {
      require(i < x.shape().size(), Code::shape, "reshape target ", target, " copies dimension ", i, " of shape ", x.shape());
      target[i] = x.shape()[i];
    }
    if (target[i] == -1) open = i;
    else rest = checked_mul(rest, target[i]);
  }
  if (open < target.size()) {
    require(rest == 0 ? x.size() == 0 : x.size() % rest == 0, Code::shape, "cannot reshape ", x.shape(), " to ", target);
    target[open] = rest == 0 ? 0 : x.size() / rest;
  }
  c.out(0, x.reshaped(std::move(target)));
}

}  // namespace

extern const OpDef reshape{
    .name = "Reshape",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .flags = k_movement | k_shares,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.has("allowzero") ? std::max(14, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
