// MaxPool and AveragePool by oneDNN on channels-last data.
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {
namespace {

using namespace onednn;

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  const bool max = r.node.op == "MaxPool";
  if (x.shape.size() < 3 || x.shape.size() > 5) return Decline{"rank other than 3, 4, 5"};
  if (x.dtype != DType::f32 && x.dtype != DType::bf16 && !(max && (x.dtype == DType::u8 || x.dtype == DType::i8)))
    return Decline{text("dtype ", name(x.dtype))};
  if (r.out(1).present) return Decline{"indices wanted"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  std::span<const int64_t> src = spatial(x.shape), dst = spatial(y.shape);
  Window w = window_of(r.node, src, r.node.ints("kernel_shape"));
  bool longer = false;  // ceil_mode: windows that reach beyond the padding
  for (size_t i = 0; i < w.rank(); ++i) {
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    int64_t fits = (src[i] + w.pads_begin[i] + w.pads_end[i] - reach) / w.strides[i] + 1;
    if (fits != dst[i]) {
      w.pads_end[i] = (dst[i] - 1) * w.strides[i] + reach - src[i] - w.pads_begin[i];
      longer = true;
    }
    if (w.pads_begin[i] < 0 || w.pads_end[i] < 0) return Decline{"negative padding"};
    if (w.pads_begin[i] >= reach || w.pads_end[i] >= reach) return Decline{"padding as wide as the window"};
  }
  const bool include = r.node.i("count_include_pad", 0) != 0;
  if (!max && include && longer) return Decline{"padding counted in windows beyond it"};
  dnnl::algorithm how = max       ? dnnl::algorithm::pooling_max
                        : include ? dnnl::algorithm::pooling_avg_include_padding
                                  : dnnl::algorithm::pooling_avg_exclude_padding;
  Dims dilation(w.dilations.begin(), w.dilations.end());
  for (auto& d : dilation) d -= 1;
  Team team(r.threads);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::pooling_forward::primitive_desc pd;
  Desc xd = describe(x.dtype, x.shape, x.layout), yd = describe(y.dtype, y.shape, y.layout);
  bool ok = try_make(pd, [&] {
    return dnnl::pooling_forward::primitive_desc(engine(), dnnl::prop_kind::forward_inference, how, xd, yd, w.strides, w.kernel, dilation,
                                                 w.pads_begin, w.pads_end, attr);
  });
  if (!ok) return Decline{"oneDNN does not implement it"};
  if (is_reference(pd.impl_info_str())) return Decline{text("oneDNN has only ", pd.impl_info_str())};
  auto step = std::make_shared<Step>(dnnl::pooling_forward(pd), r.threads);
  step->src(DNNL_ARG_SRC, xd, 0);
  step->dst(DNNL_ARG_DST, yd);
  step->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), 0);
  Prepared p;
  p.detail = pd.impl_info_str();
  p.scratch_bytes = static_cast<int64_t>(pd.scratchpad_desc().get_size());
  p.run = [step](const Args& a) { step->run(a); };
  return p;
}

}  // namespace

extern const Candidate onednn_max_pool{"MaxPool", "", "onednn_pool", Wish::channels_last, prepare};
extern const Candidate onednn_average_pool{"AveragePool", "", "onednn_pool", Wish::channels_last, prepare};

}  // namespace mo::kernels
