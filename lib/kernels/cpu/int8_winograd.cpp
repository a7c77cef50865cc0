// 3x3 convolutions of 8-bit data by Winograd's F(2x2, 3x3) in exact whole numbers, where AVX2 is the widest: 16 products of 16-bit numbers instead of 36.
#include <algorithm>
#include <cstring>

#include "base/lasting_memory.h"
#include "kernels/cpu/int8_columns.h"
#include "kernels/cpu/int8_winograd.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/window.h"

namespace mo::kernels {
namespace {

using namespace int8;

constexpr int64_t k_numbers = 16, k_columns = 16;  // of a patch; of a lane
constexpr int64_t k_patch_bytes = 256 << 10;       // of the patches that are multiplied at once
constexpr int64_t k_least_patches = 32;            // fewer do not pay the reading of 16 numbers per weight
constexpr int64_t k_least_channels = 32;           // of fewer, sums are hardly longer than their way out of the registers
constexpr int64_t k_most_channels = 512;           // 4 * 9 * 255 * 255 times as many fit int32

struct Winograd {
  int64_t n, h, w, c, oh, ow, m, top, left;
  int64_t across, per_image, patches;  // patches of a row of the output, of an image, of all
  int64_t block, blocks, lanes, lane_groups, units, parts;
  int64_t pointers_at, patches_at, sums_at, part_bytes;
  Side side;
  Epilogue epilogue;
  WinogradOutput output;
  std::vector<TileChoice> tiles;
  std::shared_ptr<const void> weights;  // [lane][number][pair of channels][column in register order][2]
  std::vector<int32_t> start;           // per column in register order
  std::vector<float> scale, add, after;
  std::vector<uint8_t> border;

  int64_t panel() const { return k_columns * c; }  // 16-bit numbers of a lane's weights for one number of the patches
};

void transform_patches(const Winograd& g, const uint8_t* x, int64_t first, int64_t count, int16_t* v) {
  const uint8_t* pixels[k_numbers];
  for (int64_t i = 0; i < count; ++i, v += g.c) {
    const int64_t n = (first + i) / g.per_image, at = (first + i) % g.per_image, top = at / g.across * 2 - g.top, left = at % g.across * 2 - g.left;
    for (int64_t k = 0; k < k_numbers; ++k) {
      const int64_t y = top + k / 4, column = left + k % 4;
      const bool inside = y >= 0 && y < g.h && column >= 0 && column < g.w;
      pixels[k] = inside ? x + ((n * g.h + y) * g.w + column) * g.c : g.border.data();
    }
    winograd_input(pixels, g.c, g.side, v, g.block * g.c);
  }
}

// All patches of a block times 16 columns.
void multiply(const Winograd& g, int64_t lane, int64_t count, const uint8_t* const* pointers, int32_t* sums) {
  static constexpr int32_t k_none[k_columns] = {};
  Tile t{};
  t.segments = 1;
  t.offset = k_one_segment;
  t.depth = g.c / 2;
  t.start = k_none;
  t.columns = k_columns;
  t.dst_stride = 4 * k_columns;
  for (int64_t number = 0; number < k_numbers; ++number) {
    t.weights = static_cast<const int16_t*>(g.weights.get()) + (lane * k_numbers + number) * g.panel();
    for (int64_t first = 0; first < count; first += t.count) {
      const TileChoice* tile = &g.tiles[0];
      while (tile != &g.tiles.back() && count - first <= (tile + 1)->rows) ++tile;
      const int64_t left = count - first;
      t.count = static_cast<int>(left < tile->rows ? left : left / tile->rows * tile->rows);
      t.rows = pointers + number * (g.block + k_spare) + first;
      t.dst = reinterpret_cast<uint8_t*>(sums + (number * g.block + first) * k_columns);
      tile->kernel(t);
    }
  }
}

void finish(const Winograd& g, const Args& a, int64_t lane, int64_t first, int64_t count, const int32_t* sums) {
  const int64_t at = lane * k_columns;
  const bool residual = g.epilogue.steps.residual;
  Tile t{};
  t.start = &g.start[static_cast<size_t>(at)];
  t.scale = &g.scale[static_cast<size_t>(at)];
  t.add = &g.add[static_cast<size_t>(at)];
  t.after = &g.after[static_cast<size_t>(at)];
  t.steps = &g.epilogue.steps;
  t.columns = static_cast<int>(std::min(k_columns, g.m - at));
  t.dst_stride = t.r_stride = g.m;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t n = (first + i) / g.per_image, patch = (first + i) % g.per_image, y = patch / g.across * 2, x = patch % g.across * 2,
                  to = ((n * g.oh + y) * g.ow + x) * g.m + at;
    g.output(t, sums + i * k_columns, g.block * k_columns,
             {static_cast<uint8_t*>(a.dst[0]) + to, residual ? static_cast<const uint8_t*>(a.src[3]) + to : nullptr, g.ow * g.m, g.ow * g.m,
              static_cast<int>(std::min<int64_t>(2, g.ow - x)), static_cast<int>(std::min<int64_t>(2, g.oh - y))});
  }
}

void run_unit(const Winograd& g, const Args& a, int64_t unit, char* part) {
  const int64_t first = unit / g.lane_groups * g.block, count = std::min(g.block, g.patches - first), group = unit % g.lane_groups;
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + g.pointers_at);
  auto* v = reinterpret_cast<int16_t*>(part + g.patches_at);
  auto* sums = reinterpret_cast<int32_t*>(part + g.sums_at);
  transform_patches(g, static_cast<const uint8_t*>(a.src[0]), first, count, v);
  for (int64_t number = 0; number < k_numbers; ++number)
    for (int64_t i = 0; i < g.block + k_spare; ++i)
      pointers[number * (g.block + k_spare) + i] = reinterpret_cast<const uint8_t*>(v + (number * g.block + std::min(i, count - 1)) * g.c);
  for (int64_t lane = g.lanes * group / g.lane_groups; lane < g.lanes * (group + 1) / g.lane_groups; ++lane) {
    multiply(g, lane, count, pointers, sums);
    finish(g, a, lane, first, count, sums);
  }
}

Pack pack(const Winograd& g, const Tensor& weights, const std::vector<int32_t>& zeros, int threads) {
  std::shared_ptr<void> memory = lasting_memory(g.lanes * k_numbers * g.panel() * 2);
  auto* panels = static_cast<int16_t*>(memory.get());
  const auto* data = static_cast<const uint8_t*>(weights.raw());
  const int64_t window = 9 * g.c;  // bytes of a column
  parallel_for(threads, g.lanes, 1, [&](int64_t from, int64_t to) {
    std::vector<uint8_t> rows(static_cast<size_t>(k_columns * window));
    for (int64_t lane = from; lane < to; ++lane) {
      const int64_t first = lane * k_columns, live = std::min(k_columns, g.m - first);
      int16_t zero[k_columns] = {};
      for (int64_t n = 0; n < live; ++n) zero[n] = static_cast<int16_t>(zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(first + n)]);
      transpose_columns(data + first * window, window, window, live, rows.data());
      for (int64_t k = 0; k < g.c; k += 2)
        winograd_weights(rows.data() + k_columns * 9 * k, weights.dtype() == DType::i8, zero, panels + lane * k_numbers * g.panel() + k * k_columns,
                         g.panel());
    }
  });
  return memory;
}

void plan_blocks(Winograd& g, int threads) {
  const int64_t most = std::clamp<int64_t>(k_patch_bytes / (2 * k_numbers * g.c), 24, 96), blocks = (g.patches + most - 1) / most;
  g.block = ((g.patches + blocks - 1) / blocks + 5) / 6 * 6;
  g.blocks = (g.patches + g.block - 1) / g.block;
  g.lane_groups = threads <= 1 || g.blocks >= 4 * threads ? 1 : std::min<int64_t>(g.lanes, threads);
  g.units = g.blocks * g.lane_groups;
  g.parts = static_cast<double>(g.patches) * static_cast<double>(g.m) * static_cast<double>(g.c) < 2e4 ? 1 : std::min<int64_t>(threads, g.units);
  onednn::Scratch scratch;
  g.pointers_at = scratch.add(k_numbers * (g.block + k_spare) * 8);
  g.patches_at = scratch.add(k_numbers * g.block * g.c * 2);
  g.sums_at = scratch.add(k_numbers * g.block * k_columns * 4);
  g.part_bytes = scratch.size();
}

Offer prepare(const Request& r) {
  const Operand &x = r.in(0), &w = r.in(1), &y = r.out();
  if (isa() != Isa::avx2) return Decline{"not for this processor"};
  if (info(x.dtype).bits != 8 || info(w.dtype).bits != 8 || !r.in(4).present || !r.in(6).present) return Decline{"operands are not 8-bit"};
  if (!w.constant || x.shape.size() != 4) return Decline{"computed weights, or a rank other than 4"};
  const Window win = window_of(r.node, spatial(x.shape), std::vector<int64_t>(w.shape.begin() + 2, w.shape.end()));
  const std::vector<int64_t> three(2, 3), one(2, 1);
  if (win.kernel != three || win.strides != one || win.dilations != one || r.node.i("group", 1) != 1) return Decline{"not 3x3 of stride 1"};
  if (std::min(win.pads_begin[0], win.pads_begin[1]) < 0 || std::min(win.pads_end[0], win.pads_end[1]) < 0) return Decline{"negative padding"};
  if (element_count(x.shape) == 0 || element_count(y.shape) == 0) return Decline{"empty tensor"};
  auto plan = std::make_shared<Winograd>();
  Winograd& g = *plan;
  g.n = x.shape[0], g.c = x.shape[1], g.h = x.shape[2], g.w = x.shape[3];
  g.m = y.shape[1], g.oh = y.shape[2], g.ow = y.shape[3];
  g.top = win.pads_begin[0], g.left = win.pads_begin[1];
  if (g.c % 16 != 0 || g.c < k_least_channels || g.c > k_most_channels || g.m < k_columns) return Decline{text(g.c, " to ", g.m, " channels")};
  g.across = (g.ow + 1) / 2;
  g.per_image = g.across * ((g.oh + 1) / 2);
  g.patches = g.n * g.per_image;
  if (g.patches < k_least_patches) return Decline{"few pixels"};
  std::string reason;
  if (computed_scale(r, reason) || !reason.empty()) return Decline{"computed scale"};
  auto qx = onednn::read_quant(r, 4, 5, reason), qw = onednn::read_quant(r, 6, 7, reason);
  if (!qx || !qw) return Decline{reason};
  if (!qx->per_tensor()) return Decline{"activation scale per channel"};
  auto epilogue = make_epilogue(r, g.m, *qx, *qw, 1, reason);
  if (!epilogue) return Decline{reason};
  g.epilogue = std::move(*epilogue);
  const std::optional<Finish> end = finish_in_registers(g.epilogue, Isa::avx2);
  if (!end || !g.epilogue.bounded(9 * g.c)) return Decline{"epilogue outside of registers"};

  g.side = side_of(x.dtype, qx->zero[0]);
  g.border.assign(static_cast<size_t>(g.c), static_cast<uint8_t>(g.side.zero ^ g.side.flip));
  g.output = winograd_output(*end);
  g.tiles = avx2_tiles(k_columns, false, Finish::sums);
  g.lanes = (g.m + k_columns - 1) / k_columns;
  const size_t columns = static_cast<size_t>(g.lanes * k_columns);
  g.start.resize(columns), g.scale.resize(columns), g.add.resize(columns), g.after.resize(columns);
  for (size_t i = 0; i < columns; ++i) {
    const auto position = static_cast<int64_t>(i) % k_columns, n = static_cast<int64_t>(i) - position + column_of(2, position / 8, position % 8);
    if (n >= g.m) continue;
    const size_t c = static_cast<size_t>(n);
    g.start[i] = g.epilogue.start[c], g.scale[i] = g.epilogue.scale[c], g.add[i] = g.epilogue.add[c];
    if (g.epilogue.steps.per_channel) g.after[i] = g.epilogue.after[c];
  }
  std::string how = text("int8 winograd ", g.m, " ", g.c, " ");
  how.append(reinterpret_cast<const char*>(qw->zero.data()), 4 * qw->zero.size());
  g.weights = r.packed(*w.constant, std::move(how), g.lanes * k_numbers * g.panel() * 2, [&] { return pack(g, *w.constant, qw->zero, r.threads); });
  plan_blocks(g, r.threads);

  Prepared p;
  p.detail = text(isa_name(), " winograd fused");
  p.scratch_bytes = g.parts * g.part_bytes;
  for (int i : {1, 2, 4, 5, 6, 7, 8, 9, 10, 11})
    if (r.in(static_cast<size_t>(i)).constant) p.unused_inputs.push_back(i);
  p.run = [plan](const Args& a) {
    parallel_for(static_cast<int>(plan->parts), plan->parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; ++part)
        for (int64_t u = plan->units * part / plan->parts; u < plan->units * (part + 1) / plan->parts; ++u)
          run_unit(*plan, a, u, static_cast<char*>(a.scratch) + part * plan->part_bytes);
    });
  };
  return p;
}

}  // namespace

extern const Candidate int8_winograd{"Conv", "mo", "int8_winograd", Wish::channels_last, prepare};

}  // namespace mo::kernels
