// mo.Binary: broadcast arithmetic on operands that may be quantized; docs/internal_operators.md defines it.
#include "ops/fused.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

enum : size_t { A, B, a_scale, a_zp, b_scale, b_zp, y_scale, y_zp };

using Function = float (*)(float, float);

Function function(const Node& n) {
  std::string op = n.s("op", "");
  if (op == "add") return [](float a, float b) { return a + b; };
  if (op == "sub") return [](float a, float b) { return a - b; };
  if (op == "mul") return [](float a, float b) { return a * b; };
  if (op == "div") return [](float a, float b) { return a / b; };
  if (op == "min") return [](float a, float b) { return b < a ? b : a; };
  if (op == "max") return [](float a, float b) { return b > a ? b : a; };
  fail(Code::internal, "op is '", printable(op), "'");
}

DType plain_dtype(DType a, DType b) { return is_floating(a) ? a : is_floating(b) ? b : DType::f32; }

void infer(Infer& c) {
  DType dtype = fused_dtype(c, y_scale, y_zp, plain_dtype(c.dtype(A), c.dtype(B)));
  if (c.rank(A) < 0 || c.rank(B) < 0) return c.set_unranked(0, dtype);
  c.set(0, dtype, broadcast_dims(c.input(A).dims, c.input(B).dims));
}

// Sums between 8-bit tensors count in steps of the output, one multiplication for each operand: fma(b, b_scale / y_scale, a * (a_scale / y_scale)).
bool sums_steps(const Run& c, std::span<const Post> posts) {
  if (c.node.s("op", "") != "add" || !c.has(y_scale)) return false;
  for (size_t i : {a_scale, b_scale})
    if (!c.has(i) || c.in(i).size() != 1) return false;
  return posts.empty() || (posts.size() == 1 && posts[0].kind == "relu");
}

std::vector<float> whole_numbers(const Run& c, size_t data, size_t zero) {
  require(is_8bit(c.dtype(data)), Code::type, "operand is ", name(c.dtype(data)), ", wants int8 or uint8");
  std::vector<float> out;
  for (uint32_t q : centered(c.in(data), PerChannel(c.in_or_null(zero), 1, 0, "zero point"), 1, 1))
    out.push_back(static_cast<float>(static_cast<int32_t>(q)));
  return out;
}

void run(Run& c) {
  Function f = function(c.node);
  std::vector<Post> posts = epilogue(c.node);
  const bool steps = sums_steps(c, posts);
  std::vector<float> a = steps ? whole_numbers(c, A, a_zp) : real_operand(c, A, a_scale, a_zp, 1),
                     b = steps ? whole_numbers(c, B, b_zp) : real_operand(c, B, b_scale, b_zp, 1);
  float a_factor = 1, b_factor = 1;
  if (steps) {
    const float ys = c.in(y_scale).floats()[0];
    a_factor = c.in(a_scale).floats()[0] / ys;
    b_factor = c.in(b_scale).floats()[0] / ys;
  }
  Shape shape = broadcast(c.in(A).shape(), c.in(B).shape());
  auto as_ = broadcast_strides(c.in(A).shape(), shape.size()), bs = broadcast_strides(c.in(B).shape(), shape.size());
  FusedOutput y(c, y_scale, y_zp, plain_dtype(c.dtype(A), c.dtype(B)), shape);
  std::vector<int64_t> position(shape.size(), 0);
  int64_t count = element_count(shape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t ai = 0, bi = 0;
    for (size_t d = 0; d < shape.size(); ++d) {
      ai += position[d] * as_[d];
      bi += position[d] * bs[d];
    }
    if (steps) y.put_steps(i, apply_post(posts, std::fma(b[static_cast<size_t>(bi)], b_factor, a[static_cast<size_t>(ai)] * a_factor), 0));
    else y.put(i, apply_post(posts, f(a[static_cast<size_t>(ai)], b[static_cast<size_t>(bi)]), 0));
    next_position(position, shape);
  }
}

}  // namespace

extern const OpDef mo_binary{
    .name = "Binary", .domain = "mo", .min_inputs = 2, .max_inputs = 8, .infer = infer, .run = run, .flags = k_elementwise, .since = 1};

}  // namespace mo::ops
