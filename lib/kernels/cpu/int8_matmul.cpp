// Matrix products of 8-bit data by tiles of int8_gemm.h: exact sums, one multiplier, any zero points, every instruction set. Right operands that are
// computed are packed during the run, which only machines without VNNI need (oneDNN has them otherwise). The left operand's scale and zero point may be
// computed (dynamic quantization).
#include <cstring>

#include "kernels/cpu/int8_gemm.h"
#include "kernels/cpu/matmul_views.h"
#include "kernels/cpu/parallel.h"

namespace mo::kernels {
namespace {

using namespace int8;

struct Matmul {
  Product p;
  int64_t batches = 1;
  bool residual = false, run_time = false;
  Side b_side;
  std::vector<Gemm> gemms;                               // one per matrix of a constant B, else one
  std::vector<int64_t> a_at, b_at, y_at, r_at, gemm_of;  // per batch, in elements
  int64_t chunk, chunks, lane_groups, units, parts;      // rows of a chunk
  int64_t pointers_at, copies_at, sums_at, wide_at, panels_at, slot, part_bytes;
  int64_t y_size, r_size, a_elements;
  ComputedScale computed;  // of A; in front of the parts' scratch lie start and scale of every gemm
  int64_t computed_bytes = 0;
};

// Of one run.
struct State {
  Side side;
  Moving moving;
};

State begin(const Matmul& m, const Args& args) {
  State state{m.gemms[0].x, {}};
  if (!m.computed) return state;
  float scale;
  m.computed.read(args, scale, state.side);
  state.moving = begin_moving(m.gemms, scale, state.side.zero, args.scratch);
  return state;
}

void run_unit(const Matmul& m, const Args& args, const State& state, int64_t batch, int64_t chunk, int64_t lane_group, char* part) {
  const int64_t which = m.gemm_of[static_cast<size_t>(batch)];
  const Gemm& g = m.gemms[static_cast<size_t>(which)];
  const Product& p = m.p;
  const size_t rank = p.y.dims.size(), at = static_cast<size_t>(batch);
  const int64_t first = chunk * m.chunk, count = std::min(m.chunk, p.m() - first), k = p.k();
  const int64_t row_step = p.a.strides[rank - 2], step = p.a.strides[rank - 1];
  const auto* a = static_cast<const uint8_t*>(args.src[0]);
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + m.pointers_at);
  auto* copies = reinterpret_cast<uint8_t*>(part + m.copies_at);
  auto* sums = reinterpret_cast<int32_t*>(part + m.sums_at);
  auto* wide = reinterpret_cast<int16_t*>(part + m.wide_at);
  const int64_t reads = g.wide() ? k : g.reach();
  const bool flipped = g.bytes && state.side.flip != 0;
  const WidenRow widen = widen_row();
  for (int64_t r = 0; r < count; ++r) {
    const int64_t begin = m.a_at[at] + (first + r) * row_step;
    const uint8_t* row = a + begin;
    if (step != 1 || flipped || begin + reads > m.a_elements) {
      uint8_t* copy = copies + (g.wide() ? 0 : r * m.slot);
      if (step == 1) flip_row(row, copy, k, flipped ? state.side.flip : 0);
      else
        for (int64_t i = 0; i < k; ++i) copy[i] = row[i * step] ^ (flipped ? state.side.flip : 0);
      row = copy;
    }
    if (!g.w_zero.empty()) sums[r] = byte_sum(row, k, g.x.flip);
    if (g.wide()) {
      int16_t* to = wide + r * 2 * g.depth;
      to[2 * g.depth - 1] = 0;
      widen(row, to, k, state.side.flip, static_cast<int16_t>(state.side.zero));
      row = reinterpret_cast<const uint8_t*>(to);
    }
    pointers[r] = row;
  }
  for (int64_t r = count; r < count + k_spare; ++r) pointers[r] = pointers[count - 1];
  const int64_t y_row = p.y.strides[rank - 2];
  Rows rows{pointers, count, static_cast<uint8_t*>(args.dst[0]) + (m.y_at[at] + first * y_row) * m.y_size, y_row * m.y_size, nullptr, 0, sums};
  if (m.residual) {
    rows.r_stride = p.along[0].strides[rank - 2] * m.r_size;
    rows.r = static_cast<const uint8_t*>(args.src[3]) + m.r_at[at] * m.r_size + first * rows.r_stride;
  }
  const int64_t lanes = static_cast<int64_t>(g.lanes.size());
  run_lanes(g, lanes * lane_group / m.lane_groups, lanes * (lane_group + 1) / m.lane_groups, rows, m.run_time ? part + m.panels_at : nullptr,
            state.moving.of(g, which));
}

void run_part(const Matmul& m, const Args& args, const State& state, int64_t part, char* scratch) {
  const size_t rank = m.p.y.dims.size();
  for (int64_t u = m.units * part / m.parts; u < m.units * (part + 1) / m.parts; ++u) {
    if (!m.run_time) {
      const int64_t rest = u / m.lane_groups;
      run_unit(m, args, state, rest / m.chunks, rest % m.chunks, u % m.lane_groups, scratch);
      continue;
    }
    const auto* b = static_cast<const uint8_t*>(args.src[1]) + m.b_at[static_cast<size_t>(u)];
    pack_wide(m.gemms[0], b, m.p.b.strides[rank - 1], m.p.b.strides[rank - 2], m.b_side, scratch + m.panels_at);
    for (int64_t chunk = 0; chunk < m.chunks; ++chunk) run_unit(m, args, state, u, chunk, 0, scratch);
  }
}

// Where each matrix of the batch begins.
std::vector<int64_t> offsets(const View& v, const View& y, int64_t batches) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < batches; ++i) {
    int64_t rest = i, at = 0;
    for (size_t axis = y.dims.size() - 2; axis-- > 0;) {
      if (v.dims[axis] != 1) at += rest % y.dims[axis] * v.strides[axis];
      rest /= y.dims[axis];
    }
    out.push_back(at);
  }
  return out;
}

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &res = r.in(3), &y = r.out();
  if (info(a.dtype).bits != 8 || info(b.dtype).bits != 8 || !r.in(4).present || !r.in(6).present) return Decline{"operands are not 8-bit"};
  if (element_count(a.shape) == 0 || element_count(b.shape) == 0) return Decline{"empty operand"};
  std::string reason;
  const ComputedScale computed = computed_scale(r, reason);
  if (!reason.empty()) return Decline{reason};
  if (computed && !b.constant) return Decline{"B is computed"};
  auto qa = computed ? computed.unit() : onednn::read_quant(r, 4, 5, reason);
  auto qb = onednn::read_quant(r, 6, 7, reason);
  if (!qa || !qb) return Decline{reason};
  if (!computed && onednn::other_vnni() && !rounds_inside(r.node) && b.dtype == DType::i8 && qb->symmetric())
    return Decline{"oneDNN has exact 8-bit products here"};
  if (!qa->per_tensor() || qa->zero.size() != 1) return Decline{"scale of A per row"};
  auto plan = std::make_shared<Matmul>();
  Matmul& m = *plan;
  const ProductSpec spec = product_spec(r.node);
  m.computed = computed;
  m.p = product_of(spec, r);
  m.residual = res.present && !(res.constant && res.dtype == DType::f32 && res.shape != y.shape);
  if (m.residual) {
    if (!spec.perm_y.empty() || res.shape != y.shape) return Decline{"epilogue operand of another shape"};
    m.p.along.push_back(m.p.y);
  }
  collapse(m.p);
  const size_t rank = m.p.y.dims.size();
  const int64_t rows = m.p.m(), n = m.p.n(), k = m.p.k();
  m.run_time = b.constant == nullptr;
  const bool vnni = isa() >= Isa::avx512_vnni;
  if (m.run_time && vnni) return Decline{"B is computed"};
  if (m.run_time && qb->zero.size() != 1) return Decline{"zero point per column of a computed B"};
  if (!computed && vnni && rows < 4 && !rounds_inside(r.node) && qb->symmetric() && b.dtype == DType::i8) return Decline{"few rows"};
  if (m.p.y.strides[rank - 1] != 1 && n > 1) return Decline{"transposed result"};
  std::optional<Epilogue> epilogue = make_epilogue(r, n, *qa, *qb, spec.alpha, reason);
  if (!epilogue) return Decline{reason};

  for (size_t i = 0; i + 2 < rank; ++i) m.batches *= m.p.y.dims[i];
  m.a_at = offsets(m.p.a, m.p.y, m.batches);
  m.b_at = offsets(m.p.b, m.p.y, m.batches);
  m.y_at = offsets(m.p.y, m.p.y, m.batches);
  if (m.residual) m.r_at = offsets(m.p.along[0], m.p.y, m.batches);
  const Side side = side_of(a.dtype, qa->zero[0]);
  m.b_side = side_of(b.dtype, qb->zero[0]);
  std::vector<int64_t> known;
  std::vector<WeightView> views;
  bool bytes = true;
  for (int64_t at : m.b_at) {
    auto found = std::find(known.begin(), known.end(), at);
    m.gemm_of.push_back(m.run_time ? 0 : found - known.begin());
    if (found != known.end() || (m.run_time && !known.empty())) continue;
    known.push_back(at);
    WeightView& view = views.emplace_back(WeightView{m.run_time ? nullptr : b.constant, 0, m.p.b.strides[rank - 1], {}, 1, k});
    for (int64_t i = 0; i < k; ++i) view.offset.push_back(at + i * m.p.b.strides[rank - 2]);
    bytes = bytes && takes_bytes(view, qb->zero, n);
  }
  for (WeightView& view : views) {
    view.bytes = bytes;
    m.gemms.push_back(make_gemm(r, view, qb->zero, side, *epilogue));
  }
  const Gemm& g = m.gemms[0];
  m.y_size = y.dtype == DType::f32 ? 4 : 1;
  m.r_size = res.dtype == DType::f32 ? 4 : 1;
  m.a_elements = element_count(a.shape);
  m.chunk = g.isa < Isa::avx512_vnni ? row_chunk(g, rows) : k_chunk;
  m.chunks = (rows + m.chunk - 1) / m.chunk;
  m.lane_groups =
      m.run_time || r.threads <= 1 || m.chunks * m.batches >= 4 * r.threads ? 1 : std::min<int64_t>(static_cast<int64_t>(g.lanes.size()), r.threads);
  m.units = m.run_time ? m.batches : m.batches * m.chunks * m.lane_groups;
  m.parts = static_cast<double>(rows * m.batches) * static_cast<double>(n) * static_cast<double>(k) < 2e5 ? 1 : std::min<int64_t>(r.threads, m.units);
  m.slot = (k + 15) / 16 * 16;
  onednn::Scratch scratch;
  m.pointers_at = scratch.add((m.chunk + k_spare) * 8);
  m.copies_at = scratch.add((g.wide() ? 1 : m.chunk) * m.slot);
  m.sums_at = scratch.add((m.chunk + k_spare) * 4);
  m.wide_at = scratch.add(g.wide() ? m.chunk * g.depth * 4 : 0);
  m.panels_at = scratch.add(m.run_time ? g.panel_bytes : 0);
  m.part_bytes = scratch.size();
  if (computed) m.computed_bytes = moving_bytes(m.gemms);

  Prepared out;
  out.detail = text(isa_name(), g.bytes ? " bytes" : "", g.fused || g.direct ? " fused" : "", computed ? " dynamic" : "",
                    g.w_zero.empty() ? "" : " zero points");
  out.scratch_bytes = m.computed_bytes + m.parts * m.part_bytes;
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (!computed.reads(i) && r.in(static_cast<size_t>(i)).constant) out.unused_inputs.push_back(i);
  out.run = [plan](const Args& args) {
    const State state = begin(*plan, args);
    char* scratch = static_cast<char*>(args.scratch) + plan->computed_bytes;
    parallel_for(static_cast<int>(plan->parts), plan->parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; ++part) run_part(*plan, args, state, part, scratch + part * plan->part_bytes);
    });
  };
  return out;
}

}  // namespace

extern const Candidate int8_matmul{"MatMul", "mo", "int8_matmul", Wish::plain, prepare};

}  // namespace mo::kernels
