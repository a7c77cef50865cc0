// QLinearMatMul: quantize(dequantize(a) dequantize(b)): integer sums in int32, 8-bit floats in double; scales per tensor, row of a, column of b.
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/product.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_product(c, 0, 3, c.dtype(7)); }

bool is_f8(DType d) { return d >= DType::f8e4m3fn && d <= DType::f8e5m2fnuz; }

// One entry per row (or column) of every matrix of the batch: `lines` per matrix, `matrices` of them.
struct Lines {
  Lines(const Tensor& t, int64_t lines, int64_t matrices, const char* what)
      : size(t.size()), per_matrix(lines), values(&t, t.size() == 1 ? 1 : (t.size() == lines ? lines : checked_mul(lines, matrices)), 0, what) {}
  double at(int64_t matrix, int64_t line) const { return size == 1 ? values[0] : values[size == per_matrix ? line : matrix * per_matrix + line]; }
  int64_t size, per_matrix;
  PerChannel values;
};

// Each element minus its zero point.
template <class Acc, class ZeroPoint>
std::vector<Acc> shifted(const Tensor& t, ZeroPoint&& zero_point) {
  std::vector<Acc> out(static_cast<size_t>(t.size()));
  for (int64_t i = 0; i < t.size(); ++i)
    out[static_cast<size_t>(i)] = static_cast<Acc>(static_cast<int64_t>(0) + load_number(t.dtype(), t.raw(), i) - zero_point(i));
  return out;
}

template <class Acc, class Real>
void product(Run& c, const ProductShape& p, Real&& real) {
  const Tensor &a = c.in(0), &b = c.in(3);
  int64_t a_size = std::max<int64_t>(p.m * p.k, 1), b_size = std::max<int64_t>(p.k * p.n, 1), k = std::max<int64_t>(p.k, 1);
  int64_t a_count = a.size() / a_size, b_count = b.size() / b_size;
  Lines as_(c.in(1), p.m, a_count, "a_scale"), az(c.in(2), p.m, a_count, "a_zero_point");
  Lines bs(c.in(4), p.n, b_count, "b_scale"), bz(c.in(5), p.n, b_count, "b_zero_point");
  PerChannel y_scale(&c.in(6), 1, 1, "y_scale"), y_zp(&c.in(7), 1, 0, "y_zero_point");
  auto x = shifted<double>(a, [&](int64_t i) { return az.at(i / a_size, i % a_size / k); });
  auto w = shifted<double>(b, [&](int64_t i) { return bz.at(i / b_size, i % b_size % std::max<int64_t>(p.n, 1)); });
  std::vector<Acc> xa(x.size()), wa(w.size());
  auto narrow = [](double v) {
    if constexpr (std::is_integral_v<Acc>) return static_cast<Acc>(static_cast<int64_t>(v));
    else return static_cast<Acc>(v);
  };
  std::transform(x.begin(), x.end(), xa.begin(), narrow);
  std::transform(w.begin(), w.end(), wa.begin(), narrow);
  DType dtype = c.dtype(7);
  Tensor& y = c.out(0, dtype, p.out);
  void* dst = y.raw_mutable();
  for_each_matrix(p, [&](int64_t ao, int64_t bo, int64_t yo) {
    multiply<Acc>(p.m, p.n, p.k, Matrix<Acc>{xa.data() + ao, p.k, 1}, Matrix<Acc>{wa.data() + bo, p.n, 1}, [&](int64_t i, const Acc* sums) {
      for (int64_t j = 0; j < p.n; ++j) {
        float scale = static_cast<float>(as_.at(ao / a_size, i)) * static_cast<float>(bs.at(bo / b_size, j)) / static_cast<float>(y_scale[0]);
        double v = static_cast<double>(static_cast<float>(real(sums[j])) * scale);
        if (is_f8(dtype)) store_number(dtype, dst, yo + i * p.n + j, v + y_zp[0]);
        else store_number(dtype, dst, yo + i * p.n + j, static_cast<double>(quantize(v, static_cast<int64_t>(y_zp[0]), int_range(dtype))));
      }
    });
  });
}

void run(Run& c) {
  ProductShape p = product_shape(c.in(0).shape(), c.in(3).shape());
  for (size_t i : {0, 3, 7})
    require(is_8bit(c.dtype(i)) || is_f8(c.dtype(i)), Code::type, "input ", i, " is ", name(c.dtype(i)), ", wants an 8-bit type");
  if (is_8bit(c.dtype(0)) && is_8bit(c.dtype(3))) product<uint32_t>(c, p, [](uint32_t v) { return static_cast<int32_t>(v); });
  else product<double>(c, p, [](double v) { return v; });
}

Cost cost(const CostQuery& q) { return product_cost(q, 0); }

int since(const Node&, std::span<const Type> in) {
  bool old = in.size() == 8 && is_8bit(in[0].dtype) && is_8bit(in[3].dtype) && is_8bit(in[7].dtype) && in[1].dtype == DType::f32;
  return old ? 10 : 21;
}

}  // namespace

extern const OpDef qlinear_matmul{
    .name = "QLinearMatMul", .min_inputs = 8, .max_inputs = 8, .infer = infer, .run = run, .cost = cost, .since = 10, .since_of = since};

}  // namespace mo::ops
