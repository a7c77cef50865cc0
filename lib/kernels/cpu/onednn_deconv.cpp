// Transposed convolution by oneDNN on channels-last data.
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {
namespace {

using namespace onednn;

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &w = r.in(1), &b = r.in(2), &y = r.out();
  if (x.dtype != DType::f32 || w.dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  if (!w.constant || (b.present && !b.constant)) return Decline{"weights are not constant"};
  if (x.shape.size() < 3 || x.shape.size() > 5) return Decline{"rank other than 3, 4, 5"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  std::string how = r.node.s("auto_pad", "NOTSET");
  if (how != "NOTSET" && how != "VALID") return Decline{text("auto_pad ", how)};
  if (r.node.has("output_shape")) return Decline{"output_shape"};
  const int64_t groups = r.node.i("group", 1), c = w.shape[0], part = w.shape[1];
  Window win = window_of(r.node, spatial(x.shape), std::vector<int64_t>(w.shape.begin() + 2, w.shape.end()));
  // output_padding is padding at the end that is smaller by as much
  std::span<const int64_t> in = spatial(x.shape), out = spatial(y.shape);
  for (size_t i = 0; i < win.rank(); ++i) {
    int64_t full = (in[i] - 1) * win.strides[i] + (win.kernel[i] - 1) * win.dilations[i] + 1;
    win.pads_end[i] = full - out[i] - win.pads_begin[i];
    if (win.pads_begin[i] < 0) return Decline{"negative padding"};
  }
  // ONNX stores [c, m / groups, ...]; oneDNN names it [g,] m / groups, c / groups, ...
  Dims wd, ws;
  int64_t area = 1;
  for (size_t i = 2; i < w.shape.size(); ++i) area *= w.shape[i];
  if (groups > 1) {
    wd = {groups, part, c / groups};
    ws = {c / groups * part * area, area, part * area};
  } else {
    wd = {part, c};
    ws = {area, part * area};
  }
  Dims inner = row_major(Dims(w.shape.begin() + 2, w.shape.end()));
  wd.insert(wd.end(), w.shape.begin() + 2, w.shape.end());
  ws.insert(ws.end(), inner.begin(), inner.end());
  Dims dilation(win.dilations.begin(), win.dilations.end());
  for (auto& d : dilation) d -= 1;
  Team team(r.threads);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  Desc xd = describe(x.dtype, x.shape, x.layout), yd = describe(y.dtype, y.shape, y.layout), plain = strided(DType::f32, wd, ws), bd;
  if (b.present) bd = Desc({part * groups}, Type::f32, dnnl::memory::format_tag::a);
  dnnl::deconvolution_forward::primitive_desc pd;
  bool ok = try_make(pd, [&] {
    return dnnl::deconvolution_forward::primitive_desc(engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, xd,
                                                       any(DType::f32, wd), bd, yd, win.strides, dilation, win.pads_begin, win.pads_end, attr);
  });
  if (!ok) return Decline{"oneDNN does not implement it"};
  if (is_reference(pd.impl_info_str())) return Decline{text("oneDNN has only ", pd.impl_info_str())};
  auto step = std::make_shared<Step>(dnnl::deconvolution_forward(pd), r.threads);
  step->src(DNNL_ARG_SRC, xd, 0);
  step->fixed(DNNL_ARG_WEIGHTS, pd.weights_desc(), pack(r, *w.constant, plain, pd.weights_desc()));
  if (b.present) step->fixed(DNNL_ARG_BIAS, bd, hold(*b.constant));
  step->dst(DNNL_ARG_DST, yd);
  step->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), 0);
  Prepared p;
  p.detail = pd.impl_info_str();
  p.scratch_bytes = static_cast<int64_t>(pd.scratchpad_desc().get_size());
  p.unused_inputs = {1};
  if (b.present) p.unused_inputs.push_back(2);
  p.run = [step](const Args& a) { step->run(a); };
  return p;
}

}  // namespace

extern const Candidate onednn_deconv{"ConvTranspose", "", "onednn_deconv", Wish::channels_last, prepare};

}  // namespace mo::kernels
