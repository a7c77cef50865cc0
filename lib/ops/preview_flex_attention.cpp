// FlexAttention (ai.onnx.preview): prob_mod(softmax(score_mod(scale * Q K^T))) V, the two modifiers being subgraphs.
#include "ops/attention_core.h"
#include "ops/subgraph.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  for (size_t i = 0; i < 3; ++i) expect_rank(c, i, 4);
  c.set(0, c.dtype(), {dim_of(c, 0, 0), dim_of(c, 0, 1), dim_of(c, 0, 2), dim_of(c, 2, 3)});
}

void modify(Run& c, const char* attribute, Tensor& t) {
  if (!c.node.has(attribute)) return;
  MO_ASSERT(static_cast<bool>(c.run_subgraph));
  Datum in(t);
  std::vector<Datum> out = c.run_subgraph(body_of(c.node, attribute), std::span<const Datum>(&in, 1));
  require(out.size() == 1 && out[0].is_tensor() && out[0].tensor.shape() == t.shape() && out[0].tensor.dtype() == t.dtype(), Code::shape, attribute,
          " changes the shape or dtype of ", describe(t));
  t = out[0].tensor;
}

void run(Run& c) {
  for (size_t i = 0; i < 3; ++i) require_rank(c, i, 4);
  Heads q = read_heads(c, 0, 0), k = read_heads(c, 1, 0), v = read_heads(c, 2, 0);
  require(q.batch == k.batch && q.batch == v.batch && q.width == k.width && k.length == v.length && k.heads == v.heads, Code::shape, "Q ",
          c.in(0).shape(), ", K ", c.in(1).shape(), ", V ", c.in(2).shape(), " do not fit");
  require(k.heads >= 1 && q.heads % k.heads == 0, Code::shape, q.heads, " query heads on ", k.heads, " key heads");
  double scale = c.node.has("scale") ? static_cast<double>(c.node.f("scale", 1)) : (q.width > 0 ? 1 / std::sqrt(static_cast<double>(q.width)) : 1);
  DType precision = c.dtype() == DType::f64 ? DType::f64 : DType::f32;
  if (int64_t p = c.node.i("softmax_precision", 0)) precision = static_cast<DType>(p);
  require(is_floating(precision) && info(precision).bits >= 16, Code::type, "softmax_precision is ", static_cast<int64_t>(precision));
  Shape shape{q.batch, q.heads, q.length, k.length};
  std::vector<double> scores(static_cast<size_t>(element_count(shape)));
  const int64_t per_group = q.heads / k.heads, rows = q.batch * q.heads * q.length;
  auto split = [&](int64_t row, int64_t& b, int64_t& h, int64_t& i) {
    i = row % q.length;
    h = row / q.length % q.heads;
    b = row / q.length / q.heads;
  };
  int64_t b, h, i;
  for (int64_t row = 0; row < rows; ++row) {
    split(row, b, h, i);
    for (int64_t j = 0; j < k.length; ++j) {
      double dot = 0;
      for (int64_t d = 0; d < q.width; ++d) dot += q.row(b, h, i)[d] * k.row(b, h / per_group, j)[d];
      scores[static_cast<size_t>(row * k.length + j)] = dot * scale;
    }
  }
  Tensor t = Tensor::allocate(precision, shape);
  convert_elements(DType::f64, scores.data(), precision, t.raw_mutable(), t.size());
  modify(c, "score_mod", t);
  scores = doubles(t);
  for (int64_t row = 0; row < rows; ++row) softmax_row(scores.data() + row * k.length, k.length);
  convert_elements(DType::f64, scores.data(), precision, t.raw_mutable(), t.size());
  modify(c, "prob_mod", t);
  scores = doubles(t);
  Tensor& y = c.out(0, c.dtype(), {q.batch, q.heads, q.length, v.width});
  void* dst = y.raw_mutable();
  for (int64_t row = 0; row < rows; ++row) {
    split(row, b, h, i);
    for (int64_t d = 0; d < v.width; ++d) {
      double sum = 0;
      for (int64_t j = 0; j < k.length; ++j) sum += scores[static_cast<size_t>(row * k.length + j)] * v.row(b, h / per_group, j)[d];
      store_number(c.dtype(), dst, row * v.width + d, sum);
    }
  }
}

}  // namespace

extern const OpDef preview_flex_attention{.name = "FlexAttention",
                                          .domain = "ai.onnx.preview",
                                          .min_inputs = 3,
                                          .max_inputs = 3,
                                          .infer = infer,
                                          .run = run,
                                          .flags = k_control_flow,
                                          .since = 1};

}  // namespace mo::ops
