// mo.LSTM, mo.GRU, mo.RNN: the standard operators with 8-bit W or R; docs/internal_operators.md defines them.
#include "ops/compute.h"
#include "ops/quantized.h"
#include "ops/rnn.h"

namespace mo::ops {
namespace {

constexpr size_t k_standard_inputs = 8;

// (q - zero) * scale, each of these with one entry per row of the last axis.
Tensor real_weights(const Run& c, size_t i, size_t scale_at) {
  const Tensor& q = c.in(i);
  if (!is_8bit(q.dtype())) return q;
  require_rank(c, i, 3);
  const int64_t rows = q.dim(0) * q.dim(1), inner = q.dim(2);
  const Tensor &scale = c.in(scale_at), *zero = c.in_or_null(scale_at + 1);
  require(scale.dtype() == DType::f32 && scale.size() == rows, Code::shape, "input ", scale_at, " wants ", rows, " float32 scales");
  require(!zero || (zero->dtype() == q.dtype() && zero->size() == rows), Code::shape, "input ", scale_at + 1, " wants ", rows, " zero points");
  Tensor w = Tensor::allocate(DType::f32, q.shape());
  float* dst = w.mutable_data<float>();
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < inner; ++k, ++dst)
      *dst = static_cast<float>(q.integer(r * inner + k) - (zero ? zero->integer(r) : 0)) * scale.data<float>()[r];
  return w;
}

void run(Run& c) {
  const Datum w(real_weights(c, 1, 8)), r(real_weights(c, 2, 10));
  std::vector<const Datum*> in;
  const OpDef& standard = *find(c.node.op, "");
  for (size_t i = 0; i < std::min(c.inputs(), static_cast<size_t>(standard.max_inputs)); ++i) in.push_back(c.has(i) ? &c.datum(i) : nullptr);
  in.at(1) = &w, in.at(2) = &r;
  std::vector<Datum> out(c.outputs());
  Run inner(c.node, in, out);
  inner.threads = c.threads;
  inner.control = c.control;
  standard.run(inner);
  for (size_t i = 0; i < out.size(); ++i)
    if (c.wants(i) && !out[i].is_none()) c.out(i, std::move(out[i]));
}

void infer_lstm(Infer& c) { infer_recurrent(c, true); }
void infer_other(Infer& c) { infer_recurrent(c, false); }

constexpr OpDef made(const char* name, int outputs, void (*infer)(Infer&)) {
  return {.name = name,
          .domain = "mo",
          .min_inputs = 3,
          .max_inputs = static_cast<int>(k_standard_inputs) + 4,
          .min_outputs = 0,
          .max_outputs = outputs,
          .infer = infer,
          .run = run,
          .cost = recurrent_cost,
          .since = 1};
}

}  // namespace

extern const OpDef mo_lstm = made("LSTM", 3, infer_lstm);
extern const OpDef mo_gru = made("GRU", 2, infer_other);
extern const OpDef mo_rnn = made("RNN", 2, infer_other);

}  // namespace mo::ops
