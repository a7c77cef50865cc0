// mo.Pool: average pooling of 8-bit data; docs/internal_operators.md defines it.
#include "base/checked.h"
#include "ops/fused.h"
#include "ops/pooling.h"

namespace mo::ops {
namespace {

enum : size_t { X, x_scale, x_zp, y_scale, y_zp };

bool is_global(const Node& n) {
  std::string op = n.s("op", "average");
  require(op == "average" || op == "global_average", Code::internal, "op is '", printable(op), "'");
  return op == "global_average";
}

void infer(Infer& c) {
  DType dtype = fused_dtype(c, y_scale, y_zp, c.dtype(X));
  if (!is_global(c.node)) return infer_pool(c, 0, dtype);
  if (c.rank(X) < 0) return c.set_unranked(0, dtype);
  std::vector<Dim> dims = c.input(X).dims;
  for (size_t a = 2; a < dims.size(); ++a) dims[a] = known_dim(1);
  c.set(0, dtype, std::move(dims));
}

void run(Run& c) {
  const Shape& shape = c.in(X).shape();
  // Sums of integers are exact; the scale is applied once per output.
  bool quantized = c.has(x_scale);
  std::vector<double> x(static_cast<size_t>(c.in(X).size()));
  double scale = 1;
  if (quantized) {
    std::vector<uint32_t> q = centered(c.in(X), PerChannel(c.in_or_null(x_zp), 1, 0, "x_zero_point"), 1, 1);
    for (size_t i = 0; i < q.size(); ++i) x[i] = static_cast<int32_t>(q[i]);
    scale = PerChannel(&c.in(x_scale), 1, 1, "x_scale")[0];
  } else {
    std::vector<float> f = real_operand(c, X, x_scale, x_zp, 1);
    std::copy(f.begin(), f.end(), x.begin());
  }
  DType plain = is_floating(c.dtype(X)) ? c.dtype(X) : DType::f32;
  // Between 8-bit tensors one multiplication: sum * (x_scale / (y_scale * count)).
  const bool one = quantized && c.has(y_scale);
  const float xs = static_cast<float>(scale), ys = one ? static_cast<float>(PerChannel(&c.in(y_scale), 1, 1, "output scale")[0]) : 1.0f;
  auto store = [&](FusedOutput& y, int64_t i, double sum, int64_t count) {
    if (count <= 0) y.put(i, 0.0f);
    else if (one) y.put_steps(i, static_cast<float>(sum) * (xs / (ys * static_cast<float>(count))));
    else y.put(i, static_cast<float>(sum * scale / static_cast<double>(count)));
  };
  if (is_global(c.node)) {
    require(shape.size() >= 2, Code::shape, "X has shape ", shape);
    Shape out{shape[0], shape[1]};
    out.resize(shape.size(), 1);
    int64_t plane = checked_product(std::span(shape).subspan(2)), planes = checked_mul(shape[0], shape[1]);
    require(plane > 0, Code::shape, "no elements to average in ", shape);
    FusedOutput y(c, y_scale, y_zp, plain, out);
    for (int64_t p = 0; p < planes; ++p) {
      double sum = 0;
      for (int64_t i = 0; i < plane; ++i) sum += x[static_cast<size_t>(p * plane + i)];
      store(y, p, sum, plane);
    }
    return;
  }
  PoolShape g = pool_shape(c.node, shape);
  bool with_pad = c.node.i("count_include_pad", 0) != 0;
  FusedOutput y(c, y_scale, y_zp, plain, g.result);
  for_each_window(g, [&](int64_t plane, int64_t o, std::span<const int64_t> taps, int64_t padded) {
    double sum = 0;
    for (int64_t i : taps) sum += x[static_cast<size_t>(plane * g.in_plane + i)];
    int64_t count = with_pad ? padded : static_cast<int64_t>(taps.size());
    store(y, plane * g.out_plane + o, sum, count);
  });
}

}  // namespace

extern const OpDef mo_pool{
    .name = "Pool", .domain = "mo", .min_inputs = 1, .max_inputs = 5, .infer = infer, .run = run, .cost = pool_cost, .since = 1};

}  // namespace mo::ops
