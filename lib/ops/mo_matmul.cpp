// mo.MatMul: alpha * a b + bias with an epilogue, on operands that may be transposed and quantized; docs/internal_operators.md defines it.
#include <optional>

#include "ops/fused.h"
#include "ops/product.h"

namespace mo::ops {
namespace {

enum : size_t { A, B, bias_in, R, a_scale, a_zp, b_scale, b_zp, y_scale, y_zp, r_scale, r_zp };

// perm, then the swap of the last two axes, as one permutation; empty when it is the identity.
std::vector<int64_t> whole_permutation(const Node& n, const char* perm_name, const char* trans_name, int64_t rank) {
  std::vector<int64_t> perm = n.ints(perm_name);
  if (!trans_name || n.i(trans_name, 0) == 0) return perm;
  if (perm.empty())
    for (int64_t i = 0; i < rank; ++i) perm.push_back(i);
  if (perm.size() >= 2) std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return perm;
}

void infer(Infer& c) {
  DType dtype = fused_dtype(c, y_scale, y_zp, c.dtype(A));
  const Type &a = c.input(A), &b = c.input(B);
  if (!a.ranked || !b.ranked) return c.set_unranked(0, dtype);
  auto permute = [](const Type& t, const std::vector<int64_t>& perm) {
    if (perm.empty()) return t.dims;
    Shape axes;
    for (size_t i = 0; i < t.dims.size(); ++i) axes.push_back(static_cast<int64_t>(i));
    std::vector<Dim> out;
    for (int64_t axis : permuted_shape(axes, perm)) out.push_back(t.dims[static_cast<size_t>(axis)]);
    return out;
  };
  Type at = a, bt = b;
  at.dims = permute(a, whole_permutation(c.node, "perm_a", "trans_a", a.rank()));
  bt.dims = permute(b, whole_permutation(c.node, "perm_b", "trans_b", b.rank()));
  Type in[2] = {at, bt}, out[1];
  Node plain;
  plain.inputs = {0, 1};
  plain.outputs = {0};
  Infer inner(plain, in, {}, out);
  infer_product(inner, 0, 1, dtype);
  Type y = out[0];
  y.dims = permute(out[0], c.node.ints("perm_y"));
  c.output() = std::move(y);
}

// numpy broadcasting of a bias (int32 or float) onto `shape`.
std::vector<double> spread(const Tensor& t, const Shape& shape) {
  require(broadcast(t.shape(), shape) == shape, Code::shape, "bias of shape ", t.shape(), " does not broadcast onto ", shape);
  std::vector<double> out(static_cast<size_t>(element_count(shape)));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), at = 0, step = 1;
    for (size_t k = 0; k < t.shape().size(); ++k) {
      int64_t own = t.shape()[t.shape().size() - 1 - k], size = shape[shape.size() - 1 - k];
      if (own != 1) at += rest % size * step;
      rest /= size;
      step *= own;
    }
    out[i] = t.number(at);
  }
  return out;
}

template <class Acc, class Scale>
void multiply_all(const ProductShape& p, const Acc* a, const Acc* b, const std::vector<double>& integer_bias, Scale&& store) {
  using Sum = std::conditional_t<std::is_floating_point_v<Acc>, double, Acc>;
  for_each_matrix(p, [&](int64_t ao, int64_t bo, int64_t yo) {
    multiply<Sum>(p.m, p.n, p.k, Matrix<Acc>{a + ao, p.k, 1}, Matrix<Acc>{b + bo, p.n, 1}, [&](int64_t i, const Sum* sums) {
      for (int64_t j = 0; j < p.n; ++j) {
        int64_t at = yo + i * p.n + j;
        if constexpr (std::is_floating_point_v<Acc>) store(at, j, sums[j]);
        else
          store(at, j,
                static_cast<int32_t>(
                    sums[j] + (integer_bias.empty() ? 0u : static_cast<uint32_t>(static_cast<int64_t>(integer_bias[static_cast<size_t>(at)])))));
      }
    });
  });
}

void run(Run& c) {
  bool integer = c.has(a_scale) && c.has(b_scale);
  Shape as_ = c.in(A).shape(), bs = c.in(B).shape();
  auto pa = whole_permutation(c.node, "perm_a", "trans_a", c.in(A).rank()), pb = whole_permutation(c.node, "perm_b", "trans_b", c.in(B).rank());
  ProductShape p = product_shape(permuted_shape(as_, pa), permuted_shape(bs, pb));
  // the axis of B, as stored, that becomes the columns
  int64_t column_axis = bs.size() < 2 ? 0 : pb.empty() ? static_cast<int64_t>(bs.size()) - 1 : pb.back();
  float alpha = c.node.f("alpha", 1);
  std::vector<Post> posts = epilogue(c.node);
  std::vector<double> bias;
  bool integer_bias = c.has(bias_in) && c.dtype(bias_in) == DType::i32;
  require(!integer_bias || integer, Code::type, "int32 bias without quantized operands");
  if (c.has(bias_in)) bias = spread(c.in(bias_in), p.out);

  bool one_step = integer && OneMultiplier::covers(c, posts, y_scale, r_scale);
  std::vector<float> operand;
  std::optional<OneMultiplier> one;
  if (one_step) one.emplace(c, posts, y_scale, R, r_scale, r_zp, p.out);
  else operand = post_operand(c, posts, R, r_scale, r_zp, p.out);
  std::vector<float> result(static_cast<size_t>(element_count(p.out)));
  auto finish = [&](int64_t i, float v) {
    if (!bias.empty() && !integer_bias) v += static_cast<float>(bias[static_cast<size_t>(i)]);
    result[static_cast<size_t>(i)] = apply_post(posts, v, operand.empty() ? 0.0f : operand[static_cast<size_t>(i)]);
  };
  if (integer) {
    int64_t columns = bs.empty() ? 1 : bs[static_cast<size_t>(column_axis)], inner = 1;
    for (size_t i = static_cast<size_t>(column_axis) + 1; i < bs.size(); ++i) inner *= bs[i];
    PerChannel sa(&c.in(a_scale), 1, 1, "a_scale"), za(c.in_or_null(a_zp), 1, 0, "a_zero_point");
    PerChannel sb(&c.in(b_scale), columns, 1, "b_scale"), zb(c.in_or_null(b_zp), columns, 0, "b_zero_point");
    auto a = permuted(centered(c.in(A), za, 1, 1), as_, pa);
    auto b = permuted(centered(c.in(B), zb, std::max<int64_t>(columns, 1), std::max<int64_t>(inner, 1)), bs, pb);
    std::vector<double> none;
    multiply_all<uint32_t>(p, a.data(), b.data(), integer_bias ? bias : none, [&](int64_t i, int64_t j, int32_t sum) {
      float scale = static_cast<float>(sa[0]) * static_cast<float>(sb[j]);
      if (!one) return finish(i, alpha * (static_cast<float>(sum) * scale));
      float add = bias.empty() || integer_bias ? 0.0f : static_cast<float>(bias[static_cast<size_t>(i)]);
      result[static_cast<size_t>(i)] = one->apply(sum, one->scale(alpha == 1 ? scale : alpha * scale), add, i);
    });
  } else {
    auto a = permuted(real_operand(c, A, a_scale, a_zp, 0), as_, pa), b = permuted(real_operand(c, B, b_scale, b_zp, column_axis), bs, pb);
    multiply_all<float>(p, a.data(), b.data(), {}, [&](int64_t i, int64_t, double sum) { finish(i, static_cast<float>(alpha * sum)); });
  }
  Shape shape = p.out;
  result = permuted(std::move(result), shape, c.node.ints("perm_y"));
  FusedOutput y(c, y_scale, y_zp, is_floating(c.dtype(A)) ? c.dtype(A) : DType::f32, shape);
  for (size_t i = 0; i < result.size(); ++i) {
    if (one) y.put_steps(static_cast<int64_t>(i), result[i]);
    else y.put(static_cast<int64_t>(i), result[i]);
  }
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (!q.outputs[0].is_static() || !q.inputs[A].is_static() || q.inputs[A].dims.empty()) return r;
  auto perm = whole_permutation(q.node, "perm_a", "trans_a", q.inputs[A].rank());
  Shape a = permuted_shape(q.inputs[A].shape(), perm);
  r.macs = element_count(q.outputs[0].shape()) * a.back();
  return r;
}

}  // namespace

extern const OpDef mo_matmul{
    .name = "MatMul", .domain = "mo", .min_inputs = 2, .max_inputs = 12, .infer = infer, .run = run, .cost = cost, .since = 1};

}  // namespace mo::ops
