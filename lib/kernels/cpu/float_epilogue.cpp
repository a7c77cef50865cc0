// Reading and applying what follows a float product.
#include "kernels/cpu/float_epilogue.h"

#include "kernels/cpu/matmul_views.h"
#include "ops/epilogue.h"

namespace mo::kernels {

void FloatEpilogue::row(float* y, const float* operand, int64_t n) const {
  for (const Stage& s : stages) {
    if (s.unary.row) s.unary(y, y, n);
    else if (s.multiply)
      for (int64_t k = 0; k < n; ++k) y[k] *= operand[k];
    else
      for (int64_t k = 0; k < n; ++k) y[k] += operand[k];
  }
}

std::optional<FloatEpilogue> float_epilogue(const Request& r, int64_t rows, int64_t columns, std::string& reason) {
  const Operand &bias = r.in(2), &res = r.in(3);
  FloatEpilogue e;
  auto no = [&](std::string why) {
    reason = std::move(why);
    return std::nullopt;
  };
  if (bias.present) {
    if (!bias.constant || bias.dtype != DType::f32 || bias.constant->size() != columns || product_spec(r.node).beta != 1 ||
        bias.shape.back() != columns)
      return no("bias");
    e.bias = bias.constant->floats();
  }
  for (const ops::Post& p : ops::epilogue(r.node)) {
    if (ops::takes_operand(p)) {
      if (!res.present || res.dtype != DType::f32 || element_count(res.shape) != rows * columns) return no("epilogue operand");
      e.stages.push_back({{}, p.kind == "mul"});
      e.with_operand = true;
      continue;
    }
    UnaryFn f = unary_by_name(p.kind, p.alpha, p.beta);
    if (!f.row) return no(text("epilogue ", p.kind));
    e.stages.push_back({f, false});
  }
  return e;
}

}  // namespace mo::kernels
