// Attention by blocks in cache: mo.Attention, and the standard Attention with grouped heads, causal and sliding windows, caches.
#include <cmath>
#include <cstring>

#include "kernels/cpu/attention_job.h"
#include "kernels/cpu/simd.h"
#include "ops/attention_view.h"

namespace mo::kernels {
namespace {

// How many keys each row really meets under a constant mask: those behind have weight zero whatever their score.
void count_seen(AttentionJob& j, const Tensor& mask) {
  constexpr float k_hidden = -1e30f;  // no score comes near
  const bool boolean = j.mask == AttentionJob::Mask::kept;
  if (boolean && j.fill > k_hidden) return;
  const int64_t heads = static_cast<int64_t>(j.mask_at.size()), total = heads * j.rows;
  if (total * j.keys > int64_t{1} << 28) return;
  std::vector<int32_t> seen(static_cast<size_t>(total));
  bool useful = false;
  for (int64_t h = 0; h < heads; ++h) {
    const bool same = h > 0 && j.mask_at[static_cast<size_t>(h)] == j.mask_at[static_cast<size_t>(h - 1)];
    for (int64_t i = 0; i < j.rows; ++i) {
      int32_t& n = seen[static_cast<size_t>(h * j.rows + i)];
      if (same) {
        n = seen[static_cast<size_t>((h - 1) * j.rows + i)];
        continue;
      }
      const int64_t at = j.mask_at[static_cast<size_t>(h)] + i * j.mask_row;
      int64_t k = j.keys;
      auto hidden = [&](int64_t e) {
        const int64_t x = at + e * j.mask_column;
        return boolean ? (static_cast<const uint8_t*>(mask.raw())[x] != 0) != j.keeps : !(mask.data<float>()[x] > k_hidden);
      };
      while (k > 0 && hidden(k - 1)) --k;
      n = static_cast<int32_t>(k == 0 ? j.keys : k);  // a row that sees nothing keeps its meaning
      useful |= n < j.keys;
    }
  }
  if (useful) j.seen = std::move(seen);
}

Prepared prepared(std::shared_ptr<AttentionJob> job, int threads, int mask_input, int length_input) {
  Prepared p;
  p.detail = text(isa_name(), ", ", job->units(), " x ", job->repeat, " heads of ", job->rows, " x ", job->keys, job->pairs ? ", bf16" : "");
  p.scratch_bytes = attention_scratch(*job, threads);
  p.run = [job, threads, mask_input, length_input](const Args& a) {
    AttentionData d;
    d.q = static_cast<const float*>(a.src[0]);
    d.k = static_cast<const float*>(a.src[1]);
    d.v = static_cast<const float*>(a.src[2]);
    d.mask = mask_input >= 0 ? a.src[mask_input] : nullptr;
    d.lengths = length_input >= 0 ? static_cast<const int64_t*>(a.src[length_input]) : nullptr;
    d.y = a.dst[0];
    run_attention(*job, d, a.scratch, threads);
  };
  return p;
}

// Products of bfloat16 where they are asked for; a few rows do not pay for the packing of their keys.
void set_pairs(const Request& r, AttentionJob& j) {
  constexpr int64_t k_few = 8;
  if (r.bf16 && j.rows * j.repeat >= k_few) j.pairs = pair_tiles();
}

// --- mo.Attention

Offer prepare_fused(const Request& r) {
  ops::AttentionView view = ops::attention_view(r.node);
  for (size_t i = 0; i < 3; ++i)
    if (r.in(i).dtype != DType::f32) return Decline{text("dtype ", name(r.in(i).dtype))};
  const bool masked = r.in(3).present;
  ops::check(view, element_count(r.in(0).shape), element_count(r.in(1).shape), element_count(r.in(2).shape),
             masked ? element_count(r.in(3).shape) : -1);
  auto job = std::make_shared<AttentionJob>();
  AttentionJob& j = *job;
  const size_t nb = view.batch.size();
  j.rows = view.rows, j.keys = view.keys, j.width = view.width, j.value_width = view.value_width;
  auto last = [&](const ops::AttentionOperand& o, int64_t& row, int64_t& column) { row = o.strides[nb], column = o.strides[nb + 1]; };
  last(view.q, j.q_row, j.q_column);
  last(view.k, j.k_row, j.k_column);
  last(view.v, j.v_row, j.v_column);
  last(view.y, j.y_row, j.y_column);
  if (masked) {
    last(view.mask, j.mask_row, j.mask_column);
    j.mask = r.in(3).dtype == DType::boolean ? AttentionJob::Mask::kept : AttentionJob::Mask::added;
  }
  if (r.in(4).present) {
    const Tensor *scale = r.in(4).constant, *zero = r.in(5).constant;
    if (!scale || scale->size() != 1 || (r.in(5).present && (!zero || zero->size() != 1))) return Decline{"scale of the result"};
    j.quantize = quantize_row();
    j.y_quant = linear_quant(r.out().dtype, scale->floats()[0], zero ? static_cast<int32_t>(zero->integer()) : 0);
  }
  j.scale = view.scale;
  j.keeps = view.keeps;
  j.fill = view.fill;
  size_t inner = nb;  // batch axes from here on share their keys and values
  while (inner > 0 && view.k.strides[inner - 1] == 0 && view.v.strides[inner - 1] == 0) --inner;
  int64_t units = 1;
  for (size_t i = 0; i < nb; ++i) (i < inner ? units : j.repeat) *= view.batch[i];
  set_pairs(r, j);
  auto at = [&](const ops::AttentionOperand& o, int64_t head) {
    int64_t out = o.offset;
    for (size_t i = nb; i-- > 0; head /= view.batch[i]) out += head % view.batch[i] * o.strides[i];
    return out;
  };
  for (int64_t u = 0; u < units; ++u) {
    j.k_at.push_back(at(view.k, u * j.repeat));
    j.v_at.push_back(at(view.v, u * j.repeat));
    for (int64_t h = u * j.repeat; h < (u + 1) * j.repeat; ++h) {
      j.q_at.push_back(at(view.q, h));
      j.y_at.push_back(at(view.y, h));
      j.mask_at.push_back(masked ? at(view.mask, h) : 0);
    }
  }
  if (masked && r.in(3).constant) count_seen(j, *r.in(3).constant);
  return prepared(std::move(job), r.threads, masked ? 3 : -1, -1);
}

// --- the standard operator

enum : size_t { Q, K, V, MASK, PAST_K, PAST_V, LENGTHS };

struct HeadShape {
  int64_t batch, heads, length, width;
  bool packed;
  int64_t batch_stride() const { return heads * length * width; }
  int64_t head_stride() const { return packed ? width : length * width; }
  int64_t row_stride() const { return packed ? heads * width : width; }
};

std::optional<HeadShape> heads_of(const Shape& s, int64_t heads) {
  if (s.size() == 4) return HeadShape{s[0], s[1], s[2], s[3], false};
  if (s.size() != 3 || heads < 1 || s[2] % heads != 0) return std::nullopt;
  return HeadShape{s[0], heads, s[1], s[2] / heads, true};
}

// past then now, as [batch, heads, length, width].
struct Join {
  HeadShape past, now;
  void operator()(const float* old, const float* fresh, float* dst) const {
    for (int64_t b = 0; b < now.batch; ++b)
      for (int64_t h = 0; h < now.heads; ++h) {
        const int64_t before = past.length * now.width;
        if (before > 0) std::memcpy(dst, old + (b * now.heads + h) * before, static_cast<size_t>(before) * sizeof(float));
        dst += before;
        for (int64_t s = 0; s < now.length; ++s, dst += now.width)
          std::memcpy(dst, fresh + b * now.batch_stride() + h * now.head_stride() + s * now.row_stride(),
                      static_cast<size_t>(now.width) * sizeof(float));
      }
  }
};

Offer prepare_standard(const Request& r) {
  const graph::Node& n = r.node;
  for (size_t i = 0; i < 3; ++i)
    if (r.in(i).dtype != DType::f32) return Decline{text("dtype ", name(r.in(i).dtype))};
  if (r.out(3).present) return Decline{"scores are wanted"};
  auto q = heads_of(r.in(Q).shape, n.i("q_num_heads", 0)), k = heads_of(r.in(K).shape, n.i("kv_num_heads", 0)),
       v = heads_of(r.in(V).shape, n.i("kv_num_heads", 0));
  if (!q || !k || !v || k->heads < 1 || q->heads % k->heads != 0 || q->batch != k->batch || q->batch != v->batch || q->width != k->width ||
      k->length != v->length || k->heads != v->heads)
    return Decline{"shapes"};
  const bool cached = r.in(PAST_K).present;
  if (cached != r.in(PAST_V).present) return Decline{"one cache"};
  HeadShape past_k = *k, past_v = *v;
  past_k.length = past_v.length = 0;
  if (cached) {
    auto pk = heads_of(r.in(PAST_K).shape, 0), pv = heads_of(r.in(PAST_V).shape, 0);
    if (!pk || !pv || r.in(PAST_K).dtype != DType::f32 || r.in(PAST_V).dtype != DType::f32 || pk->batch != k->batch || pk->heads != k->heads ||
        pk->width != k->width || pv->batch != v->batch || pv->heads != v->heads || pv->width != v->width || pk->length != pv->length)
      return Decline{"shape of the cache"};
    past_k = *pk, past_v = *pv;
  }
  // Keys and values joined, where there is a cache or the joined ones are wanted.
  const bool joins = cached || r.out(1).present || r.out(2).present;
  HeadShape whole_k = *k, whole_v = *v;
  if (joins) {
    whole_k.packed = whole_v.packed = false;
    whole_k.length = whole_v.length = past_k.length + k->length;
  }
  auto job = std::make_shared<AttentionJob>();
  AttentionJob& j = *job;
  j.rows = q->length, j.keys = whole_k.length, j.width = q->width, j.value_width = v->width;
  if (j.rows == 0 || j.keys == 0 || j.width == 0 || j.value_width == 0 || q->batch == 0 || q->heads == 0) return Decline{"empty tensor"};
  j.repeat = q->heads / k->heads;
  set_pairs(r, j);
  j.q_row = q->row_stride(), j.k_row = whole_k.row_stride(), j.v_row = whole_v.row_stride();
  HeadShape y{q->batch, q->heads, q->length, v->width, q->packed};
  j.y_row = y.row_stride();
  j.q_column = j.k_column = j.v_column = j.y_column = 1;
  j.scale = n.has("scale") ? n.f("scale", 1) : static_cast<float>(1 / std::sqrt(static_cast<double>(q->width)));
  j.softcap = n.f("softcap", 0);
  j.causal = n.i("is_causal", 0) != 0;
  constexpr int64_t everything = int64_t{1} << 40;  // far above any length, far below overflow
  j.left = std::min(n.i("left_window_size", -1), everything);
  j.right = std::min(n.i("right_window_size", -1), everything);
  j.position = past_k.length;
  j.zero_empty = true;
  if (r.in(LENGTHS).present) {
    if (r.in(LENGTHS).dtype != DType::i64) return Decline{"lengths are not int64"};
    if (cached) return Decline{"lengths beside a cache"};
    j.by_length = true;
    j.units_per_batch = k->heads;
  }
  int64_t mask_strides[4] = {};
  const bool masked = r.in(MASK).present;
  if (masked) {
    Shape m = r.in(MASK).shape;
    if (r.in(MASK).dtype != DType::f32 && r.in(MASK).dtype != DType::boolean) return Decline{text("mask of ", name(r.in(MASK).dtype))};
    if (m.size() > 4) return Decline{"rank of the mask"};
    while (m.size() < 4) m.insert(m.begin(), 1);
    const int64_t want[3] = {q->batch, q->heads, q->length};
    for (size_t i = 0; i < 3; ++i)
      if (m[i] != 1 && m[i] != want[i]) return Decline{"shape of the mask"};
    if (m[3] > j.keys || m[3] == 0) return Decline{"shape of the mask"};
    int64_t stride = 1;
    for (size_t i = 4; i-- > 0; stride *= m[i]) mask_strides[i] = m[i] == 1 ? 0 : stride;
    if (m[3] != 1) j.covered = m[3];
    j.mask = r.in(MASK).dtype == DType::boolean ? AttentionJob::Mask::kept : AttentionJob::Mask::added;
    j.fill = -HUGE_VALF;
    j.mask_row = mask_strides[2], j.mask_column = mask_strides[3];
  }
  for (int64_t b = 0; b < q->batch; ++b)
    for (int64_t h = 0; h < q->heads; ++h) {
      if (h % j.repeat == 0) {
        const int64_t kh = h / j.repeat;
        j.k_at.push_back(b * whole_k.batch_stride() + kh * whole_k.head_stride());
        j.v_at.push_back(b * whole_v.batch_stride() + kh * whole_v.head_stride());
      }
      j.q_at.push_back(b * q->batch_stride() + h * q->head_stride());
      j.y_at.push_back(b * y.batch_stride() + h * y.head_stride());
      j.mask_at.push_back(b * mask_strides[0] + h * mask_strides[1]);
    }
  Prepared p = prepared(job, r.threads, masked ? static_cast<int>(MASK) : -1, j.by_length ? static_cast<int>(LENGTHS) : -1);
  if (!joins) return p;
  auto rounded = [](int64_t floats) { return (floats * 4 + 63) / 64 * 64; };
  const int64_t at_k = p.scratch_bytes, k_bytes = r.out(1).present ? 0 : rounded(whole_k.batch * whole_k.batch_stride());
  const int64_t at_v = at_k + k_bytes, v_bytes = r.out(2).present ? 0 : rounded(whole_v.batch * whole_v.batch_stride());
  p.scratch_bytes = at_v + v_bytes;
  const bool out_k = r.out(1).present, out_v = r.out(2).present;
  p.run = [run = std::move(p.run), join_k = Join{past_k, *k}, join_v = Join{past_v, *v}, at_k, at_v, out_k, out_v, cached,
           count = r.inputs.size()](const Args& a) {
    char* scratch = static_cast<char*>(a.scratch);
    float* all_k = out_k ? static_cast<float*>(a.dst[1]) : reinterpret_cast<float*>(scratch + at_k);
    float* all_v = out_v ? static_cast<float*>(a.dst[2]) : reinterpret_cast<float*>(scratch + at_v);
    join_k(cached ? static_cast<const float*>(a.src[PAST_K]) : nullptr, static_cast<const float*>(a.src[K]), all_k);
    join_v(cached ? static_cast<const float*>(a.src[PAST_V]) : nullptr, static_cast<const float*>(a.src[V]), all_v);
    const void* src[7] = {};
    for (size_t i = 0; i < count && i < 7; ++i) src[i] = a.src[i];
    src[K] = all_k, src[V] = all_v;
    run({src, a.dst, a.scratch, a.threads});
  };
  return p;
}

}  // namespace

extern const Candidate block_attention{"Attention", "mo", "block_attention", Wish::plain, prepare_fused};
extern const Candidate block_standard_attention{"Attention", "", "block_attention", Wish::plain, prepare_standard};

}  // namespace mo::kernels
