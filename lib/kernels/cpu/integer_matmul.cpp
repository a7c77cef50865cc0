// MatMulInteger with constant weights by the tiles of int8_gemm.h: int32 sums, a zero point of the left operand that is known only when running.
#include <cstring>

#include "kernels/cpu/int8_gemm.h"
#include "kernels/cpu/parallel.h"

namespace mo::kernels {
namespace {

using namespace int8;

struct Product {
  Gemm gemm;
  std::vector<int32_t> column_sums;                // of weights less their zero points
  int64_t rows, n, k, chunk, chunks, slot, parts;  // rows of a chunk
  int64_t pointers_at, copies_at, sums_at, wide_at, part_bytes;
  DType a_type;
  int32_t stored_zero;  // of A, where it is known
  int a_zero_input;     // else the input that holds it
};

int32_t zero_of(const Product& p, const Args& a) {
  if (p.a_zero_input < 0) return p.stored_zero;
  const void* z = a.src[p.a_zero_input];
  return p.a_type == DType::u8 ? *static_cast<const uint8_t*>(z) : *static_cast<const int8_t*>(z);
}

// All rows of a chunk by the columns of one lane.
void run_sums(const Product& p, const Lane& lane, const uint8_t* const* pointers, int64_t count, const int32_t* row_sums, int32_t* dst) {
  const Gemm& g = p.gemm;
  alignas(64) int32_t sums[12 * 64];
  const char* panel = static_cast<const char*>(g.weights.get()) + lane.weights;
  Tile t{};
  t.segments = 1;
  t.offset = k_one_segment;
  t.depth = g.depth;
  t.weights = panel;
  t.groups = &lane.groups;
  t.start = &g.start[static_cast<size_t>(lane.at)];
  t.w_zero = g.w_zero.empty() ? nullptr : &g.w_zero[static_cast<size_t>(lane.at)];
  t.flip = g.wide() ? 0 : g.x.flip * 0x01010101u;
  t.columns = static_cast<int>(lane.count);
  t.dst_stride = 4 * lane.width;
  for (int64_t first = 0; first < count; first += t.count) {
    const TileChoice* tile = &lane.tiles[0];
    while (tile != &lane.tiles.back() && count - first <= (tile + 1)->rows) ++tile;
    t.rows = pointers + first;
    t.count = static_cast<int>(std::min<int64_t>(tile->rows, count - first));
    t.sums = row_sums + first;
    t.dst = reinterpret_cast<uint8_t*>(sums);
    tile->kernel(t);
    for (int64_t r = 0; r < t.count; ++r)
      std::memcpy(dst + (first + r) * p.n + lane.first, sums + r * lane.width, static_cast<size_t>(4 * lane.count));
  }
}

void run_chunk(const Product& p, const Args& args, int64_t chunk, int32_t a_zero, char* part) {
  const Gemm& g = p.gemm;
  const int64_t first = chunk * p.chunk, count = std::min(p.chunk, p.rows - first), reads = g.wide() ? p.k : g.reach();
  const auto* a = static_cast<const uint8_t*>(args.src[0]);
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + p.pointers_at);
  auto* sums = reinterpret_cast<int32_t*>(part + p.sums_at);
  const uint8_t flip = g.bytes ? g.x.flip : 0;
  const WidenRow widen = widen_row();
  for (int64_t r = 0; r < count; ++r) {
    const uint8_t* row = a + (first + r) * p.k;
    if (flip || (first + r) * p.k + reads > p.rows * p.k) {
      auto* copy = reinterpret_cast<uint8_t*>(part + p.copies_at) + r * p.slot;
      flip_row(row, copy, p.k, flip);
      row = copy;
    }
    if (!g.w_zero.empty()) sums[r] = byte_sum(row, p.k, g.x.flip);
    if (g.wide()) {
      int16_t* to = reinterpret_cast<int16_t*>(part + p.wide_at) + r * 2 * g.depth;
      to[2 * g.depth - 1] = 0;
      widen(row, to, p.k, g.x.flip, static_cast<int16_t>(g.x.zero));
      row = reinterpret_cast<const uint8_t*>(to);
    }
    pointers[r] = row;
  }
  for (int64_t r = count; r < count + k_spare; ++r) pointers[r] = pointers[count - 1];
  auto* dst = static_cast<int32_t*>(args.dst[0]) + first * p.n;
  for (const Lane& lane : g.lanes) run_sums(p, lane, pointers, count, sums, dst);
  if (a_zero == 0) return;
  for (int64_t r = 0; r < count; ++r)
    for (int64_t i = 0; i < p.n; ++i)
      dst[r * p.n + i] = static_cast<int32_t>(static_cast<uint32_t>(dst[r * p.n + i]) -
                                              static_cast<uint32_t>(a_zero) * static_cast<uint32_t>(p.column_sums[static_cast<size_t>(i)]));
}

Offer prepare(const Request& r) {
  const Operand &a = r.in(0), &b = r.in(1), &az = r.in(2), &bz = r.in(3);
  if (!b.constant) return Decline{"weights are not constant"};
  if (a.shape.empty() || b.shape.size() != 2 || element_count(a.shape) == 0 || element_count(b.shape) == 0)
    return Decline{"rank of an operand, or an empty one"};
  if (az.present && element_count(az.shape) != 1) return Decline{"zero point of A per row"};
  if (bz.present && !bz.constant) return Decline{"zero point of B is not known at plan time"};
  auto plan = std::make_shared<Product>();
  Product& p = *plan;
  p.k = b.shape[0], p.n = b.shape[1], p.rows = element_count(a.shape) / p.k;
  p.a_type = a.dtype;
  p.a_zero_input = az.present && !az.constant ? 2 : -1;
  p.stored_zero = az.constant ? static_cast<int32_t>(az.constant->integer()) : 0;
  std::vector<int32_t> zeros = {0};
  if (bz.present) {
    zeros.clear();
    for (int64_t z : bz.constant->integers()) zeros.push_back(static_cast<int32_t>(z));
    if (zeros.size() != 1 && static_cast<int64_t>(zeros.size()) != p.n) return Decline{"zero point of B of another shape"};
  }
  p.column_sums.resize(static_cast<size_t>(p.n));
  for (int64_t i = 0; i < p.n; ++i) {
    int64_t sum = 0;
    for (int64_t j = 0; j < p.k; ++j)
      sum += b.dtype == DType::u8 ? static_cast<const uint8_t*>(b.constant->raw())[j * p.n + i]
                                  : static_cast<const int8_t*>(b.constant->raw())[j * p.n + i];
    p.column_sums[static_cast<size_t>(i)] = static_cast<int32_t>(sum - p.k * zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(i)]);
  }
  Epilogue open;  // of nothing: sums are the result
  open.start.assign(static_cast<size_t>(p.n), 0);
  open.scale.assign(static_cast<size_t>(p.n), 1);
  open.add.assign(static_cast<size_t>(p.n), 0);
  open.simple = open.steps.inner = true;  // so that the tiles give plain sums
  WeightView view{b.constant, 0, 1, {}, 1, p.k};
  for (int64_t i = 0; i < p.k; ++i) view.offset.push_back(i * p.n);
  view.bytes = takes_bytes(view, zeros, p.n);
  p.gemm = make_gemm(r, view, zeros, side_of(a.dtype, 0), open);
  const Gemm& g = p.gemm;
  p.chunk = g.isa < Isa::avx512_vnni ? row_chunk(g, p.rows) : k_chunk;
  p.chunks = (p.rows + p.chunk - 1) / p.chunk;
  p.parts = static_cast<double>(p.rows) * static_cast<double>(p.n) * static_cast<double>(p.k) < 1e6 ? 1 : std::min<int64_t>(r.threads, p.chunks);
  p.slot = (std::max(p.k, 4 * g.depth) + 15) / 16 * 16;
  onednn::Scratch scratch;
  p.pointers_at = scratch.add((p.chunk + k_spare) * 8);
  p.copies_at = scratch.add(g.wide() ? 0 : p.chunk * p.slot);
  p.sums_at = scratch.add((p.chunk + k_spare) * 4);
  p.wide_at = scratch.add(g.wide() ? p.chunk * g.depth * 4 : 0);
  p.part_bytes = scratch.size();
  Prepared out;
  out.detail = text(isa_name(), g.bytes ? " bytes" : "");
  out.scratch_bytes = p.parts * p.part_bytes;
  out.unused_inputs = {1};
  for (int i : {2, 3})
    if (r.in(static_cast<size_t>(i)).constant) out.unused_inputs.push_back(i);
  out.run = [plan](const Args& args) {
    const int32_t zero = zero_of(*plan, args);
    parallel_for(static_cast<int>(plan->parts), plan->parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; ++part)
        for (int64_t c = plan->chunks * part / plan->parts; c < plan->chunks * (part + 1) / plan->parts; ++c)
          run_chunk(*plan, args, c, zero, static_cast<char*>(args.scratch) + part * plan->part_bytes);
    });
  };
  return out;
}

}  // namespace

extern const Candidate int8_matmul_integer{"MatMulInteger", "", "int8_matmul_integer", Wish::plain, prepare};

}  // namespace mo::kernels
