// Scales, zero points and epilogues of a node as oneDNN attributes.
#include "kernels/cpu/onednn_attr.h"

#include <algorithm>

#include "kernels/cpu/simd.h"

namespace mo::kernels::onednn {

bool Quant::symmetric() const {
  return std::all_of(zero.begin(), zero.end(), [](int32_t z) { return z == 0; });
}

std::optional<Quant> read_quant(const Request& r, size_t scale_input, size_t zero_input, std::string& reason) {
  Quant q;
  if (!r.in(scale_input).present) return q;
  const Tensor* scale = r.in(scale_input).constant;
  if (!scale) {
    reason = "scale is not known at plan time";
    return std::nullopt;
  }
  q.scale = scale->floats();
  if (r.in(zero_input).present) {
    const Tensor* zero = r.in(zero_input).constant;
    if (!zero) {
      reason = "zero point is not known at plan time";
      return std::nullopt;
    }
    for (int64_t v : zero->integers()) q.zero.push_back(static_cast<int32_t>(v));
  } else {
    q.zero = {0};
  }
  return q;
}

bool other_vnni() {
  if (isa() >= Isa::avx512) return false;
  dnnl::cpu_isa best = dnnl::get_effective_cpu_isa();
  return best == dnnl::cpu_isa::avx2_vnni || best == dnnl::cpu_isa::avx2_vnni_2;
}

bool exact_int8() { return isa() >= Isa::avx512_vnni || other_vnni(); }

namespace {

bool eltwise(dnnl::post_ops& ops, const ops::Post& p) {
  using A = dnnl::algorithm;
  auto add = [&](A a, float alpha, float beta) {
    ops.append_eltwise(a, alpha, beta);
    return true;
  };
  if (p.kind == "relu") return add(A::eltwise_relu, 0, 0);
  if (p.kind == "clip") return add(A::eltwise_clip, p.alpha, p.beta);
  if (p.kind == "leaky_relu") return add(A::eltwise_relu, p.alpha, 0);
  if (p.kind == "sigmoid") return add(A::eltwise_logistic, 0, 0);
  if (p.kind == "tanh") return add(A::eltwise_tanh, 0, 0);
  if (p.kind == "silu") return add(A::eltwise_swish, 1, 0);
  if (p.kind == "hard_sigmoid") return add(A::eltwise_hardsigmoid, p.alpha, p.beta);
  if (p.kind == "hard_swish") return add(A::eltwise_hardswish, 1.0f / 6, 0.5f);
  if (p.kind == "gelu_erf") return add(A::eltwise_gelu_erf, 0, 0);
  if (p.kind == "gelu_tanh") return add(A::eltwise_gelu_tanh, 0, 0);
  if (p.kind == "elu") return add(A::eltwise_elu, p.alpha, 0);
  return false;
}

}  // namespace

Posts make_posts(const std::vector<ops::Post>& posts, const Desc* r, DType r_type, const Quant& q, const Desc& dst) {
  Posts out;
  for (const ops::Post& p : posts) {
    if (!ops::takes_operand(p)) {
      if (!eltwise(out.ops, p)) {
        out.refusal = "epilogue " + p.kind;
        return out;
      }
      continue;
    }
    if (!r) {
      out.refusal = "epilogue operand is absent";
      return out;
    }
    if (!q) {
      out.binary = out.ops.len();
      out.ops.append_binary(p.kind == "add" ? dnnl::algorithm::binary_add : dnnl::algorithm::binary_mul, *r);
      continue;
    }
    bool same_width = info(r_type).bits == 8 && (dst.get_data_type() == Type::u8 || dst.get_data_type() == Type::s8);
    if (p.kind == "add" && q.per_tensor() && same_width && r->get_dims() == dst.get_dims() && r->get_strides() == dst.get_strides()) {
      out.sum = true;
      out.ops.append_sum(q.scale[0], q.zero[0], data_type(r_type));
      continue;
    }
    if (!q.per_tensor()) {
      out.refusal = "epilogue operand with a scale per channel";
      return out;
    }
    // real + (r - z) * s  =  ((real / s - z) + r) * s
    if (p.kind == "add") {
      out.ops.append_eltwise(dnnl::algorithm::eltwise_linear, 1.0f / q.scale[0], -static_cast<float>(q.zero[0]));
      out.binary = out.ops.len();
      out.ops.append_binary(dnnl::algorithm::binary_add, *r);
      out.ops.append_eltwise(dnnl::algorithm::eltwise_linear, q.scale[0], 0);
    } else if (q.symmetric()) {
      out.binary = out.ops.len();
      out.ops.append_binary(dnnl::algorithm::binary_mul, *r);
      out.ops.append_eltwise(dnnl::algorithm::eltwise_linear, q.scale[0], 0);
    } else {
      out.refusal = "multiplication by an operand with a zero point";
      return out;
    }
  }
  return out;
}

void Attr::apply() {
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (src) attr.set_scales_mask(DNNL_ARG_SRC, 0);
  if (weights) attr.set_scales_mask(DNNL_ARG_WEIGHTS, weights_mask);
  if (dst) attr.set_scales_mask(DNNL_ARG_DST, 0);
  if (src && !src.symmetric()) attr.set_zero_points_mask(DNNL_ARG_SRC, 0);
  if (weights && !weights.symmetric()) attr.set_zero_points_mask(DNNL_ARG_WEIGHTS, 0);
  if (dst && !dst.symmetric()) attr.set_zero_points_mask(DNNL_ARG_DST, 0);
  if (posts.ops.len() > 0) attr.set_post_ops(posts.ops);
}

void Attr::bind(Step& step, const Desc* r, int r_input) const {
  auto vector = [](Type t, size_t n) { return Desc({static_cast<int64_t>(n)}, t, dnnl::memory::format_tag::a); };
  auto operand = [&](int arg, const Quant& q) {
    if (!q) return;
    step.fixed(DNNL_ARG_ATTR_SCALES | arg, vector(Type::f32, q.scale.size()), floats(q.scale));
    if (!q.symmetric()) step.fixed(DNNL_ARG_ATTR_ZERO_POINTS | arg, vector(Type::s32, q.zero.size()), ints(q.zero));
  };
  operand(DNNL_ARG_SRC, src);
  operand(DNNL_ARG_WEIGHTS, weights);
  operand(DNNL_ARG_DST, dst);
  if (posts.binary >= 0) step.src(DNNL_ARG_ATTR_MULTIPLE_POST_OP(posts.binary) | DNNL_ARG_SRC_1, *r, r_input);
}

}  // namespace mo::kernels::onednn
