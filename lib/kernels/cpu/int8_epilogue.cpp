// Plan-time reading of an 8-bit product's epilogue, and its rows by plain loops for every instruction set.
#include "kernels/cpu/int8_epilogue.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/simd_math.h"

namespace mo::kernels::int8 {
namespace {

// v + zero rounded half to even and saturated, as unsigned; limits are integers, so that clamping first is the same.
MO_INLINE uint8_t to_step(float v, const Steps& s) {
  const float zero = static_cast<float>(s.zero);
  float c = math::max(math::min(v, static_cast<float>(s.high) - zero), static_cast<float>(s.low) - zero);
  return static_cast<uint8_t>(static_cast<int32_t>(math::round_even(c)) + s.zero) ^ s.flip;
}

// What happens to a row: 8-bit residual, addend per channel, inner rounding.
enum Way : int { k_plain = 0, k_residual = 1, k_channel = 2, k_inner = 4 };

template <int way>
MO_INLINE void requantize_body(const int32_t* sums, const int32_t* start, const float* scale, const float* add, const float* after, const uint8_t* r,
                               uint8_t* dst, int64_t n, const Steps& s) {
  const Steps k = s;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    float v = __builtin_fmaf(static_cast<float>(sums[i] + start[i]), scale[i], add[i]);
    if constexpr ((way & k_inner) != 0) v = math::round_even(math::max(math::min(v, k.inner_high), k.inner_low)) * k.inner_scale;
    if constexpr ((way & k_residual) != 0)
      v = __builtin_fmaf(static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(r[i] ^ k.r.flip)) - k.r.zero), k.r_scale, v);
    if constexpr ((way & k_channel) != 0) v = __builtin_fmaf(after[i], k.r_scale, v);
    dst[i] = to_step(v, k);
  }
}
MO_SIMD_TEMPLATE(requantize, int, void,
                 (const int32_t* sums, const int32_t* start, const float* scale, const float* add, const float* after, const uint8_t* r, uint8_t* dst,
                  int64_t n, const Steps& s),
                 (sums, start, scale, add, after, r, dst, n, s))

auto requantize_way(const Steps& s) {
  if (s.inner)
    return s.residual ? requantize_pick<k_inner | k_residual>() : s.per_channel ? requantize_pick<k_inner | k_channel>() : requantize_pick<k_inner>();
  return s.residual ? requantize_pick<k_residual>() : s.per_channel ? requantize_pick<k_channel>() : requantize_pick<k_plain>();
}

MO_INLINE void values_body(const int32_t* sums, const int32_t* start, const float* scale, const float* add, float* dst, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = __builtin_fmaf(static_cast<float>(sums[i] + start[i]), scale[i], add[i]);
}
MO_SIMD_PLAIN(values, void, (const int32_t* sums, const int32_t* start, const float* scale, const float* add, float* dst, int64_t n),
              (sums, start, scale, add, dst, n))

MO_INLINE void steps_body(const float* v, uint8_t* dst, int64_t n, const Steps& s) {
  const Steps k = s;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = to_step(v[i], k);
}
MO_SIMD_PLAIN(steps, void, (const float* v, uint8_t* dst, int64_t n, const Steps& s), (v, dst, n, s))

uint8_t clamp_step(float v, const Steps& s) {
  Steps open;
  open.zero = s.zero;
  return to_step(v, open);
}

}  // namespace

Side side_of(DType dtype, int32_t zero) { return dtype == DType::i8 ? Side{0x80, zero + 128} : Side{0, zero}; }

bool rounds_inside(const graph::Node& node) {
  const std::vector<ops::Post> posts = ops::epilogue(node);
  return std::any_of(posts.begin(), posts.end(), ops::is_rounding);
}

bool Epilogue::bounded(int64_t depth) const {
  for (size_t i = 0; i < start.size(); ++i) {
    const double most =
        (255.0 * 255.0 * static_cast<double>(depth) + std::fabs(static_cast<double>(start[i]))) * std::fabs(scale[i]) + std::fabs(add[i]);
    if (!(most + 255.0 * std::fabs(steps.r_scale) < 1e9)) return false;
  }
  return true;
}

void Epilogue::row(const int32_t* sums, int64_t first, int64_t n, const void* r, void* dst, const float* other_scale) const {
  if (simple) {
    requantize_way(steps)(sums, &start[first], &scale[first], &add[first], steps.per_channel ? &after[first] : nullptr,
                          static_cast<const uint8_t*>(r), static_cast<uint8_t*>(dst), n, steps);
    return;
  }
  float v[k_row];
  values_pick()(sums, &start[first], other_scale ? other_scale : &scale[first], &add[first], v, n);
  finish(v, n, 1, n, r, 0, dst, 0);
}

bool Epilogue::is_sum() const {
  return out == DType::f32 && (stages.empty() || (stages.size() == 1 && !stages[0].unary.row && !stages[0].multiply && r_dtype == DType::f32));
}

void Epilogue::finish(float* v, int64_t stride, int64_t rows, int64_t n, const void* r, int64_t r_stride, void* dst, int64_t dst_stride) const {
  float other[k_row];
  for (const Stage& stage : stages) {
    if (stage.unary.row) {
      stage.unary(v, v, rows * stride);
      continue;
    }
    for (int64_t i = 0; i < rows; ++i) {
      const void* from = static_cast<const char*>(r) + i * r_stride;
      const float* operand = static_cast<const float*>(from);
      float* x = v + i * stride;
      if (r_dtype != DType::f32) {
        dequantize_row()(static_cast<const uint8_t*>(from), other, n, r_quant);
        operand = other;
      }
      if (stage.multiply)
        for (int64_t k = 0; k < n; ++k) x[k] *= operand[k];
      else if (steps_out)
        for (int64_t k = 0; k < n; ++k) x[k] = std::fma(operand[k], r_factor, x[k]);
      else
        for (int64_t k = 0; k < n; ++k) x[k] += operand[k];
    }
  }
  if (out == DType::f32) {
    for (int64_t i = 0; i < rows; ++i) std::copy_n(v + i * stride, n, reinterpret_cast<float*>(static_cast<char*>(dst) + i * dst_stride));
    return;
  }
  // All rows at once, however few columns one has.
  uint8_t bytes[k_rows * k_row];
  if (steps_out) steps_pick()(v, bytes, rows * stride, steps);
  else quantize_row()(v, bytes, rows * stride, y_quant);
  for (int64_t i = 0; i < rows; ++i) {
    const uint8_t* from = bytes + i * stride;
    auto* to = static_cast<uint8_t*>(dst) + i * dst_stride;
    if (n == 16) std::memcpy(to, from, 16);
    else std::memcpy(to, from, static_cast<size_t>(n));
  }
}

namespace {

// One value, or one per entry of `axis` and 1 along the others.
bool per_channel_shape(const Shape& shape, const Shape& y, size_t axis) {
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t at = y.size() - shape.size() + i;
    if (shape.size() > y.size() || (shape[i] != 1 && (at != axis || shape[i] != y[axis]))) return false;
  }
  return true;
}

}  // namespace

std::optional<Epilogue> make_epilogue(const Request& r, int64_t channels, const onednn::Quant& x, const onednn::Quant& w, float alpha,
                                      std::string& reason) {
  const Operand &b = r.in(2), &res = r.in(3), &y = r.out();
  auto no = [&](std::string why) {
    reason = std::move(why);
    return std::nullopt;
  };
  auto qy = onednn::read_quant(r, 8, 9, reason), qr = onednn::read_quant(r, 10, 11, reason);
  if (!qy || !qr) return std::nullopt;
  if (b.present && !b.constant) return no("bias is not constant");
  if (b.present && element_count(b.shape) != 1 && element_count(b.shape) != channels) return no("bias is not one value per channel");
  if (*qy && !qy->per_tensor()) return no("output scale per channel");
  if (*qr && !qr->per_tensor()) return no("epilogue operand with a scale per channel");
  if (!*qy && y.dtype != DType::f32) return no(text("output of ", name(y.dtype)));
  const bool per_channel = res.present && res.constant && res.dtype == DType::f32 && !*qr &&
                           per_channel_shape(res.shape, y.shape, r.node.op == "Conv" ? 1 : y.shape.size() - 1);
  if (res.present && !per_channel && res.shape != y.shape) return no("epilogue operand of another shape");
  if (res.present && !per_channel && res.layout != y.layout && y.shape.size() > 2) return no("epilogue operand in another layout");
  if (res.present && (*qr ? info(res.dtype).bits != 8 : res.dtype != DType::f32)) return no(text("epilogue operand of ", name(res.dtype)));

  Epilogue e;
  const std::vector<ops::Post> posts = ops::epilogue(r.node);
  auto clamp = [](const ops::Post& p) { return p.kind == "relu" || p.kind == "clip"; };
  e.steps_out = static_cast<bool>(*qy);
  auto inner = std::find_if(posts.begin(), posts.end(), ops::is_rounding);
  for (const ops::Post& p : posts) e.steps_out = e.steps_out && (clamp(p) || p.kind == "add" || ops::is_rounding(p));
  const float ys = e.steps_out ? qy->scale[0] : 1.0f;
  if (inner != posts.end() && !e.steps_out) return no("inner rounding of real values");
  const float first = inner != posts.end() ? inner->alpha : ys;  // the unit that sums are counted in
  e.out = y.dtype;
  e.r_dtype = res.dtype;
  const bool whole = b.present && b.dtype == DType::i32;
  if (b.present && !whole && b.dtype != DType::f32) return no(text("bias of ", name(b.dtype)));
  if (alpha != 1 && whole) return no("alpha with an int32 bias");
  for (int64_t c = 0; c < channels; ++c) {
    float s = x.scale[0] * w.scale[w.per_tensor() ? 0 : static_cast<size_t>(c)];
    if (alpha != 1) s *= alpha;
    int64_t at = b.present && element_count(b.shape) == 1 ? 0 : c;
    e.start.push_back(whole ? b.constant->data<int32_t>()[at] : 0);
    e.scale.push_back(e.steps_out ? s / first : s);
    e.add.push_back(b.present && !whole ? b.constant->data<float>()[at] / first : 0.0f);
  }
  if (*qy) {
    Side side = side_of(y.dtype, qy->zero[0]);
    e.steps.zero = side.zero;
    e.steps.flip = side.flip;
    e.y_quant = linear_quant(y.dtype, qy->scale[0], qy->zero[0]);
  }
  if (*qr) {
    e.steps.r = side_of(res.dtype, qr->zero[0]);
    e.steps.r_scale = qr->scale[0] / ys;
    e.r_quant = linear_quant(res.dtype, e.steps_out ? 1.0f : qr->scale[0], qr->zero[0]);
  }
  if (inner != posts.end()) {
    const bool is_signed = inner->kind == "round_i8";
    e.steps.inner = true;
    e.steps.inner_low = (is_signed ? -128.0f : 0.0f) - inner->beta;
    e.steps.inner_high = (is_signed ? 127.0f : 255.0f) - inner->beta;
    e.steps.inner_scale = first / ys;
    for (auto p = posts.begin(); p != inner; ++p) {
      if (!clamp(*p)) return no("sum before an inner rounding");
      // the limits are steps too: rounding keeps their order
      float low = p->kind == "relu" ? 0.0f : std::nearbyint(p->alpha / first),
            high = p->kind == "relu" ? e.steps.inner_high : std::nearbyint(p->beta / first);
      low = std::clamp(low, e.steps.inner_low, e.steps.inner_high);
      high = std::clamp(high, e.steps.inner_low, e.steps.inner_high);
      e.steps.inner_low = std::min(low, high);
      e.steps.inner_high = high;
    }
  }
  if (per_channel) {
    e.steps.per_channel = true;
    e.after = res.constant->floats();
    e.after.resize(static_cast<size_t>(channels), e.after[0]);
    e.steps.r_scale = 1.0f / ys;
  }
  e.r_factor = *qr ? e.steps.r_scale : 1.0f / ys;
  // Clamps at the end act on the steps themselves.
  e.simple = e.steps_out;
  const size_t begin = inner == posts.end() ? 0 : static_cast<size_t>(inner - posts.begin()) + 1;
  for (size_t i = begin; i < posts.size(); ++i) {
    const ops::Post& p = posts[i];
    if (ops::takes_operand(p)) {
      if (!res.present) return no("epilogue operand is absent");
      e.stages.push_back({{}, p.kind == "mul"});
      e.simple = e.simple && i == begin && (*qr || per_channel);
      e.steps.residual = !per_channel;
      continue;
    }
    const bool last = std::none_of(posts.begin() + static_cast<ptrdiff_t>(i), posts.end(), ops::takes_operand);
    if (e.steps_out && last) {
      float low = p.kind == "relu" ? 0.0f : p.alpha / ys, high = p.kind == "relu" ? std::numeric_limits<float>::infinity() : p.beta / ys;
      uint8_t l = clamp_step(low, e.steps), h = clamp_step(high, e.steps);
      // clip(v) is min(max(v, low), high), one after another
      e.steps.low = std::max(e.steps.low, l);
      e.steps.low = std::min(e.steps.low, h);
      e.steps.high = std::max(std::min(e.steps.high, h), e.steps.low);
      continue;
    }
    e.simple = false;
    UnaryFn f = unary_by_name(p.kind, clamp(p) ? p.alpha / ys : p.alpha, clamp(p) ? p.beta / ys : p.beta);
    if (!f.row) return no(text("epilogue ", p.kind));
    e.stages.push_back({f, false});
  }
  if (!e.simple && (per_channel || e.steps.inner)) return no("inner rounding or operand per channel beside other steps");
  return e;
}

}  // namespace mo::kernels::int8
