// Operands, epilogue and output of libmo's own operators.
#include "ops/fused.h"

#include <algorithm>

#include "base/checked.h"
#include "ops/window.h"

namespace mo::ops {

std::vector<float> real_operand(const Run& c, size_t data, size_t scale, size_t zero_point, int64_t axis) {
  const Tensor& t = c.in(data);
  if (!c.has(scale)) {
    require(is_floating(t.dtype()), Code::type, "input ", data, " is ", name(t.dtype()), " without a scale");
    return t.floats();
  }
  require(is_8bit(t.dtype()), Code::type, "input ", data, " is ", name(t.dtype()), ", wants int8 or uint8");
  int64_t channels = 1, inner = 1;
  if (c.in(scale).size() != 1) {
    size_t a = static_cast<size_t>(normal_axis(axis, t.rank()));
    channels = t.shape()[a];
    inner = checked_product(std::span(t.shape()).subspan(a + 1));
  }
  PerChannel scales(&c.in(scale), channels, 1, "scale"), zp(c.in_or_null(zero_point), channels, 0, "zero point");
  std::vector<uint32_t> q = centered(t, zp, std::max<int64_t>(channels, 1), std::max<int64_t>(inner, 1));
  std::vector<float> out(q.size());
  for (size_t i = 0; i < q.size(); ++i) {
    int64_t channel = scales.single() ? 0 : static_cast<int64_t>(i) / inner % channels;
    out[i] = static_cast<float>(static_cast<int32_t>(q[i])) * static_cast<float>(scales[channel]);
  }
  return out;
}

namespace {

float sigmoid(float v) { return 1.0f / (1.0f + std::exp(-v)); }
float hard_sigmoid(float v, float alpha, float beta) { return std::max(0.0f, std::min(1.0f, alpha * v + beta)); }

}  // namespace

namespace {

// The nearest step of an inner 8-bit tensor, less its zero point.
float inner_step(const Post& p, float v) {
  const IntRange range = int_range(p.kind == "round_u8" ? DType::u8 : DType::i8);
  return static_cast<float>(quantize(v, static_cast<int64_t>(p.beta), range)) - p.beta;
}

}  // namespace

float apply_post(std::span<const Post> posts, float v, float operand) {
  for (const Post& p : posts) {
    const std::string& k = p.kind;
    if (k == "add") v += operand;
    else if (k == "mul") v *= operand;
    else if (k == "relu") v = v < 0 ? 0.0f : v;
    else if (k == "clip") v = std::min(std::max(v, p.alpha), p.beta);
    else if (k == "leaky_relu") v = v < 0 ? v * p.alpha : v;
    else if (k == "sigmoid") v = sigmoid(v);
    else if (k == "tanh") v = std::tanh(v);
    else if (k == "silu") v = v * sigmoid(v);
    else if (k == "hard_sigmoid") v = hard_sigmoid(v, p.alpha, p.beta);
    else if (k == "hard_swish") v = v * hard_sigmoid(v, 1.0f / 6, 0.5f);
    else if (k == "gelu_erf") v = 0.5f * v * (1.0f + std::erf(v * 0.70710678f));
    else if (k == "gelu_tanh") v = 0.5f * v * (1.0f + std::tanh(0.79788456f * (v + 0.044715f * v * v * v)));
    else if (k == "elu") v = v < 0 ? p.alpha * std::expm1(v) : v;
    else if (is_rounding(p)) v = inner_step(p, v / p.alpha) * p.alpha;
    else fail(Code::internal, "epilogue '", printable(k), "' is unknown");
  }
  return v;
}

namespace {

std::vector<float> spread(std::vector<float> src, const Shape& own, const Shape& shape) {
  require(broadcast(own, shape) == shape, Code::shape, "epilogue operand of shape ", own, " does not broadcast onto ", shape);
  if (own == shape) return src;
  std::vector<int64_t> stride = broadcast_strides(own, shape.size()), position(shape.size(), 0);
  std::vector<float> out(static_cast<size_t>(element_count(shape)));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t at = 0;
    for (size_t a = 0; a < shape.size(); ++a) at += position[a] * stride[a];
    out[i] = src[static_cast<size_t>(at)];
    next_position(position, shape);
  }
  return out;
}

}  // namespace

std::vector<float> post_operand(const Run& c, std::span<const Post> posts, size_t r, size_t r_scale, size_t r_zp, const Shape& shape) {
  bool needed = false;
  for (const Post& p : posts) needed = needed || takes_operand(p);
  if (!needed) return {};
  return spread(real_operand(c, r, r_scale, r_zp, 1), c.in(r).shape(), shape);
}
bool OneMultiplier::covers(const Run& c, std::span<const Post> posts, size_t y_scale, size_t r_scale) {
  if (!c.has(y_scale) || (c.has(r_scale) && c.in(r_scale).size() != 1)) return false;
  return std::all_of(posts.begin(), posts.end(),
                     [](const Post& p) { return p.kind == "relu" || p.kind == "clip" || p.kind == "add" || is_rounding(p); });
}

OneMultiplier::OneMultiplier(const Run& c, std::span<const Post> posts, size_t y_scale, size_t r, size_t r_scale, size_t r_zp, const Shape& shape)
    : posts_(posts), y_scale_(static_cast<float>(PerChannel(&c.in(y_scale), 1, 1, "output scale")[0])), first_(y_scale_) {
  for (const Post& p : posts)
    if (is_rounding(p)) first_ = p.alpha;
  if (std::none_of(posts.begin(), posts.end(), takes_operand)) return;
  if (!c.has(r_scale)) {
    operand_ = post_operand(c, posts, r, r_scale, r_zp, shape);
    r_factor_ = 1.0f / y_scale_;
    return;
  }
  require(is_8bit(c.dtype(r)), Code::type, "epilogue operand is ", name(c.dtype(r)), ", wants int8 or uint8");
  std::vector<float> whole;
  for (uint32_t q : centered(c.in(r), PerChannel(c.in_or_null(r_zp), 1, 0, "operand's zero point"), 1, 1))
    whole.push_back(static_cast<float>(static_cast<int32_t>(q)));
  operand_ = spread(std::move(whole), c.in(r).shape(), shape);
  r_factor_ = static_cast<float>(PerChannel(&c.in(r_scale), 1, 1, "operand's scale")[0]) / y_scale_;
}

float OneMultiplier::apply(int32_t sum, float scale, float real_bias, int64_t i) const {
  float unit = first_, v = std::fma(static_cast<float>(sum), scale, real_bias / unit);
  for (const Post& p : posts_) {
    if (p.kind == "relu") v = v < 0 ? 0.0f : v;
    else if (p.kind == "clip") v = std::min(std::max(v, p.alpha / unit), p.beta / unit);
    else if (is_rounding(p)) v = inner_step(p, v) * (unit / y_scale_), unit = y_scale_;
    else v = std::fma(operand_[static_cast<size_t>(i)], r_factor_, v);
  }
  return v;
}

FusedOutput::FusedOutput(Run& c, size_t scale, size_t zero_point, DType plain, const Shape& shape) : dtype_(plain), quantized_(c.has(scale)) {
  if (quantized_) {
    dtype_ = c.has(zero_point) ? c.dtype(zero_point) : DType::u8;
    require(is_8bit(dtype_), Code::type, "output zero point is ", name(dtype_), ", wants int8 or uint8");
    scale_ = static_cast<float>(PerChannel(&c.in(scale), 1, 1, "output scale")[0]);
    zero_point_ = static_cast<int64_t>(PerChannel(c.in_or_null(zero_point), 1, 0, "output zero point")[0]);
    range_ = int_range(dtype_);
  }
  data_ = c.out(0, dtype_, shape).raw_mutable();
}

DType fused_dtype(const Infer& c, size_t scale, size_t zero_point, DType plain) {
  if (!c.has(scale)) return is_floating(plain) ? plain : DType::f32;
  return c.has(zero_point) ? c.dtype(zero_point) : DType::u8;
}

Shape permuted_shape(const Shape& shape, std::span<const int64_t> perm) {
  if (perm.empty()) return shape;
  require(perm.size() == shape.size(), Code::shape, "permutation ", perm, " of shape ", shape);
  std::vector<char> seen(shape.size(), 0);
  Shape out;
  for (int64_t p : perm) {
    require(p >= 0 && p < static_cast<int64_t>(shape.size()) && !seen[static_cast<size_t>(p)], Code::shape, "permutation ", perm);
    seen[static_cast<size_t>(p)] = 1;
    out.push_back(shape[static_cast<size_t>(p)]);
  }
  return out;
}

template <class T>
std::vector<T> permuted(std::vector<T> src, Shape& shape, std::span<const int64_t> perm) {
  Shape to = permuted_shape(shape, perm);
  if (perm.empty()) return src;
  std::vector<int64_t> stride(shape.size(), 1), position(shape.size(), 0);
  for (size_t a = shape.size(); a-- > 1;) stride[a - 1] = stride[a] * shape[a];
  std::vector<T> out(src.size());
  for (T& v : out) {
    int64_t at = 0;
    for (size_t a = 0; a < to.size(); ++a) at += position[a] * stride[static_cast<size_t>(perm[a])];
    v = src[static_cast<size_t>(at)];
    next_position(position, to);
  }
  shape = to;
  return out;
}

template std::vector<float> permuted(std::vector<float>, Shape&, std::span<const int64_t>);
template std::vector<double> permuted(std::vector<double>, Shape&, std::span<const int64_t>);
template std::vector<uint32_t> permuted(std::vector<uint32_t>, Shape&, std::span<const int64_t>);

}  // namespace mo::ops
