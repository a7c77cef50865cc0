// Convolution of 8-bit data by tiles of int8_gemm.h: exact sums, one multiplier, any zero points, every instruction set. With VNNI the input is read
// where it lies, channels-last, and only windows that cross the border are copied.
#include <cstring>

#include "kernels/cpu/int8_conv.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {

void int8::run_lanes(const Conv& c, const Args& a, const ConvState& state, int64_t group, int64_t lane_group, int64_t first, Rows rows) {
  const Gemm& g = c.gemms[static_cast<size_t>(group)];
  const int64_t size = g.epilogue.out == DType::f32 ? 4 : 1, r_size = g.epilogue.r_dtype == DType::f32 ? 4 : 1, at = first * c.m + group * c.mg;
  rows.dst = static_cast<uint8_t*>(a.dst[0]) + at * size;
  rows.dst_stride = c.m * size;
  rows.r_stride = c.m * r_size;
  if (g.epilogue.steps.residual) rows.r = static_cast<const uint8_t*>(a.src[3]) + at * r_size;
  const int64_t lanes = static_cast<int64_t>(g.lanes.size());
  run_lanes(g, lanes * lane_group / c.lane_groups, lanes * (lane_group + 1) / c.lane_groups, rows, nullptr, state.moving.of(g, group));
}

namespace {

using namespace int8;
using onednn::Quant;

constexpr int64_t k_frame_bytes = 16 << 10;

// Rows and columns that no window reads are left out.
void fill_frame(const Conv& c, const uint8_t* x, uint8_t zero, uint8_t* frame) {
  const int64_t row = c.w * c.c, begin = c.frame.left * c.c, live = std::min(c.frame.w, c.w - c.frame.left) * c.c;
  std::memset(frame, zero, static_cast<size_t>(c.x_bytes));
  for (int64_t n = 0; n < c.n; ++n)
    for (int64_t y = 0; y < std::min(c.frame.h, c.h - c.frame.top); ++y)
      std::memcpy(frame + (n * c.h + c.frame.top + y) * row + begin, x + (n * c.frame.h + y) * c.frame.w * c.c, static_cast<size_t>(live));
}

int64_t round_up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }

struct Place {
  const uint8_t* image;
  int64_t oy, ox;
};

// One output pixel whose window crosses the border, or whose last segment the kernel would read beyond the end of.
void locate_one(const Conv& c, const Gemm& g, const ConvState& state, const Place& at, const uint8_t* end, const uint8_t** pointers,
                uint8_t*& copies) {
  const int64_t iy0 = at.oy * c.sh - c.top, ix0 = at.ox * c.sw - c.left, reads = 4 * g.depth, wide = c.whole_rows ? c.kw : 1;
  for (int64_t s = 0; s < g.segments; ++s) {
    const int64_t iy = iy0 + (c.whole_rows ? s : s / c.kw) * c.dh, ix = c.whole_rows ? ix0 : ix0 + s % c.kw * c.dw;
    const uint8_t* p = state.border;
    if (iy >= 0 && iy < c.h) {
      const uint8_t* from = at.image + (iy * c.w + ix) * c.c;
      if (ix >= 0 && ix + wide <= c.w) {
        p = from;
        if (p + reads > end) {
          std::memcpy(copies, p, static_cast<size_t>(g.length));
          p = copies;
          copies += c.slot;
        }
      } else if (wide > 1) {
        for (int64_t k = 0; k < wide; ++k)
          std::memcpy(copies + k * c.c, ix + k >= 0 && ix + k < c.w ? from + k * c.c : state.border, static_cast<size_t>(c.c));
        p = copies;
        copies += c.slot;
      }
    }
    pointers[s * k_pointers] = p;
  }
}

// Pointers to the segments of output pixels first .. first + count of one group.
void locate(const Conv& c, const Gemm& g, const ConvState& state, int64_t group, const uint8_t* x, int64_t first, int64_t count,
            const uint8_t** pointers, uint8_t* copies) {
  const uint8_t* end = x + c.x_bytes;
  const int64_t reads = 4 * g.depth, step = c.sw * c.c;
  int64_t ox = first % c.ow, oy = first / c.ow % c.oh, n = first / (c.ow * c.oh);
  for (int64_t r = 0; r < count;) {
    const uint8_t* image = x + n * c.h * c.w * c.c + group * c.cg;
    const int64_t span = std::min(count - r, c.ow - ox), iy0 = oy * c.sh - c.top;
    const bool inner_row = iy0 >= 0 && iy0 + (c.kh - 1) * c.dh < c.h;
    for (int64_t i = 0; i < span;) {
      int64_t inner = inner_row && ox + i >= c.inner_first ? std::min(span, c.inner_last - ox) - i : 0;  // pixels from here whose windows lie inside
      const uint8_t* base = image + (iy0 * c.w + (ox + i) * c.sw - c.left) * c.c;
      const int64_t farthest = ((c.kh - 1) * c.dh * c.w + (c.whole_rows ? 0 : (c.kw - 1) * c.dw)) * c.c + reads;
      while (inner > 0 && base + (inner - 1) * step + farthest > end) --inner;
      if (inner <= 0) {
        locate_one(c, g, state, {image, oy, ox + i}, end, pointers + r + i, copies);
        ++i;
        continue;
      }
      for (int64_t s = 0; s < g.segments; ++s) {
        const uint8_t* p = base + (c.whole_rows ? s * c.dh * c.w : s / c.kw * c.dh * c.w + s % c.kw * c.dw) * c.c;
        const uint8_t** to = pointers + s * k_pointers + r + i;
        for (int64_t k = 0; k < inner; ++k) to[k] = p + k * step;
      }
      i += inner;
    }
    r += span;
    ox = 0;
    if (++oy == c.oh) oy = 0, ++n;
  }
}

void run_unit(const Conv& c, const Args& a, const uint8_t* x, const ConvState& state, int64_t unit, char* part) {
  const int64_t chunk = unit / c.lane_groups, lane_group = unit % c.lane_groups;
  const int64_t first = chunk * k_chunk, count = std::min(k_chunk, c.rows - first);
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + c.pointers_at);
  auto* sums = reinterpret_cast<int32_t*>(part + c.sums_at);
  for (int64_t group = 0; group < c.groups; ++group) {
    const Gemm& g = c.gemms[static_cast<size_t>(group)];
    locate(c, g, state, group, x, first, count, pointers, reinterpret_cast<uint8_t*>(part + c.copies_at));
    if (!g.w_zero.empty())
      for (int64_t r = 0; r < count; ++r) {
        sums[r] = 0;
        for (int64_t s = 0; s < g.segments; ++s) sums[r] += byte_sum(pointers[s * k_pointers + r], g.length, g.x.flip);
      }
    for (int64_t s = 0; s < g.segments; ++s)
      for (int64_t r = count; r < std::min(k_pointers, count + 12); ++r) pointers[s * k_pointers + r] = pointers[s * k_pointers + count - 1];
    run_lanes(c, a, state, group, lane_group, first, {pointers, count, nullptr, 0, nullptr, 0, sums});
  }
}

ConvState begin(const Conv& c, const Args& a) {
  ConvState state{c.gemms[0].x, c.border.data(), {}};
  if (!c.computed) return state;
  float scale;
  c.computed.read(a, scale, state.side);
  state.moving = begin_moving(c.gemms, scale, state.side.zero, a.scratch);
  auto* border = static_cast<uint8_t*>(a.scratch) + c.border_at;
  std::memset(border, state.side.zero ^ state.side.flip, static_cast<size_t>(c.slot));
  state.border = border;
  return state;
}

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &w = r.in(1), &y = r.out();
  if (info(x.dtype).bits != 8 || info(w.dtype).bits != 8 || !r.in(4).present || !r.in(6).present) return Decline{"operands are not 8-bit"};
  if (!w.constant) return Decline{"weights are not constant"};
  if (x.shape.size() < 3 || x.shape.size() > 4) return Decline{"rank other than 3 and 4"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  std::string reason;
  ComputedScale computed = computed_scale(r, reason);
  if (!reason.empty()) return Decline{reason};
  auto qx = computed ? computed.unit() : onednn::read_quant(r, 4, 5, reason), qw = onednn::read_quant(r, 6, 7, reason);
  if (!qx || !qw) return Decline{reason};
  if (!computed && onednn::other_vnni() && !rounds_inside(r.node) && w.dtype == DType::i8 && qw->symmetric())
    return Decline{"oneDNN has exact 8-bit products here"};
  if (!qx->per_tensor()) return Decline{"activation scale per channel"};

  auto plan = std::make_shared<Conv>();
  Conv& c = *plan;
  const bool flat = x.shape.size() == 3;
  Window win = window_of(r.node, spatial(x.shape), std::vector<int64_t>(w.shape.begin() + 2, w.shape.end()));
  auto axis = [&](const std::vector<int64_t>& v, size_t i, int64_t missing) { return !flat ? v[i] : i == 0 ? missing : v[0]; };
  for (size_t i = 0; i < win.rank(); ++i)
    if (win.pads_begin[i] < 0 || win.pads_end[i] < 0) return Decline{"negative padding"};
  c.n = x.shape[0], c.c = x.shape[1], c.h = flat ? 1 : x.shape[2], c.w = x.shape.back();
  c.m = y.shape[1], c.oh = flat ? 1 : y.shape[2], c.ow = y.shape.back();
  c.kh = axis(win.kernel, 0, 1), c.kw = axis(win.kernel, 1, 1);
  c.sh = axis(win.strides, 0, 1), c.sw = axis(win.strides, 1, 1);
  c.dh = axis(win.dilations, 0, 1), c.dw = axis(win.dilations, 1, 1);
  c.top = axis(win.pads_begin, 0, 0), c.left = axis(win.pads_begin, 1, 0);
  c.groups = r.node.i("group", 1);
  c.cg = w.shape[1], c.mg = c.m / c.groups;
  if (c.groups > 1 && c.cg == 1 && c.mg == 1 && c.groups > 4) return Decline{"depthwise"};
  c.rows = c.n * c.oh * c.ow;
  if (c.kh == 1 && c.kw == 1 && c.sh == 1 && c.sw == 1 && c.oh == c.h && c.ow == c.w) {  // every pixel on its own: one long row
    c.n = c.h = c.oh = 1;
    c.w = c.ow = c.rows;
  }
  const int64_t reach_h = (c.oh - 1) * c.sh + (c.kh - 1) * c.dh + 1, reach_w = (c.ow - 1) * c.sw + (c.kw - 1) * c.dw + 1;
  if (isa() >= Isa::avx512_vnni && c.c <= 4 && c.top + c.left > 0 && c.n * reach_h * reach_w * c.c <= k_frame_bytes && reach_h > c.top &&
      reach_w > c.left) {
    c.frame = {c.h, c.w, c.top, c.left, 0, true};
    c.h = reach_h, c.w = reach_w, c.top = c.left = 0;
  }
  c.inner_first = (c.left + c.sw - 1) / c.sw;
  c.inner_last = c.w + c.left < (c.kw - 1) * c.dw + 1 ? 0 : std::min(c.ow, (c.w + c.left - (c.kw - 1) * c.dw - 1) / c.sw + 1);
  c.x_bytes = c.frame.wanted ? c.n * c.h * c.w * c.c + 64 : element_count(x.shape);
  c.whole_rows = c.groups == 1 && c.dw == 1;

  auto epilogue = make_epilogue(r, c.m, *qx, *qw, 1, reason);
  if (!epilogue) return Decline{reason};
  WeightView view{w.constant, 0, c.cg * c.kh * c.kw, {}, c.whole_rows ? c.kh : c.kh * c.kw, c.whole_rows ? c.kw * c.cg : c.cg};
  for (int64_t ky = 0; ky < c.kh; ++ky)
    for (int64_t kx = 0; kx < c.kw; ++kx)
      for (int64_t k = 0; k < c.cg; ++k) view.offset.push_back((k * c.kh + ky) * c.kw + kx);
  const Side side = side_of(x.dtype, qx->zero[0]);
  auto zeros_of = [&](int64_t group) {
    const auto from = qw->zero.begin() + group * c.mg;
    return qw->zero.size() == 1 ? qw->zero : std::vector<int32_t>(from, from + c.mg);
  };
  bool bytes = true;
  for (int64_t g = 0; g < c.groups && bytes; ++g) {
    view.first = g * c.mg;
    bytes = takes_bytes(view, zeros_of(g), c.mg);
  }
  view.bytes = bytes;
  for (int64_t g = 0; g < c.groups; ++g) {
    view.first = g * c.mg;
    auto slice = [&](auto& v) {
      auto whole = std::move(v);
      return std::remove_reference_t<decltype(v)>(whole.begin() + view.first, whole.begin() + view.first + c.mg);
    };
    Epilogue e = *epilogue;
    e.start = slice(e.start);
    e.scale = slice(e.scale);
    e.add = slice(e.add);
    if (!e.after.empty()) e.after = slice(e.after);
    c.gemms.push_back(make_gemm(r, view, zeros_of(g), side, std::move(e)));
  }
  const Gemm& g = c.gemms[0];
  c.slot = round_up(4 * g.depth, 16);
  c.border.assign(static_cast<size_t>(c.slot), static_cast<uint8_t>(side.zero ^ side.flip));
  onednn::Scratch scratch;
  if (c.banded()) {
    plan_bands(c, r.threads, scratch);
  } else {
    const int64_t chunks = (c.rows + k_chunk - 1) / k_chunk, lanes = static_cast<int64_t>(g.lanes.size());
    c.lane_groups = r.threads <= 1 || chunks >= 4 * r.threads ? 1 : std::min<int64_t>(lanes, r.threads);
    c.units = chunks * c.lane_groups;
    c.pointers_at = scratch.add(g.segments * k_pointers * 8);
    c.copies_at = scratch.add(k_chunk * g.segments * c.slot);
    c.sums_at = scratch.add(k_pointers * 4);
  }
  const double work = static_cast<double>(c.rows) * static_cast<double>(c.m) * static_cast<double>(g.row_elements());
  c.parts = work < 2e5 ? 1 : std::min<int64_t>(r.threads, c.units);
  c.part_bytes = scratch.size();
  c.computed = computed;
  if (computed) {
    c.border_at = moving_bytes(c.gemms);
    c.computed_bytes = c.border_at + round_up(c.slot, 64);
  }

  Prepared p;
  p.detail = text(isa_name(), g.bytes ? " bytes" : "", g.fused || g.direct ? " fused" : "", computed ? " dynamic" : "",
                  g.w_zero.empty() ? "" : " zero points");
  c.frame.at = round_up(c.computed_bytes + c.parts * c.part_bytes, 64);
  p.scratch_bytes = c.frame.wanted ? c.frame.at + c.x_bytes : c.computed_bytes + c.parts * c.part_bytes;
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (!computed.reads(i) && r.in(static_cast<size_t>(i)).constant) p.unused_inputs.push_back(i);
  p.run = [plan](const Args& a) {
    const Conv& conv = *plan;
    const ConvState state = begin(conv, a);
    const uint8_t* x = static_cast<const uint8_t*>(a.src[0]);
    if (conv.frame.wanted) {
      auto* frame = static_cast<uint8_t*>(a.scratch) + conv.frame.at;
      fill_frame(conv, x, state.border[0], frame);
      x = frame;
    }
    char* scratch = static_cast<char*>(a.scratch) + conv.computed_bytes;
    parallel_for(static_cast<int>(conv.parts), conv.parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; ++part)
        for (int64_t u = conv.units * part / conv.parts; u < conv.units * (part + 1) / conv.parts; ++u)
          if (conv.banded()) run_band(conv, a, state, u, scratch + part * conv.part_bytes);
          else run_unit(conv, a, x, state, u, scratch + part * conv.part_bytes);
    });
  };
  return p;
}

}  // namespace

extern const Candidate int8_conv{"Conv", "mo", "int8_conv", Wish::channels_last, prepare};

}  // namespace mo::kernels
