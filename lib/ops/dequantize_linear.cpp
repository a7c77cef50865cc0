// DequantizeLinear: y = (x - zero_point) * scale, with one scale per tensor, per index of an axis, or per block.
#include "ops/compute.h"
#include "ops/scale_grid.h"

namespace mo::ops {
namespace {

DType output_dtype(const Node& n, DType scale) {
  int64_t d = n.i("output_dtype", 0);
  if (d == 0) return scale == DType::f8e8m0 ? DType::f32 : scale;
  require(d == 1 || d == 10 || d == 16 || d == 11, Code::type, "output_dtype is ", d);
  return static_cast<DType>(d);
}

void infer(Infer& c) {
  Type y = c.input(0);
  if (!y.is_tensor()) y = Type::tensor(DType::undefined);
  y.dtype = output_dtype(c.node, c.dtype(1));
  if (c.has(2)) expect_same_dtype(c, 0, 2);
  c.output() = std::move(y);
}

void run(Run& c) {
  const Tensor &x = c.in(0), &scale = c.in(1);
  const Tensor* zp = c.in_or_null(2);
  ScaleGrid grid = scale_grid(c.node, x.shape(), scale.shape());
  if (zp) {
    require_dtype(c, 2, x.dtype());
    require(zp->size() == scale.size(), Code::shape, "zero point has shape ", zp->shape(), ", the scale ", scale.shape());
  }
  require(is_floating(scale.dtype()), Code::type, "scale is ", name(scale.dtype()));
  DType dtype = output_dtype(c.node, scale.dtype());
  Tensor& y = c.out(0, dtype, x.shape());
  void* dst = y.raw_mutable();
  std::vector<double> scales(static_cast<size_t>(scale.size())), zero_points(scales.size(), 0.0);
  for (int64_t i = 0; i < scale.size(); ++i) {
    scales[static_cast<size_t>(i)] = scale.number(i);
    if (zp) zero_points[static_cast<size_t>(i)] = zp->number(i);
  }
  const void* src = x.raw();
  for (int64_t i = 0; i < x.size(); ++i) {
    size_t s = static_cast<size_t>(grid[i]);
    double v = load_number(x.dtype(), src, i) - zero_points[s];
    store_number(dtype, dst, i, dtype == DType::f64 ? v * scales[s] : static_cast<float>(v) * static_cast<float>(scales[s]));
  }
}

int since(const Node& n, std::span<const Type> in) {
  DType x = in.empty() ? DType::undefined : in[0].dtype, s = in.size() > 1 ? in[1].dtype : DType::undefined;
  if (x == DType::f6e2m3 || x == DType::f6e3m2 || s == DType::f8e8m0) return 28;
  if (x == DType::u2 || x == DType::i2) return 25;
  if (x == DType::f4e2m1 || n.i("output_dtype", 0) != 0) return 23;
  if (n.i("block_size", 0) != 0 || x == DType::u4 || x == DType::i4 || x == DType::u16 || x == DType::i16) return 21;
  if (!is_integer(x) || (s != DType::f32 && s != DType::undefined)) return 19;
  return in.size() > 1 && in[1].rank() == 0 ? 10 : 13;
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.outputs[0].is_static()) r.flops = 2 * element_count(q.outputs[0].shape());
  return r;
}

}  // namespace

extern const OpDef dequantize_linear{
    .name = "DequantizeLinear", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .cost = cost, .since = 10, .since_of = since};

}  // namespace mo::ops
