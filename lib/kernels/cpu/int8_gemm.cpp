// The choice and call of a tile kernel for 8-bit products, and the rows they meet.
#include "kernels/cpu/int8_gemm.h"

#include <cstring>
#include <span>

#include "base/lasting_memory.h"
#include "kernels/cpu/int8_pack.h"
#include "kernels/cpu/parallel.h"

namespace mo::kernels::int8 {
namespace {

constexpr int64_t k_packed_at_once = 64 << 10;                   // bytes of panels that are worth a thread
constexpr int64_t k_together = 4, k_together_bytes = 160 << 10;  // lanes of 16 columns that some rows meet in turn, and their weights
constexpr int64_t k_at_once_bytes = 12 << 10;                    // of those rows
constexpr int64_t k_wide_bytes = 160 << 10;                      // of a chunk of wide rows: a third of a second-level cache of 512 KiB

void scalar_tile(const Tile& t) {
  const int16_t* w = static_cast<const int16_t*>(t.weights);
  for (int r = 0; r < t.count; ++r) {
    int32_t acc[16];
    std::memcpy(acc, t.start, sizeof acc);
    for (int64_t s = 0; s < t.segments; ++s) {
      const int16_t *x = reinterpret_cast<const int16_t*>(t.rows[r] + t.offset[s]), *v = w + 32 * t.depth * s;
      for (int64_t k = 0; k < t.depth; ++k)
        for (int c = 0; c < 16; ++c) acc[c] += x[2 * k] * v[32 * k + 2 * c] + x[2 * k + 1] * v[32 * k + 2 * c + 1];
    }
    std::memcpy(t.dst + r * t.dst_stride, acc, sizeof acc);
  }
}

MO_INLINE void wide_row_body(const uint8_t* src, int16_t* dst, int64_t n, uint8_t flip, int16_t zero) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<int16_t>(static_cast<int16_t>(static_cast<uint8_t>(src[i] ^ flip)) - zero);
}
MO_SIMD_PLAIN(wide_row, void, (const uint8_t* src, int16_t* dst, int64_t n, uint8_t flip, int16_t zero), (src, dst, n, flip, zero))

MO_INLINE void flip_body(const uint8_t* src, uint8_t* dst, int64_t n, uint8_t flip) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = src[i] ^ flip;
}
MO_SIMD_PLAIN(flip, void, (const uint8_t* src, uint8_t* dst, int64_t n, uint8_t flip), (src, dst, n, flip))

MO_INLINE int32_t sum_body(const uint8_t* src, int64_t n, uint8_t flip) {
  int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<uint8_t>(src[i] ^ flip);
  return sum;
}
MO_SIMD_PLAIN(sum, int32_t, (const uint8_t* src, int64_t n, uint8_t flip), (src, n, flip))

}  // namespace

std::optional<Finish> finish_in_registers(const Epilogue& epilogue, Isa isa) {
  const Steps& end = epilogue.steps;
  if (isa < Isa::avx2 || !epilogue.simple) return std::nullopt;
  const bool inner = end.inner && (end.residual || end.per_channel);
  if (inner ? isa == Isa::avx512 : end.inner || end.per_channel) return std::nullopt;
  if (inner) return end.residual ? Finish::inner_residual : Finish::inner_channel;
  return end.residual ? Finish::residual : Finish::steps;
}

Gemm make_gemm(const Request& r, const WeightView& view, std::vector<int32_t> w_zero, Side x, Epilogue epilogue) {
  Gemm g;
  g.isa = isa();
  g.segments = view.segments;
  g.length = view.length;
  g.x = x;
  g.epilogue = std::move(epilogue);
  g.bytes = view.bytes;
  g.depth = g.wide() ? (g.length + 1) / 2 : (g.length + 3) / 4;
  const Steps& end = g.epilogue.steps;
  const std::optional<Finish> finish = finish_in_registers(g.epilogue, g.isa);
  g.fused = finish && g.epilogue.bounded(g.row_elements());
  g.values = g.isa >= Isa::avx2 && !g.epilogue.simple;
  g.direct = g.values && g.epilogue.is_sum();
  const int64_t columns = g.epilogue.channels(), steps = g.segments * g.depth;
  const Finish leaves = g.fused ? *finish : g.values ? Finish::values : Finish::sums;
  int64_t at = 0, bytes = 0;
  for (int64_t n = 0; n < columns;) {
    const int64_t left = columns - n;
    Lane lane{n, 0, 1, 16, at, bytes, {}, {}, {}};
    if (g.isa >= Isa::avx512) {
      lane.registers = left > 32 ? 4 : left > 16 ? 2 : 1;
      lane.width = 16 * lane.registers;
      lane.tiles = avx512_tiles(!g.wide(), static_cast<int>(lane.registers), leaves);
    } else if (g.isa >= Isa::avx2) {
      lane.width = left > 8 ? 16 : 8;
      lane.tiles = avx2_tiles(lane.width, g.bytes, leaves);
    } else {
      lane.tiles = {{6, scalar_tile}};
    }
    lane.count = std::min(left, lane.width);
    at += 16 * lane.registers;
    bytes += (steps * 4 * lane.width + 63) / 64 * 64;
    n += lane.count;
    g.lanes.push_back(lane);
  }
  g.panel_bytes = bytes;
  if (g.isa < Isa::avx512) g.together = std::clamp<int64_t>(k_together_bytes / (steps * 64), 1, k_together);
  if (g.isa == Isa::avx2) g.at_once = std::clamp<int64_t>(k_at_once_bytes / (steps * 4), 0, k_chunk);
  g.start.assign(static_cast<size_t>(at), 0);
  g.w_zero.assign(static_cast<size_t>(at), 0);
  g.scale.assign(static_cast<size_t>(at), 0);
  g.add.assign(static_cast<size_t>(at), 0);
  g.after.assign(static_cast<size_t>(at), 0);
  g.by_zero.assign(static_cast<size_t>(at), 0);
  Blob blob{nullptr, at, bytes, g.bytes ? static_cast<int64_t>(g.lanes.size()) * groups_of(g, g.lanes[0]).list() : 0};
  const size_t size = static_cast<size_t>((blob.bytes() + 63) / 64 * 64);
  auto make = [&]() -> Pack {
    std::shared_ptr<void> memory = lasting_memory(static_cast<int64_t>(size));
    blob.data = static_cast<char*>(memory.get());
    const std::optional<ColumnReader> reader = g.bytes ? std::optional<ColumnReader>(view) : std::nullopt;
    const auto lanes = static_cast<int64_t>(g.lanes.size());
    parallel_for(r.threads, lanes, (k_packed_at_once * lanes + bytes - 1) / bytes, [&](int64_t from, int64_t to) {
      std::vector<uint8_t> copies;
      for (int64_t i = from; i < to; ++i) {
        const Lane& lane = g.lanes[static_cast<size_t>(i)];
        if (reader) pack_byte_lane(g, lane, *reader, w_zero, blob, copies);
        else pack_lane(g, lane, view, w_zero, blob);
      }
    });
    return memory;
  };
  if (!view.tensor) {
    require(g.wide(), Code::internal, "weights that are packed during the run want wide rows");
  } else {
    std::string how = text("int8 ", view.first, " ", view.n_stride, " ", view.segments, " ", view.length, " ", view.offset.back(), " ", columns, " ",
                           static_cast<int>(g.isa), g.fused, g.bytes, " ");
    how.append(reinterpret_cast<const char*>(w_zero.data()), 4 * w_zero.size());
    g.weights = r.in(1).constant ? r.packed(*view.tensor, std::move(how), static_cast<int64_t>(size), make) : make();
    blob.data = static_cast<char*>(const_cast<void*>(g.weights.get()));
    if (g.bytes) g.lists = blob.lists();
  }
  if (g.bytes && g.segments == 1) place_groups(g, k_one_segment);
  const int32_t total = static_cast<int32_t>(g.segments * g.length);
  bool correct = false;
  for (const Lane& lane : g.lanes)
    for (int64_t position = 0; position < lane.width; ++position) {
      const int64_t n = column_at(g, lane, position);
      if (n >= lane.count) continue;
      const size_t i = static_cast<size_t>(lane.at + position), c = static_cast<size_t>(lane.first + n);
      // sum (x - zx)(w - zw) = sum x w - zx sum w - zw sum x + zw zx k
      uint32_t start = 0;
      if (!g.wide()) {
        const uint32_t zx = static_cast<uint32_t>(g.x.zero), zw = static_cast<uint32_t>(blob.zeros()[i]);
        const uint32_t by_zero = zw * static_cast<uint32_t>(total) - static_cast<uint32_t>(blob.sums()[i]);
        start = zx * by_zero;
        g.by_zero[i] = static_cast<int32_t>(by_zero);
        g.w_zero[i] = blob.zeros()[i];
        correct = correct || zw != 0;
      }
      if (g.fused || g.values) start += static_cast<uint32_t>(g.epilogue.start[c]);
      g.start[i] = static_cast<int32_t>(start);
      g.scale[i] = g.epilogue.scale[c];
      g.add[i] = g.epilogue.add[c];
      if (end.per_channel) g.after[i] = g.epilogue.after[c];
    }
  if (!correct) g.w_zero.clear();
  return g;
}

void place_groups(Gemm& g, std::span<const int64_t> offset) {
  const int32_t* list = g.lists;
  for (Lane& lane : g.lanes) {
    const GroupsOf of = groups_of(g, lane);
    const int32_t* at = list + Groups::k_kinds;
    std::copy_n(list, Groups::k_kinds, lane.groups.count);
    lane.groups.at = at;
    lane.groups.order = at + of.groups();
    list += of.list();
    if (offset.size() == 1 && offset[0] == 0) continue;
    lane.placed.assign(at, at + of.groups());
    for (int32_t& i : lane.placed) i = static_cast<int32_t>(offset[static_cast<size_t>(i / (4 * g.depth))] + i % (4 * g.depth));
    lane.groups.at = lane.placed.data();
  }
}

void pack_wide(const Gemm& g, const uint8_t* data, int64_t n_stride, int64_t k_stride, Side side, void* panels) {
  std::memset(panels, 0, static_cast<size_t>(g.panel_bytes));
  for (const Lane& lane : g.lanes) {
    auto* panel = reinterpret_cast<int16_t*>(static_cast<char*>(panels) + lane.weights);
    for (int64_t position = 0; position < lane.width; ++position) {
      const int64_t n = column_at(g, lane, position);
      if (n >= lane.count) continue;
      const uint8_t* from = data + (lane.first + n) * n_stride;
      int16_t* to = panel + 2 * position;
      for (int64_t k = 0; k < g.length; ++k)
        to[k / 2 * 2 * lane.width + k % 2] =
            static_cast<int16_t>(static_cast<int32_t>(static_cast<uint8_t>(from[k * k_stride] ^ side.flip)) - side.zero);
    }
  }
}

onednn::Quant ComputedScale::unit() const {
  onednn::Quant q;
  q.scale = {1};
  q.zero = {0};
  return q;
}

void ComputedScale::read(const Args& args, float& scale, Side& side) const {
  scale = *static_cast<const float*>(args.src[scale_input]);
  const void* zero = zero_input < 0 ? nullptr : args.src[zero_input];
  side = side_of(dtype, !zero ? 0 : dtype == DType::i8 ? *static_cast<const int8_t*>(zero) : *static_cast<const uint8_t*>(zero));
}

ComputedScale computed_scale(const Request& r, std::string& reason) {
  const Operand &scale = r.in(4), &zero = r.in(5);
  if (!scale.present || (scale.constant && (!zero.present || zero.constant))) return {};
  if (element_count(scale.shape) != 1 || (zero.present && element_count(zero.shape) != 1)) reason = "several computed scales";
  if (r.in(8).present) reason = "8-bit output of an operand with a computed scale";
  return {4, zero.present ? 5 : -1, r.in(0).dtype};
}

int64_t moving_bytes(const std::vector<Gemm>& gemms) { return (static_cast<int64_t>(gemms.size() * gemms[0].start.size()) * 8 + 63) / 64 * 64; }

Moving begin_moving(const std::vector<Gemm>& gemms, float x_scale, int32_t x_zero, void* memory) {
  const size_t columns = gemms[0].start.size();
  auto* start = static_cast<int32_t*>(memory);
  auto* scale = reinterpret_cast<float*>(start + gemms.size() * columns);
  for (size_t g = 0; g < gemms.size(); ++g)
    for (size_t i = 0; i < columns; ++i) {
      const uint32_t more = static_cast<uint32_t>(x_zero - gemms[g].x.zero) * static_cast<uint32_t>(gemms[g].by_zero[i]);
      start[g * columns + i] = static_cast<int32_t>(static_cast<uint32_t>(gemms[g].start[i]) + more);
      scale[g * columns + i] = x_scale * gemms[g].scale[i];
    }
  return {start, scale};
}

namespace {

// Lanes of one width, a tile of rows after another.
void run_group(const Gemm& g, std::span<const Lane> lanes, const Rows& rows, const char* weights, const Moving& moving) {
  alignas(64) int32_t sums[k_rows * k_row];
  const Lane& front = lanes.front();
  const int64_t size = g.epilogue.out == DType::f32 ? 4 : 1, r_size = g.epilogue.r_dtype == DType::f32 ? 4 : 1, at = front.first,
                width = front.width * static_cast<int64_t>(lanes.size()), columns = lanes.back().first + lanes.back().count - at;
  const bool ends = g.fused || g.direct;
  const float* scale = moving.scale ? moving.scale : g.scale.data();
  Tile tiles[k_together];
  for (size_t i = 0; i < lanes.size(); ++i) {
    const Lane& lane = lanes[i];
    Tile& t = tiles[i] = {};
    t.segments = g.segments;
    t.offset = rows.offset;
    t.depth = g.depth;
    t.weights = weights + lane.weights;
    t.groups = &lane.groups;
    t.start = (moving.start ? moving.start : g.start.data()) + lane.at;
    t.scale = scale + lane.at;
    t.add = &g.add[static_cast<size_t>(lane.at)];
    t.after = &g.after[static_cast<size_t>(lane.at)];
    t.w_zero = g.w_zero.empty() ? nullptr : &g.w_zero[static_cast<size_t>(lane.at)];
    t.flip = g.wide() ? 0 : g.x.flip * 0x01010101u;
    t.columns = static_cast<int>(g.values && !g.direct ? lane.width : lane.count);
    t.steps = &g.epilogue.steps;
    t.dst_stride = ends ? rows.dst_stride : 4 * width;
    t.r_stride = rows.r_stride;
  }
  for (int64_t first = 0; first < rows.count;) {
    // the widest tile that is filled, or the narrowest that takes all that is left
    const TileChoice* tile = &front.tiles[0];
    while (tile != &front.tiles.back() && rows.count - first <= (tile + 1)->rows) ++tile;
    const int64_t left = rows.count - first, tiles_at_once = std::max<int64_t>(1, std::min(g.at_once, left) / tile->rows),
                  count = std::min(tiles_at_once * tile->rows, left);
    uint8_t* dst = rows.dst + first * rows.dst_stride + at * size;
    const uint8_t* res = rows.r ? rows.r + first * rows.r_stride + at * r_size : nullptr;
    for (size_t i = 0; i < lanes.size(); ++i) {
      Tile& t = tiles[i];
      const int64_t along = lanes[i].first - at;
      t.rows = rows.pointers + first;
      t.count = static_cast<int>(count);
      t.sums = rows.sums + first;
      t.dst = ends ? dst + along * size : reinterpret_cast<uint8_t*>(sums + along);
      t.r = ends && res ? res + along * r_size : nullptr;
      tile->kernel(t);
    }
    first += count;
    if (ends) continue;
    if (g.values) {
      g.epilogue.finish(reinterpret_cast<float*>(sums), width, count, columns, res, rows.r_stride, dst, rows.dst_stride);
      continue;
    }
    for (int64_t i = 0; i < count; ++i)
      g.epilogue.row(sums + i * width, at, columns, res ? res + i * rows.r_stride : nullptr, dst + i * rows.dst_stride,
                     moving.scale ? scale + front.at : nullptr);
  }
}

}  // namespace

void run_lanes(const Gemm& g, int64_t from, int64_t to, const Rows& rows, const void* weights, const Moving& moving) {
  const char* panels = static_cast<const char*>(weights ? weights : g.weights.get());
  for (int64_t first = from; first < to;) {
    int64_t last = first + 1;
    while (last < to && last - first < g.together && g.lanes[static_cast<size_t>(last)].width == g.lanes[static_cast<size_t>(first)].width) ++last;
    run_group(g, std::span(g.lanes).subspan(static_cast<size_t>(first), static_cast<size_t>(last - first)), rows, panels, moving);
    first = last;
  }
}

int64_t row_chunk(const Gemm& g, int64_t rows) {
  const int64_t most = std::clamp<int64_t>(k_wide_bytes / (4 * g.segments * g.depth), 48, 480), chunks = (rows + most - 1) / most;
  return ((rows + chunks - 1) / chunks + 5) / 6 * 6;
}

WidenRow widen_row() { return wide_row_pick(); }
void flip_row(const uint8_t* src, uint8_t* dst, int64_t n, uint8_t flip) {
  if (flip) flip_pick()(src, dst, n, flip);
  else std::memcpy(dst, src, static_cast<size_t>(n));
}
int32_t byte_sum(const uint8_t* src, int64_t n, uint8_t flip) { return sum_pick()(src, n, flip); }

}  // namespace mo::kernels::int8
