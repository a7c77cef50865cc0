// Elementwise functions of one float tensor.
#include "kernels/cpu/simd_unary.h"

#include <cmath>
#include <limits>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

enum class Fn {
  relu,
  clip,
  leaky_relu,
  sigmoid,
  tanh,
  silu,
  hard_sigmoid,
  hard_swish,
  gelu_erf,
  gelu_tanh,
  elu,
  celu,
  selu,
  exp,
  log,
  sqrt,
  abs,
  neg,
  erf,
  reciprocal,
  softplus,
  softsign,
  mish,
  square,
  affine,
  thresholded,
  swish,
  floor,
  ceil,
  round
};

template <Fn f>
MO_INLINE float apply(float x, float a, float b) {
  if constexpr (f == Fn::relu) return math::max(x, 0.0f);
  if constexpr (f == Fn::clip) return math::min(math::max(x, a), b);
  if constexpr (f == Fn::leaky_relu) return x < 0 ? a * x : x;
  if constexpr (f == Fn::sigmoid) return math::sigmoid(x);
  if constexpr (f == Fn::tanh) return math::tanh(x);
  if constexpr (f == Fn::silu) return x / (1.0f + math::exp(-x));
  if constexpr (f == Fn::swish) return x / (1.0f + math::exp(-a * x));
  if constexpr (f == Fn::hard_sigmoid) return math::max(math::min(a * x + b, 1.0f), 0.0f);
  if constexpr (f == Fn::hard_swish) return x * math::max(math::min(x * (1.0f / 6) + 0.5f, 1.0f), 0.0f);
  if constexpr (f == Fn::gelu_erf) return math::gelu_erf(x);
  if constexpr (f == Fn::gelu_tanh) return math::gelu_tanh(x);
  if constexpr (f == Fn::elu) return x < 0 ? a * (math::exp(x) - 1.0f) : x;
  if constexpr (f == Fn::celu) return math::max(x, 0.0f) + math::min(a * (math::exp(x / a) - 1.0f), 0.0f);
  if constexpr (f == Fn::selu) return b * (x > 0 ? x : a * (math::exp(x) - 1.0f));
  if constexpr (f == Fn::exp) return math::exp(x);
  if constexpr (f == Fn::log) {
    float y = math::log(x);
    y = x < std::numeric_limits<float>::min() ? (x == 0 ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN()) : y;
    y = x == std::numeric_limits<float>::infinity() ? x : y;
    return x != x ? x : y;
  }
  if constexpr (f == Fn::sqrt) return __builtin_sqrtf(x);
  if constexpr (f == Fn::abs) return math::abs(x);
  if constexpr (f == Fn::neg) return -x;
  if constexpr (f == Fn::erf) return math::erf(x);
  if constexpr (f == Fn::reciprocal) return 1.0f / x;
  if constexpr (f == Fn::softplus) return math::softplus(x);
  if constexpr (f == Fn::softsign) return x / (1.0f + math::abs(x));
  if constexpr (f == Fn::mish) return x * math::tanh(math::softplus(x));
  if constexpr (f == Fn::square) return x * x;
  if constexpr (f == Fn::affine) return a * x + b;
  if constexpr (f == Fn::thresholded) return x > a ? x : 0.0f;
  if constexpr (f == Fn::floor) return __builtin_floorf(x);
  if constexpr (f == Fn::ceil) return __builtin_ceilf(x);
  if constexpr (f == Fn::round) return math::abs(x) < 4194304.0f ? math::copy_sign(math::round_even(x), x) : __builtin_rintf(x);
}

template <Fn f>
MO_INLINE void unary_body(const float* x, float* y, int64_t n, float a, float b) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = apply<f>(x[i], a, b);
}
MO_SIMD_TEMPLATE(unary, Fn, void, (const float* x, float* y, int64_t n, float a, float b), (x, y, n, a, b))

struct Row {
  std::string_view op;    // ONNX operator, "" when only an epilogue
  std::string_view post;  // epilogue entry, "" when only an operator
  decltype(UnaryFn::row) (*choose)();
};

template <Fn f>
decltype(UnaryFn::row) choose() {
  return unary_pick<f>();
}

const Row k_rows[] = {
    {"Relu", "relu", choose<Fn::relu>},
    {"Clip", "clip", choose<Fn::clip>},
    {"LeakyRelu", "leaky_relu", choose<Fn::leaky_relu>},
    {"Sigmoid", "sigmoid", choose<Fn::sigmoid>},
    {"Tanh", "tanh", choose<Fn::tanh>},
    {"", "silu", choose<Fn::silu>},
    {"Swish", "", choose<Fn::swish>},
    {"HardSigmoid", "hard_sigmoid", choose<Fn::hard_sigmoid>},
    {"HardSwish", "hard_swish", choose<Fn::hard_swish>},
    {"Gelu", "gelu_erf", choose<Fn::gelu_erf>},
    {"", "gelu_tanh", choose<Fn::gelu_tanh>},
    {"Elu", "elu", choose<Fn::elu>},
    {"Celu", "", choose<Fn::celu>},
    {"Selu", "", choose<Fn::selu>},
    {"Exp", "", choose<Fn::exp>},
    {"Log", "", choose<Fn::log>},
    {"Sqrt", "", choose<Fn::sqrt>},
    {"Abs", "", choose<Fn::abs>},
    {"Neg", "", choose<Fn::neg>},
    {"Erf", "", choose<Fn::erf>},
    {"Reciprocal", "", choose<Fn::reciprocal>},
    {"Softplus", "", choose<Fn::softplus>},
    {"Softsign", "", choose<Fn::softsign>},
    {"Mish", "", choose<Fn::mish>},
    {"ThresholdedRelu", "", choose<Fn::thresholded>},
    {"Floor", "", choose<Fn::floor>},
    {"Ceil", "", choose<Fn::ceil>},
    {"Round", "", choose<Fn::round>},
    {"", "square", choose<Fn::square>},
    {"", "affine", choose<Fn::affine>},
};

UnaryFn of_node(const Request& r, std::string& reason) {
  const graph::Node& n = r.node;
  UnaryFn fn;
  for (const Row& row : k_rows)
    if (!row.op.empty() && row.op == n.op) fn.row = row.choose();
  if (n.op == "LeakyRelu") fn.alpha = n.f("alpha", 0.01f);
  if (n.op == "Elu" || n.op == "Celu" || n.op == "ThresholdedRelu" || n.op == "Swish") fn.alpha = n.f("alpha", 1.0f);
  if (n.op == "Selu") {
    fn.alpha = n.f("alpha", 1.67326319217681884765625f);
    fn.beta = n.f("gamma", 1.05070102214813232421875f);
  }
  if (n.op == "HardSigmoid") {
    fn.alpha = n.f("alpha", 0.2f);
    fn.beta = n.f("beta", 0.5f);
  }
  if (n.op == "Gelu" && n.s("approximate", "none") == "tanh") fn.row = choose<Fn::gelu_tanh>();
  if (n.op == "Clip") {
    fn.alpha = -std::numeric_limits<float>::infinity();
    fn.beta = -fn.alpha;
    for (size_t i : {1, 2}) {
      if (!r.in(i).present) continue;
      if (!r.in(i).constant || r.in(i).constant->size() != 1) reason = "limits are not known at plan time";
      else (i == 1 ? fn.alpha : fn.beta) = static_cast<float>(r.in(i).constant->number());
    }
  }
  return fn;
}

Offer prepare(const Request& r) {
  if (r.in(0).dtype != DType::f32) return Decline{text("dtype ", name(r.in(0).dtype))};
  std::string reason;
  UnaryFn fn = of_node(r, reason);
  if (!reason.empty()) return Decline{reason};
  int64_t n = element_count(r.in(0).shape);
  Prepared p;
  p.detail = isa_name();
  p.in_place = 0;
  for (size_t i = 1; i < r.inputs.size(); ++i)
    if (r.in(i).constant) p.unused_inputs.push_back(static_cast<int>(i));
  int threads = n >= 1 << 15 ? r.threads : 1;
  p.run = [fn, n, threads](const Args& a) {
    const float* x = static_cast<const float*>(a.src[0]);
    float* y = static_cast<float*>(a.dst[0]);
    parallel_for(threads, n, 4096, [&](int64_t from, int64_t to) { fn(x + from, y + from, to - from); });
  };
  return p;
}

}  // namespace

UnaryFn unary_by_name(std::string_view kind, float alpha, float beta) {
  for (const Row& row : k_rows)
    if (!row.post.empty() && row.post == kind) return {row.choose(), alpha, beta};
  return {};
}

#define MO_UNARY(op) extern const Candidate simd_##op{#op, "", "simd_unary", Wish::any_same, prepare};
MO_UNARY(Relu)
MO_UNARY(Clip)
MO_UNARY(LeakyRelu)
MO_UNARY(Sigmoid)
MO_UNARY(Tanh)
MO_UNARY(Swish)
MO_UNARY(HardSigmoid)
MO_UNARY(HardSwish)
MO_UNARY(Gelu)
MO_UNARY(Elu)
MO_UNARY(Celu)
MO_UNARY(Selu)
MO_UNARY(Exp)
MO_UNARY(Log)
MO_UNARY(Sqrt)
MO_UNARY(Abs)
MO_UNARY(Neg)
MO_UNARY(Erf)
MO_UNARY(Reciprocal)
MO_UNARY(Softplus)
MO_UNARY(Softsign)
MO_UNARY(Mish)
MO_UNARY(ThresholdedRelu)
MO_UNARY(Floor)
MO_UNARY(Ceil)
MO_UNARY(Round)
#undef MO_UNARY

}  // namespace mo::kernels
