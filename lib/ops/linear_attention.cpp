// LinearAttention: a state S of keys by values, updated token by token (linear, gated, delta, gated delta), read as scale * q^T S.
#include "ops/attention_core.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  int64_t qh = c.node.i("q_num_heads", 0), kh = c.node.i("kv_num_heads", 0);
  require(qh >= 1 && kh >= 1 && qh % kh == 0, Code::invalid_argument, qh, " query heads on ", kh, " key heads");
  for (size_t i = 0; i < 3; ++i) expect_rank(c, i, 3);
  auto part = [](const Dim& d, int64_t heads) { return d.known() ? known_dim(d.size / heads) : Dim(); };
  Dim dk = part(dim_of(c, 1, 2), kh), dv = part(dim_of(c, 2, 2), kh);
  c.set(0, c.dtype(), {dim_of(c, 0, 0), dim_of(c, 0, 1), dv.known() ? known_dim(checked_mul(dv.size, qh)) : Dim()});
  c.set(1, c.has(3) ? c.dtype(3) : c.dtype(), {dim_of(c, 0, 0), known_dim(kh), dk, dv});
}

void run(Run& c) {
  int64_t qh = c.node.i("q_num_heads", 0), kh = c.node.i("kv_num_heads", 0);
  require(qh >= 1 && kh >= 1 && qh % kh == 0, Code::invalid_argument, qh, " query heads on ", kh, " key heads");
  for (size_t i = 0; i < 3; ++i) require_rank(c, i, 3);
  Heads q = read_heads(c, 0, qh), k = read_heads(c, 1, kh), v = read_heads(c, 2, kh);
  require(q.batch == k.batch && q.batch == v.batch && q.length == k.length && q.length == v.length && q.width == k.width, Code::shape, "query ",
          c.in(0).shape(), ", key ", c.in(1).shape(), ", value ", c.in(2).shape(), " do not fit");
  const int64_t batch = q.batch, length = q.length, dk = q.width, dv = v.width;
  std::string rule = c.node.s("update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta", delta = rule == "delta" || rule == "gated_delta";
  require(gated || delta || rule == "linear", Code::invalid_argument, "update_rule is '", printable(rule), "'");
  std::vector<double> decay, beta;
  bool decay_per_key = false, beta_shared = false;
  if (gated) {
    decay_per_key = c.in(4).rank() == 3 && c.in(4).shape()[2] == kh * dk && dk != 1;
    require_shape(c, 4, {batch, length, decay_per_key ? kh * dk : kh});
    decay = doubles(c.in(4));
  }
  if (delta) {
    beta_shared = c.in(5).rank() == 3 && c.in(5).shape()[2] == 1 && kh != 1;
    require_shape(c, 5, {batch, length, beta_shared ? 1 : kh});
    beta = doubles(c.in(5));
  }
  double scale = c.node.f("scale", 0);
  if (scale == 0) scale = dk > 0 ? 1 / std::sqrt(static_cast<double>(dk)) : 1;
  Shape state_shape{batch, kh, dk, dv};
  std::vector<double> state(static_cast<size_t>(element_count(state_shape)), 0.0), read(static_cast<size_t>(dv));
  if (c.has(3)) {
    require_shape(c, 3, state_shape);
    state = doubles(c.in(3));
  }
  Tensor& y = c.out(0, c.dtype(), {batch, length, checked_mul(qh, dv)});
  void* dst = y.raw_mutable();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < kh; ++h) {
      check(c.control);
      double* S = state.data() + (b * kh + h) * dk * dv;
      for (int64_t t = 0; t < length; ++t) {
        const double *key = k.row(b, h, t), *value = v.row(b, h, t);
        int64_t token = b * length + t;
        if (gated)
          for (int64_t i = 0; i < dk; ++i) {
            double g = std::exp(decay[static_cast<size_t>(decay_per_key ? (token * kh + h) * dk + i : token * kh + h)]);
            for (int64_t j = 0; j < dv; ++j) S[i * dv + j] *= g;
          }
        double rate = delta ? beta[static_cast<size_t>(beta_shared ? token : token * kh + h)] : 1;
        for (int64_t j = 0; j < dv; ++j) {
          double known = 0;
          if (delta)
            for (int64_t i = 0; i < dk; ++i) known += S[i * dv + j] * key[i];
          read[static_cast<size_t>(j)] = rate * (value[j] - known);
        }
        for (int64_t i = 0; i < dk; ++i)
          for (int64_t j = 0; j < dv; ++j) S[i * dv + j] += key[i] * read[static_cast<size_t>(j)];
        for (int64_t g = 0; g < qh / kh; ++g) {
          int64_t head = h * (qh / kh) + g;
          const double* query = q.row(b, head, t);
          for (int64_t j = 0; j < dv; ++j) {
            double sum = 0;
            for (int64_t i = 0; i < dk; ++i) sum += query[i] * S[i * dv + j];
            store_number(c.dtype(), dst, (token * qh + head) * dv + j, scale * sum);
          }
        }
      }
    }
  if (!c.wants(1)) return;
  DType dtype = c.has(3) ? c.dtype(3) : c.dtype();
  Tensor& present = c.out(1, dtype, state_shape);
  convert_elements(DType::f64, state.data(), dtype, present.raw_mutable(), present.size());
}

}  // namespace

extern const OpDef linear_attention{
    .name = "LinearAttention", .min_inputs = 3, .max_inputs = 6, .max_outputs = 2, .infer = infer, .run = run, .since = 27};

}  // namespace mo::ops
