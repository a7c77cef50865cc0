// mo.Conv: Conv with an epilogue on operands that may be quantized; docs/internal_operators.md defines it.
#include "ops/convolve.h"
#include "ops/fused.h"

namespace mo::ops {
namespace {

enum : size_t { X, W, B, R, x_scale, x_zp, w_scale, w_zp, y_scale, y_zp, r_scale, r_zp };

void infer(Infer& c) { infer_conv(c, X, W, fused_dtype(c, y_scale, y_zp, c.dtype(X))); }

// Hands each integer sum to `store(flat output index, sum, product of the operands' scales, real bias)`.
template <class Store>
void integer_conv(const Run& c, const ConvShape& g, Store&& store) {
  PerChannel xs(&c.in(x_scale), 1, 1, "x_scale"), xz(c.in_or_null(x_zp), 1, 0, "x_zero_point");
  PerChannel ws(&c.in(w_scale), g.out_channels, 1, "w_scale"), wz(c.in_or_null(w_zp), g.out_channels, 0, "w_zero_point");
  int64_t maps = std::max<int64_t>(g.out_channels, 1);
  std::vector<uint32_t> x = centered(c.in(X), xz, 1, 1), w = centered(c.in(W), wz, maps, std::max<int64_t>(c.in(W).size() / maps, 1));
  const Tensor* bias = c.in_or_null(B);
  bool integer_bias = bias && bias->dtype() == DType::i32;
  convolve<uint32_t, uint32_t>(g, x.data(), w.data(), [&](int64_t n, int64_t m, const uint32_t* plane) {
    float scale = static_cast<float>(xs[0]) * static_cast<float>(ws[m]);
    uint32_t start = integer_bias ? static_cast<uint32_t>(bias->data<int32_t>()[m]) : 0u;
    float add = bias && !integer_bias ? static_cast<float>(bias->number(m)) : 0.0f;
    for (int64_t i = 0; i < g.out_plane; ++i) store((n * g.out_channels + m) * g.out_plane + i, static_cast<int32_t>(plane[i] + start), scale, add);
  });
}

// Hands each finished real value to `store(flat output index, value before the epilogue)`.
template <class Store>
void real_conv(const Run& c, const ConvShape& g, Store&& store) {
  std::vector<float> x = real_operand(c, X, x_scale, x_zp, 1), w = real_operand(c, W, w_scale, w_zp, 0);
  const Tensor* bias = c.in_or_null(B);
  convolve<float, double>(g, x.data(), w.data(), [&](int64_t n, int64_t m, const double* plane) {
    double add = bias ? bias->number(m) : 0.0;
    for (int64_t i = 0; i < g.out_plane; ++i) store((n * g.out_channels + m) * g.out_plane + i, static_cast<float>(plane[i] + add));
  });
}

void run(Run& c) {
  ConvShape g = conv_shape(c.node, c.in(X).shape(), c.in(W).shape());
  bool integer = c.has(x_scale) && c.has(w_scale);
  if (c.has(B)) {
    require_shape(c, B, {g.out_channels});
    require(c.dtype(B) != DType::i32 || integer, Code::type, "int32 bias without quantized operands");
  }
  std::vector<Post> posts = epilogue(c.node);
  Shape shape = g.result();
  DType plain = is_floating(c.dtype(X)) ? c.dtype(X) : DType::f32;
  if (integer && OneMultiplier::covers(c, posts, y_scale, r_scale)) {
    OneMultiplier one(c, posts, y_scale, R, r_scale, r_zp, shape);
    FusedOutput y(c, y_scale, y_zp, plain, shape);
    return integer_conv(c, g, [&](int64_t i, int32_t sum, float scale, float add) { y.put_steps(i, one.apply(sum, one.scale(scale), add, i)); });
  }
  std::vector<float> operand = post_operand(c, posts, R, r_scale, r_zp, shape);
  FusedOutput y(c, y_scale, y_zp, plain, shape);
  auto store = [&](int64_t i, float v) { y.put(i, apply_post(posts, v, operand.empty() ? 0.0f : operand[static_cast<size_t>(i)])); };
  if (integer) integer_conv(c, g, [&](int64_t i, int32_t sum, float scale, float add) { store(i, static_cast<float>(sum) * scale + add); });
  else real_conv(c, g, store);
}

Cost cost(const CostQuery& q) { return conv_cost(q, W); }

}  // namespace

extern const OpDef mo_conv{.name = "Conv", .domain = "mo", .min_inputs = 2, .max_inputs = 12, .infer = infer, .run = run, .cost = cost, .since = 1};

}  // namespace mo::ops
