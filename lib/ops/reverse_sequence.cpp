// ReverseSequence: reverses the first sequence_lens[i] steps of each batch element i; later steps stay.
#include "ops/movement.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor &x = c.in(0), &lengths = c.in(1);
  int64_t batch_axis = c.node.i("batch_axis", 1), time_axis = c.node.i("time_axis", 0);
  require(x.rank() >= 2, Code::shape, "rank ", x.rank(), " is below 2");
  require((batch_axis == 0 && time_axis == 1) || (batch_axis == 1 && time_axis == 0), Code::format, "batch_axis ", batch_axis, " with time_axis ",
          time_axis);
  int64_t batches = x.dim(batch_axis), steps = x.dim(time_axis), inner = product(x.shape(), 2, x.shape().size());
  std::vector<int64_t> length = index_values(c, 1);
  require(lengths.rank() == 1 && lengths.size() == batches, Code::shape, "sequence_lens of shape ", lengths.shape(), " for ", batches, " sequences");
  for (int64_t n : length) require(n >= 0 && n <= steps, Code::shape, "sequence length ", n, " of ", steps, " steps");
  Tensor& y = c.out(0, x.dtype(), x.shape());
  if (x.size() == 0) return;
  Mover m(y, x);
  int64_t batch_stride = batch_axis == 0 ? steps : 1, time_stride = batch_axis == 0 ? 1 : batches;
  for (int64_t b = 0; b < batches; ++b) {
    int64_t n = length[static_cast<size_t>(b)];
    for (int64_t t = 0; t < steps; ++t) {
      int64_t from = t < n ? n - 1 - t : t;
      m.copy((b * batch_stride + t * time_stride) * inner, (b * batch_stride + from * time_stride) * inner, inner);
    }
  }
}

}  // namespace

extern const OpDef reverse_sequence{
    .name = "ReverseSequence",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_same,
    .run = run,
    .flags = k_movement,
    .since = 10,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
