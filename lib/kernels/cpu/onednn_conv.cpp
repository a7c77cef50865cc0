// Convolution by oneDNN, float, 16-bit float or 8-bit, with bias, residual and activation in one step; activations are channels-last.
#include "kernels/cpu/onednn_attr.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd_quant.h"
#include "kernels/cpu/window.h"

#include <cstring>

namespace mo::kernels {
namespace {

using namespace onednn;

struct Conv {
  Desc src, weights, bias, dst;  // weights: [g,] m, c, spatial..., as they are stored
  Type packed = Type::undef;     // what they are packed into
  Window window;
  bool has_bias = false;
  Attr attr;
};

// u8 weights whose zero point is 128 are s8 weights with zero point 0.
Tensor as_signed(const Tensor& w) {
  Tensor out = Tensor::allocate(DType::i8, w.shape());
  flip_row(w.data<uint8_t>(), static_cast<uint8_t*>(out.raw_mutable()), w.size());
  return out;
}

// Float bias; an int32 one is in units of x_scale * w_scale.
std::vector<float> real_bias(const Tensor& b, const Quant& x, const Quant& w) {
  std::vector<float> out = b.floats();
  if (b.dtype() != DType::i32 || !x) return out;
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(b.data<int32_t>()[i] * (static_cast<double>(x.scale[0]) * w.scale[w.per_tensor() ? 0 : i]));
  return out;
}

// One form in which oneDNN may do it.
struct Form {
  Desc src, dst;
  Type weights;
};

// What the operands are, then oneDNN's own blocked layouts with reorders around them (some shapes are only fast there), then float32 for 16-bit floats.
std::vector<Form> forms_of(const Conv& c, const Operand& x, const Operand& y) {
  const auto any = [](const Desc& d, Type t) { return Desc(d.get_dims(), t, dnnl::memory::format_tag::any); };
  std::vector<Form> forms{{c.src, c.dst, c.packed}};
  if (c.attr.posts.sum) return forms;
  forms.push_back({any(c.src, c.src.get_data_type()), any(c.dst, c.dst.get_data_type()), c.packed});
  if (info(x.dtype).bits == 16) forms.push_back({describe(DType::f32, x.shape, x.layout), describe(DType::f32, y.shape, y.layout), Type::f32});
  return forms;
}

dnnl::convolution_forward::primitive_desc make_pd(const Conv& c, const Desc& src, const Desc& dst) {
  Dims dilates(c.window.dilations.begin(), c.window.dilations.end());
  for (auto& d : dilates) d -= 1;
  const Window& w = c.window;
  Desc weights(c.weights.get_dims(), c.packed, dnnl::memory::format_tag::any);
  return {engine(),
          dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          src,
          weights,
          c.has_bias ? c.bias : Desc(),
          dst,
          w.strides,
          dilates,
          w.pads_begin,
          w.pads_end,
          c.attr.attr};
}

// ---- Rows of the output shared out among threads by ourselves, the same rows to the same thread from one step to the next, so that little is read from
// another core's cache. oneDNN divides each shape in its own way.

struct Slabs {
  std::vector<std::unique_ptr<Step>> steps;
};

Desc rows_of(const Desc& d, int64_t rows) {
  Dims dims = d.get_dims();
  dims[2] = rows;
  return Desc(dims, d.get_data_type(), d.get_strides());
}

// Few rows are shared out unevenly, and each thread reads all weights.
bool worth_slabs(const Request& r, const Conv& c) {
  const Operand &x = r.in(0), &w = r.in(1), &y = r.out();
  return r.threads > 1 && x.dtype != DType::u8 && x.dtype != DType::i8 && x.shape.size() == 4 && x.shape[0] == 1 && y.shape[2] >= 4 * r.threads &&
         element_count(w.shape) <= element_count(x.shape) + element_count(y.shape) && !c.attr.posts.sum;
}

// Nothing where oneDNN has no fast kernel of one form for all of them.
std::optional<Prepared> in_slabs(const Request& r, Conv c, const Desc& residual, const Tensor& weights) {
  const Operand &x = r.in(0), &y = r.out(), &res = r.in(3);
  const int64_t element = info(x.dtype).bits / 8, row_in = x.shape[1] * x.shape[3] * element, row_out = y.shape[1] * y.shape[3] * element;
  const Window whole = c.window;
  auto slabs = std::make_shared<Slabs>();
  Scratch scratch;
  Prepared p;
  Team team(1);
  Desc packed;
  for (int t = 0; t < r.threads; ++t) {
    const int64_t first = y.shape[2] * t / r.threads, last = y.shape[2] * (t + 1) / r.threads;
    const int64_t from = first * whole.strides[0] - whole.pads_begin[0],
                  to = (last - 1) * whole.strides[0] - whole.pads_begin[0] + (whole.kernel[0] - 1) * whole.dilations[0] + 1;
    const int64_t begin = std::max<int64_t>(0, from), end = std::min(x.shape[2], to);
    if (begin >= end) return std::nullopt;
    c.window.pads_begin[0] = begin - from;
    c.window.pads_end[0] = to - end;
    const Desc src = rows_of(describe(x.dtype, x.shape, x.layout), end - begin), dst = rows_of(describe(y.dtype, y.shape, y.layout), last - first);
    const bool by_row = res.present && residual.get_dims()[2] == y.shape[2];
    const Desc part = by_row ? rows_of(residual, last - first) : residual;
    c.attr = Attr();
    c.attr.posts = make_posts(ops::epilogue(r.node), res.present ? &part : nullptr, res.dtype, Quant(), dst);
    c.attr.apply();
    dnnl::convolution_forward::primitive_desc pd;
    if (!try_make(pd, [&] { return make_pd(c, src, dst); }) || is_reference(pd.impl_info_str())) return std::nullopt;
    if (t == 0) packed = pd.weights_desc();
    if (pd.weights_desc() != packed) return std::nullopt;
    auto step = std::make_unique<Step>(dnnl::convolution_forward(pd), 1);
    step->src(DNNL_ARG_SRC, src, 0, begin * row_in);
    step->fixed(DNNL_ARG_WEIGHTS, packed, pack(r, weights, c.weights, packed));
    if (c.has_bias) step->fixed(DNNL_ARG_BIAS, c.bias, floats(r.in(2).constant->floats()));
    step->dst(DNNL_ARG_DST, dst, 0, first * row_out);
    if (c.attr.posts.binary >= 0)
      step->src(DNNL_ARG_ATTR_MULTIPLE_POST_OP(c.attr.posts.binary) | DNNL_ARG_SRC_1, part, 3,
                by_row ? first * y.shape[1] * y.shape[3] * (info(res.dtype).bits / 8) : 0);
    step->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), scratch.add(static_cast<int64_t>(pd.scratchpad_desc().get_size())));
    slabs->steps.push_back(std::move(step));
    p.detail = text(pd.impl_info_str(), " by rows");
  }
  p.scratch_bytes = scratch.size();
  for (int i : {1, 2})
    if (r.in(static_cast<size_t>(i)).constant) p.unused_inputs.push_back(i);
  p.run = [slabs](const Args& a) {
    const int64_t n = static_cast<int64_t>(slabs->steps.size());
    parallel_for(static_cast<int>(n), n, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) slabs->steps[static_cast<size_t>(i)]->run(a);
    });
  };
  return p;
}

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &w = r.in(1), &b = r.in(2), &res = r.in(3), &y = r.out();
  if (!w.constant) return Decline{"weights are not constant"};
  if (b.present && !b.constant) return Decline{"bias is not constant"};
  if (x.shape.size() < 3 || x.shape.size() > 5) return Decline{"rank other than 3, 4, 5"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  const bool quantized = info(x.dtype).bits == 8, half = x.dtype == DType::bf16 || x.dtype == DType::f16;
  if (data_type(x.dtype) == Type::undef || data_type(y.dtype) == Type::undef || x.dtype == DType::i32) return Decline{text("dtype ", name(x.dtype))};
  if (half && (w.dtype != DType::f32 || y.dtype != x.dtype)) return Decline{text("weights of ", name(w.dtype), ", result of ", name(y.dtype))};

  Conv c;
  std::string reason;
  auto qx = read_quant(r, 4, 5, reason), qw = read_quant(r, 6, 7, reason), qy = read_quant(r, 8, 9, reason), qr = read_quant(r, 10, 11, reason);
  if (!qx || !qw || !qy || !qr) return Decline{reason};
  if (quantized != static_cast<bool>(*qx) || quantized != static_cast<bool>(*qw)) return Decline{"mixed float and 8-bit operands"};
  if (quantized && !exact_int8()) return Decline{"no exact 8-bit products on this machine"};
  if (quantized && !qx->per_tensor()) return Decline{"activation scale per channel"};
  Tensor weights = *w.constant;
  if (quantized && weights.dtype() == DType::u8) {
    for (auto& z : qw->zero) z -= 128;
    weights = as_signed(weights);
  }
  if (quantized && !qw->symmetric()) return Decline{"weights with a zero point"};

  const int64_t groups = r.node.i("group", 1), m = w.shape[0], cg = w.shape[1];
  c.window = window_of(r.node, spatial(x.shape), std::vector<int64_t>(w.shape.begin() + 2, w.shape.end()));
  for (size_t i = 0; i < c.window.rank(); ++i)
    if (c.window.pads_begin[i] < 0 || c.window.pads_end[i] < 0) return Decline{"negative padding"};
  Dims wd;
  if (groups > 1) wd = {groups, m / groups, cg};
  else wd = {m, cg};
  wd.insert(wd.end(), w.shape.begin() + 2, w.shape.end());
  c.src = describe(x.dtype, x.shape, x.layout);
  c.dst = describe(y.dtype, y.shape, y.layout);
  c.weights = Desc(wd, data_type(weights.dtype()), row_major(wd));
  c.has_bias = b.present;
  if (c.has_bias) c.bias = Desc({m}, Type::f32, dnnl::memory::format_tag::a);
  c.packed = half ? data_type(x.dtype) : c.weights.get_data_type();
  c.attr.src = *qx;
  c.attr.weights = *qw;
  c.attr.dst = *qy;
  c.attr.weights_mask = qw->per_tensor() ? 0 : groups > 1 ? 3 : 1;
  Desc rd;
  if (res.present) {
    Shape rs = res.shape;
    while (rs.size() < y.shape.size()) rs.insert(rs.begin(), 1);
    rd = describe(res.dtype, rs, res.shape.size() == y.shape.size() ? res.layout : Layout::plain);
  }
  c.attr.posts = make_posts(ops::epilogue(r.node), res.present ? &rd : nullptr, res.dtype, *qr, c.dst);
  if (!c.attr.posts.refusal.empty()) return Decline{c.attr.posts.refusal};
  c.attr.apply();

  if (worth_slabs(r, c))
    if (std::optional<Prepared> p = in_slabs(r, c, rd, weights)) return std::move(*p);
  Team team(r.threads);
  dnnl::convolution_forward::primitive_desc pd;
  std::string found = "oneDNN does not implement it";
  bool ok = false;
  for (const Form& form : forms_of(c, x, y)) {
    c.packed = form.weights;
    if (!try_make(pd, [&] { return make_pd(c, form.src, form.dst); })) continue;
    if ((ok = !is_reference(pd.impl_info_str()))) break;
    found = text("oneDNN has only ", pd.impl_info_str());
  }
  if (!ok) return Decline{found};
  const Desc src = pd.src_desc(), dst = pd.dst_desc();

  Scratch scratch;
  struct Steps {
    std::unique_ptr<Step> before, main, after;
    int64_t residual_bytes = 0;
  };
  auto steps = std::make_shared<Steps>();
  steps->main = std::make_unique<Step>(dnnl::convolution_forward(pd), r.threads);
  Step& s = *steps->main;
  if (src == c.src) {
    s.src(DNNL_ARG_SRC, src, 0);
  } else {
    int64_t at = scratch.add(src.get_size());
    steps->before = reorder(c.src, src, r.threads);
    steps->before->src(DNNL_ARG_FROM, c.src, 0);
    steps->before->scratch(DNNL_ARG_TO, src, at);
    s.scratch(DNNL_ARG_SRC, src, at);
  }
  s.fixed(DNNL_ARG_WEIGHTS, pd.weights_desc(), pack(r, weights, c.weights, pd.weights_desc()));
  if (c.has_bias) s.fixed(DNNL_ARG_BIAS, c.bias, floats(real_bias(*b.constant, *qx, *qw)));
  if (dst == c.dst) {
    s.dst(DNNL_ARG_DST, dst);
  } else {
    int64_t at = scratch.add(dst.get_size());
    s.scratch(DNNL_ARG_DST, dst, at);
    steps->after = reorder(dst, c.dst, r.threads);
    steps->after->scratch(DNNL_ARG_FROM, dst, at);
    steps->after->dst(DNNL_ARG_TO, c.dst);
  }
  c.attr.bind(s, &rd, 3);
  s.scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), scratch.add(static_cast<int64_t>(pd.scratchpad_desc().get_size())));
  if (c.attr.posts.sum) steps->residual_bytes = static_cast<int64_t>(c.dst.get_size());

  Prepared p;
  p.detail = pd.impl_info_str();
  p.scratch_bytes = scratch.size();
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (r.in(i).constant) p.unused_inputs.push_back(i);
  if (c.attr.posts.sum) p.in_place = 3;
  p.run = [steps](const Args& a) {
    if (steps->residual_bytes && a.src[3] != a.dst[0]) std::memcpy(a.dst[0], a.src[3], steps->residual_bytes);
    if (steps->before) steps->before->run(a);
    steps->main->run(a);
    if (steps->after) steps->after->run(a);
  };
  return p;
}

}  // namespace

extern const Candidate onednn_conv{"Conv", "", "onednn_conv", Wish::channels_last, prepare};
extern const Candidate onednn_mo_conv{"Conv", "mo", "onednn_conv", Wish::channels_last, prepare};

}  // namespace mo::kernels
