// Depthwise convolution of 8-bit data, channels-last: exact sums, one multiplier, any zero points, every instruction set.
#include "kernels/cpu/int8_depthwise.h"

#include <algorithm>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {
namespace {

using namespace int8;

MO_INLINE void plain_body(const uint8_t* const* taps, int64_t count, int64_t at, int64_t n, const int16_t* w, int64_t c, uint8_t flip,
                          int32_t* sums) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    int32_t acc[16] = {};
    for (int64_t t = 0; t < count; ++t) {
      const uint8_t* x = taps[t] + at + i;
      const int16_t* v = w + t * c + at + i;
#pragma omp simd
      for (int k = 0; k < 16; ++k) acc[k] += static_cast<int32_t>(static_cast<uint8_t>(x[k] ^ flip)) * v[k];
    }
    for (int k = 0; k < 16; ++k) sums[i + k] = acc[k];
  }
  for (; i < n; ++i) {
    int32_t acc = 0;
    for (int64_t t = 0; t < count; ++t) acc += static_cast<int32_t>(static_cast<uint8_t>(taps[t][at + i] ^ flip)) * w[t * c + at + i];
    sums[i] = acc;
  }
}
MO_SIMD_PLAIN(plain, void,
              (const uint8_t* const* taps, int64_t count, int64_t at, int64_t n, const int16_t* w, int64_t c, uint8_t flip, int32_t* sums),
              (taps, count, at, n, w, c, flip, sums))

// weight(tap, channel) less its zero point.
struct Weights {
  const Tensor& w;
  const std::vector<int32_t>& zero;
  int64_t taps;
  int32_t operator()(int64_t tap, int64_t channel) const {
    int64_t i = channel * taps + tap;
    int32_t v = w.dtype() == DType::u8 ? w.data<uint8_t>()[i] : w.data<int8_t>()[i];
    return v - zero[zero.size() == 1 ? 0 : static_cast<size_t>(channel)];
  }
};

void make_blocks(Depthwise& d, const Weights& weight) {
  const int64_t taps = weight.taps;
  bool narrow = true;
  for (int64_t c = 0; c < d.c; ++c)
    for (int64_t t = 0; t < taps; ++t) narrow = narrow && weight(t, c) >= -128 && weight(t, c) <= 127;
  // A weight of 9 bits is two of 8: its tap is met twice.
  d.taps = narrow ? taps : 2 * taps;
  d.sliding = narrow && d.kh == 3 && d.kw == 3 && d.dh == 1 && d.dw == 1 && d.sh == d.sw && d.sw <= 2;
  auto stored = [&](int64_t t, int64_t c) -> int32_t {
    if (t >= d.taps) return 0;
    int32_t v = weight(t % taps, c), low = std::clamp(v, -128, 127);
    return t < taps ? low : v - low;
  };
  for (int64_t first = 0; first < d.c;) {
    const int64_t left = d.c - first;
    Block b{first, std::min<int64_t>(left, 64), left > 32 ? 1 : left > 16 ? 2 : 4, {}, {}, {}, {}};
    const int64_t groups = d.sliding ? 3 : (d.taps + 3) / 4;
    b.weights.assign(static_cast<size_t>(groups * 256), 0);
    b.start.assign(64, 0);
    b.scale.assign(64, 0);
    b.add.assign(64, 0);
    for (int64_t z = 0; z < 4; ++z)
      for (int64_t e = 0; e < 16; ++e) {
        const int64_t local = column_of(4, z, e) % (64 / b.side_by_side), channel = first + local, at = 16 * z + e;
        if (local >= b.count) continue;
        uint32_t sum = 0;
        for (int64_t g = 0; g < groups; ++g)
          for (int64_t k = 0; k < 4; ++k) {
            // sliding: a group is a column of three, else taps in order
            int32_t v = !d.sliding ? stored(4 * g + k, channel) : k < 3 ? stored(3 * k + g, channel) : 0;
            sum += static_cast<uint32_t>(v);
            b.weights[static_cast<size_t>(256 * g + 4 * at + k)] = static_cast<int8_t>(v);
          }
        const size_t i = static_cast<size_t>(channel), to = static_cast<size_t>(at);
        b.start[to] = static_cast<int32_t>(static_cast<uint32_t>(d.epilogue.start[i]) - static_cast<uint32_t>(d.x.zero) * sum);
        b.scale[to] = d.epilogue.scale[i];
        b.add[to] = d.epilogue.add[i];
      }
    first += b.count;
    d.blocks.push_back(std::move(b));
  }
}

// Pointers to the taps of the pixels of output row oy.
void locate(const Depthwise& d, const uint8_t* image, int64_t oy, const uint8_t** pointers, int64_t stride) {
  const int64_t iy0 = oy * d.sh - d.top, taps = static_cast<int64_t>(d.offsets.size());
  const bool inner_row = iy0 >= 0 && iy0 + (d.kh - 1) * d.dh < d.h;
  for (int64_t ox = 0; ox < d.ow; ++ox) {
    const int64_t ix0 = ox * d.sw - d.left;
    const uint8_t** to = pointers + ox * stride;
    if (inner_row && ix0 >= 0 && ix0 + (d.kw - 1) * d.dw < d.w) {
      const uint8_t* base = image + (iy0 * d.w + ix0) * d.c;
      for (int64_t t = 0; t < taps; ++t) to[t] = base + d.offsets[static_cast<size_t>(t)];
    } else {
      for (int64_t t = 0; t < taps; ++t) {
        const int64_t iy = iy0 + t / d.kw * d.dh, ix = ix0 + t % d.kw * d.dw;
        to[t] = iy >= 0 && iy < d.h && ix >= 0 && ix < d.w ? image + (iy * d.w + ix) * d.c : d.border.data();
      }
    }
    for (int64_t t = taps; t < stride; ++t) to[t] = to[t - taps];
  }
}

void run_rows(const Depthwise& d, const Args& a, int64_t from, int64_t to, void* scratch) {
  const auto* x = static_cast<const uint8_t*>(a.src[0]);
  const int64_t size = d.epilogue.out == DType::f32 ? 4 : 1, r_size = d.epilogue.r_dtype == DType::f32 ? 4 : 1, image = d.h * d.w * d.c;
  const auto** pointers = static_cast<const uint8_t**>(scratch);
  for (int64_t row = from; row < to;) {
    const int64_t n = row / d.oh, y = row % d.oh, left = std::min(d.oh - y, to - row), take = d.sliding ? std::min<int64_t>(left, 4) : 1;
    uint8_t* dst = static_cast<uint8_t*>(a.dst[0]) + n * d.oh * d.ow * d.c * size;
    if (d.sliding) {
      for (const Block& b : d.blocks)
        for (int64_t i = 0; i < take; i += b.side_by_side) depthwise_slide(d, b, x + n * image, dst, y + i, take - i);
    } else {
      locate(d, x + n * image, y, pointers, d.taps);
      dst += y * d.ow * d.c * size;
      if (d.vnni) {
        for (const Block& b : d.blocks) depthwise_taps(d, b, pointers, d.taps, dst, d.ow);
      } else {
        int32_t some[k_row];
        auto* sums = d.pairs ? reinterpret_cast<int32_t*>(pointers + d.ow * d.taps) : some;
        const auto* r = static_cast<const uint8_t*>(d.epilogue.steps.residual ? a.src[3] : nullptr);
        auto row_sums = plain_pick();
        for (int64_t ox = 0; ox < d.ow; ++ox) {
          if (d.pairs) depthwise_pairs(pointers + ox * d.taps, d.taps, d.c, d.weights.data(), d.x.flip, sums);
          for (int64_t c = 0; c < d.c; c += k_row) {
            const int64_t count = std::min(k_row, d.c - c), at = ox * d.c + c;
            if (!d.pairs) row_sums(pointers + ox * d.taps, d.taps, c, count, d.weights.data(), d.c, d.x.flip, sums);
            d.epilogue.row(d.pairs ? sums + c : sums, c, count, r ? r + ((n * d.oh + y) * d.ow * d.c + at) * r_size : nullptr, dst + at * size);
          }
        }
      }
    }
    row += take;
  }
}

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &w = r.in(1), &y = r.out();
  if (info(x.dtype).bits != 8 || info(w.dtype).bits != 8 || !r.in(4).present || !r.in(6).present) return Decline{"operands are not 8-bit"};
  if (!w.constant) return Decline{"weights are not constant"};
  if (x.shape.size() < 3 || x.shape.size() > 4) return Decline{"rank other than 3 and 4"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  if (r.node.i("group", 1) != x.shape[1] || w.shape[0] != x.shape[1] || w.shape[1] != 1) return Decline{"not depthwise"};
  std::string reason;
  auto qx = onednn::read_quant(r, 4, 5, reason), qw = onednn::read_quant(r, 6, 7, reason);
  if (!qx || !qw) return Decline{reason};
  if (!qx->per_tensor()) return Decline{"activation scale per channel"};
  const bool flat = x.shape.size() == 3;
  Window win = window_of(r.node, spatial(x.shape), std::vector<int64_t>(w.shape.begin() + 2, w.shape.end()));
  for (size_t i = 0; i < win.rank(); ++i)
    if (win.pads_begin[i] < 0 || win.pads_end[i] < 0) return Decline{"negative padding"};
  auto axis = [&](const std::vector<int64_t>& v, size_t i, int64_t missing) { return !flat ? v[i] : i == 0 ? missing : v[0]; };

  auto plan = std::make_shared<Depthwise>();
  Depthwise& d = *plan;
  d.n = x.shape[0], d.c = x.shape[1], d.h = flat ? 1 : x.shape[2], d.w = x.shape.back(), d.oh = flat ? 1 : y.shape[2], d.ow = y.shape.back();
  d.kh = axis(win.kernel, 0, 1), d.kw = axis(win.kernel, 1, 1), d.sh = axis(win.strides, 0, 1), d.sw = axis(win.strides, 1, 1);
  d.dh = axis(win.dilations, 0, 1), d.dw = axis(win.dilations, 1, 1), d.top = axis(win.pads_begin, 0, 0), d.left = axis(win.pads_begin, 1, 0);
  d.x = side_of(x.dtype, qx->zero[0]);
  auto epilogue = make_epilogue(r, d.c, *qx, *qw, 1, reason);
  if (!epilogue) return Decline{reason};
  d.epilogue = std::move(*epilogue);
  d.taps = d.kh * d.kw;
  for (int64_t t = 0; t < d.taps; ++t) d.offsets.push_back((t / d.kw * d.dh * d.w + t % d.kw * d.dw) * d.c);
  d.border.assign(static_cast<size_t>(d.c + 64), static_cast<uint8_t>(d.x.zero ^ d.x.flip));
  const Weights weight{*w.constant, qw->zero, d.taps};
  d.vnni = isa() >= Isa::avx512_vnni && d.epilogue.simple && !d.epilogue.steps.residual && !d.epilogue.steps.inner && !d.epilogue.steps.per_channel &&
           d.epilogue.bounded(d.taps);
  d.by_rows = !d.vnni && isa() >= Isa::avx2 && d.dh == 1 && d.kh < 16;
  if (d.vnni) {
    make_blocks(d, weight);
  } else {
    d.weights.resize(static_cast<size_t>(d.taps * d.c));
    for (int64_t c = 0; c < d.c; ++c) {
      uint32_t sum = 0;
      for (int64_t t = 0; t < d.taps; ++t) {
        d.weights[static_cast<size_t>(t * d.c + c)] = static_cast<int16_t>(weight(t, c));
        sum += static_cast<uint32_t>(weight(t, c));
      }
      int32_t& start = d.epilogue.start[static_cast<size_t>(c)];
      if (!d.by_rows) start = static_cast<int32_t>(static_cast<uint32_t>(start) - static_cast<uint32_t>(d.x.zero) * sum);
    }
  }
  if (d.by_rows) {
    plan_rows(d);
  } else if (!d.vnni && isa() >= Isa::avx2 && d.c >= 16) {
    d.pairs = true;
    d.weights = pair_taps(d.weights, d.taps, d.c);
  }
  const int64_t rows = d.n * d.oh, part_bytes = d.by_rows ? d.rows.scratch_bytes : (d.ow * d.taps * 8 + d.c * 4 + 63) / 64 * 64;
  const int64_t parts = rows * d.ow * d.c * d.taps < 200000 ? 1 : std::min<int64_t>(r.threads, rows);
  Prepared p;
  p.detail = text(d.vnni ? "avx512_vnni" : isa_name(), d.sliding ? " sliding" : "", d.epilogue.simple ? " fused" : "");
  p.scratch_bytes = parts * part_bytes;
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (r.in(static_cast<size_t>(i)).constant) p.unused_inputs.push_back(i);
  p.run = [plan, rows, parts, part_bytes](const Args& a) {
    parallel_for(static_cast<int>(parts), parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; ++part)
        (plan->by_rows ? run_row_pairs : run_rows)(*plan, a, rows * part / parts, rows * (part + 1) / parts,
                                                   static_cast<char*>(a.scratch) + part * part_bytes);
    });
  };
  return p;
}

}  // namespace

extern const Candidate int8_depthwise{"Conv", "mo", "int8_depthwise", Wish::channels_last, prepare};

}  // namespace mo::kernels
