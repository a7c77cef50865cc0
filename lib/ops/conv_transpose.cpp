// ConvTranspose: y[n, m, i * stride + k * dilation - pad] += x[n, c, i] * w[c, m, k]: the gradient of a convolution by its input.
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

struct Geometry {
  Window window;
  std::vector<int64_t> output_padding, output_shape;  // output_shape empty unless given
};

Geometry read_geometry(const Node& n, size_t spatial, std::span<const int64_t> kernel) {
  Geometry g;
  g.window = read_window(n, spatial, kernel);
  g.output_padding = n.ints("output_padding", std::vector<int64_t>(spatial, 0));
  g.output_shape = n.ints("output_shape");
  require(g.output_padding.size() == spatial, Code::shape, "output_padding has ", g.output_padding.size(), " entries, wants ", spatial);
  for (int64_t p : g.output_padding) require(p >= 0 && p <= INT32_MAX, Code::invalid_argument, "output_padding is ", g.output_padding);
  // some exporters write the whole shape [n, c, spatial...]
  if (g.output_shape.size() == spatial + 2) g.output_shape.erase(g.output_shape.begin(), g.output_shape.begin() + 2);
  require(g.output_shape.empty() || g.output_shape.size() == spatial, Code::shape, "output_shape has ", g.output_shape.size(), " entries, wants ",
          spatial);
  for (int64_t s : g.output_shape) require(s >= 0, Code::invalid_argument, "output_shape is ", g.output_shape);
  return g;
}

// Size of one output axis; settles the pads of that axis.
int64_t output_size(Geometry& g, size_t a, int64_t in) {
  Window& w = g.window;
  int64_t natural = checked_add(checked_mul(w.stride[a], in - 1), checked_add(g.output_padding[a], w.extent(a)));
  int64_t out;
  bool same = w.auto_pad == AutoPad::same_upper || w.auto_pad == AutoPad::same_lower;
  if (!g.output_shape.empty()) out = g.output_shape[a];
  else if (same) out = checked_mul(in, w.stride[a]);
  else out = checked_add(natural, -(w.pad_begin[a] + w.pad_end[a]));
  require(out >= 0, Code::shape, "spatial axis ", a, " of ", in, " elements gives ", out);
  if (same || !g.output_shape.empty()) {
    int64_t total = std::max<int64_t>(checked_add(natural, -out), 0);
    w.pad_begin[a] = w.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
    w.pad_end[a] = total - w.pad_begin[a];
  }
  return out;
}

void infer(Infer& c) {
  expect_same_dtype(c, 0, 1);
  DType dtype = first_dtype(c, {0, 1, 2});
  const Type &x = c.input(0), &w = c.input(1);
  require(!x.ranked || !w.ranked || x.dims.size() == w.dims.size(), Code::shape, "X is ", describe(x), " but W ", describe(w));
  if (!x.ranked && !w.ranked) return c.set_unranked(0, dtype);
  size_t rank = x.ranked ? x.dims.size() : w.dims.size();
  require(rank >= 3, Code::shape, "X is ", describe(x), ", wants [n, c, spatial...]");
  int64_t group = c.node.i("group", 1);
  require(group >= 1, Code::invalid_argument, "group is ", group);
  same_dim(dim_of(c, 0, 1), dim_of(c, 1, 0), "channels of X and W differ");
  Dim m = dim_of(c, 1, 1);
  std::vector<Dim> dims{dim_of(c, 0, 0), m.known() ? known_dim(checked_mul(m.size, group)) : Dim()};
  std::vector<int64_t> kernel;
  bool known = w.ranked;
  for (size_t a = 2; w.ranked && a < rank; ++a) {
    kernel.push_back(w.dims[a].size);
    known = known && w.dims[a].known();
  }
  dims.resize(rank);
  if (known || c.node.has("kernel_shape")) {
    Geometry g = read_geometry(c.node, rank - 2, known ? std::span<const int64_t>(kernel) : std::span<const int64_t>());
    for (size_t a = 0; a < rank - 2; ++a) {
      Dim in = dim_of(c, 0, a + 2);
      if (in.known()) dims[a + 2] = known_dim(output_size(g, a, in.size));
      else if (!g.output_shape.empty()) dims[a + 2] = known_dim(g.output_shape[a]);
    }
  }
  c.set(0, dtype, std::move(dims));
}

struct Shapes {
  Geometry geometry;
  Shape in, out;
};

// plane[i * stride + offset] += weight * x[i] for one tap of the kernel.
template <class T>
void scatter_tap(const Shapes& s, std::span<const int64_t> tap, const T* x, T weight, double* plane) {
  const Window& w = s.geometry.window;
  const size_t axes = s.in.size(), last = axes - 1;
  if (axes == 0 || axes > k_max_rank) return;  // run refuses both; said again so that the compiler knows
  int64_t first[k_max_rank], size[k_max_rank], offset[k_max_rank], position[k_max_rank] = {};
  for (size_t a = 0; a < axes; ++a) {
    offset[a] = tap[a] * w.dilation[a] - w.pad_begin[a];
    Span1 span = inside(s.out[a], s.in[a], w.stride[a], offset[a]);
    if (span.first >= span.last) return;
    first[a] = span.first;
    size[a] = span.last - span.first;
  }
  do {
    int64_t src = 0, dst = 0;
    for (size_t a = 0; a < axes; ++a) {
      int64_t i = first[a] + position[a];
      src = src * s.in[a] + i;
      dst = dst * s.out[a] + i * w.stride[a] + offset[a];
    }
    for (int64_t i = 0; i < size[last]; ++i) plane[dst + i * w.stride[last]] += static_cast<double>(weight) * static_cast<double>(x[src + i]);
  } while (next_position({position, last}, {size, last}));
}

void run(Run& c) {
  DType dtype = c.dtype();
  require_dtype(c, 1, dtype);
  const Shape xs = c.in(0).shape(), ws = c.in(1).shape();
  require(xs.size() >= 3 && ws.size() == xs.size(), Code::shape, "X has shape ", xs, " and W ", ws);
  int64_t group = c.node.i("group", 1);
  require(group >= 1 && xs[1] == ws[0] && xs[1] % group == 0, Code::shape, "X has ", xs[1], " channels, W ", ws[0], ", in ", group, " groups");
  int64_t channels = xs[1] / group, per_group = ws[1], maps = checked_mul(per_group, group);
  Shapes s;
  s.geometry = read_geometry(c.node, xs.size() - 2, std::span(ws).subspan(2));
  Shape result{xs[0], maps};
  for (size_t a = 2; a < xs.size(); ++a) {
    s.in.push_back(xs[a]);
    s.out.push_back(output_size(s.geometry, a - 2, xs[a]));
    result.push_back(s.out.back());
  }
  if (c.has(2)) {
    require_dtype(c, 2, dtype);
    require_shape(c, 2, {maps});
  }
  const int64_t in_plane = element_count(s.in), out_plane = element_count(s.out), kernel_plane = element_count(s.geometry.window.kernel);
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0)), w = as<T>(c.in(1)), b = c.has(2) ? as<T>(c.in(2)) : Tensor();
    Result<T> y(c, 0, dtype, result);
    T* dst = y.data();
    std::vector<double> plane(static_cast<size_t>(out_plane));
    std::vector<int64_t> tap(s.in.size());
    for (int64_t n = 0; n < xs[0]; ++n)
      for (int64_t m = 0; m < maps; ++m) {
        check(c.control);
        std::fill(plane.begin(), plane.end(), b ? static_cast<double>(b.data<T>()[m]) : 0.0);
        for (int64_t k = 0; k < channels && in_plane > 0 && out_plane > 0; ++k) {
          int64_t channel = m / per_group * channels + k;
          const T* weights = w.data<T>() + (channel * per_group + m % per_group) * kernel_plane;
          const T* src = x.data<T>() + (n * xs[1] + channel) * in_plane;
          std::fill(tap.begin(), tap.end(), 0);
          do scatter_tap(s, tap, src, *weights++, plane.data());
          while (next_position(tap, s.geometry.window.kernel));
        }
        for (int64_t i = 0; i < out_plane; ++i) dst[(n * maps + m) * out_plane + i] = static_cast<T>(plane[static_cast<size_t>(i)]);
      }
    y.finish();
  });
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (!q.inputs[0].is_static() || !q.inputs[1].is_static() || q.inputs[1].dims.empty()) return r;
  Shape w = q.inputs[1].shape();
  r.macs = checked_mul(element_count(q.inputs[0].shape()), checked_product(std::span<const int64_t>(w).subspan(1)));
  return r;
}

int since(const Node& n, std::span<const Type> inputs) {
  for (const Type& t : inputs)
    if (t.dtype == DType::bf16) return 22;
  return n.has("output_shape") || n.s("auto_pad", "NOTSET") != "NOTSET" ? 11 : 7;
}

}  // namespace

extern const OpDef conv_transpose{
    .name = "ConvTranspose", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .cost = cost, .since = 7, .since_of = since};

}  // namespace mo::ops
