// Attention: softmax(softcap(scale * Q K^T) + mask) V with grouped heads, causal and sliding windows, padded or growing key/value caches.
#include "ops/attention_core.h"

namespace mo::ops {
namespace {

enum : size_t { Q, K, V, MASK, PAST_K, PAST_V, NONPAD };

// [batch, heads, length, width] of a 3-D or 4-D operand; unknown dims where unknown.
struct HeadDims {
  Dim batch, heads, length, width;
};
HeadDims head_dims(const Infer& c, size_t i, int64_t heads) {
  if (c.rank(i) == 4) return {dim_of(c, i, 0), dim_of(c, i, 1), dim_of(c, i, 2), dim_of(c, i, 3)};
  HeadDims h;
  if (c.rank(i) != 3) {
    require(c.rank(i) < 0, Code::shape, "input ", i, " is ", describe(c.input(i)), ", wants rank 3 or 4");
    return h;
  }
  h.batch = dim_of(c, i, 0);
  h.length = dim_of(c, i, 1);
  require(heads >= 1, Code::format, "rank 3 needs q_num_heads and kv_num_heads");
  h.heads = known_dim(heads);
  Dim hidden = dim_of(c, i, 2);
  if (hidden.known()) {
    require(hidden.size % heads == 0, Code::shape, "input ", i, " has ", hidden.size, " features in ", heads, " heads");
    h.width = known_dim(hidden.size / heads);
  }
  return h;
}

Dim sum_dims(const Dim& a, const Dim& b) { return a.known() && b.known() ? known_dim(checked_add(a.size, b.size)) : Dim(); }

void infer(Infer& c) {
  int64_t qh = c.node.i("q_num_heads", 0), kh = c.node.i("kv_num_heads", 0);
  HeadDims q = head_dims(c, Q, qh), k = head_dims(c, K, kh), v = head_dims(c, V, kh);
  Dim batch = same_dim(q.batch, k.batch, "batches of Q and K differ");
  same_dim(q.width, k.width, "head sizes of Q and K differ");
  Dim total = c.has(PAST_K) ? sum_dims(dim_of(c, PAST_K, 2), k.length) : k.length;
  if (c.rank(Q) == 4) c.set(0, c.dtype(Q), {batch, q.heads, q.length, v.width});
  else if (c.rank(Q) == 3) c.set(0, c.dtype(Q), {batch, q.length, v.width.known() ? known_dim(checked_mul(v.width.size, qh)) : Dim()});
  else c.set_unranked(0, c.dtype(Q));
  c.set(1, c.dtype(K), {batch, k.heads, total, k.width});
  c.set(2, c.dtype(V), {batch, k.heads, total, v.width});
  c.set(3, c.dtype(Q), {batch, q.heads, q.length, total});
}

// past followed by the new keys or values, as [batch, heads, total, width].
Heads with_past(const Run& c, size_t past, Heads now) {
  if (!c.has(past)) return now;
  require_rank(c, past, 4);
  int64_t before = c.in(past).shape()[2];
  require_shape(c, past, {now.batch, now.heads, before, now.width});
  std::vector<double> old = doubles(c.in(past));
  Heads all = now;
  all.packed = false;
  all.length = checked_add(before, now.length);
  all.data.resize(static_cast<size_t>(checked_mul(checked_mul(now.batch, now.heads), checked_mul(all.length, now.width))));
  double* dst = all.data.data();
  for (int64_t b = 0; b < now.batch; ++b)
    for (int64_t h = 0; h < now.heads; ++h) {
      const double* src = old.data() + (b * now.heads + h) * before * now.width;
      dst = std::copy(src, src + before * now.width, dst);
      for (int64_t s = 0; s < now.length; ++s) dst = std::copy(now.row(b, h, s), now.row(b, h, s) + now.width, dst);
    }
  return all;
}

void write_heads(Run& c, size_t output, DType dtype, const Heads& h) {
  if (!c.wants(output)) return;
  Tensor& t = c.out(output, dtype, {h.batch, h.heads, h.length, h.width});
  void* dst = t.raw_mutable();
  int64_t at = 0;
  for (int64_t b = 0; b < h.batch; ++b)
    for (int64_t n = 0; n < h.heads; ++n)
      for (int64_t s = 0; s < h.length; ++s)
        for (int64_t d = 0; d < h.width; ++d) store_number(dtype, dst, at++, h.row(b, n, s)[d]);
}

// What is added to a score: 0, -infinity, or a float mask's value.
class Mask {
 public:
  Mask(const Run& c, const Shape& scores) : strides_(4, 0) {
    if (!c.has(MASK)) return;
    const Tensor& t = c.in(MASK);
    require(t.rank() <= 4, Code::shape, "mask has shape ", t.shape());
    boolean_ = t.dtype() == DType::boolean;
    values_ = doubles(t);
    Shape own = t.shape();
    while (own.size() < 4) own.insert(own.begin(), 1);
    covered_ = own[3] == 1 ? scores[3] : own[3];  // shorter masks end in -infinity
    require(own[3] <= scores[3] || own[3] == 1, Code::shape, "mask of shape ", t.shape(), " on scores ", scores);
    for (size_t a = 0; a < 3; ++a) require(own[a] == 1 || own[a] == scores[a], Code::shape, "mask of shape ", t.shape(), " on scores ", scores);
    strides_ = broadcast_strides(own, 4);
    present_ = true;
  }
  double operator()(int64_t b, int64_t h, int64_t i, int64_t j) const {
    if (!present_) return 0;
    if (j >= covered_) return -HUGE_VAL;
    double v = values_[static_cast<size_t>(b * strides_[0] + h * strides_[1] + i * strides_[2] + j * strides_[3])];
    return boolean_ ? (v != 0 ? 0.0 : -HUGE_VAL) : v;
  }

 private:
  bool present_ = false, boolean_ = false;
  std::vector<double> values_;
  std::vector<int64_t> strides_;
  int64_t covered_ = 0;
};

void run(Run& c) {
  const Node& n = c.node;
  Heads q = read_heads(c, Q, n.i("q_num_heads", 0)), k_new = read_heads(c, K, n.i("kv_num_heads", 0)),
        v_new = read_heads(c, V, n.i("kv_num_heads", 0));
  require(c.has(PAST_K) == c.has(PAST_V), Code::format, "past_key and past_value go together");
  require(q.batch == k_new.batch && q.batch == v_new.batch && q.width == k_new.width && k_new.length == v_new.length && k_new.heads == v_new.heads,
          Code::shape, "Q ", c.in(Q).shape(), ", K ", c.in(K).shape(), ", V ", c.in(V).shape(), " do not fit");
  require(k_new.heads >= 1 && q.heads % k_new.heads == 0, Code::shape, q.heads, " query heads on ", k_new.heads, " key heads");
  int64_t past = c.has(PAST_K) && c.in(PAST_K).rank() == 4 ? c.in(PAST_K).shape()[2] : 0;
  Heads k = with_past(c, PAST_K, std::move(k_new)), v = with_past(c, PAST_V, std::move(v_new));
  require(k.length == v.length, Code::shape, "past keys and values have lengths ", k.length, " and ", v.length);
  write_heads(c, 1, c.dtype(K), k);
  write_heads(c, 2, c.dtype(V), v);

  std::vector<int64_t> valid;
  if (c.has(NONPAD)) {
    require_shape(c, NONPAD, {q.batch});
    valid = c.in(NONPAD).integers();
    for (int64_t x : valid) require(x >= 0 && x <= k.length, Code::invalid_argument, "nonpad_kv_seqlen ", x, " is outside 0..", k.length);
  }
  Shape score_shape{q.batch, q.heads, q.length, k.length};
  Mask mask(c, score_shape);
  double scale = n.has("scale") ? static_cast<double>(n.f("scale", 1)) : (q.width > 0 ? 1 / std::sqrt(static_cast<double>(q.width)) : 1);
  double softcap = n.f("softcap", 0);
  bool causal = n.i("is_causal", 0) != 0;
  constexpr int64_t k_everything = int64_t{1} << 60;  // wider than any length, and safe to add to a position
  int64_t left = std::min(n.i("left_window_size", -1), k_everything), right = std::min(n.i("right_window_size", -1), k_everything);
  int64_t mode = n.i("qk_matmul_output_mode", 0);
  require(mode >= 0 && mode <= 3, Code::invalid_argument, "qk_matmul_output_mode is ", mode);
  Shape result = q.packed ? Shape{q.batch, q.length, checked_mul(q.heads, v.width)} : Shape{q.batch, q.heads, q.length, v.width};
  Tensor& y = c.out(0, c.dtype(Q), result);
  void* dst = y.raw_mutable();
  void* scores = c.wants(3) ? c.out(3, c.dtype(Q), score_shape).raw_mutable() : nullptr;
  std::vector<double> row(static_cast<size_t>(k.length)), sum(static_cast<size_t>(v.width));
  const int64_t per_group = q.heads / k.heads;
  for (int64_t b = 0; b < q.batch; ++b)
    for (int64_t h = 0; h < q.heads; ++h) {
      check(c.control);
      const int64_t kh = h / per_group;
      const int64_t offset = past > 0 || c.has(PAST_K) ? past : valid.empty() ? 0 : valid[static_cast<size_t>(b)] - q.length;
      for (int64_t i = 0; i < q.length; ++i) {
        const int64_t at = ((b * q.heads + h) * q.length + i) * k.length, position = offset + i;
        auto emit = [&](int64_t when) {
          if (scores && mode == when)
            for (int64_t j = 0; j < k.length; ++j) store_number(c.dtype(Q), scores, at + j, row[static_cast<size_t>(j)]);
        };
        const double* query = q.row(b, h, i);
        for (int64_t j = 0; j < k.length; ++j) {
          const double* key = k.row(b, kh, j);
          double dot = 0;
          for (int64_t d = 0; d < q.width; ++d) dot += query[d] * key[d];
          row[static_cast<size_t>(j)] = dot * scale;
        }
        emit(0);
        if (softcap != 0)
          for (double& s : row) s = softcap * std::tanh(s / softcap);
        emit(1);
        for (int64_t j = 0; j < k.length; ++j) {
          bool hidden = (causal && j > position) || (left >= 0 && j < position - left) || (right >= 0 && j > position + right) ||
                        (!valid.empty() && j >= valid[static_cast<size_t>(b)]);
          if (hidden) row[static_cast<size_t>(j)] = -HUGE_VAL;
          else row[static_cast<size_t>(j)] += mask(b, h, i, j);
        }
        emit(2);
        softmax_row(row.data(), k.length);
        emit(3);
        std::fill(sum.begin(), sum.end(), 0.0);
        for (int64_t j = 0; j < k.length; ++j) {
          const double* value = v.row(b, kh, j);
          double p = row[static_cast<size_t>(j)];
          if (p == 0) continue;
          for (int64_t d = 0; d < v.width; ++d) sum[static_cast<size_t>(d)] += p * value[d];
        }
        int64_t out = (q.packed ? (b * q.length + i) * q.heads + h : (b * q.heads + h) * q.length + i) * v.width;
        for (int64_t d = 0; d < v.width; ++d) store_number(c.dtype(Q), dst, out + d, sum[static_cast<size_t>(d)]);
      }
    }
}

Cost cost(const CostQuery& q) {
  Cost r;
  const Type &a = q.inputs[Q], &k = q.inputs[K], &v = q.inputs[V];
  if (!a.is_static() || !k.is_static() || !v.is_static()) return r;
  int64_t past = q.inputs.size() > PAST_K && q.inputs[PAST_K].is_static() && q.inputs[PAST_K].rank() == 4 ? q.inputs[PAST_K].dims[2].size : 0;
  int64_t total = past + (k.rank() == 4 ? k.dims[2].size : k.dims[1].size);
  // each query element meets every key, each output element every value
  r.macs = checked_mul(checked_add(element_count(a.shape()), q.outputs[0].is_static() ? element_count(q.outputs[0].shape()) : 0), total);
  return r;
}

int since(const Node& n, std::span<const Type> in) {
  bool newest = n.has("left_window_size") || n.has("right_window_size") || n.f("softcap", 0) != 0 || n.i("is_causal", 0) != 0 || n.outputs.size() > 3;
  if (newest) return 25;
  return in.size() > NONPAD && in[NONPAD].kind != Type::Kind::unknown ? 24 : 23;
}

}  // namespace

extern const OpDef attention{.name = "Attention",
                             .min_inputs = 3,
                             .max_inputs = 7,
                             .max_outputs = 4,
                             .infer = infer,
                             .run = run,
                             .cost = cost,
                             .since = 23,
                             .since_of = since};

}  // namespace mo::ops
