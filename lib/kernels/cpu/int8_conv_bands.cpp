// Rows of an 8-bit convolution where there is no VNNI: a band of the input is copied once into a frame with its padding, as bytes or widened to 16 bits,
// and every window is read there. Unsigned bytes that windows of one pixel meet are read where they lie.
#include <cstring>

#include "kernels/cpu/int8_conv.h"

namespace mo::kernels::int8 {
namespace {

constexpr int64_t k_band_bytes = 160 << 10;  // of a frame: a third of a second-level cache of 512 KiB

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Where the input of an output pixel lies, for windows of one pixel.
struct Pixel {
  int64_t n, oy, ox;
  Pixel(const Conv& c, int64_t at) : n(at / (c.ow * c.oh)), oy(at / c.ow % c.oh), ox(at % c.ow) {}
  int64_t offset(const Conv& c) const { return ((n * c.h + oy * c.sh) * c.w + ox * c.sw) * c.c; }
  void next(const Conv& c) {
    if (++ox < c.ow) return;
    ox = 0;
    if (++oy == c.oh) oy = 0, ++n;
  }
};

// Numbers of the input as tiles read them: widened less the zero point, or bytes.
void copy_numbers(const Conv& c, const uint8_t* x, const Side& side, int64_t count, uint8_t* dst) {
  if (c.bands.unit == 1) flip_row(x, dst, count, side.flip);
  else widen_row()(x, reinterpret_cast<int16_t*>(dst), count, side.flip, static_cast<int16_t>(side.zero));
}

// Input pixels of outputs first, first + 1, ... one after another.
void copy_pixels(const Conv& c, const uint8_t* x, const Side& side, int64_t first, int64_t count, uint8_t* frame) {
  if (c.sh == 1 && c.sw == 1) {
    copy_numbers(c, x + first * c.c, side, count * c.c, frame);
    return;
  }
  Pixel at(c, first);
  for (int64_t r = 0; r < count; ++r, at.next(c)) copy_numbers(c, x + at.offset(c), side, c.c, frame + r * c.c * c.bands.unit);
}

// The same where they lie, but for the last ones, beyond which a tile would read.
void point_to_pixels(const Conv& c, const uint8_t* x, int64_t first, int64_t count, int64_t group, uint8_t* frame, const uint8_t** pointers) {
  const uint8_t* end = x + c.x_bytes - c.gemms[0].reach();
  Pixel at(c, first);
  for (int64_t r = 0; r < count; ++r, at.next(c)) {
    const uint8_t* p = x + at.offset(c) + group * c.cg;
    pointers[r] = p;
    if (p <= end) continue;
    uint8_t* copy = frame + r * c.c + group * c.cg;
    std::memcpy(copy, p, static_cast<size_t>(c.cg));
    pointers[r] = copy;
  }
}

// Rows of the padded image from `y` on; what lies outside is the zero point.
void copy_lines(const Conv& c, const uint8_t* image, const Side& side, int64_t y, int64_t lines, uint8_t* frame) {
  const int64_t unit = c.bands.unit, line = c.bands.line, before = std::min(c.left * c.c, line),
                live = std::clamp<int64_t>(line - before, 0, c.w * c.c), after = line - before - live;
  const int zero = unit == 1 ? side.zero : 0;
  for (int64_t i = 0; i < lines; ++i, frame += line * unit) {
    if (y + i < 0 || y + i >= c.h) {
      std::memset(frame, zero, static_cast<size_t>(line * unit));
      continue;
    }
    std::memset(frame, zero, static_cast<size_t>(before * unit));
    copy_numbers(c, image + (y + i) * c.w * c.c, side, live, frame + before * unit);
    std::memset(frame + (before + live) * unit, zero, static_cast<size_t>(after * unit));
  }
}

}  // namespace

void plan_bands(Conv& c, int threads, onednn::Scratch& scratch) {
  Conv::Bands& b = c.bands;
  const Gemm& g = c.gemms[0];
  b.unit = g.bytes ? 1 : 2;
  b.pixels = c.kh == 1 && c.kw == 1 && c.top == 0 && c.left == 0 && (c.oh - 1) * c.sh < c.h && (c.ow - 1) * c.sw < c.w;
  const int64_t total = b.pixels ? c.rows : c.oh, images = b.pixels ? 1 : c.n;
  int64_t most;
  if (b.pixels) {
    b.line = c.c;
    most = std::clamp<int64_t>(k_band_bytes / (b.unit * c.c), 48, 960);
  } else {
    b.line = ((c.ow - 1) * c.sw + (c.kw - 1) * c.dw + 1) * c.c;
    const int64_t fit = k_band_bytes / (b.unit * b.line) - (c.kh - 1) * c.dh - 1;  // rows of input beyond the first output row's
    most = std::max<int64_t>(1, fit / c.sh + 1);
  }
  const int64_t bands = std::max<int64_t>(ceil_div(total, most), threads > 1 && total * images >= 24 * threads ? ceil_div(threads, images) : 1);
  b.height = ceil_div(total, bands);
  if (b.pixels) b.height = (b.height + 5) / 6 * 6;
  b.per_image = ceil_div(total, b.height);
  b.count = b.per_image * images;
  b.lines = b.pixels ? b.height : (b.height - 1) * c.sh + (c.kh - 1) * c.dh + 1;
  for (int64_t s = 0; s < g.segments; ++s)
    b.offset.push_back(b.unit * (b.pixels ? 0 : c.whole_rows ? s * c.dh * b.line : s / c.kw * c.dh * b.line + s % c.kw * c.dw * c.c));
  for (Gemm& gemm : c.gemms)
    if (gemm.bytes) place_groups(gemm, b.offset);
  const int64_t lanes = static_cast<int64_t>(g.lanes.size());
  c.lane_groups = threads <= 1 || b.count >= 4 * threads ? 1 : std::min<int64_t>(lanes, threads);
  c.units = b.count * c.lane_groups;
  c.pointers_at = scratch.add(((b.pixels ? b.height : b.height * c.ow) + k_spare) * 8);
  b.frame_at = scratch.add(b.unit * b.lines * b.line + 64);
}

void run_band(const Conv& c, const Args& a, const ConvState& state, int64_t unit, char* part) {
  const Conv::Bands& b = c.bands;
  const int64_t band = unit / c.lane_groups, lane_group = unit % c.lane_groups, n = band / b.per_image, begin = band % b.per_image * b.height;
  const auto* x = static_cast<const uint8_t*>(a.src[0]);
  const auto** pointers = reinterpret_cast<const uint8_t**>(part + c.pointers_at);
  auto* frame = reinterpret_cast<uint8_t*>(part + b.frame_at);
  const bool in_place = b.pixels && b.unit == 1 && state.side.flip == 0;
  int64_t first, count, lines;
  if (b.pixels) {
    first = begin;
    count = lines = std::min(b.height, c.rows - begin);
    if (!in_place) copy_pixels(c, x, state.side, first, count, frame);
  } else {
    const int64_t height = std::min(b.height, c.oh - begin);
    first = (n * c.oh + begin) * c.ow;
    count = height * c.ow;
    lines = (height - 1) * c.sh + (c.kh - 1) * c.dh + 1;
    copy_lines(c, x + n * c.h * c.w * c.c, state.side, begin * c.sh - c.top, lines, frame);
  }
  if (b.unit == 2) std::memset(frame + 2 * lines * b.line, 0, 4);  // the last pair of an odd segment
  for (int64_t group = 0; group < c.groups; ++group) {
    const uint8_t* from = frame + group * c.cg * b.unit;
    if (in_place) point_to_pixels(c, x, first, count, group, frame, pointers);
    else if (b.pixels)
      for (int64_t r = 0; r < count; ++r) pointers[r] = from + b.unit * r * b.line;
    else
      for (int64_t r = 0; r < count; ++r) pointers[r] = from + b.unit * (r / c.ow * c.sh * b.line + r % c.ow * c.sw * c.c);
    std::fill_n(pointers + count, k_spare, pointers[count - 1]);
    Rows rows{pointers, count, nullptr, 0, nullptr, 0, nullptr};
    rows.offset = b.offset.data();
    run_lanes(c, a, state, group, lane_group, first, rows);
  }
}

}  // namespace mo::kernels::int8
