// Plan-time reading of an 8-bit product's epilogue, and its rows by plain loops for every instruction set.
#include "kernels/cpu/int8_epilogue.h"

#include <algorithm>
#include <cmath>
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

MO_INLINE void requantize_body(const int32_t* sums, const int32_t* start, const float* scale, const float* add, const uint8_t* r, uint8_t* dst, int64_t n, const Steps& s) {
  const Steps k = s;
  if (k.residual) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
      float v = __builtin_fmaf(static_cast<float>(sums[i] + start[i]), scale[i], add[i]);
      float q = static_cast<float>(static_cast<int32_t>(static_cast<uint8_t>(r[i] ^ k.r.flip)) - k.r.zero);
      dst[i] = to_step(__builtin_fmaf(q, k.r_scale, v), k);
    }
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = to_step(__builtin_fmaf(static_cast<float>(sums[i] + start[i]), scale[i], add[i]), k);
}
MO_SIMD_PLAIN(requantize, void, (const int32_t* sums, const int32_t* start, const float* scale, const float* add, const uint8_t* r, uint8_t* dst, int64_t n, const Steps& s),
              (sums, start, scale, add, r, dst, n, s))

MO_INLINE void values_body(const int32_t* sums, const int32_t* start, const float* scale, const float* add, float* dst, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = __builtin_fmaf(static_cast<float>(sums[i] + start[i]), scale[i], add[i]);
}
MO_SIMD_PLAIN(values, void, (const int32_t* sums, const int32_t* start, const float* scale, const float* add, float* dst, int64_t n), (sums, start, scale, add, dst, n))

MO_INLINE void steps_body(const float* v, uint8_t* dst, int64_t n, const Steps& s) {
  const Steps k = s;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = to_step(v[i], k);
}
MO_SIMD_PLAIN(steps, void, (const float* v, uint8_t* dst, int64_t n, const Steps& s), (v, dst, n, s))

uint8_t clamp_step(float v, const Steps& s) { return to_step(v, {s.zero, 0, 0, 255, false, 0, {}}); }

}  // namespace

Side side_of(DType dtype, int32_t zero) { return dtype == DType::i8 ? Side{0x80, zero + 128} : Side{0, zero}; }

bool Epilogue::bounded(int64_t depth) const {
  for (size_t i = 0; i < start.size(); ++i) {
    const double most = (255.0 * 255.0 * static_cast<double>(depth) + std::fabs(static_cast<double>(start[i]))) * std::fabs(scale[i]) + std::fabs(add[i]);
    if (!(most + 255.0 * std::fabs(steps.r_scale) < 1e9)) return false;
  }
  return true;
}

void Epilogue::row(const int32_t* sums, int64_t first, int64_t n, const void* r, void* dst) const {
  if (simple) {
    requantize_pick()(sums, &start[first], &scale[first], &add[first], static_cast<const uint8_t*>(r), static_cast<uint8_t*>(dst), n, steps);
    return;
  }
  float v[k_row], other[k_row];
  values_pick()(sums, &start[first], &scale[first], &add[first], v, n);
  for (const Stage& stage : stages) {
    if (stage.unary.row) {
      stage.unary(v, v, n);
      continue;
    }
    const float* operand = static_cast<const float*>(r);
    if (r_dtype != DType::f32) {
      dequantize_row()(static_cast<const uint8_t*>(r), other, n, r_quant);
      operand = other;
    }
    if (stage.multiply)
      for (int64_t i = 0; i < n; ++i) v[i] *= operand[i];
    else if (steps_out)
      for (int64_t i = 0; i < n; ++i) v[i] = std::fma(operand[i], r_factor, v[i]);
    else
      for (int64_t i = 0; i < n; ++i) v[i] += operand[i];
  }
  if (out == DType::f32) std::copy_n(v, n, static_cast<float*>(dst));
  else if (steps_out) steps_pick()(v, static_cast<uint8_t*>(dst), n, steps);
  else quantize_row()(v, static_cast<uint8_t*>(dst), n, y_quant);
}

std::optional<Epilogue> make_epilogue(const Request& r, int64_t channels, const onednn::Quant& x, const onednn::Quant& w, float alpha, std::string& reason) {
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
  if (res.present && res.shape != y.shape) return no("epilogue operand of another shape");
  if (res.present && res.layout != y.layout && y.shape.size() > 2) return no("epilogue operand in another layout");
  if (res.present && (*qr ? info(res.dtype).bits != 8 : res.dtype != DType::f32)) return no(text("epilogue operand of ", name(res.dtype)));

  Epilogue e;
  const std::vector<ops::Post> posts = ops::epilogue(r.node);
  auto clamp = [](const ops::Post& p) { return p.kind == "relu" || p.kind == "clip"; };
  e.steps_out = static_cast<bool>(*qy);
  for (const ops::Post& p : posts) e.steps_out = e.steps_out && (clamp(p) || p.kind == "add");
  const float ys = e.steps_out ? qy->scale[0] : 1.0f;
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
    e.scale.push_back(e.steps_out ? s / ys : s);
    e.add.push_back(b.present && !whole ? b.constant->data<float>()[at] / ys : 0.0f);
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
  e.r_factor = *qr ? e.steps.r_scale : 1.0f / ys;
  // Clamps at the end act on the steps themselves.
  e.simple = e.steps_out;
  for (size_t i = 0; i < posts.size(); ++i) {
    const ops::Post& p = posts[i];
    if (ops::takes_operand(p)) {
      if (!res.present) return no("epilogue operand is absent");
      e.stages.push_back({{}, p.kind == "mul"});
      e.simple = e.simple && i == 0 && *qr;
      e.steps.residual = true;
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
  if (e.simple && e.steps.residual && res.dtype == DType::f32) e.simple = false;
  return e;
}

}  // namespace mo::kernels::int8
