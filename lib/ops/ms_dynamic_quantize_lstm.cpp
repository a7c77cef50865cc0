// DynamicQuantizeLSTM of com.microsoft: LSTM whose 8-bit W [d, i, 4h] and R [d, h, 4h] stand turned, with a scale (and zero point) per direction or
// per column. The operator leaves the rounding of activations to who runs it; here they are not rounded.
#include "ops/ms_dynamic_quantize_lstm.h"

#include "ops/compute.h"
#include "ops/quantized.h"
#include "ops/rnn.h"

namespace mo::ops {

Tensor turned_weights(const Tensor& q) {
  require(q.rank() == 3 && is_8bit(q.dtype()), Code::type, "weights are ", name(q.dtype()), q.shape(), ", wants 8 bits and rank 3");
  const int64_t k = q.dim(1), n = q.dim(2);
  Tensor t = Tensor::allocate(q.dtype(), {q.dim(0), n, k});
  const auto* src = static_cast<const uint8_t*>(q.raw());
  auto* dst = static_cast<uint8_t*>(t.raw_mutable());
  for (int64_t d = 0; d < q.dim(0); ++d)
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < n; ++j) dst[(d * n + j) * k + i] = src[(d * k + i) * n + j];
  return t;
}

Tensor spread_parameters(const Tensor& t, int64_t directions, int64_t rows) {
  if (t.size() == directions * rows) return t.reshaped({directions, rows});
  require(t.size() == 1 || t.size() == directions, Code::shape, "scales or zero points of shape ", t.shape(), ", wants one per direction or column");
  Tensor all = Tensor::allocate(t.dtype(), {directions, rows});
  for (int64_t i = 0; i < all.size(); ++i) all.set_number(i, t.number(t.size() == 1 ? 0 : i / rows));
  return all;
}

namespace {

void infer(Infer& c) {
  for (size_t i = 0; i < 3; ++i) expect_rank(c, i, 3);
  const Dim directions = known_dim(direction_count(c.node)), hidden = dim_of(c, 2, 1);
  const Dim steps = dim_of(c, 0, 0), batch = dim_of(c, 0, 1);
  c.set(0, c.dtype(), {steps, directions, batch, hidden});
  for (size_t i : {1, 2}) c.set(i, c.dtype(), {directions, batch, hidden});
}

void run(Run& c) {
  std::vector<Datum> given(12);
  for (size_t i = 0; i < std::min<size_t>(c.inputs(), 12); ++i)
    if (c.has(i)) given[i] = c.datum(i);
  for (size_t i : {1, 2}) {
    const Tensor t = turned_weights(c.in(i));
    given[i] = Datum(t);
    for (size_t p : {6 + 2 * i, 7 + 2 * i})
      if (c.has(p)) given[p] = Datum(spread_parameters(c.in(p), t.dim(0), t.dim(1)));
  }
  std::vector<const Datum*> in;
  for (const Datum& d : given) in.push_back(&d);
  std::vector<Datum> out(c.outputs());
  Node lstm = c.node;
  lstm.op = "LSTM", lstm.domain = "mo";
  Run inner(lstm, in, out);
  inner.control = c.control;
  find("LSTM", "mo")->run(inner);
  for (size_t i = 0; i < out.size(); ++i)
    if (c.wants(i) && !out[i].is_none()) c.out(i, std::move(out[i]));
}

}  // namespace

extern const OpDef ms_dynamic_quantize_lstm{.name = "DynamicQuantizeLSTM",
                                            .domain = "com.microsoft",
                                            .min_inputs = 12,
                                            .max_inputs = 12,
                                            .min_outputs = 0,
                                            .max_outputs = 3,
                                            .infer = infer,
                                            .run = run,
                                            .cost = recurrent_cost,
                                            .since = 1};

}  // namespace mo::ops
