// Matrix products by oneDNN: MatMul, Gemm and mo.MatMul, float or 8-bit, batched and strided, with epilogue.
#include "kernels/cpu/matmul_views.h"
#include "kernels/cpu/onednn_attr.h"
#include "kernels/cpu/simd_quant.h"

#include <algorithm>
#include <cstring>

namespace mo::kernels {
namespace {

using namespace onednn;

struct Build {
  Product p;
  Attr attr;
  Desc bias;  // zero when none
};

bool make(dnnl::matmul::primitive_desc& pd, const Build& b, const Desc& src, const Desc& weights, const Desc& dst) {
  return try_make(pd, [&] { return dnnl::matmul::primitive_desc(engine(), src, weights, b.bias, dst, b.attr.attr); });
}

std::vector<float> real_bias(const Tensor& bias, const Quant& a, const Quant& b, float beta) {
  std::vector<float> out = bias.floats();
  for (size_t i = 0; i < out.size(); ++i) {
    if (bias.dtype() == DType::i32 && a)
      out[i] = static_cast<float>(bias.data<int32_t>()[i] * (static_cast<double>(a.scale[0]) * b.scale[b.per_tensor() ? 0 : i]));
    out[i] *= beta;
  }
  return out;
}

// numpy broadcasting of a small tensor onto `to`.
std::vector<float> spread(const std::vector<float>& values, const Shape& from, const Shape& to) {
  std::vector<float> out(static_cast<size_t>(element_count(to)));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), at = 0, step = 1;
    for (size_t k = 0; k < from.size(); ++k) {
      int64_t own = from[from.size() - 1 - k], size = to[to.size() - 1 - k];
      if (own != 1) at += rest % size * step;
      rest /= size;
      step *= own;
    }
    out[i] = values[static_cast<size_t>(at)];
  }
  return out;
}

Tensor flipped(const Tensor& w) {
  Tensor out = Tensor::allocate(DType::i8, w.shape());
  flip_row(w.data<uint8_t>(), static_cast<uint8_t*>(out.raw_mutable()), w.size());
  return out;
}

// Large row-major float weights met by many rows: packing gains 1 to 3 percent in speed and costs their size again in memory and in load time.
bool good_as_it_is(const Product& p, const Operand& b, const ProductSpec& s) {
  return b.dtype == DType::f32 && !s.trans_b && s.perm_b.empty() && b.shape.size() == 2 && p.m() >= 16 && p.n() % 16 == 0 &&
         element_count(b.shape) >= 1 << 18;
}

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &bias = r.in(2), &res = r.in(3), &y = r.out();
  const bool quantized = a.dtype == DType::u8 || a.dtype == DType::i8;
  auto is_float = [](DType d) { return d == DType::f32; };
  if (!quantized && !(is_float(a.dtype) && is_float(b.dtype) && is_float(y.dtype)))
    return Decline{text("dtypes ", name(a.dtype), " x ", name(b.dtype))};
  if (element_count(a.shape) == 0 || element_count(b.shape) == 0) return Decline{"empty operand"};
  ProductSpec spec = product_spec(r.node);
  Build m;
  std::string reason;
  auto qa = read_quant(r, 4, 5, reason), qb = read_quant(r, 6, 7, reason), qy = read_quant(r, 8, 9, reason), qr = read_quant(r, 10, 11, reason);
  if (!qa || !qb || !qy || !qr) return Decline{reason};
  if (quantized != static_cast<bool>(*qa) || quantized != static_cast<bool>(*qb)) return Decline{"mixed float and 8-bit operands"};
  if (quantized && !exact_int8()) return Decline{"no exact 8-bit products on this machine"};
  if (quantized && !qa->per_tensor()) return Decline{"scale of A per row"};
  if (!spec.perm_y.empty() && res.present) return Decline{"epilogue operand with a transposed result"};

  // oneDNN multiplies by signed weights only: unsigned ones get their top bit flipped and a zero point 128 lower.
  const bool flip = quantized && b.dtype == DType::u8;
  const DType b_type = flip ? DType::i8 : b.dtype;
  if (flip)
    for (auto& z : qb->zero) z -= 128;

  m.p = product_of(spec, r);
  // The bias is oneDNN's own when it is one value per column; any other shape is added by a post-op.
  std::vector<ops::Post> posts;
  View bias_view, res_view;
  std::vector<float> expanded;  // a bias that oneDNN could not broadcast, as large as the result
  bool column_bias = false, added_bias = false;
  if (bias.present) {
    if (spec.beta != 1 && !bias.constant) return Decline{"beta with a computed bias"};
    if (bias.dtype != DType::f32 && !bias.constant) return Decline{text("computed bias of ", name(bias.dtype))};
    int64_t count = element_count(bias.shape);
    column_bias = count == m.p.n() && spec.alpha == 1 && (bias.shape.empty() || bias.shape.back() == m.p.n()) && spec.perm_y.empty();
    if (!column_bias) {
      added_bias = true;
      if (!spec.perm_y.empty()) return Decline{"bias with a transposed result"};
      bias_view = dense_view(bias.shape);
      if (bias.constant && m.p.n() > 1 && bias_view.dims.size() > 0 && bias_view.dims.back() == 1) {
        expanded = spread(real_bias(*bias.constant, *qa, *qb, spec.beta), bias.shape, Shape(m.p.y.dims.begin(), m.p.y.dims.end()));
        bias_view = dense_view(Shape(m.p.y.dims.begin(), m.p.y.dims.end()));
      }
      if (bias_view.dims.empty()) bias_view = {{1}, {1}};
      pad_rank(bias_view, m.p.y.dims.size());
      m.p.along.push_back(bias_view);
    }
  }
  if (res.present) {
    res_view = dense_view(res.shape);
    if (res_view.dims.empty()) res_view = {{1}, {1}};
    pad_rank(res_view, m.p.y.dims.size());
    m.p.along.push_back(res_view);
  }
  if (m.p.y.dims.size() > 12) return Decline{"rank above 12"};
  collapse(m.p);
  if (res.present) res_view = m.p.along.back();
  if (added_bias) bias_view = m.p.along.front();

  const size_t nd = m.p.y.dims.size();
  Desc dst = m.p.y.desc(y.dtype), rd, bd;
  if (res.present) rd = res_view.desc(res.dtype);
  m.attr.src = *qa;
  m.attr.weights = *qb;
  m.attr.dst = *qy;
  m.attr.weights_mask = qb->per_tensor() ? 0 : 1 << (nd - 1);
  if (quantized && spec.alpha != 1) {
    m.attr.src.scale[0] *= spec.alpha;
    if (column_bias || added_bias) return Decline{"alpha with an 8-bit bias"};
  }
  m.attr.posts = make_posts(ops::epilogue(r.node), res.present ? &rd : nullptr, res.dtype, *qr, dst);
  if (!m.attr.posts.refusal.empty()) return Decline{m.attr.posts.refusal};
  int bias_post = -1;
  if ((!quantized && spec.alpha != 1) || added_bias) {
    dnnl::post_ops first;
    if (!quantized && spec.alpha != 1) first.append_eltwise(dnnl::algorithm::eltwise_linear, spec.alpha, 0);
    if (added_bias) {
      bd = bias_view.desc(DType::f32);
      bias_post = first.len();
      first.append_binary(dnnl::algorithm::binary_add, bd);
    }
    int shift = first.len();
    Posts rest = make_posts(ops::epilogue(r.node), res.present ? &rd : nullptr, res.dtype, *qr, dst);
    for (int i = 0; i < rest.ops.len(); ++i) {
      dnnl::algorithm algo;
      float alpha, beta, scale;
      int32_t zero;
      Type t;
      Desc d;
      switch (rest.ops.kind(i)) {
        case dnnl::primitive::kind::eltwise:
          rest.ops.get_params_eltwise(i, algo, alpha, beta);
          first.append_eltwise(algo, alpha, beta);
          break;
        case dnnl::primitive::kind::sum:
          rest.ops.get_params_sum(i, scale, zero, t);
          first.append_sum(scale, zero, t);
          break;
        default: rest.ops.get_params_binary(i, algo, d); first.append_binary(algo, d);
      }
    }
    m.attr.posts = rest;
    m.attr.posts.ops = first;
    if (rest.binary >= 0) m.attr.posts.binary = rest.binary + shift;
  }
  m.attr.apply();
  if (column_bias) {
    Dims ones(nd, 1);
    ones.back() = m.p.n();
    m.bias = Desc(ones, Type::f32, row_major(ones));
  }

  Team team(r.threads);
  Desc src = m.p.a.desc(a.dtype), weights = m.p.b.desc(b_type);
  bool packed = b.constant != nullptr && !good_as_it_is(m.p, b, spec);
  dnnl::matmul::primitive_desc pd;
  bool ok = false;
  if (r.bf16 && !quantized && b.constant != nullptr && element_count(b.shape) >= 1 << 12) {  // rounded on the way in
    ok = make(pd, m, Desc(m.p.a.dims, Type::bf16, row_major(m.p.a.dims)), m.p.b.any(DType::bf16), dst) && !is_reference(pd.impl_info_str());
    packed |= ok;
  }
  if (!ok) ok = make(pd, m, src, packed ? m.p.b.any(b_type) : weights, dst);
  Desc use_src = src, use_dst = dst;
  if (!ok || is_reference(pd.impl_info_str())) {
    // strides that oneDNN has no kernel for: copy operands to row-major memory first
    use_src = Desc(m.p.a.dims, data_type(a.dtype), row_major(m.p.a.dims));
    use_dst = Desc(m.p.y.dims, data_type(y.dtype), row_major(m.p.y.dims));
    Desc use_weights(m.p.b.dims, data_type(b_type), row_major(m.p.b.dims));
    dnnl::matmul::primitive_desc other;
    if (m.attr.posts.sum || !make(other, m, use_src, packed ? m.p.b.any(b_type) : use_weights, use_dst) || is_reference(other.impl_info_str()))
      return Decline{ok ? text("oneDNN has only ", pd.impl_info_str()) : "oneDNN does not implement it"};
    pd = other;
  }

  struct Steps {
    std::vector<std::unique_ptr<Step>> all;
    int64_t residual_bytes = 0, flip_bytes = 0, flip_at = 0;
  };
  auto steps = std::make_shared<Steps>();
  Scratch scratch;
  auto main = std::make_unique<Step>(dnnl::matmul(pd), r.threads);
  auto operand = [&](int arg, const Desc& have, const Desc& want, int input) {
    if (have == want) {
      main->src(arg, have, input);
      return;
    }
    int64_t at = scratch.add(static_cast<int64_t>(want.get_size()));
    auto copy = reorder(have, want, r.threads);
    copy->src(DNNL_ARG_FROM, have, input);
    copy->scratch(DNNL_ARG_TO, want, at);
    steps->all.push_back(std::move(copy));
    main->scratch(arg, want, at);
  };
  operand(DNNL_ARG_SRC, src, pd.src_desc(), 0);
  if (packed) {
    main->fixed(DNNL_ARG_WEIGHTS, pd.weights_desc(), pack(r, flip ? flipped(*b.constant) : *b.constant, weights, pd.weights_desc()));
  } else if (flip) {
    steps->flip_bytes = element_count(b.shape);
    steps->flip_at = scratch.add(steps->flip_bytes);
    if (weights == pd.weights_desc()) {
      main->scratch(DNNL_ARG_WEIGHTS, weights, steps->flip_at);
    } else {
      int64_t at = scratch.add(static_cast<int64_t>(pd.weights_desc().get_size()));
      auto copy = reorder(weights, pd.weights_desc(), r.threads);
      copy->scratch(DNNL_ARG_FROM, weights, steps->flip_at);
      copy->scratch(DNNL_ARG_TO, pd.weights_desc(), at);
      steps->all.push_back(std::move(copy));
      main->scratch(DNNL_ARG_WEIGHTS, pd.weights_desc(), at);
    }
  } else {
    operand(DNNL_ARG_WEIGHTS, weights, pd.weights_desc(), 1);
  }
  std::unique_ptr<Step> after;
  if (pd.dst_desc() == dst) {
    main->dst(DNNL_ARG_DST, dst);
  } else {
    int64_t at = scratch.add(static_cast<int64_t>(pd.dst_desc().get_size()));
    main->scratch(DNNL_ARG_DST, pd.dst_desc(), at);
    after = reorder(pd.dst_desc(), dst, r.threads);
    after->scratch(DNNL_ARG_FROM, pd.dst_desc(), at);
    after->dst(DNNL_ARG_TO, dst);
  }
  if (bias.present) {
    int arg = column_bias ? DNNL_ARG_BIAS : DNNL_ARG_ATTR_MULTIPLE_POST_OP(bias_post) | DNNL_ARG_SRC_1;
    const Desc& desc = column_bias ? m.bias : bd;
    if (!expanded.empty()) main->fixed(arg, desc, floats(std::move(expanded)));
    else if (bias.constant) main->fixed(arg, desc, floats(real_bias(*bias.constant, *qa, *qb, spec.beta)));
    else main->src(arg, desc, 2);
  }
  m.attr.bind(*main, &rd, 3);
  main->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), scratch.add(static_cast<int64_t>(pd.scratchpad_desc().get_size())));
  steps->all.push_back(std::move(main));
  if (after) steps->all.push_back(std::move(after));
  if (m.attr.posts.sum) steps->residual_bytes = static_cast<int64_t>(dst.get_size());

  Prepared out;
  out.detail = pd.impl_info_str();
  out.scratch_bytes = scratch.size();
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (r.in(i).constant && (i != 1 || packed)) out.unused_inputs.push_back(i);
  if (m.attr.posts.sum) out.in_place = 3;
  out.run = [steps](const Args& args) {
    if (steps->residual_bytes && args.src[3] != args.dst[0]) std::memcpy(args.dst[0], args.src[3], steps->residual_bytes);
    if (steps->flip_bytes)
      flip_row(static_cast<const uint8_t*>(args.src[1]), static_cast<uint8_t*>(args.scratch) + steps->flip_at, steps->flip_bytes);
    for (const auto& step : steps->all) step->run(args);
  };
  return out;
}

}  // namespace

extern const Candidate onednn_matmul{"MatMul", "", "onednn_matmul", Wish::plain, prepare};
extern const Candidate onednn_gemm{"Gemm", "", "onednn_matmul", Wish::plain, prepare};
extern const Candidate onednn_mo_matmul{"MatMul", "mo", "onednn_matmul", Wish::plain, prepare};

}  // namespace mo::kernels
