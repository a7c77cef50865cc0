// Average pooling between 8-bit tensors, channels-last: integer sums and one multiplier.
#include "kernels/cpu/int8_epilogue.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {
namespace {

using namespace int8;

constexpr int64_t k_width = 64;

MO_INLINE void add_bytes_body(const uint8_t* x, int32_t* sums, int64_t n, uint8_t flip) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) sums[i] += static_cast<uint8_t>(x[i] ^ flip);
}
MO_SIMD_PLAIN(add_bytes, void, (const uint8_t* x, int32_t* sums, int64_t n, uint8_t flip), (x, sums, n, flip))

struct Pool {
  int64_t n, h, w, c, oh, ow;
  Window window;  // two axes
  bool with_pad;
  LinearQuant x, y;
};

// Taps of one axis inside [low, high).
struct Taps {
  int64_t first, last;
  int64_t count() const { return std::max<int64_t>(0, last - first); }
};

Taps inside(int64_t start, int64_t kernel, int64_t dilation, int64_t low, int64_t high) {
  int64_t first = start >= low ? 0 : (low - start + dilation - 1) / dilation,
          last = high <= start ? 0 : std::min(kernel, (high - start + dilation - 1) / dilation);
  return {first, last};
}

void run_row(const Pool& p, const uint8_t* image, int64_t oy, uint8_t* dst) {
  const Window& win = p.window;
  const int64_t y0 = oy * win.strides[0] - win.pads_begin[0];
  const Taps rows = inside(y0, win.kernel[0], win.dilations[0], 0, p.h),
             padded_rows = inside(y0, win.kernel[0], win.dilations[0], -win.pads_begin[0], p.h + win.pads_end[0]);
  auto add = add_bytes_pick();
  auto quantize = quantize_row();
  for (int64_t ox = 0; ox < p.ow; ++ox) {
    const int64_t x0 = ox * win.strides[1] - win.pads_begin[1];
    const Taps columns = inside(x0, win.kernel[1], win.dilations[1], 0, p.w),
               padded_columns = inside(x0, win.kernel[1], win.dilations[1], -win.pads_begin[1], p.w + win.pads_end[1]);
    const int64_t taps = rows.count() * columns.count(), count = p.with_pad ? padded_rows.count() * padded_columns.count() : taps;
    const float factor = count > 0 ? p.x.scale / (p.y.scale * static_cast<float>(count)) : 0.0f;
    for (int64_t c = 0; c < p.c; c += k_width) {
      const int64_t width = std::min(k_width, p.c - c);
      int32_t sums[k_width] = {};
      float steps[k_width];
      for (int64_t ky = rows.first; ky < rows.last; ++ky)
        for (int64_t kx = columns.first; kx < columns.last; ++kx)
          add(image + ((y0 + ky * win.dilations[0]) * p.w + x0 + kx * win.dilations[1]) * p.c + c, sums, width, p.x.flip);
      const int32_t zero = static_cast<int32_t>(p.x.zero) * static_cast<int32_t>(taps);
      for (int64_t i = 0; i < width; ++i) steps[i] = static_cast<float>(sums[i] - zero) * factor;
      quantize(steps, dst + ox * p.c + c, width, {1.0f, p.y.zero, p.y.flip});
    }
  }
}

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  if (r.node.s("op", "average") != "average") return Decline{"not a window average"};
  if (info(x.dtype).bits != 8 || info(y.dtype).bits != 8 || !r.in(1).present || !r.in(3).present) return Decline{"operands are not 8-bit"};
  if (x.shape.size() < 3 || x.shape.size() > 4) return Decline{"rank other than 3 and 4"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  std::string reason;
  auto qx = onednn::read_quant(r, 1, 2, reason), qy = onednn::read_quant(r, 3, 4, reason);
  if (!qx || !qy) return Decline{reason};
  if (!qx->per_tensor() || !qy->per_tensor()) return Decline{"scale per channel"};
  Pool p{x.shape[0],
         1,
         x.shape.back(),
         x.shape[1],
         1,
         y.shape.back(),
         window_of(r.node, spatial(x.shape), r.node.ints("kernel_shape")),
         r.node.i("count_include_pad", 0) != 0,
         linear_quant(x.dtype, qx->scale[0], qx->zero[0]),
         linear_quant(y.dtype, qy->scale[0], qy->zero[0])};
  for (size_t i = 0; i < p.window.rank(); ++i)
    if (p.window.pads_begin[i] < 0 || p.window.pads_end[i] < 0) return Decline{"negative padding"};
  if (x.shape.size() == 4) {
    p.h = x.shape[2];
    p.oh = y.shape[2];
  } else {
    for (auto* v : {&p.window.kernel, &p.window.strides, &p.window.dilations}) v->insert(v->begin(), 1);
    for (auto* v : {&p.window.pads_begin, &p.window.pads_end}) v->insert(v->begin(), 0);
  }
  const int threads = element_count(x.shape) >= 1 << 15 ? r.threads : 1;
  Prepared out;
  out.detail = isa_name();
  for (int i = 1; i < 5; ++i)
    if (r.in(static_cast<size_t>(i)).constant) out.unused_inputs.push_back(i);
  out.run = [p = std::move(p), threads](const Args& a) {
    parallel_for(threads, p.n * p.oh, 1, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row)
        run_row(p, static_cast<const uint8_t*>(a.src[0]) + row / p.oh * p.h * p.w * p.c, row % p.oh,
                static_cast<uint8_t*>(a.dst[0]) + row * p.ow * p.c);
    });
  };
  return out;
}

}  // namespace

extern const Candidate int8_pool{"Pool", "mo", "int8_pool", Wish::channels_last, prepare};

}  // namespace mo::kernels
