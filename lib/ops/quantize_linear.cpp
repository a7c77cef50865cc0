// QuantizeLinear: y = saturate(round_half_even(x / scale) + zero_point), with one scale per tensor, per index of an axis, or per block.
#include "ops/compute.h"
#include "ops/quantized.h"
#include "ops/scale_grid.h"

namespace mo::ops {
namespace {

DType output_dtype(const Node& n, DType zero_point) {
  int64_t d = n.i("output_dtype", 0);
  if (d == 0) return zero_point == DType::undefined ? DType::u8 : zero_point;
  DType wanted = static_cast<DType>(d);
  require(is_known(wanted), Code::type, "output_dtype is ", d);
  require(zero_point == DType::undefined || zero_point == wanted, Code::type, "output_dtype is ", name(wanted), ", the zero point ",
          name(zero_point));
  return wanted;
}

void infer(Infer& c) {
  Type y = c.input(0);
  if (!y.is_tensor()) y = Type::tensor(DType::undefined);
  if (c.has(2) && c.dtype(2) == DType::undefined && c.node.i("output_dtype", 0) == 0) y.dtype = DType::undefined;
  else y.dtype = output_dtype(c.node, c.dtype(2));
  c.output() = std::move(y);
}

// The quotient in the precision that the operator divides in.
double divide(double x, double scale, DType precision) {
  switch (precision) {
    case DType::f64: return x / scale;
    case DType::f16: return to_float(to_half(static_cast<float>(x) / static_cast<float>(scale)));
    case DType::bf16: return to_float(to_bfloat16(static_cast<float>(x) / static_cast<float>(scale)));
    default: return static_cast<float>(x) / static_cast<float>(scale);
  }
}

void run(Run& c) {
  const Tensor &x = c.in(0), &scale = c.in(1);
  const Tensor* zp = c.in_or_null(2);
  ScaleGrid grid = scale_grid(c.node, x.shape(), scale.shape());
  if (zp) require(zp->size() == scale.size(), Code::shape, "zero point has shape ", zp->shape(), ", the scale ", scale.shape());
  DType dtype = output_dtype(c.node, zp ? zp->dtype() : DType::undefined);
  DType precision = scale.dtype();
  if (int64_t p = c.node.i("precision", 0)) precision = static_cast<DType>(p);
  bool saturate = c.node.i("saturate", 1) != 0;
  Tensor& y = c.out(0, dtype, x.shape());
  void* dst = y.raw_mutable();
  std::vector<double> scales(static_cast<size_t>(scale.size())), zero_points(scales.size(), 0.0);
  for (int64_t i = 0; i < scale.size(); ++i) {
    scales[static_cast<size_t>(i)] = scale.number(i);
    if (zp) zero_points[static_cast<size_t>(i)] = zp->number(i);
  }
  const bool integer = is_integer(dtype);
  const IntRange range = integer ? int_range(dtype) : IntRange{0, 0};
  for (int64_t i = 0; i < x.size(); ++i) {
    size_t s = static_cast<size_t>(grid[i]);
    double v = divide(load_number(x.dtype(), x.raw(), i), scales[s], precision);
    if (integer) {
      store_number(dtype, dst, i, static_cast<double>(quantize(v, static_cast<int64_t>(zero_points[s]), range)));
    } else if (saturate || info(dtype).bits != 8) {
      store_number(dtype, dst, i, v + zero_points[s]);
    } else {
      float f = static_cast<float>(v + zero_points[s]);
      convert_elements(DType::f32, &f, dtype, static_cast<uint8_t*>(dst) + i, 1, false);
    }
  }
}

int since(const Node& n, std::span<const Type> in) {
  DType x = in.empty() ? DType::undefined : in[0].dtype, s = in.size() > 1 ? in[1].dtype : DType::undefined;
  DType y = in.size() > 2 && in[2].dtype != DType::undefined ? in[2].dtype : static_cast<DType>(n.i("output_dtype", 2));
  if (y == DType::f6e2m3 || y == DType::f6e3m2 || s == DType::f8e8m0) return 28;
  if (y == DType::u2 || y == DType::i2) return 25;
  if (y == DType::f4e2m1 || n.i("precision", 0) != 0 || (s != DType::undefined && x != s)) return 23;
  if (n.i("block_size", 0) != 0 || n.i("output_dtype", 0) != 0 || y == DType::u4 || y == DType::i4 || y == DType::u16 || y == DType::i16) return 21;
  if (!is_integer(y) || (s != DType::f32 && s != DType::undefined)) return 19;
  return in.size() > 1 && in[1].rank() == 0 ? 10 : 13;
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.outputs[0].is_static()) r.flops = 3 * element_count(q.outputs[0].shape());
  return r;
}

}  // namespace

extern const OpDef quantize_linear{
    .name = "QuantizeLinear", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .cost = cost, .since = 10, .since_of = since};

}  // namespace mo::ops
