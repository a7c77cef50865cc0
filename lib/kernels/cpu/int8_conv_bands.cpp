// Rows of an 8-bit convolution where there is no VNNI: a band of the input is widened once into a frame of 16-bit numbers with its padding, and every
// window is read there.
#include <cstring>

#include "kernels/cpu/int8_conv.h"

namespace mo::kernels::int8 {
namespace {

constexpr int64_t k_band_bytes = 160 << 10;  // of a frame: a third of a second-level cache of 512 KiB

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Input pixels of outputs first, first + 1, ... one after another.
void widen_pixels(const Conv& c, const uint8_t* x, const Side& side, int64_t first, int64_t count, int16_t* frame) {
  const WidenRow widen = widen_row();
  const auto zero = static_cast<int16_t>(side.zero);
  if (c.sh == 1 && c.sw == 1) {
    widen(x + first * c.c, frame, count * c.c, side.flip, zero);
    return;
  }
  int64_t ox = first % c.ow, oy = first / c.ow % c.oh, n = first / (c.ow * c.oh);
  for (int64_t r = 0; r < count; ++r) {
    widen(x + ((n * c.h + oy * c.sh) * c.w + ox * c.sw) * c.c, frame + r * c.c, c.c, side.flip, zero);
    if (++ox < c.ow) continue;
    ox = 0;
    if (++oy == c.oh) oy = 0, ++n;
  }
}

// Rows of the padded image from `y` on; what lies outside is 0.
void widen_lines(const Conv& c, const uint8_t* image, const Side& side, int64_t y, int64_t lines, int16_t* frame) {
  const WidenRow widen = widen_row();
  const int64_t line = c.bands.line, before = std::min(c.left * c.c, line), live = std::clamp<int64_t>(line - before, 0, c.w * c.c),
                after = line - before - live;
  for (int64_t i = 0; i < lines; ++i, frame += line) {
    if (y + i < 0 || y + i >= c.h) {
      std::memset(frame, 0, static_cast<size_t>(2 * line));
      continue;
    }
    std::memset(frame, 0, static_cast<size_t>(2 * before));
    widen(image + (y + i) * c.w * c.c, frame + before, live, side.flip, static_cast<int16_t>(side.zero));
    std::memset(frame + before + live, 0, static_cast<size_t>(2 * after));
  }
}

}  // namespace

void plan_bands(Conv& c, int threads, onednn::Scratch& scratch) {
  Conv::Bands& b = c.bands;
  const Gemm& g = c.gemms[0];
  b.pixels = c.kh == 1 && c.kw == 1 && c.top == 0 && c.left == 0 && (c.oh - 1) * c.sh < c.h && (c.ow - 1) * c.sw < c.w;
  const int64_t total = b.pixels ? c.rows : c.oh, images = b.pixels ? 1 : c.n;
  int64_t most;
  if (b.pixels) {
    b.line = c.c;
    most = std::clamp<int64_t>(k_band_bytes / (2 * c.c), 48, 960);
  } else {
    b.line = ((c.ow - 1) * c.sw + (c.kw - 1) * c.dw + 1) * c.c;
    const int64_t fit = k_band_bytes / (2 * b.line) - (c.kh - 1) * c.dh - 1;  // rows of input beyond the first output row's
    most = std::max<int64_t>(1, fit / c.sh + 1);
  }
  const int64_t bands = std::max<int64_t>(ceil_div(total, most), threads > 1 && total * images >= 24 * threads ? ceil_div(threads, images) : 1);
  b.height = ceil_div(total, bands);
  if (b.pixels) b.height = (b.height + 5) / 6 * 6;
  b.per_image = ceil_div(total, b.height);
  b.count = b.per_image * images;
  b.lines = b.pixels ? b.height : (b.height - 1) * c.sh + (c.kh - 1) * c.dh + 1;
  for (int64_t s = 0; s < g.segments; ++s)
    b.offset.push_back(2 * (b.pixels ? 0 : c.whole_rows ? s * c.dh * b.line : s / c.kw * c.dh * b.line + s % c.kw * c.dw * c.c));
  const int64_t lanes = static_cast<int64_t>(g.lanes.size());
  c.lane_groups = threads <= 1 || b.count >= 4 * threads ? 1 : std::min<int64_t>(lanes, threads);
  c.units = b.count * c.lane_groups;
  c.pointers_at = scratch.add(((b.pixels ? b.height : b.height * c.ow) + k_spare) * 8);
  b.frame_at = scratch.add(2 * b.lines * b.line + 64);
}

void run_band(const Conv& c, const Args& a, const ConvState& state, int64_t unit, char* part) {
  const Conv::Bands& b = c.bands;
  const int64_t band = unit / c.lane_groups, lane_group = unit % c.lane_groups, n = band / b.per_image, begin = band % b.per_image * b.height;
  const auto* x = static_cast<const uint8_t*>(a.src[0]);
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + c.pointers_at);
  auto* frame = reinterpret_cast<int16_t*>(part + b.frame_at);
  int64_t first, count, lines;
  if (b.pixels) {
    first = begin;
    count = lines = std::min(b.height, c.rows - begin);
    widen_pixels(c, x, state.side, first, count, frame);
  } else {
    const int64_t height = std::min(b.height, c.oh - begin);
    first = (n * c.oh + begin) * c.ow;
    count = height * c.ow;
    lines = (height - 1) * c.sh + (c.kh - 1) * c.dh + 1;
    widen_lines(c, x + n * c.h * c.w * c.c, state.side, begin * c.sh - c.top, lines, frame);
  }
  std::memset(frame + lines * b.line, 0, 4);  // the last pair of an odd segment
  for (int64_t group = 0; group < c.groups; ++group) {
    const auto* from = reinterpret_cast<const uint8_t*>(frame + group * c.cg);
    if (b.pixels)
      for (int64_t r = 0; r < count; ++r) pointers[r] = from + 2 * r * b.line;
    else
      for (int64_t r = 0; r < count; ++r) pointers[r] = from + 2 * (r / c.ow * c.sh * b.line + r % c.ow * c.sw * c.c);
    std::fill_n(pointers + count, k_spare, pointers[count - 1]);
    Rows rows{pointers, count, nullptr, 0, nullptr, 0, nullptr};
    rows.offset = b.offset.data();
    run_lanes(c, a, state, group, lane_group, first, rows);
  }
}

}  // namespace mo::kernels::int8
