// ConcatFromSequence: joins the tensors of a sequence along an axis, or stacks them along a new one.
#include "ops/concat.h"
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  Type t = element_type(c, 0);
  if (!t.ranked) return c.set_unranked(0, t.dtype);
  bool stack = c.node.i("new_axis", 0) != 0;
  int64_t axis = normal_axis(c.node.i("axis", 0), t.rank() + stack);
  if (stack) t.dims.insert(t.dims.begin() + axis, Dim());
  else t.dims[static_cast<size_t>(axis)] = Dim();
  c.set(0, t.dtype, std::move(t.dims));
}

void run(Run& c) {
  const std::vector<Datum>& items = items_of(c, 0);
  require(!items.empty(), Code::shape, "an empty sequence has nothing to concatenate");
  bool stack = c.node.i("new_axis", 0) != 0;
  std::vector<Tensor> tensors;
  for (const Datum& d : items) {
    require(d.is_tensor(), Code::type, "the sequence does not hold tensors");
    Shape shape = d.tensor.shape();
    if (stack) shape.insert(shape.begin() + normal_axis(c.node.i("axis", 0), d.tensor.rank() + 1), 1);
    tensors.push_back(d.tensor.reshaped(std::move(shape)));
  }
  std::vector<const Tensor*> parts;
  for (const Tensor& t : tensors) parts.push_back(&t);
  int64_t axis = c.node.i("axis", 0);
  concat_into(c.out(0, tensors[0].dtype(), concat_shape(parts, axis)), parts, axis);
}

}  // namespace

extern const OpDef concat_from_sequence{
    .name = "ConcatFromSequence",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
