// GridSample: X read at the positions of `grid` ([-1, 1] spans the input) by nearest, linear or cubic interpolation over any number of axes.
#include "base/checked.h"
#include "ops/image.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  const Type& x = c.input(0);
  const Type& grid = c.input(1);
  require(!x.ranked || x.dims.size() >= 3, Code::shape, "X is ", describe(x), ", wants [n, c, spatial...]");
  if (!grid.ranked) return c.set_unranked(0, x.dtype);
  require(grid.dims.size() >= 3 && (!x.ranked || x.dims.size() == grid.dims.size()), Code::shape, "grid is ", describe(grid), ", X ", describe(x));
  std::vector<Dim> dims{same_dim(dim_of(c, 0, 0), dim_of(c, 1, 0), "batches of X and grid differ"), dim_of(c, 0, 1)};
  dims.insert(dims.end(), grid.dims.begin() + 1, grid.dims.end() - 1);
  c.set(0, x.dtype, std::move(dims));
}

enum class Mode { nearest, linear, cubic };
enum class Padding { zeros, border, reflection };

struct Sampler {
  Mode mode;
  Padding padding;
  bool align;

  double denormalize(double v, int64_t size) const {
    double n = static_cast<double>(size);
    return align ? (v + 1) / 2 * (n - 1) : ((v + 1) * n - 1) / 2;
  }
  double reflect(double x, int64_t size) const {
    double low = align ? 0 : -0.5, high = align ? static_cast<double>(size - 1) : static_cast<double>(size) - 0.5, range = high - low;
    if (range <= 0) return 0;
    double d = x < low ? low - x : x > high ? x - high : -1;
    if (d < 0) return x;
    double turns = std::floor(d / range), rest = d - turns * range;
    bool even = std::fmod(turns, 2) == 0;
    return (x < low) == even ? low + rest : high - rest;
  }
  // Where an element index outside the axis is read; -1: zero.
  int64_t place(int64_t i, int64_t size) const {
    if (i >= 0 && i < size) return i;
    if (padding == Padding::zeros) return -1;
    if (padding == Padding::border) return std::clamp<int64_t>(i, 0, size - 1);
    return std::clamp<int64_t>(static_cast<int64_t>(reflect(static_cast<double>(i), size)), 0, size - 1);
  }
};

Sampler read_sampler(const Node& n) {
  std::string mode = n.s("mode", "linear"), padding = n.s("padding_mode", "zeros");
  Sampler s;
  if (mode == "nearest") s.mode = Mode::nearest;
  else if (mode == "linear" || mode == "bilinear") s.mode = Mode::linear;
  else if (mode == "cubic" || mode == "bicubic") s.mode = Mode::cubic;
  else fail(Code::invalid_argument, "mode is '", printable(mode), "'");
  if (padding == "zeros") s.padding = Padding::zeros;
  else if (padding == "border") s.padding = Padding::border;
  else if (padding == "reflection") s.padding = Padding::reflection;
  else fail(Code::invalid_argument, "padding_mode is '", printable(padding), "'");
  s.align = n.i("align_corners", 0) != 0;
  return s;
}

double cubic(double x) {
  constexpr double a = -0.75;
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0.0;
}

// Neighbours of one coordinate along one axis.
struct Taps {
  int64_t at[4];
  double weight[4];
  int count;
};

Taps taps(const Sampler& s, double x, int64_t size) {
  Taps t;
  if (!(std::abs(x) < 1e15)) {  // NaN and infinity read nothing
    t.count = 0;
    return t;
  }
  // coordinates outside are first brought back for border and reflection
  double edge_low = s.align ? 0 : -0.5, edge_high = s.align ? static_cast<double>(size - 1) : static_cast<double>(size) - 0.5;
  if (x < edge_low || x > edge_high) {
    if (s.padding == Padding::border) x = std::clamp(x, 0.0, static_cast<double>(size - 1));
    else if (s.padding == Padding::reflection) x = s.reflect(x, size);
  }
  if (s.mode == Mode::nearest) {
    t.count = 1;
    t.at[0] = s.place(static_cast<int64_t>(std::nearbyint(x)), size);
    t.weight[0] = 1;
    return t;
  }
  double floor = std::floor(x);
  int64_t base = static_cast<int64_t>(floor);
  int before = s.mode == Mode::cubic ? 1 : 0;
  t.count = s.mode == Mode::cubic ? 4 : 2;
  for (int i = 0; i < t.count; ++i) {
    double d = x - floor - (i - before);
    t.weight[i] = s.mode == Mode::cubic ? cubic(d) : 1 - std::abs(d);
    t.at[i] = s.place(base + i - before, size);
  }
  return t;
}

void run(Run& c) {
  const Shape &xs = c.in(0).shape(), &gs = c.in(1).shape();
  require(xs.size() >= 3 && gs.size() == xs.size(), Code::shape, "X has shape ", xs, ", grid ", gs);
  size_t axes = xs.size() - 2;
  require(gs[0] == xs[0] && gs.back() == static_cast<int64_t>(axes), Code::shape, "X has shape ", xs, ", grid ", gs);
  Shape in(xs.begin() + 2, xs.end()), result{xs[0], xs[1]};
  result.insert(result.end(), gs.begin() + 1, gs.end() - 1);
  int64_t in_plane = checked_product(in), positions = checked_product(std::span(result).subspan(2));
  require(in_plane > 0 || element_count(result) == 0, Code::shape, "X has shape ", xs);
  Sampler s = read_sampler(c.node);
  DType dtype = c.dtype();
  std::vector<double> x = doubles(c.in(0)), grid = doubles(c.in(1));
  std::vector<int64_t> strides = row_major_strides(in), choice(axes), counts(axes);
  std::vector<Taps> t(axes);
  Tensor& y = c.out(0, dtype, result);
  void* dst = y.raw_mutable();
  for (int64_t n = 0; n < xs[0]; ++n)
    for (int64_t p = 0; p < positions; ++p) {
      bool any = true;
      for (size_t a = 0; a < axes; ++a) {
        // the grid lists the innermost axis first
        double v = grid[static_cast<size_t>((n * positions + p) * static_cast<int64_t>(axes) + static_cast<int64_t>(axes - 1 - a))];
        t[a] = taps(s, s.denormalize(v, in[a]), in[a]);
        counts[a] = t[a].count;
        any = any && t[a].count > 0;
      }
      for (int64_t ch = 0; ch < xs[1]; ++ch) {
        const double* plane = x.data() + (n * xs[1] + ch) * in_plane;
        double sum = 0;
        std::fill(choice.begin(), choice.end(), 0);
        if (any) do {
            double w = 1;
            int64_t at = 0;
            for (size_t a = 0; a < axes; ++a) {
              int64_t i = t[a].at[choice[a]];
              w = i < 0 ? 0 : w * t[a].weight[choice[a]];
              at += std::max<int64_t>(i, 0) * strides[a];
            }
            if (w != 0) sum += w * plane[at];
          } while (next_position(choice, counts));
        int64_t out = (n * xs[1] + ch) * positions + p;
        if (is_integer(dtype)) store_number(dtype, dst, out, std::trunc(std::clamp(sum, integer_low(dtype), integer_high(dtype))));
        else store_number(dtype, dst, out, sum);
      }
    }
}

int since(const Node&, std::span<const Type> in) {
  for (const Type& t : in)
    if (t.dtype == DType::bf16) return 22;
  return 20;
}

}  // namespace

extern const OpDef grid_sample{.name = "GridSample", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .since = 20, .since_of = since};

}  // namespace mo::ops
